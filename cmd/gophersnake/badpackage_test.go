package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// condaTable configures the channel of packageSite.
const condaTable = "[conda]\nlock = \"explicit.txt\"\n"

// packageSite is a project of one package, whatever its bytes.
func packageSite(t testing.TB, config, name string, data []byte) *site {
	t.Helper()
	s := newSite(t, imageTable+condaTable+config)
	s.write("noarch/"+name, string(data))
	s.write("explicit.txt", "@EXPLICIT\nnoarch/"+name+"#"+strings.TrimPrefix(digestOf(data), "sha256:")+"\n")
	return s
}

// listing returns an info/paths.json of this content.
func listing(paths string) []archivetest.Entry {
	return []archivetest.Entry{archivetest.File("info/paths.json", `{"paths_version": 1, "paths": [`+paths+`]}`)}
}

// bodySHA256 is that of the four bytes "body".
const bodySHA256 = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"

// X01 to X26 of promises.md §2 in a payload, in both formats.
func TestHostilePayload(t *testing.T) {
	t.Parallel()
	file, link, hard, dir := archivetest.File, archivetest.Symlink, archivetest.HardLink, archivetest.Dir
	type entries = []archivetest.Entry
	long := strings.Repeat("d/", 2048) + "f"
	for _, tt := range []struct {
		name    string
		payload entries
		want    string // after the place
	}{
		{"X01 parent", entries{file("../x", "")}, `path "../x" leaves its root`},
		{"X02 absolute", entries{file("/etc/passwd", "")}, `path "/etc/passwd" is absolute`},
		{"X03 write through link", entries{link("a", "/etc"), file("a/passwd", "")}, `path "a/passwd" goes through the symbolic link "a"`},
		{"X05 loop", entries{link("a", "b"), link("b", "a")}, `symbolic link "a" leads to itself, or through more than 40 others`},
		{"X06 chain leaves", entries{link("x/y/l", "../.."), link("m", "x/y/l/../etc")}, `symbolic link "m" leaves the package through other symbolic links`},
		{"X07 hard link, absolute", entries{hard("a", "/etc/passwd")}, `hard link "a": path "/etc/passwd" is absolute`},
		{"X08 hard link, relative", entries{hard("a", "../passwd")}, `hard link "a": path "../passwd" leaves its root`},
		{"X09 hard link, then file", entries{file("v", "1"), hard("a", "v"), file("a", "2")}, `path "a" occurs twice, and differs`},
		{"X10 hard link to later member", entries{hard("a", "v"), file("v", "")}, `hard link "a": its source "v" is no earlier member`},
		{"X11 device", entries{{Name: "dev/null", Type: tar.TypeChar}}, `"dev/null" is a device`},
		{"X11 block device", entries{{Name: "dev/sda", Type: tar.TypeBlock}}, `"dev/sda" is a device`},
		{"X12 pipe", entries{{Name: "p", Type: tar.TypeFifo}}, `"p" is a named pipe`},
		{"X14 twice", entries{file("a", "1"), file("a", "2")}, `path "a" occurs twice, and differs`},
		{"X15 file, then directory", entries{file("a", ""), dir("a/")}, `path "a" is a directory and something else`},
		{"X18 long", entries{file(long+long, "")}, `path "` + long + long + `" is longer than 4096 bytes`},
		{"X18 deep", entries{file(strings.Repeat("d/", 128)+"f", "")}, `path "` + strings.Repeat("d/", 128) + `f" is deeper than 128 directories`},
		{"X19 control", entries{file("a\nb", "")}, `path "a\nb" has a control character`},
		{"X19 not UTF-8", entries{file("a\xff", "")}, `path "a\xff" is not UTF-8`},
		{"X26 whiteout", entries{file("a/.wh.b", "")}, `path "a/.wh.b" is an overlay whiteout`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// One good file is listed; what is not is refused all the same.
			p := archivetest.Package{Noarch: "generic", Files: append(entries{file("good", "body")}, tt.payload...)}
			p.Info = listing(`{"_path": "good", "path_type": "hardlink", "sha256": "` + bodySHA256 + `", "size_in_bytes": 4}`)
			for place, pack := range map[string]func() (string, []byte){
				"pkg-1.0-0.tar.bz2: ":                      p.TarBz2,
				"pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: ": p.Conda,
			} {
				name, data := pack()
				s := packageSite(t, "", name, data)
				s.fails(6, "gophersnake: "+place+tt.want+"\n", "build", "-o", "oci:image", "-o", "oci-archive:image.tar")
				s.absent("image/index.json", "image.tar")
			}
		})
	}
}

