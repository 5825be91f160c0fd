package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/tree"
)

func open(t testing.TB, name string, data []byte) *archive.Package {
	t.Helper()
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), name, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// walk returns a line for each visited member.
func walk(t testing.TB, p *archive.Package) (lines []string) {
	t.Helper()
	err := p.Walk(context.Background(), func(m archive.Member) error {
		body := "-> " + m.Target
		if m.Content != nil {
			b, err := io.ReadAll(m.Content)
			if err != nil {
				return err
			}
			body = string(b)
		}
		lines = append(lines, fmt.Sprintf("%s %d %04o %d %d %s", m.Path, m.Kind, m.Mode, m.ModTime, m.Size, body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

var sample = archivetest.Package{Files: []archivetest.Entry{
	archivetest.Dir("./z"),
	{Name: "./z/tool", Body: "run", Mode: 0o4755, ModTime: 1700000000},
	archivetest.Symlink("z/λ", "tool"),
	archivetest.File("a", ""),
	{Name: "info/licenses/LICENSE", Body: "free"},
	{Name: "b", Type: '1', Link: "./z/tool", Mode: 0o600, ModTime: 5},
	archivetest.HardLink("c", "b"),
	{Name: strings.Repeat("long/", 30) + "name", Body: "pax", ModTime: -2, Nanos: 5e8},
}}

func TestWalk(t *testing.T) {
	want := []string{
		"z/tool 0 4755 1700000000 3 run",
		"z/λ 1 0777 0 0 -> tool",
		"a 0 0644 0 0 ",
		"b 0 4755 1700000000 3 run",
		"c 0 4755 1700000000 3 run",
		strings.Repeat("long/", 30) + "name 0 0644 -2 3 pax",
	}
	for _, pack := range []func() (string, []byte){sample.Conda, sample.TarBz2} {
		name, data := pack()
		p := open(t, name, data)
		for range 2 { // a walk can be repeated
			if diff := cmp.Diff(want, walk(t, p)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func TestListing(t *testing.T) {
	name, data := sample.Conda()
	entries, err := open(t, name, data).Listing(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	tool := tree.Header{Path: "z/tool", Mode: 0o4755, ModTime: 1700000000, Size: 3}
	b, c := tool, tool
	b.Path, c.Path = "b", "c"
	want := []archive.Entry{
		{Header: tool},
		{Header: tree.Header{Path: "z/λ", Kind: tree.Symlink, Mode: 0o777, Target: "tool"}},
		{Header: tree.Header{Path: "a", Mode: 0o644}},
		{Header: b, Source: "z/tool"},
		{Header: c, Source: "z/tool"},
		{Header: tree.Header{Path: strings.Repeat("long/", 30) + "name", Mode: 0o644, ModTime: -2, Size: 3}},
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A visitor may read nothing, or a part; its error comes back as it is.
func TestWalkVisitor(t *testing.T) {
	for _, pack := range []func() (string, []byte){sample.Conda, sample.TarBz2} {
		p := open(t, first(pack()), second(pack()))
		n := 0
		err := p.Walk(context.Background(), func(m archive.Member) error {
			if n++; m.Content != nil && n%2 == 0 {
				_, err := m.Content.Read(make([]byte, 1))
				return err
			}
			return nil
		})
		if n != 6 || err != nil && err != io.EOF {
			t.Errorf("%d members, error %v", n, err)
		}
		stop := errors.New("stop")
		if err := p.Walk(context.Background(), func(archive.Member) error { return stop }); err != stop {
			t.Errorf("error %v, want that of the visitor", err)
		}
	}
}

func first(name string, _ []byte) string  { return name }
func second(_ string, data []byte) []byte { return data }

func TestCancelled(t *testing.T) {
	for _, pack := range []func() (string, []byte){sample.Conda, sample.TarBz2} {
		p := open(t, first(pack()), second(pack()))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := p.Meta(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Meta: %v", err)
		}
		if _, err := p.Listing(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Listing: %v", err)
		}
		if err := p.Walk(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Walk: %v", err)
		}
		if _, err := p.Meta(context.Background()); err != nil {
			t.Errorf("Meta, after all: %v", err)
		}
	}
}

// failing is a file on a broken disk.
type failing struct {
	data []byte
	from int64
	err  error
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from {
		return 0, f.err
	}
	return copy(b, f.data[at:]), nil
}

func TestBrokenDisk(t *testing.T) {
	broken := errors.New("input/output error")
	for _, tt := range []struct {
		archive func() (string, []byte)
		want    string
	}{
		{sample.TarBz2, "pkg-1.0-0.tar.bz2: cannot be read: input/output error"},
		{sample.Conda, "pkg-1.0-0.conda: cannot be read: input/output error"},
	} {
		name, data := tt.archive()
		p, err := archive.Open(failing{data, 0, broken}, int64(len(data)), name, noLimits)
		if err == nil {
			_, err = p.Meta(context.Background())
		}
		wantError(t, err, "disk", tt.want)
		if !errors.Is(err, broken) {
			t.Errorf("error %v hides its cause", err)
		}
	}
	name, data := sample.Conda()
	_, err := archive.Open(bytes.NewReader(data), int64(len(data))+10, name, noLimits)
	wantError(t, err, "verification", "pkg-1.0-0.conda: is truncated")
}

func TestConcurrentUse(t *testing.T) {
	for _, pack := range []func() (string, []byte){sample.Conda, sample.TarBz2} {
		p := open(t, first(pack()), second(pack()))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := p.Meta(context.Background()); err != nil {
					t.Error(err)
				}
				if len(walk(t, p)) != 6 {
					t.Error("not all members")
				}
				if _, err := p.Listing(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// Hard links beyond what is kept in memory, interleaved, and read in part.
func TestHardLinks(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 600<<10)
	p := archivetest.Package{Files: []archivetest.Entry{
		archivetest.File("large", large), archivetest.File("small", "s"), archivetest.File("empty", ""),
		archivetest.HardLink("l1", "large"), archivetest.HardLink("s1", "small"), archivetest.HardLink("e1", "empty"),
		archivetest.HardLink("l2", "l1"), archivetest.HardLink("s2", "s1"), archivetest.HardLink("s3", "small"),
	}}
	bodies := map[byte]string{'l': large, 's': "s", 'e': ""}
	name, data := p.Conda()
	pkg := open(t, name, data)
	for _, part := range []int{0, 1, len(large)} {
		err := pkg.Walk(context.Background(), func(m archive.Member) error {
			want := bodies[m.Path[0]]
			want = want[:min(part, len(want))]
			got := make([]byte, len(want))
			if _, err := io.ReadFull(m.Content, got); err != nil {
				return err
			}
			if string(got) != want {
				t.Errorf("%s differs in its first %d bytes", m.Path, part)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func ExamplePackage_Walk() {
	name, data := archivetest.Package{Files: []archivetest.Entry{
		archivetest.File("bin/hello", "echo hello"),
		archivetest.Symlink("bin/hi", "hello"),
	}}.Conda()
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), name, archive.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = p.Walk(context.Background(), func(m archive.Member) error {
		fmt.Printf("%s %d %q\n", m.Path, m.Size, m.Target)
		return nil
	})
	fmt.Println(err)
	// Output:
	// bin/hello 10 ""
	// bin/hi 0 "hello"
	// <nil>
}

func ExampleOpen() {
	name, data := archivetest.Package{
		Name: "hello", Version: "2.1", Noarch: "python", EntryPoints: []string{"hello = hello:main"}, Depends: []string{"python >=3.9"},
		Files: []archivetest.Entry{archivetest.File("site-packages/hello.py", "def main(): pass\n")},
	}.Conda()
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), name, archive.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := p.Meta(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Index.Name, m.Index.Version, m.Index.Depends, m.NoarchPython, m.EntryPoints)
	for _, f := range m.Paths {
		fmt.Println(f.Path, f.Size)
	}
	// What a package has no business to hold is an error of class "verification".
	name, data = archivetest.Package{Files: []archivetest.Entry{archivetest.File("../evil", "")}}.Conda()
	p, err = archive.Open(bytes.NewReader(data), int64(len(data)), name, archive.Limits{})
	if err == nil {
		err = p.Walk(context.Background(), func(archive.Member) error { return nil })
	}
	fmt.Println(err)
	// Output:
	// hello 2.1 [python >=3.9] true [hello = hello:main]
	// site-packages/hello.py 17
	// pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: path "../evil" leaves its root
}

func TestEscapes(t *testing.T) {
	for _, tt := range []struct {
		link, target string
		want         bool
	}{
		{"a", "b", false},
		{"a", "../b", true},
		{"bin/a", "../b", false},
		{"bin/a", "../../b", true},
		{"bin/a", "..", false},
		{"bin/a", "../..", true},
		{"bin/a", "x/../../lib", false},
		{"bin/a", "./..//../bin/b", true},
		{"a", "/etc", false},
		{"a", "b/../../a", true},
	} {
		if got := archive.Escapes(tt.link, tt.target); got != tt.want {
			t.Errorf("Escapes(%q, %q) = %v", tt.link, tt.target, got)
		}
	}
}
