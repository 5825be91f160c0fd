package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

func meta(t *testing.T, name string, data []byte) *archive.Meta {
	t.Helper()
	m, err := open(t, name, data).Meta(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	testRoundTrip(t, m)
	return m
}

func sum(body string) string {
	h := sha256.Sum256([]byte(body))
	return hex.EncodeToString(h[:])
}

func TestMeta(t *testing.T) {
	p := archivetest.Package{
		Name: "tool", Version: "2", Build: "py_1", Noarch: "python",
		Depends: []string{"python >=3.9"}, EntryPoints: []string{"tool = tool.cli:main"},
		Index: map[string]any{"timestamp": 1700000000, "license": "MIT", "track_features": "a, b"},
		Files: []archivetest.Entry{
			{Name: "site-packages/tool.py", Body: "# /build/prefix", Placeholder: "/build/prefix"},
			archivetest.File("python-scripts/.tool-post-link.sh", ""),
			archivetest.File("bin/.tool-pre-unlink.sh", ""),
			archivetest.File("bin/.other-pre-unlink.sh", ""),
			archivetest.File("Scripts/.tool-pre-link.bat", ""),
			archivetest.File("Scripts/.tool-pre-link.sh", ""),
			archivetest.File("Menu/tool.json", "{}"),
			archivetest.File("Menu/tool.ico", ""),
			archivetest.File("etc/conda/activate.d/tool.sh", ""),
			archivetest.File("etc/conda/deactivate.d/tool.sh", ""),
			archivetest.Symlink("lib", "site-packages"),
		},
	}
	want := &archive.Meta{
		Index: archive.Index{
			Name: "tool", Version: "2", Build: "py_1", Subdir: "noarch", Noarch: "python",
			Depends: []string{"python >=3.9"}, License: "MIT", Timestamp: 1700000000000, TrackFeatures: []string{"a", "b"},
		},
		HasPathsJSON: true,
		NoarchPython: true,
		EntryPoints:  []string{"tool = tool.cli:main"},
		Scripts:      []string{"python-scripts/.tool-post-link.sh", "bin/.tool-pre-unlink.sh", "Scripts/.tool-pre-link.bat"},
		Menus:        []string{"Menu/tool.json"},
		ActivateD:    []string{"etc/conda/activate.d/tool.sh"},
	}
	for _, f := range p.Files {
		path := archive.Path{Path: f.Name, Type: archive.HardLink, Size: int64(len(f.Body)), SHA256: sum(f.Body), Placeholder: f.Placeholder}
		if f.Placeholder != "" {
			path.FileMode = "text"
		}
		if f.Link != "" {
			path.Type = archive.SoftLink
		}
		want.Paths = append(want.Paths, path)
	}
	got := meta(t, first(p.Conda()), second(p.Conda()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want.Links = []archive.LinkTarget{{Path: "lib", Target: "site-packages"}}
	got = meta(t, first(p.TarBz2()), second(p.TarBz2()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf(".tar.bz2 (-want +got):\n%s", diff)
	}
}

// Packages without info/paths.json.
func TestDerivedPaths(t *testing.T) {
	const anaconda = "/opt/anaconda1anaconda2anaconda3"
	p := archivetest.Package{NoPathsJSON: true, Files: []archivetest.Entry{
		archivetest.File("bin/a", "aa"), archivetest.File("bin/b c", "b"), archivetest.File("lib/d", ""),
		archivetest.File("lib/e", ""), archivetest.Symlink("lib/f", "e"), archivetest.File("unlisted", ""),
	}}
	list := func(name, body string) archivetest.Entry { return archivetest.File("info/"+name, body) }
	p.Info = []archivetest.Entry{
		list("files", "lib/f\r\nlib/e\n\nbin/a\ninfo/recipe/meta.yaml\nbin/b c\nlib/d\nlib/e\n"),
		list("has_prefix", "bin/a\n\"C:/a b\" text \"bin/b c\"\r\n/tmp/ph binary lib/d\nnot/there\n"),
		list("no_link", "lib/e\n"),
	}
	want := []archive.Path{
		{Path: "lib/f", Type: archive.SoftLink, Size: -1},
		{Path: "lib/e", Type: archive.HardLink, NoLink: true},
		{Path: "bin/a", Type: archive.HardLink, Size: 2, FileMode: "text", Placeholder: anaconda},
		{Path: "bin/b c", Type: archive.HardLink, Size: 1, FileMode: "text", Placeholder: "C:/a b"},
		{Path: "lib/d", Type: archive.HardLink, FileMode: "binary", Placeholder: "/tmp/ph"},
	}
	links := []archive.LinkTarget{{Path: "lib/f", Target: "e"}}
	for _, data := range []func() (string, []byte){p.Conda, p.TarBz2} {
		m := meta(t, first(data()), second(data()))
		if diff := cmp.Diff(want, m.Paths); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(links, m.Links); diff != "" || m.HasPathsJSON {
			t.Errorf("links (-want +got):\n%s", diff)
		}
	}
	stem := p.Stem()
	bare := archivetest.Zip(archivetest.CondaMembers(stem,
		archivetest.Tar(archivetest.File("info/index.json", `{"name":"pkg","version":"1","build":"0","noarch":true,"track_features":["x"],"depends":null,"license":null}`)),
		archivetest.Tar(p.Files[4:]...))...)
	m := meta(t, stem+".conda", bare)
	wantIndex := archive.Index{Name: "pkg", Version: "1", Build: "0", Noarch: "generic", TrackFeatures: []string{"x"}}
	if diff := cmp.Diff(wantIndex, m.Index); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
	wantPaths := []archive.Path{{Path: "lib/f", Type: archive.SoftLink, Size: -1}, {Path: "unlisted", Type: archive.HardLink}}
	if diff := cmp.Diff(wantPaths, m.Paths); diff != "" {
		t.Errorf("the archive as list (-want +got):\n%s", diff)
	}
}

// Metadata that is not valid.
func TestBadMetadata(t *testing.T) {
	path := func(rest string) string { return `{"paths_version":1,"paths":[{"_path":"a"` + rest + `}]}` }
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	for _, tt := range []struct{ file, body, want string }{
		{"index.json", "", "is not a JSON object"},
		{"index.json", "[]", "is not a JSON object"},
		{"index.json", "{", "is not valid: unexpected end of JSON input"},
		{"index.json", `{"x":` + deep + `}`, "is nested deeper than 64 levels"},
		{"index.json", `{"name":1}`, "is not valid: json: cannot unmarshal number into Go struct field rawIndex.name of type string"},
		{"index.json", `{"timestamp":-1}`, "timestamp -1 is out of range"},
		{"paths.json", `{"paths_version":2}`, "paths_version 2 is not supported, only 1"},
		{"paths.json", path(``), `path "a": path_type "" is unknown`},
		{"paths.json", path(`,"path_type":"fifo"`), `path "a": path_type "fifo" is unknown`},
		{"paths.json", path(`,"path_type":"hardlink","sha256":"abc"`), `path "a": sha256 "abc" is not one`},
		{"paths.json", path(`,"path_type":"hardlink","size_in_bytes":-1`), `path "a": size_in_bytes is negative`},
		{"paths.json", path(`,"path_type":"hardlink","file_mode":"x","prefix_placeholder":"/p"`), `path "a": file_mode "x" is unknown`},
		{"paths.json", path(`,"path_type":"hardlink"},{"_path":"a","path_type":"softlink"`), `path "a" occurs twice, and differs`},
		{"paths.json", path(`,"path_type":"hardlink"},{"_path":"../a","path_type":"softlink"`), `path "../a" leaves its root`},
		{"link.json", `{"package_metadata_version":2}`, "package_metadata_version 2 is not supported, only 1"},
		{"link.json", `{"noarch":{"type":"x"}}`, `noarch: want "generic", "python" or a boolean, got x`},
		{"link.json", `{"noarch":{"entry_points":"x"}}`, "is not valid: json: cannot unmarshal string into Go struct field .noarch.entry_points of type []string"},
	} {
		p := archivetest.Package{Info: []archivetest.Entry{archivetest.File("info/"+tt.file, tt.body)}}
		name, data := p.TarBz2()
		wantError(t, readAll(t, name, data, noLimits), "verification", "pkg-1.0-0.tar.bz2: info/"+tt.file+": "+tt.want)
	}
	p := archivetest.Package{NoPathsJSON: true, Info: []archivetest.Entry{archivetest.File("info/has_prefix", "a\n/p text ../b\n")}}
	name, data := p.TarBz2()
	wantError(t, readAll(t, name, data, noLimits), "verification", `pkg-1.0-0.tar.bz2: info/has_prefix: line 2 is not valid: "/p text ../b"`)

	p = archivetest.Package{Info: []archivetest.Entry{archivetest.File("info/link.json", strings.Repeat(" ", 8<<20)+"{}")}}
	name, data = p.Conda()
	wantError(t, readAll(t, name, data, noLimits), "verification", "pkg-1.0-0.conda: info/link.json: is larger than 8388608 bytes")
}

// A .conda has its metadata in one place only.
func TestMisplacedMetadata(t *testing.T) {
	p := archivetest.Package{Files: []archivetest.Entry{archivetest.File("info/index.json", "{}")}}
	name, data := p.Conda()
	wantError(t, readAll(t, name, data, noLimits), "verification",
		`pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: path "info/index.json" belongs into the other tar archive`)
	p = archivetest.Package{Info: []archivetest.Entry{archivetest.File("bin/x", "")}}
	name, data = p.Conda()
	wantError(t, readAll(t, name, data, noLimits), "verification",
		`pkg-1.0-0.conda: info-pkg-1.0-0.tar.zst: path "bin/x" is not below info/`)
}

// counting counts the bytes read from a file.
type counting struct {
	r *bytes.Reader
	n *int
}

func (c counting) ReadAt(b []byte, at int64) (int, error) {
	*c.n += len(b)
	return c.r.ReadAt(b, at)
}

// Meta of a .conda does not read the payload; of a .tar.bz2 it reads once,
// Listing included.
func TestMetaReadsLittle(t *testing.T) {
	random := strings.Repeat(sum("1")+sum("2")+sum("3"), 1)
	for i := range 2000 {
		random += sum(random[:i])
	}
	p := archivetest.Package{Files: []archivetest.Entry{archivetest.File("a", random)}}
	for _, tt := range []struct {
		archive func() (string, []byte)
		most    float64 // of the package's size
	}{{p.Conda, 0.3}, {p.TarBz2, 1.1}} {
		name, data := tt.archive()
		n := 0
		pkg, err := archive.Open(counting{bytes.NewReader(data), &n}, int64(len(data)), name, noLimits)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := pkg.Meta(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if tt.most > 1 {
			if _, err := pkg.Listing(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if float64(n) > tt.most*float64(len(data))+16<<10 {
			t.Errorf("%s: read %d of %d bytes", name, n, len(data))
		}
	}
}
