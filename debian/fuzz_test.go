package debian

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// FuzzControl reads control data of any kind: what is read and written again
// is read as the same.
func FuzzControl(f *testing.F) {
	f.Add("Package: x\nDescription: short\n long\n .\n more\n\nPackage: y\n")
	f.Add("# comment\nA:\n b\n\tc\n")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := stanzas(text)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, s := range first {
			for _, field := range s {
				again.WriteString(field.Name + ": " + strings.ReplaceAll(field.Value, "\n", "\n ") + "\n")
			}
			again.WriteByte('\n')
		}
		second, err := stanzas(again.String())
		if err != nil || len(second) != len(first) {
			t.Fatalf("%q: %d stanzas, then %d: %v", text, len(first), len(second), err)
		}
		for i := range first {
			for j := range first[i] {
				if first[i][j] != second[i][j] {
					t.Errorf("%q: %q, then %q", text, first[i][j], second[i][j])
				}
			}
		}
	})
}

func stanzas(text string) (all []Stanza, err error) {
	c := NewControl(strings.NewReader(text), "f")
	for {
		s, err := c.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
}

// FuzzPackages reads an index of any kind: what is told is whole.
func FuzzPackages(f *testing.F) {
	f.Add("Package: aa\nVersion: 1\nArchitecture: all\nTag: x,\n y\nFilename: pool/a.deb\nSize: 1\nSHA256: " + strings.Repeat("0", 64) + "\nProvides: b (= 1)\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = ReadPackages(strings.NewReader(text), "f", "amd64", func(p *Package) {
			if !isName(p.Name) || CheckVersion(p.Version) != nil || len(p.SHA256) != 64 || strings.HasPrefix(p.Path, "/") {
				t.Errorf("%q gives %+v", text, p)
			}
		})
	})
}

// FuzzVerify looks for a release that passes without the signature of a key.
func FuzzVerify(f *testing.F) {
	e, keys := key(f)
	good := sign(f, e, release)
	f.Add(good)
	f.Add([]byte(release))
	at := made.Add(24 * time.Hour)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Verify(data, "f", keys, at)
		if err == nil && (r.Codename != "bookworm" || !bytes.Contains(data, []byte("Codename: bookworm"))) {
			t.Errorf("%q passes", data)
		}
	})
}
