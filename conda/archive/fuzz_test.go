package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/tree"
)

var fuzzLimits = Limits{Unpacked: 1 << 20, Members: 1000, Window: 1 << 20}

// fuzzOpen reads everything and wants an error of the right kind, or members
// that keep the promises of Walk.
func fuzzOpen(t *testing.T, name string, data []byte) {
	p, err := Open(bytes.NewReader(data), int64(len(data)), name, fuzzLimits)
	if err != nil {
		fuzzError(t, err)
		return
	}
	fuzzPackage(t, p)
}

func fuzzPackage(t *testing.T, p *Package) {
	if m, err := p.Meta(context.Background()); err != nil {
		fuzzError(t, err)
	} else {
		fuzzRoundTrip(t, m)
	}
	seen := map[string]bool{}
	err := p.Walk(context.Background(), func(m Member) error {
		if tree.CheckPath(m.Path) != nil || strings.HasPrefix(m.Path, "info/") || seen[m.Path] {
			t.Errorf("path %q", m.Path)
		}
		seen[m.Path] = true
		if m.Kind != tree.File {
			return nil
		}
		n, err := io.Copy(io.Discard, m.Content)
		if err == nil && n != m.Size {
			t.Errorf("%q has %d bytes, not %d", m.Path, n, m.Size)
		}
		return err
	})
	if err != nil {
		fuzzError(t, err)
	}
}

func fuzzError(t *testing.T, err error) {
	var e *tree.Error
	if !errors.As(err, &e) || e.Class() == "disk" {
		t.Errorf("error %v (%T)", err, err)
	}
}

func fuzzRoundTrip[T any](t *testing.T, m T) {
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, back); diff != "" {
		t.Errorf("does not round-trip:\n%s", diff)
	}
}

func FuzzOpenConda(f *testing.F) {
	p := archivetest.Package{Files: []archivetest.Entry{
		archivetest.File("a", "1"), archivetest.Symlink("b", "a"), archivetest.HardLink("c", "a"),
	}}
	_, data := p.Conda()
	f.Add(data)
	_, data = archivetest.Package{NoPathsJSON: true}.Conda()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) { fuzzOpen(t, "pkg-1.0-0.conda", data) })
}

func fuzzEntries() []archivetest.Entry {
	p := archivetest.Package{EntryPoints: []string{"a = b:c"}, Files: []archivetest.Entry{
		archivetest.File("a", "1"), archivetest.Symlink("b", "a"), archivetest.HardLink("c", "a"), archivetest.Dir("d"),
	}}
	return append(p.InfoEntries(), p.Files...)
}

func FuzzTarBz2(f *testing.F) {
	f.Add(archivetest.Bzip2(archivetest.Tar(fuzzEntries()...)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzOpen(t, "pkg-1.0-0.tar.bz2", data) })
}

// FuzzTar changes the tar archive below the compression.
func FuzzTar(f *testing.F) {
	f.Add(archivetest.Tar(fuzzEntries()...))
	f.Add(archivetest.Tar(archivetest.Entry{Name: "λ", Body: "x", Nanos: 5}))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := &part{place: "x", open: func(src sourceFunc) (io.ReadCloser, error) {
			return io.NopCloser(src(bytes.NewReader(data))), nil
		}}
		fuzzPackage(t, &Package{
			fileName: "x.tar.bz2", size: int64(len(data)),
			limits: fuzzLimits.withDefaults(), info: whole, payload: whole,
		})
	})
}

func FuzzPathsJSON(f *testing.F) {
	f.Add([]byte(`{"paths_version":1,"paths":[{"_path":"a/b","path_type":"hardlink","sha256":null,"size_in_bytes":3,"file_mode":"text","prefix_placeholder":"/p","no_link":true}]}`))
	f.Add([]byte(`{"paths":[{"_path":"a","path_type":"softlink"},{"_path":"d","path_type":"directory"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		paths, err := parsePaths(data)
		if err != nil {
			return
		}
		for _, p := range paths {
			if err := tree.CheckPath(p.Path); err != nil {
				t.Error(err)
			}
		}
		fuzzRoundTrip(t, paths)
	})
}

func FuzzIndexJSON(f *testing.F) {
	f.Add([]byte(`{"name":"a","version":"1","build":"0","build_number":1,"noarch":true,"track_features":"a b","features":["c"],"timestamp":1700000000,"depends":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		index, err := parseIndex(data)
		if err != nil {
			return
		}
		for _, s := range []string{index.Name, index.Version, index.Build} {
			if s == "" || strings.Contains(s, "..") || strings.ContainsAny(s, `/\`) {
				t.Errorf("name part %q", s)
			}
		}
		fuzzRoundTrip(t, index)
	})
}

func FuzzEntryPoints(f *testing.F) {
	f.Add([]byte(`{"noarch":{"entry_points":["a = b:c"],"type":"python"},"package_metadata_version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		link, err := parseLink(data)
		if err == nil {
			fuzzRoundTrip(t, link.entryPoints)
		}
	})
}

func FuzzHasPrefix(f *testing.F) {
	f.Add([]byte("a\n\"/p q\" text \"b c\"\n'/p' binary 'd'\n/p text e f\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := parseHasPrefix(data)
		if err != nil {
			return
		}
		for path, r := range found {
			if err := tree.CheckPath(path); err != nil {
				t.Error(err)
			}
			if r.placeholder == "" || r.mode != modeText && r.mode != modeBinary {
				t.Errorf("%q: %+v", path, r)
			}
		}
	})
}