// What the metadata of a package can do.
func TestHostileMetadata(t *testing.T) {
	t.Parallel()
	file, link := archivetest.File, archivetest.Symlink
	for _, tt := range []struct {
		name string
		p    archivetest.Package
		code int
		want string
	}{
		{"X04 link leaves the prefix", archivetest.Package{Files: []archivetest.Entry{link("bin/a", "../../../etc/passwd")}}, 6, "gophersnake: pkg-1.0-0: bin/a: the symbolic link leaves the prefix: \"../../../etc/passwd\"\n"},
		{"X01 listed path", archivetest.Package{Files: []archivetest.Entry{file("a", "body")}, Info: listing(`{"_path": "../a", "path_type": "hardlink", "sha256": "` + bodySHA256 + `", "size_in_bytes": 4}`)}, 6, "gophersnake: pkg-1.0-0.conda: info/paths.json: path \"../a\" leaves its root\n"},
		{"X23 hash", archivetest.Package{Files: []archivetest.Entry{file("a", "other")}, Info: listing(`{"_path": "a", "path_type": "hardlink", "sha256": "` + bodySHA256 + `", "size_in_bytes": 4}`)}, 6, "gophersnake: pkg-1.0-0: a: sha256 is d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa, but info/paths.json says 230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5\n"},
		{"X23 listed, not there", archivetest.Package{Info: listing(`{"_path": "a", "path_type": "hardlink", "sha256": "` + bodySHA256 + `", "size_in_bytes": 4}`)}, 6, "gophersnake: pkg-1.0-0: a: the package lists this file, but does not hold it: \"a\"\n"},
		{"X25 command", archivetest.Package{Noarch: "python", EntryPoints: []string{"../../x = a:b"}}, 6, "gophersnake: pkg-1.0-0: entry point \"../../x = a:b\": command \"../../x\" is not a file name\n"},
		{"X25 line break", archivetest.Package{Noarch: "python", EntryPoints: []string{"x = a:b\nimport os"}}, 6, "gophersnake: pkg-1.0-0: entry point \"x = a:b\\nimport os\" has a line break\n"},
		{"X25 code", archivetest.Package{Noarch: "python", EntryPoints: []string{"x = os:system('id')"}}, 6, "gophersnake: pkg-1.0-0: entry point \"x = os:system('id')\": \"system('id')\" is not a Python name\n"},
		{"C06 name", archivetest.Package{Index: map[string]any{"name": "../x"}}, 6, "gophersnake: pkg-1.0-0.conda: info/index.json: name \"../x\" has a slash\n"},
		{"C06 build", archivetest.Package{Index: map[string]any{"build": "0/0"}}, 6, "gophersnake: pkg-1.0-0.conda: info/index.json: build \"0/0\" has a slash\n"},
		{"other name", archivetest.Package{Index: map[string]any{"name": "other"}}, 6, "gophersnake: chan/noarch/pkg-1.0-0.conda: the package calls itself other-1.0-0\n"},
		{"no index.json", archivetest.Package{Info: []archivetest.Entry{file("info/index.json", "")}}, 6, "gophersnake: pkg-1.0-0.conda: info/index.json: is not a JSON object\n"},
		{"index.json is a page", archivetest.Package{Info: []archivetest.Entry{file("info/index.json", "<html>")}}, 6, "gophersnake: pkg-1.0-0.conda: info/index.json: is not a JSON object\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.p.Noarch == "" {
				tt.p.Noarch = "generic"
			}
			s := newSite(t, imageTable+"[conda]\nlock = \"chan/noarch.txt\"\n")
			s.channel("chan", channeltest.Options{}, channeltest.Package{Package: tt.p}, simple("python", "3.12.1", "python"))
			s.fails(tt.code, tt.want, "build", "-o", "oci:image")
			s.absent("image/index.json")
		})
	}
}

