// Package debiantest makes small archives of Debian packages from text, for
// tests. Packages are deterministic; the key that signs is another every time.
//
// # Packages
//
// A package is a txtar archive. Its comment is the control file; "Version: 1",
// "Architecture: all" and a description are added where they are missing. Its
// files are the payload, or belong to DEBIAN/, the control area. A file's name
// may be followed by words:
//
//	-- usr/bin/app mode=4755 group=mail --
//	-- usr/share/app/ --               a directory
//	-- bin/a -> app --                 a symbolic link
//	-- bin/b => bin/app --             a hard link
//	-- dev/null device --
package debiantest

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/txtar"
)

// Package is a .deb and its stanza in Packages, without what the archive adds.
type Package struct {
	Stanza string // with a newline at its end
	Deb    []byte
}

// Parse reads a package.
func Parse(text []byte) (Package, error) {
	a := txtar.Parse(text)
	stanza := strings.TrimSpace(string(a.Comment)) + "\n"
	for _, f := range [][2]string{{"Version", "1"}, {"Architecture", "all"}, {"Description", "for tests"}} {
		if !strings.Contains("\n"+stanza, "\n"+f[0]+": ") {
			stanza += f[0] + ": " + f[1] + "\n"
		}
	}
	var control, data bytes.Buffer
	area, files := tar.NewWriter(&control), tar.NewWriter(&data)
	if err := add(area, "control", []byte(stanza)); err != nil {
		return Package{}, err
	}
	for _, f := range a.Files {
		w, name := files, f.Name
		if rest, ok := strings.CutPrefix(name, "DEBIAN/"); ok {
			w, name = area, rest
		}
		if err := add(w, name, f.Data); err != nil {
			return Package{}, err
		}
	}
	for _, w := range []*tar.Writer{area, files} {
		if err := w.Close(); err != nil {
			return Package{}, err
		}
	}
	deb, err := ar([]byte("2.0\n"), control.Bytes(), data.Bytes())
	return Package{stanza, deb}, err
}

// add writes a member of a tar.
func add(w *tar.Writer, spelled string, content []byte) error {
	words := strings.Fields(spelled)
	h := &tar.Header{Name: "./" + words[0], Typeflag: tar.TypeReg, Mode: 0o644, Uname: "root", Gname: "root"}
	if strings.HasPrefix(words[0], "..") {
		h.Name = words[0]
	}
	if strings.HasSuffix(words[0], "/") {
		h.Typeflag, h.Mode = tar.TypeDir, 0o755
	}
	for i, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case word == "device":
			h.Typeflag = tar.TypeChar
		case word == "->":
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, words[i+2], 0o777
		case word == "=>":
			h.Typeflag, h.Linkname = tar.TypeLink, "./"+words[i+2]
		case key == "mode":
			mode, err := strconv.ParseInt(value, 8, 64)
			if err != nil {
				return err
			}
			h.Mode = mode
		case key == "group":
			h.Gname = value
		}
	}
	if h.Typeflag != tar.TypeReg {
		content = nil
	}
	h.Size = int64(len(content))
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

// ar joins the members of a package, the tars packed by gzip.
func ar(text, area, files []byte) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	for _, m := range []struct {
		name    string
		content []byte
	}{{"debian-binary", text}, {"control.tar.gz", area}, {"data.tar.gz", files}} {
		if strings.HasSuffix(m.name, ".gz") {
			packed, err := pack(m.content)
			if err != nil {
				return nil, err
			}
			m.content = packed
		}
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", m.name, 0, 0, 0, "100644", len(m.content), m.content)
		if len(m.content)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

func pack(data []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}

// Created returns when keys are made, and archives where they do not say when.
func Created() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Key signs archives.
type Key struct{ entity *openpgp.Entity }

// NewKey makes a key that is valid from Created; of a life of 0, for ever.
func NewKey(life time.Duration) (Key, error) {
	e, err := openpgp.NewEntity("archive", "", "archive@channel.example", &packet.Config{
		Time: Created, KeyLifetimeSecs: uint32(life.Seconds()), Algorithm: packet.PubKeyAlgoEdDSA,
	})
	return Key{e}, err
}

// Public returns the key as a keyring, armoured.
func (k Key) Public() ([]byte, error) {
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		return nil, err
	}
	if err := k.entity.Serialize(w); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// Sign returns a text with a signature of a time.
func (k Key) Sign(text string, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, k.entity.PrivateKey, &packet.Config{Time: func() time.Time { return at }})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// Suite describes an archive's suite.
type Suite struct {
	Codename    string    // "": bookworm
	Date, Until time.Time // zero: Created, and none
	Packages    []Package
}

// Files returns the archive's files by their paths below its URL: the release,
// signed by a key, indexes for amd64 and arm64, by name and by hash, and the
// packages.
func (s Suite) Files(k Key) (map[string][]byte, error) {
	all := map[string][]byte{}
	if s.Date.IsZero() {
		s.Date = Created()
	}
	const layout = "Mon, 02 Jan 2006 15:04:05 UTC"
	codename := cmp.Or(s.Codename, "bookworm")
	release := "Suite: " + strings.Replace(codename, "bookworm", "oldstable", 1) + "\nCodename: " + codename + "\nVersion: 12.0\nDate: " + s.Date.Format(layout) + "\nAcquire-By-Hash: yes\n"
	if !s.Until.IsZero() {
		release += "Valid-Until: " + s.Until.Format(layout) + "\n"
	}
	release += "SHA256:\n"
	for _, arch := range []string{"amd64", "arm64"} {
		var index strings.Builder
		for _, p := range s.Packages {
			if of := field(p.Stanza, "Architecture"); of != arch && of != "all" {
				continue
			}
			name := field(p.Stanza, "Package")
			file := path.Join("pool/main", name[:1], name, name+"_"+field(p.Stanza, "Version")+"_"+field(p.Stanza, "Architecture")+".deb")
			all[file] = p.Deb
			fmt.Fprintf(&index, "%sFilename: %s\nSize: %d\nSHA256: %s\n\n", p.Stanza, file, len(p.Deb), sum(p.Deb))
		}
		packed, err := pack([]byte(index.String()))
		if err != nil {
			return nil, err
		}
		dir := "main/binary-" + arch + "/"
		all["dists/"+codename+"/"+dir+"Packages.gz"] = packed
		all["dists/"+codename+"/"+dir+"by-hash/SHA256/"+sum(packed)] = packed
		release += fmt.Sprintf(" %s %d %sPackages.gz\n", sum(packed), len(packed), dir)
	}
	signed, err := k.Sign(release, s.Date)
	all["dists/"+codename+"/InRelease"] = signed
	return all, err
}

func field(stanza, name string) string {
	lines := strings.Split(stanza, "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+": ") })
	if i < 0 {
		return ""
	}
	return strings.TrimPrefix(lines[i], name+": ")
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// ID returns the key's identifier, as errors name it.
func (k Key) ID() string { return strings.ToUpper(strconv.FormatUint(k.entity.PrimaryKey.KeyId, 16)) }
