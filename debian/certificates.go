package debian

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/gophersnake/gophersnake/tree"
)

// certificates does what update-ca-certificates does with the certificates of
// the package: the list, the bundle, a link for each, and OpenSSL's links by
// hash of the subject.
func (r *assembly) certificates() error {
	m := r.meta("ca-certificates")
	if m == nil {
		return nil
	}
	const from, to = "usr/share/ca-certificates/", "etc/ssl/certs/"
	var list strings.Builder
	var bundle bytes.Buffer
	hashes := map[string]int{}
	for _, name := range sortedKeys(m.Texts) {
		if !strings.HasPrefix(name, from) || path.Ext(name) != ".crt" {
			continue
		}
		text := m.Texts[name]
		hash, err := subjectHash([]byte(text))
		if err != nil {
			return tree.NewError("package ca-certificates", "%q: %w", name, err)
		}
		fmt.Fprintln(&list, strings.TrimPrefix(name, from))
		bundle.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			bundle.WriteByte('\n')
		}
		pemName := strings.NewReplacer(" ", "_", ",", "_", "(", "=", ")", "=").Replace(strings.TrimSuffix(path.Base(name), ".crt")) + ".pem"
		r.link("ca-certificates", to+pemName, "/"+name)
		r.link("ca-certificates", fmt.Sprintf("%s%08x.%d", to, hash, hashes[fmt.Sprint(hash)]), pemName)
		hashes[fmt.Sprint(hash)]++
	}
	r.file("ca-certificates", "etc/ca-certificates.conf", 0o644, list.String())
	r.file("ca-certificates", to+"ca-certificates.crt", 0o644, bundle.String())
	r.mkdir("usr/local/share/ca-certificates", 0o755, "")
	return nil
}

// subjectHash returns the name that OpenSSL looks a certificate up by: the
// first four bytes, little-endian, of the SHA-1 of the subject in canonical
// form (X509_NAME_hash(3)): UTF-8 strings in lower case, blanks joined.
func subjectHash(text []byte) (uint32, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return 0, tree.NewError("", "no PEM block")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return 0, err
	}
	var rdns []asn1.RawValue
	if _, err := asn1.Unmarshal(c.RawSubject, &rdns); err != nil {
		return 0, err
	}
	h := sha1.New()
	for _, set := range rdns {
		canonical, err := canonicalSet(set)
		if err != nil {
			return 0, err
		}
		h.Write(canonical)
	}
	return binary.LittleEndian.Uint32(h.Sum(nil)), nil
}

type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

func canonicalSet(set asn1.RawValue) ([]byte, error) {
	var body []byte
	rest := set.Bytes
	for len(rest) > 0 {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return nil, err
		}
		switch a.Value.Tag {
		case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagT61String:
			a.Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: canonicalText(a.Value.Bytes)}
		}
		der, err := asn1.Marshal(a)
		if err != nil {
			return nil, err
		}
		body = append(body, der...)
	}
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: body})
}

// canonicalText lowers ASCII letters and joins blanks.
func canonicalText(s []byte) []byte {
	lower := bytes.Map(func(c rune) rune {
		if c <= unicode.MaxASCII {
			return unicode.ToLower(c)
		}
		return c
	}, s)
	return bytes.Join(bytes.FieldsFunc(lower, func(c rune) bool { return c <= unicode.MaxASCII && unicode.IsSpace(c) }), []byte(" "))
}