// X20 to X22: archives that are damaged or mean several things.
func TestHostileArchive(t *testing.T) {
	t.Parallel()
	p := archivetest.Package{Noarch: "generic", Files: []archivetest.Entry{archivetest.File("a", strings.Repeat("content ", 500))}}
	info, payload := archivetest.Tar(p.InfoEntries()...), archivetest.Tar(p.Files...)
	members := func(change func(m []archivetest.ZipMember) []archivetest.ZipMember) []byte {
		return archivetest.Zip(change(archivetest.CondaMembers("pkg-1.0-0", info, payload))...)
	}
	_, good := p.Conda()
	_, bz2 := p.TarBz2()
	for _, tt := range []struct {
		name, file string
		data       []byte
		code       int
		want       string
	}{
		{"X20 truncated bz2", "pkg-1.0-0.tar.bz2", bz2[:len(bz2)-9], 6, "gophersnake: pkg-1.0-0.tar.bz2: is truncated\n"},
		{"X20 truncated zst", "pkg-1.0-0.conda", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			m[1].Data = m[1].Data[:len(m[1].Data)-5]
			return m
		}), 6, "gophersnake: pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: is truncated\n"},
		{"X20 empty", "pkg-1.0-0.conda", nil, 6, "gophersnake: pkg-1.0-0.conda: is not a zip archive: 0 bytes\n"},
		{"X20 web page", "pkg-1.0-0.tar.bz2", []byte("<html>log in</html>"), 6, "gophersnake: pkg-1.0-0.tar.bz2: is damaged: bzip2 data invalid: bad magic value\n"},
		{"X21 bytes behind bz2", "pkg-1.0-0.tar.bz2", append(bytes.Clone(bz2), "more"...), 6, "gophersnake: pkg-1.0-0.tar.bz2: is damaged: bzip2 data invalid: bad magic value in continuation file\n"},
		{"X21 bytes behind zip", "pkg-1.0-0.conda", append(bytes.Clone(good), 0), 6, "gophersnake: pkg-1.0-0.conda: does not end with a zip archive's end record: truncated, or bytes follow it\n"},
		{"X21 second tar", "pkg-1.0-0.conda", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			m[1].Data = archivetest.Zstd(append(bytes.Clone(payload), payload...))
			return m
		}), 6, "gophersnake: pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: has bytes after the end of its tar archive\n"},
		{"X22 two payloads", "pkg-1.0-0.conda", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			return append(m, archivetest.ZipMember{Name: m[1].Name, Data: m[1].Data})
		}), 6, "gophersnake: pkg-1.0-0.conda: zip member \"pkg-pkg-1.0-0.tar.zst\": want one info-pkg-1.0-0.tar.zst and one pkg-pkg-1.0-0.tar.zst\n"},
		{"X22 wrong inner name", "pkg-1.0-0.conda", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			m[1].Name = "pkg-other-1.0-0.tar.zst"
			return m
		}), 6, "gophersnake: pkg-1.0-0.conda: zip member \"pkg-other-1.0-0.tar.zst\": want one info-pkg-1.0-0.tar.zst and one pkg-pkg-1.0-0.tar.zst\n"},
		{"X22 zip64 lie", "pkg-1.0-0.conda", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			m[1].Size = 1 << 33
			return m
		}), 6, "gophersnake: pkg-1.0-0.conda: zip member \"pkg-pkg-1.0-0.tar.zst\" has an impossible size\n"},
		{"X22 encrypted", "pkg-1.0-0.conda", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			m[1].Flags = 1
			return m
		}), 6, "gophersnake: pkg-1.0-0.conda: zip member \"pkg-pkg-1.0-0.tar.zst\" is encrypted\n"},
		{"X22 bytes before", "pkg-1.0-0.conda", append([]byte("#!/bin/sh\n"), good...), 6, "gophersnake: pkg-1.0-0.conda: zip member \"metadata.json\" overlaps another, or a gap precedes it\n"},
		{"name of another format", "pkg-1.0-0.tar.bz2", good, 6, "gophersnake: pkg-1.0-0.tar.bz2: is damaged: bzip2 data invalid: bad magic value\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := packageSite(t, "", tt.file, tt.data)
			s.fails(tt.code, tt.want, "build", "-o", "oci:image")
			s.absent("image/index.json")
		})
	}
}

