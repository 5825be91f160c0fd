package base

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

const (
	debianRelease = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
	glibcText     = "\x00GNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release version 2.36.\nCopyright (C) 2022\n\x00"
	muslText      = "\x001.2.4\x00musl libc (x86_64)\nVersion %s\nDynamic Program Loader\n\x00"
	rootLine      = "root:x:0:0:root:/root:/bin/bash\n"
)

// debian is a root file system in the manner of debian:12-slim.
func debian() []entry {
	return []entry{
		dir("./"),
		link("./bin", "usr/bin"), link("./lib", "usr/lib"), link("./lib64", "usr/lib64"), link("./sbin", "usr/sbin"),
		dir("./dev"), dirOf("./dev/shm", 0o1777, 0, 0),
		dir("./etc"), dir("./etc/alternatives"),
		file("./etc/group", "root:x:0:\nstaff:x:50:\n"), file("./etc/passwd", rootLine),
		link("./etc/os-release", "../usr/lib/os-release"),
		dirOf("./proc", 0o555, 0, 0), dirOf("./root", 0o700, 0, 0), dirOf("./tmp", 0o1777, 0, 0),
		dir("./usr"), dir("./usr/bin"), file("./usr/bin/bash", "#"), file("./usr/bin/dash", "#"), file("./usr/bin/env", "#"),
		link("./usr/bin/sh", "dash"),
		dir("./usr/lib"), file("./usr/lib/os-release", debianRelease),
		dir("./usr/lib/x86_64-linux-gnu"), file("./usr/lib/x86_64-linux-gnu/libc.so.6", elf(62, strings.Repeat("x", 100_000)+glibcText)),
		dir("./usr/lib64"), dirOf("./usr/local/lib/python3.11", 0o2775, 0, 50),
		dir("./usr/sbin"), dir("./var"), link("./var/run", "/run"), link("./var/lock", "/run/lock"), dir("./run"), dirOf("./run/lock", 0o1777, 0, 0),
		link("./var/nowhere", "/no/such"), link("./usr/share", "../usr/share"),
	}
}

