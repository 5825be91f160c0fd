package debian

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/gophersnake/gophersnake/tree"
)

// MaxRelease is the most bytes of an InRelease that is read.
const MaxRelease = 8 << 20

// Release is what InRelease says of a suite.
type Release struct {
	Suite    string    // "oldstable"
	Codename string    // "bookworm"
	Version  string    // of Debian, "12.15"; "" for unreleased suites
	Date     time.Time // when it was made
	Until    time.Time // when it stops being valid; zero: never
	ByHash   bool      // files can be had at by-hash/SHA256/<hex>
	Signer   string    // fingerprint of the key that signed it, upper-case hex

	files map[string]File
}

// File is an index that a Release lists.
type File struct {
	Path   string // relative to the suite's directory: "main/binary-amd64/Packages.xz"
	SHA256 string // lower-case hex
	Size   int64  // bytes
}

// Keys are OpenPGP public keys that may sign an archive.
type Keys struct{ list openpgp.EntityList }

// ReadKeys reads public keys, armoured or not.
func ReadKeys(data []byte) (Keys, error) {
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		read = openpgp.ReadArmoredKeyRing
	}
	list, err := read(bytes.NewReader(data))
	if err != nil || len(list) == 0 {
		return Keys{}, tree.NewError("", "no OpenPGP public key: %w", errors.Join(err)).WithClass("usage")
	}
	return Keys{list}, nil
}

// Add returns the keys of both.
func (k Keys) Add(more Keys) Keys {
	return Keys{append(append(openpgp.EntityList{}, k.list...), more.list...)}
}

// Verify checks an InRelease: that one of the keys signed it, and that the
// signature, the key and the release itself are valid at a time. Errors are of
// class verification.
func Verify(data []byte, where string, keys Keys, at time.Time) (*Release, error) {
	bad := func(format string, args ...any) error { return tree.NewError(where, format, args...) }
	if len(data) > MaxRelease {
		return nil, bad("has more than %d MiB", MaxRelease>>20)
	}
	block, rest := clearsign.Decode(data)
	if block == nil {
		return nil, bad("is no signed text")
	}
	if len(bytes.TrimSpace(rest)) > 0 || !bytes.HasPrefix(data, []byte("-----BEGIN PGP SIGNED MESSAGE-----")) {
		return nil, bad("holds text that is not signed")
	}
	signature, err := io.ReadAll(io.LimitReader(block.ArmoredSignature.Body, MaxRelease))
	if err != nil {
		return nil, bad("signature: %w", err)
	}
	config := &packet.Config{Time: func() time.Time { return at }}
	signer, err := openpgp.CheckDetachedSignature(keys.list, bytes.NewReader(block.Bytes), bytes.NewReader(signature), config)
	if err != nil {
		return nil, tree.NewError(where, "signature: %w", err).WithHint("it is signed by %s; none of the known keys made a valid signature", issuers(signature))
	}
	r, err := parseRelease(block.Plaintext, where)
	if err != nil {
		return nil, err
	}
	r.Signer = strings.ToUpper(hex.EncodeToString(signer.PrimaryKey.Fingerprint))
	switch {
	case !r.Until.IsZero() && at.After(r.Until):
		return nil, bad("was valid until %s", r.Until.Format(time.RFC3339))
	case r.Date.After(at.Add(24 * time.Hour)):
		return nil, bad("is dated %s, which is later than %s", r.Date.Format(time.RFC3339), at.UTC().Format(time.RFC3339))
	}
	return r, nil
}

// issuers returns the identifiers of the keys that a signature names.
func issuers(signature []byte) string {
	var all []string
	packets := packet.NewReader(bytes.NewReader(signature))
	for range 16 {
		p, err := packets.Next()
		if err != nil {
			break
		}
		if s, ok := p.(*packet.Signature); ok && s.IssuerKeyId != nil {
			all = append(all, strings.ToUpper(strconv.FormatUint(*s.IssuerKeyId, 16)))
		}
	}
	if len(all) == 0 {
		return "an unnamed key"
	}
	return strings.Join(all, ", ")
}

func parseRelease(text []byte, where string) (*Release, error) {
	c := NewControl(bytes.NewReader(text), where)
	s, err := c.Next()
	if err != nil {
		return nil, tree.NewError(where, "is no release file: %w", err)
	}
	if _, err := c.Next(); !errors.Is(err, io.EOF) {
		return nil, tree.NewError(where, "holds more than one stanza")
	}
	r := &Release{
		Suite: s.Get("Suite"), Codename: s.Get("Codename"), Version: s.Get("Version"),
		ByHash: s.Get("Acquire-By-Hash") == "yes", files: map[string]File{},
	}
	if r.Date, err = parseTime(s.Get("Date")); err != nil {
		return nil, tree.NewError(where, "date %q is no time", s.Get("Date"))
	}
	if until := s.Get("Valid-Until"); until != "" {
		if r.Until, err = parseTime(until); err != nil {
			return nil, tree.NewError(where, "valid-until %q is no time", until)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(s.Get("SHA256")), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 3 || len(f[0]) != 64 || strings.Trim(f[0], "0123456789abcdef") != "" || tree.CheckPath(f[2]) != nil {
			return nil, tree.NewError(where, "SHA256 line %q is not hash, size and path", line)
		}
		size, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil || size < 0 {
			return nil, tree.NewError(where, "SHA256 line %q is not hash, size and path", line)
		}
		r.files[f[2]] = File{f[2], f[0], size}
	}
	return r, nil
}

// parseTime reads a date as RFC 5322 has it, in UTC.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse("Mon, _2 Jan 2006 15:04:05 MST", s)
	if err != nil {
		t, err = time.Parse(time.RFC1123Z, s)
	}
	return t.UTC(), err
}

// File returns a file that the release lists.
func (r *Release) File(path string) (File, bool) {
	f, ok := r.files[path]
	return f, ok
}

// Packages returns the Packages file of a component and an architecture: the
// one that is unpacked fastest.
func (r *Release) Packages(component, arch string) (File, bool) {
	for _, ext := range []string{".gz", ".xz", ""} {
		if f, ok := r.File(component + "/binary-" + arch + "/Packages" + ext); ok {
			return f, true
		}
	}
	return File{}, false
}

// URL returns where a file is, relative to the suite's directory: by hash
// where the archive offers that, so that an update meanwhile does no harm.
func (r *Release) URL(f File) string {
	if !r.ByHash {
		return f.Path
	}
	return f.Path[:strings.LastIndexByte(f.Path, '/')+1] + "by-hash/SHA256/" + f.SHA256
}