// X24: a prefix that does not fit into a binary file.
func TestLongPrefix(t *testing.T) {
	t.Parallel()
	const placeholder = "/build/prefix" // shorter than builders make it
	p := channeltest.Package{Package: archivetest.Package{Noarch: "generic", Files: []archivetest.Entry{
		{Name: "lib/x.so", Body: "a" + placeholder + "/lib\x00b", Placeholder: placeholder, Binary: true},
	}}}
	config := func(prefix string) string {
		return imageTable + "[conda]\nlock = \"chan/noarch.txt\"\nprefix = \"" + prefix + "\"\n"
	}
	s := newSite(t, config("/opt/12345678"))
	s.channel("chan", channeltest.Options{}, p)
	s.ok("-q", "build", "-o", "oci:fits")
	s.write("gophersnake.toml", config("/opt/123456789"))
	s.fails(2, "gophersnake: pkg-1.0-0: lib/x.so: the prefix \"/opt/123456789\" has 14 bytes, more than the 13 of the placeholder in this binary file\n", "build", "-o", "oci:image")
	s.absent("image/index.json")
	s.write("gophersnake.toml", config("/"+strings.Repeat("p", 254)))
	s.fails(2, "gophersnake: gophersnake.toml:6:10: conda.prefix: 255 bytes; at most 200 fit into packages\n", "build", "-o", "oci:image")
}

// X04 and X13: what is changed or kept with a warning.
func TestOddPayload(t *testing.T) {
	t.Parallel()
	p := archivetest.Package{Noarch: "generic", Files: []archivetest.Entry{
		{Name: "bin/su", Body: "su", Mode: 0o6755},
		{Name: "bin/all", Body: "all", Mode: 0o1777},
		archivetest.Symlink("etc/passwd", "/etc/passwd"),
		archivetest.File(`share/a\b`, "1"), archivetest.File("share/CON", "2"), archivetest.File("share/con", "3"),
	}}
	name, data := p.Conda()
	s := packageSite(t, "", name, data)
	got := s.run("build", "--jobs", "1", "-o", "oci:image")
	want := `locking
warning: pkg-1.0-0: bin/su: the setuid bit is dropped
warning: pkg-1.0-0: bin/su: the setgid bit is dropped
warning: pkg-1.0-0: bin/all: the sticky bit is dropped
warning: pkg-1.0-0: bin/all: the world-write bit is dropped
warning: pkg-1.0-0: etc/passwd: the symbolic link leaves the prefix: /etc/passwd
layer pkg: 1.2 kB
layer conda environment: 293 B
layer accounts: 337 B
`
	if got.Code != 0 || got.Stderr != want {
		t.Errorf("exit %d\n got %q\nwant %q", got.Code, got.Stderr, want)
	}
	s.fails(6, "gophersnake: pkg-1.0-0: bin/su: the setuid bit is set\n", "build", "-q", "--strict", "-o", "oci:strict")
	s.absent("strict/index.json")
	img, err := openImage(s.at, "oci:image", "linux/amd64")
	s.check(err)
	var b strings.Builder
	s.check(printFiles(&b, img, "conda pkg"))
	for _, line := range []string{
		"opt/conda/bin/su 0755 0:0 @0 2 ", "opt/conda/bin/all 0775 0:0 @0 3 ", "opt/conda/etc/passwd 0777 0:0 @0 -> /etc/passwd\n",
		`opt/conda/share/a\b 0644`, "opt/conda/share/CON 0644", "opt/conda/share/con 0644",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
}

// X17: a bomb is left alone at the limit, whatever it says of its size.
func TestBomb(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("unpacks 1 GiB")
	}
	const size = 1<<30 + 1<<20
	var payload bytes.Buffer
	z, err := zstd.NewWriter(&payload, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	err = w.WriteHeader(&tar.Header{Name: "bomb", Typeflag: tar.TypeReg, Mode: 0o644, Size: size})
	if err == nil {
		_, err = io.CopyN(w, zeros{}, size)
	}
	if err == nil {
		err = errors.Join(w.Close(), z.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	p := archivetest.Package{Noarch: "generic", Info: listing(`{"_path": "bomb", "path_type": "hardlink", "sha256": "` + bodySHA256 + `", "size_in_bytes": 4}`)}
	members := archivetest.CondaMembers("pkg-1.0-0", archivetest.Tar(p.InfoEntries()...), nil)
	members[1].Data = payload.Bytes()
	s := packageSite(t, "", "pkg-1.0-0.conda", archivetest.Zip(members...))
	s.fails(6, "gophersnake: pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: unpacks to more than 1073741824 bytes\n"+
		"hint: a package that large is more likely a decompression bomb than software\n", "build", "-o", "oci:image")
	s.absent("image/index.json")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