// factsOf applies layers bottom to top.
func factsOf(t *testing.T, p platforms.Platform, layers ...[]entry) lock.Facts {
	t.Helper()
	fsys := newFilesystem(Limits{}.withDefaults(), p)
	for _, l := range layers {
		if err := fsys.apply(bytes.NewReader(tarOf(l...)), "layer"); err != nil {
			t.Fatal(err)
		}
	}
	facts, err := fsys.facts("base")
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func TestFactsOfDebian(t *testing.T) {
	want := lock.Facts{
		Libc: "glibc 2.36", OSRelease: debianRelease, Passwd: rootLine, Group: "root:x:0:\nstaff:x:50:\n",
		Links: []lock.Link{
			{Path: "bin", Target: "usr/bin"},
			{Path: "lib", Target: "usr/lib"},
			{Path: "lib64", Target: "usr/lib64"},
			{Path: "sbin", Target: "usr/sbin"},
			{Path: "var/lock", Target: "run/lock"},
			{Path: "var/run", Target: "run"},
		},
		Dirs: []lock.Dir{
			{Path: "proc", Mode: 0o555},
			{Path: "root", Mode: 0o700},
			{Path: "run/lock", Mode: 0o1777},
			{Path: "tmp", Mode: 0o1777},
			{Path: "usr/local/lib/python3.11", Mode: 0o2775, GID: 50},
		},
		Sh: true, Bash: true, UsrBinEnv: true,
	}
	if diff := cmp.Diff(want, factsOf(t, amd64, debian())); diff != "" {
		t.Error(diff)
	}
}

func TestFactsOfAlpine(t *testing.T) {
	got := factsOf(t, amd64, []entry{
		dir("bin"), file("bin/busybox", "#"), link("bin/sh", "/bin/busybox"), dir("usr/bin"), link("usr/bin/env", "/bin/busybox"),
		dir("lib"), file("lib/ld-musl-x86_64.so.1", elf(62, muslText)), link("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"),
		file("etc/os-release", "ID=alpine\n"),
	})
	want := lock.Facts{Libc: "musl 1.2.4", OSRelease: "ID=alpine\n", Sh: true, UsrBinEnv: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLibc(t *testing.T) {
	const arm, amd = 183, 62
	tests := []struct {
		name  string
		files []entry
		want  string
	}{
		{"none", nil, ""},
		{"by file name", []entry{file("lib/x86_64-linux-gnu/libc-2.31.so", elf(amd, "")), link("lib/x86_64-linux-gnu/libc.so.6", "libc-2.31.so")}, "glibc 2.31"},
		{"in lib64", []entry{file("usr/lib64/libc.so.6", elf(amd, glibcText)), link("lib64", "usr/lib64")}, "glibc 2.36"},
		{"three numbers", []entry{file("lib64/libc.so.6", elf(amd, "GNU C Library (x) development release version 2.39.9000.\n"))}, "glibc 2.39.9000"},
		{"of another machine", []entry{file("lib64/libc.so.6", elf(arm, glibcText))}, ""},
		{"of two machines", []entry{file("lib/libc.so.6", elf(arm, glibcText)), file("usr/lib/libc.so.6", elf(amd, strings.ReplaceAll(glibcText, "2.36", "2.28")))}, "glibc 2.28"},
		{"without a banner", []entry{file("lib64/libc.so.6", elf(amd, "nothing"))}, "glibc"},
		{"a linker script", []entry{file("lib64/libc.so.6", "GNU C Library version 2.36")}, ""},
		{"file name of another machine", []entry{file("lib64/libc-2.31.so", elf(arm, "")), link("lib64/libc.so.6", "libc-2.31.so")}, ""},
		{"empty", []entry{file("lib64/libc.so.6", "")}, ""},
		{"musl, version unknown", []entry{file("lib/ld-musl-x86_64.so.1", elf(amd, "musl libc (x86_64)"))}, "musl"},
		{"musl from git", []entry{file("lib/ld-musl-x86_64.so.1", elf(amd, "\x001.2.5-git-3-gabcdef\x00musl libc (x86_64)"))}, "musl 1.2.5"},
		{"musl below glibc", []entry{file("lib64/libc.so.6", elf(amd, glibcText)), file("lib/ld-musl-x86_64.so.1", elf(amd, muslText))}, "glibc 2.36"},
		{"banner across windows", []entry{file("lib64/libc.so.6", elf(amd, strings.Repeat("\x00", 64<<10-70)+glibcText))}, "glibc 2.36"},
		{"musl loader linked to libc.so", []entry{file("usr/lib/libc.so", elf(amd, muslText)), link("lib/ld-musl-x86_64.so.1", "/usr/lib/libc.so")}, "musl 1.2.4"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := factsOf(t, amd64, test.files).Libc; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLibcOfArm(t *testing.T) {
	got := factsOf(t, arm64, []entry{file("lib/aarch64-linux-gnu/libc.so.6", elf(183, glibcText)), file("lib/x86_64-linux-gnu/libc.so.6", elf(62, ""))}).Libc
	if got != "glibc 2.36" {
		t.Errorf("got %q", got)
	}
}

// TestLibcOfThisMachine reads a C library that nobody wrote for this test.
func TestLibcOfThisMachine(t *testing.T) {
	for name, p := range map[string]platforms.Platform{
		"lib/x86_64-linux-gnu/libc.so.6":  amd64,
		"lib/aarch64-linux-gnu/libc.so.6": arm64,
	} {
		raw, err := os.ReadFile("/" + name)
		if err != nil {
			continue
		}
		got := factsOf(t, p, []entry{file(name, string(raw))}).Libc
		if !strings.HasPrefix(got, "glibc 2.") || len(got) > len("glibc 2.99") {
			t.Errorf("%s: got %q", name, got)
		}
		return
	}
	t.Skip("this machine has no glibc in Debian's place")
}

func TestLayersOverLayers(t *testing.T) {
	lower := []entry{dir("a"), file("a/x", "x"), dirOf("a/d", 0o700, 0, 0), file("a/d/y", "y"), link("l", "a"), file("etc/passwd", "old")}
	tests := []struct {
		name  string
		upper []entry
		files string // of a/x a/d/y a/z that are there
		links int
		dirs  int
	}{
		{"nothing", nil, "a/x a/d/y", 1, 1},
		{"whiteout of a file", []entry{file("a/.wh.x", "")}, "a/d/y", 1, 1},
		{"whiteout of a directory", []entry{file(".wh.a", "")}, "", 0, 0},
		{"whiteout spares its own layer", []entry{file("a/x", "new"), file("a/.wh.x", "")}, "a/x a/d/y", 1, 1},
		{"whiteout before its own layer", []entry{file("a/.wh.x", ""), file("a/x", "new")}, "a/x a/d/y", 1, 1},
		{"whiteout through a link", []entry{file("l/.wh.x", "")}, "a/d/y", 1, 1},
		{"whiteout of nothing", []entry{file("no/.wh.x", "")}, "a/x a/d/y", 1, 1},
		{"opaque", []entry{dir("a"), file("a/z", ""), file("a/.wh..wh..opq", "")}, "a/z", 1, 0},
		{"opaque first", []entry{dir("a"), file("a/.wh..wh..opq", ""), file("a/z", "")}, "a/z", 1, 0},
		{"opaque keeps new below old", []entry{file("a/d/z", ""), file("a/.wh..wh..opq", "")}, "", 1, 1},
		{"AUFS files", []entry{file(".wh..wh.aufs", ""), dir(".wh..wh.plnk")}, "a/x a/d/y", 1, 1},
		{"file over directory", []entry{file("a", "")}, "", 0, 0},
		{"directory over file", []entry{dir("a/x")}, "a/d/y", 1, 1},
		{"directory over link", []entry{dir("l")}, "a/x a/d/y", 0, 1},
		{"directory over directory", []entry{dir("a/d")}, "a/x a/d/y", 1, 0},
		{"through a link", []entry{file("l/z", "")}, "a/x a/d/y a/z", 1, 1},
		{"hard link", []entry{hard("a/z", "a/d/y")}, "a/x a/d/y a/z", 1, 1},
		{"hard link outlives its file", []entry{hard("a/z", "a/x"), file("a/.wh.x", "")}, "a/d/y a/z", 1, 1},
		{"device", []entry{{Header: devHeader("a/x")}}, "a/d/y", 1, 1},
		{"dangling parent", []entry{link("m", "made/here"), file("m/z", "")}, "a/x a/d/y", 2, 1},
		{"global header", []entry{{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}}}, "a/x a/d/y", 1, 1},
		{"not UTF-8", []entry{dirOf("bad\xff", 0o700, 0, 0), link("bad\xfe", "a")}, "a/x a/d/y", 1, 1},
		{"root", []entry{dirOf("/", 0o700, 1, 1), dirOf(".", 0o700, 1, 1)}, "a/x a/d/y", 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := newFilesystem(Limits{}.withDefaults(), amd64)
			for _, l := range [][]entry{lower, test.upper} {
				if err := fsys.apply(bytes.NewReader(tarOf(l...)), "layer"); err != nil {
					t.Fatal(err)
				}
			}
			var files []string
			for _, p := range []string{"a/x", "a/d/y", "a/z"} {
				if fsys.hasFile(p) {
					files = append(files, p)
				}
			}
			if got := strings.Join(files, " "); got != test.files {
				t.Errorf("files %q, want %q", got, test.files)
			}
			facts, err := fsys.facts("base")
			if err != nil {
				t.Fatal(err)
			}
			if len(facts.Links) != test.links || len(facts.Dirs) != test.dirs {
				t.Errorf("links %v, dirs %v; want %d and %d", facts.Links, facts.Dirs, test.links, test.dirs)
			}
		})
	}
}

func TestReplacedFacts(t *testing.T) {
	got := factsOf(t, amd64, debian(), []entry{
		file("etc/passwd", "new"), file("etc/.wh.group", ""), file("bin/.wh.bash", ""), file("etc/os-release", "ID=x\n"),
	})
	if got.Passwd != "new" || got.Group != "" || got.Bash || !got.Sh || got.OSRelease != "ID=x\n" {
		t.Errorf("got %+v", got)
	}
}

func TestBadTars(t *testing.T) {
	tests := []struct {
		name    string
		entries []entry
		limits  Limits
		want    string
	}{
		{"escape", []entry{file("a/../../b", "")}, Limits{}, `layer: "a/../../b": the name leads out of the image`},
		{"long", []entry{file(strings.Repeat("abcdefg/", 513)+"x", "")}, Limits{}, `layer: "` + strings.Repeat("abcdefg/", 12) + `abcd…": the name is longer than 4096 bytes`},
		{"deep", []entry{file(strings.Repeat("d/", 130)+"x", "")}, Limits{}, `layer: "` + strings.Repeat("d/", 50) + `…": the name is deeper than 128 directories`},
		{"below a file", []entry{file("a", ""), file("a/b", "")}, Limits{}, `layer: "a/b": a parent is not a directory`},
		{"link in circles", []entry{link("a", "b"), link("b", "a"), file("a/x", "")}, Limits{}, `layer: "a/x": a parent is not a directory`},
		{"hard link to nothing", []entry{hard("a", "b")}, Limits{}, `layer: hard link "a" to "b": there is no such file`},
		{"long link", []entry{link("a", strings.Repeat("t", 5000))}, Limits{}, `layer: "a": the link's target is longer than 4096 bytes`},
		{"hard link out", []entry{hard("a", "../b")}, Limits{}, `layer: hard link "a" to "../b": the name leads out of the image`},
		{"whiteout of dots", []entry{file("a/.wh...", "")}, Limits{}, `layer: "a/.wh...": a whiteout of nothing`},
		{"members", []entry{file("a", ""), file("b", ""), file("c", "")}, Limits{Members: 2}, `layer: the image has more than 2 files`},
		{"unknown type", []entry{{Header: typeHeader("a", 'Q')}}, Limits{}, `layer: "a": tar entries of type 'Q' are not known`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := newFilesystem(test.limits.withDefaults(), amd64).apply(bytes.NewReader(tarOf(test.entries...)), "layer")
			if err == nil || err.Error() != test.want {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if c := fault.ClassOf(err); c != fault.Verification {
				t.Errorf("class %s", c)
			}
		})
	}
	err := newFilesystem(Limits{}.withDefaults(), amd64).apply(strings.NewReader(strings.Repeat("no tar", 200)), "layer")
	if want := "layer: the layer is not a tar archive: archive/tar: invalid tar header"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTextsThatAreNotKept(t *testing.T) {
	tests := []struct {
		name    string
		entries []entry
		want    string
	}{
		{"long", []entry{file("etc/passwd", "long")}, `base: "etc/passwd" is longer than the limit of 3 bytes`},
		{"elsewhere", []entry{link("etc/group", "/opt/accounts"), file("opt/accounts", "")}, `base: "etc/group" leads to "opt/accounts", where such a file is not expected`},
		{"binary", []entry{file("usr/lib/os-release", "\xff")}, `base: "usr/lib/os-release" is not UTF-8 text`},
		{"fits", []entry{file("etc/group", "abc")}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := newFilesystem(Limits{Text: 3}.withDefaults(), amd64)
			if err := fsys.apply(bytes.NewReader(tarOf(test.entries...)), "layer"); err != nil {
				t.Fatal(err)
			}
			_, err := fsys.facts("base")
			if got := (&world{}).plain(err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
