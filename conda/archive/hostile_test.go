package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/tree"
)

// readAll reads all of a package: its metadata, and every content.
func readAll(t *testing.T, name string, data []byte, l archive.Limits) error {
	t.Helper()
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), name, l)
	if err != nil {
		return err
	}
	if _, err := p.Meta(context.Background()); err != nil {
		return err
	}
	return p.Walk(context.Background(), func(m archive.Member) error {
		if m.Content == nil {
			return nil
		}
		n, err := io.Copy(io.Discard, m.Content)
		if err == nil && n != m.Size {
			t.Errorf("%s: %d bytes, want %d", m.Path, n, m.Size)
		}
		return err
	})
}

// wantError compares a whole error text and its class.
func wantError(t *testing.T, err error, class, text string) {
	t.Helper()
	if text == "" {
		if err != nil {
			t.Errorf("error %q, want none", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("no error, want %q", text)
	}
	if err.Error() != text {
		t.Errorf("error\n  %q, want\n  %q", err, text)
	}
	var e *tree.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %q is a %T, want a *tree.Error", err, err)
	}
	if e.Class() != class {
		t.Errorf("error %q is of class %q, want %q", err, e.Class(), class)
	}
}

// The payloads that promises.md §2 wants refused, and their harmless kin.
func TestHostilePayload(t *testing.T) {
	file, link, hard, dir := archivetest.File, archivetest.Symlink, archivetest.HardLink, archivetest.Dir
	type entries = []archivetest.Entry
	long := strings.Repeat("d/", 2048) + "f"
	tests := []struct {
		name    string
		payload entries
		want    string // without the place; "" is no error
	}{
		{"X01 parent", entries{file("../x", "")}, `path "../x" leaves its root`},
		{"X01 parent inside", entries{file("a/../../x", "")}, `path "a/../../x" leaves its root`},
		{"X01 parent as directory", entries{dir("a/../../x/")}, `path "a/../../x" leaves its root`},
		{"X01 behind dot", entries{file("./../x", "")}, `path "../x" leaves its root`},
		{"X02 absolute", entries{file("/etc/passwd", "")}, `path "/etc/passwd" is absolute`},
		{"X02 absolute behind dot", entries{file(".//etc/passwd", "")}, `path "/etc/passwd" is absolute`},
		{"X02 absolute directory", entries{dir("/")}, `path "/" is absolute`},
		{"X03 write through symlink", entries{link("a", "/etc"), file("a/passwd", "")}, `path "a/passwd" goes through the symbolic link "a"`},
		{"X03 symlink over directory", entries{file("a/b", ""), link("a", "/etc")}, `path "a" is a directory and something else`},
		{"X03 symlink, then file", entries{link("a", "/etc/passwd"), file("a", "")}, `path "a" occurs twice, and differs`},
		{"X03 symlink, then directory", entries{link("a", "/etc"), dir("a")}, `path "a" is a directory and something else`},
		{"X04 is the installer's", entries{link("bin/a", "../../x"), link("b", "/etc/passwd")}, ""},
		{"X05 self", entries{link("a", "a")}, `symbolic link "a" leads to itself, or through more than 40 others`},
		{"X05 loop", entries{link("d/b", "../c"), link("c", "d/b")}, `symbolic link "c" leads to itself, or through more than 40 others`},
		{"X05 tail of a loop", entries{link("c", "c"), link("b", "c/x")}, `symbolic link "b" leads to itself, or through more than 40 others`},
		{"X06 chain leaves", entries{link("x/y/l", "../.."), link("m", "x/y/l/../etc")}, `symbolic link "m" leaves the package through other symbolic links`},
		{"X05 long chain", chain(42), `symbolic link "l00" leads to itself, or through more than 40 others`},
		{"X05 chain of 40", chain(41), ""},
		{"X06 chain stays", entries{link("x/y/l", "../.."), link("m", "x/y/l/etc"), link("n", "./x//y")}, ""},
		{"X06 chain to absolute", entries{link("abs", "/usr"), link("m", "abs/../../etc")}, ""},
		{"X07 hard link outside, absolute", entries{hard("a", "/etc/passwd")}, `hard link "a": path "/etc/passwd" is absolute`},
		{"X08 hard link outside, relative", entries{hard("a", "../passwd")}, `hard link "a": path "../passwd" leaves its root`},
		{"X09 hard link, then file", entries{file("v", "1"), hard("a", "v"), file("a", "2")}, `path "a" occurs twice, and differs`},
		{"X09 hard link, then equal file", entries{file("v", "1"), hard("a", "v"), file("a", "1")}, `path "a" occurs twice, and differs`},
		{"X09 file, then hard link", entries{file("v", "1"), file("a", "1"), hard("a", "v")}, `path "a" occurs twice, and differs`},
		{"X10 hard link to later member", entries{hard("a", "v"), file("v", "")}, `hard link "a": its source "v" is no earlier member`},
		{"X10 hard link to itself", entries{hard("a", "a")}, `hard link "a": its source "a" is no earlier member`},
		{"hard link to symlink", entries{link("l", "x"), hard("a", "l")}, `hard link "a": its source "l" is not a file`},
		{"hard link to directory", entries{file("d/x", ""), hard("a", "d")}, `hard link "a": its source "d" is not a file`},
		{"X11 character device", entries{{Name: "dev/null", Type: tar.TypeChar}}, `"dev/null" is a device`},
		{"X11 block device", entries{{Name: "dev/sda", Type: tar.TypeBlock}}, `"dev/sda" is a device`},
		{"X12 fifo", entries{{Name: "p", Type: tar.TypeFifo}}, `"p" is a named pipe`},
		{"X12 unknown", entries{{Name: "s", Type: 'Z'}}, `"s" has the unknown tar entry type 'Z'`},
		{"X14 sizes differ", entries{file("a", "1"), file("a", "22")}, `path "a" occurs twice, and differs`},
		{"X14 contents differ", entries{file("x", "0"), file("a", "1"), file("a", "2")}, `path "a" occurs twice, and differs`},
		{"X14 modes differ", entries{file("a", "1"), {Name: "a", Body: "1", Mode: 0o755}}, `path "a" occurs twice, and differs`},
		{"X14 targets differ", entries{link("a", "1"), link("a", "2")}, `path "a" occurs twice, and differs`},
		{"X14 equal", entries{file("x", "0"), file("a", "1"), file("a", "1"), link("l", "a"), link("l", "a"), file("./a", "1")}, ""},
		{"X15 file, then directory", entries{file("a", ""), dir("a/")}, `path "a" is a directory and something else`},
		{"X15 file, then file below", entries{file("a", ""), file("a/b", "")}, `path "a/b" is below the file "a"`},
		{"X15 directory, then file", entries{dir("a"), file("a", "")}, `path "a" is a directory and something else`},
		{"X15 directory twice", entries{dir("./"), dir("a"), dir("a/"), file("a/b", "")}, ""},
		{"X18 long", entries{file(long+long, "")}, `path "` + long + long + `" is longer than 4096 bytes`},
		{"X18 deep", entries{file(strings.Repeat("d/", 128)+"f", "")}, `path "` + strings.Repeat("d/", 128) + `f" is deeper than 128 directories`},
		{"X19 control", entries{file("a\nb", "")}, `path "a\nb" has a control character`},
		{"X19 not UTF-8", entries{file("a\xff", "")}, `path "a\xff" is not UTF-8`},
		{"X19 for Windows only", entries{file(`a\b`, ""), file("CON", ""), file("c:d", "")}, ""},
		{"X19 empty element", entries{file("a//b", "")}, `path "a//b" has an empty element`},
		{"X26 whiteout", entries{file("a/.wh.b", "")}, `path "a/.wh.b" is an overlay whiteout`},
		{"X26 opaque", entries{file("a/.wh..wh..opq", "")}, `path "a/.wh..wh..opq" is an overlay whiteout`},
		{"target with control", entries{link("a", "b\nc")}, `target "b\nc" of the symbolic link "a" has a control character`},
		{"target not UTF-8", entries{link("a", "\xff")}, `target "\xff" of the symbolic link "a" is not UTF-8`},
		{"target empty", entries{link("a", "")}, `target "" of the symbolic link "a" is empty`},
		{"info is a file", entries{file("info", "")}, "info is not a directory"},
		{"global header", entries{{Name: "g", Type: tar.TypeXGlobalHeader, PAX: map[string]string{"path": "x"}}}, `has a pax global header with "path"`},
		{"global comment", entries{{Name: "g", Type: tar.TypeXGlobalHeader, PAX: map[string]string{"comment": "x"}}, file("a", "")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := archivetest.Package{Files: tt.payload, Info: []archivetest.Entry{archivetest.File("info/paths.json", `{"paths_version":1,"paths":[]}`)}}
			for place, pack := range map[string]func() (string, []byte){
				"pkg-1.0-0.tar.bz2: ":                      p.TarBz2,
				"pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: ": p.Conda,
			} {
				name, data := pack()
				want := tt.want
				if want != "" {
					want = place + want
				}
				wantError(t, readAll(t, name, data, noLimits), "verification", want)
			}
		})
	}
}

// chain returns symbolic links each to the next.
func chain(n int) (links []archivetest.Entry) {
	for i := range n {
		links = append(links, archivetest.Symlink(fmt.Sprintf("l%02d", i), fmt.Sprintf("l%02d", i+1)))
	}
	return links
}

// Links that multiply each other's elements must not take long.
func TestEntangledLinks(t *testing.T) {
	var links []archivetest.Entry
	for i := range 30 {
		next := fmt.Sprintf("%s/l%02d/../", strings.Repeat("d/", 500), i+1)
		links = append(links, archivetest.Symlink(fmt.Sprintf("l%02d", i), strings.Repeat(next, 3)))
	}
	for i := range 3000 {
		links = append(links, archivetest.Symlink(fmt.Sprintf("m%d", i), strings.Repeat("l00/../", 500)))
	}
	name, data := archivetest.Package{Files: links}.Conda()
	start := time.Now()
	wantError(t, readAll(t, name, data, noLimits), "verification",
		"pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: has symbolic links that take too long to follow")
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

var noLimits archive.Limits

// C05 and C06: names that are no part of a path.
func TestUnsafeNames(t *testing.T) {
	for _, tt := range []struct{ name, class, want string }{
		{"../x.conda", "verification", `package file name "../x.conda" has a slash`},
		{`..\x.conda`, "verification", `package file name "..\\x.conda" has a slash`},
		{"a\n.conda", "verification", `package file name "a\n.conda" is unsafe`},
		{"", "verification", `package file name "" is unsafe`},
		{"x.zip", "usage", "x.zip: not a conda package: the name ends in neither .conda nor .tar.bz2"},
	} {
		_, err := archive.Open(bytes.NewReader(nil), 0, tt.name, noLimits)
		wantError(t, err, tt.class, tt.want)
	}
	for _, tt := range []struct{ key, value, want string }{
		{"name", "", `name "" is missing`},
		{"name", "../x", `name "../x" has a slash`},
		{"build", "0/0", `build "0/0" has a slash`},
		{"build", "..", `build ".." is unsafe`},
		{"version", `1\0`, `version "1\\0" has a slash`},
		{"version", "1\n", `version "1\n" is unsafe`},
		{"subdir", "../noarch", `subdir "../noarch" has a slash`},
		{"python_site_packages_path", "../lib", `python_site_packages_path: path "../lib" leaves its root`},
		{"noarch", "ruby", `noarch: want "generic", "python" or a boolean, got ruby`},
	} {
		name, data := archivetest.Package{Index: map[string]any{tt.key: tt.value}}.TarBz2()
		wantError(t, readAll(t, name, data, noLimits), "verification", "pkg-1.0-0.tar.bz2: info/index.json: "+tt.want)
	}
}

// X17 and X18: limits, small ones here.
func TestLimits(t *testing.T) {
	zeros := strings.Repeat("\x00", 3<<20)
	big := archivetest.Package{Files: []archivetest.Entry{archivetest.File("zeros", zeros)}}
	many := archivetest.Package{Files: []archivetest.Entry{archivetest.File("a/b/c", ""), archivetest.File("d", ""), archivetest.File("e", "")}}
	link := archivetest.Package{Files: []archivetest.Entry{
		archivetest.File("a", zeros), archivetest.HardLink("b", "a"), archivetest.HardLink("c", "b"),
	}}
	for _, tt := range []struct {
		name   string
		p      archivetest.Package
		limits archive.Limits
		want   string
	}{
		{"fits", big, archive.Limits{Unpacked: 4 << 20}, ""},
		{"too large", big, archive.Limits{Unpacked: 1 << 20}, "unpacks to more than 1048576 bytes"},
		{"ratio does not matter yet", big, archive.Limits{Ratio: 2}, ""},
		{"ratio", big, archive.Limits{Ratio: 2, RatioFrom: 2 << 20}, "unpacks to more than 2097152 bytes"},
		{"hard links count", link, archive.Limits{Unpacked: 7 << 20}, "unpacks to more than 7340032 bytes"},
		{"hard links fit", link, archive.Limits{Unpacked: 10 << 20}, ""},
		{"members", many, archive.Limits{Members: 4}, "has more than 4 files and directories"},
		{"few members", many, archive.Limits{Members: 8}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for place, pack := range map[string]func() (string, []byte){
				"pkg-1.0-0.tar.bz2: ":                      tt.p.TarBz2,
				"pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: ": tt.p.Conda,
			} {
				name, data := pack()
				want := tt.want
				if want != "" {
					want = place + want
				}
				wantError(t, readAll(t, name, data, tt.limits), "verification", want)
			}
		})
	}
	name, data := big.Conda()
	err := readAll(t, name, data, archive.Limits{Window: 1 << 10})
	if err == nil || !strings.Contains(err.Error(), "needs more memory to decompress than is allowed") {
		t.Errorf("with a small window: %v", err)
	}
}

// A sparse file (GNU format 1.0) is read with its holes, and may claim to be
// much larger than it is.
func TestSparse(t *testing.T) {
	sparse := func(size string) []byte {
		fragments := "1\n0\n3\n"
		payload := archivetest.Tar(archivetest.Entry{
			Name: "GNUSparseFile.0/hole", Body: fragments + strings.Repeat("\x00", 512-len(fragments)) + "abc",
			PAX: map[string]string{
				"XNU.sparse.major": "1", "XNU.sparse.minor": "0",
				"XNU.sparse.name": "hole", "XNU.sparse.realsize": size,
			},
		})
		payload = bytes.ReplaceAll(payload, []byte("XNU."), []byte("GNU.")) // archive/tar does not write them
		info := archivetest.Tar(archivetest.Package{}.InfoEntries()...)
		return archivetest.Zip(archivetest.CondaMembers("pkg-1.0-0", info, payload)...)
	}
	data := sparse("5000")
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), "pkg-1.0-0.conda", noLimits)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Walk(context.Background(), func(m archive.Member) error {
		got, err := io.ReadAll(m.Content)
		if want := "abc" + strings.Repeat("\x00", 4997); m.Path != "hole" || string(got) != want {
			t.Errorf("%s is %d other bytes", m.Path, len(got))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	wantError(t, readAll(t, "pkg-1.0-0.conda", sparse("9000000000"), noLimits), "verification",
		"pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: unpacks to more than 1073741824 bytes")
}

// X20 and X21: streams that end too early or too late.
func TestDamagedStreams(t *testing.T) {
	p := archivetest.Package{Files: []archivetest.Entry{archivetest.File("a", strings.Repeat("content ", 1000))}}
	payload, info := archivetest.Tar(p.Files...), archivetest.Tar(p.InfoEntries()...)
	both := append(payload[:len(payload)-1024:len(payload)-1024], info...)
	zst := archivetest.Zstd(payload)
	skippable := append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00note"), zst...)
	bz2 := archivetest.Bzip2(both)
	body := bytes.IndexByte(both, 'c') // inside the file
	for _, tt := range []struct {
		name string
		zst  []byte
		bz2  []byte
		want string
	}{
		{"whole", zst, bz2, ""},
		{"more zeros", archivetest.Zstd(append(payload, make([]byte, 9000)...)), archivetest.Bzip2(append(both, make([]byte, 9000)...)), ""},
		{"two streams", append(archivetest.Zstd(payload[:700]), archivetest.Zstd(payload[700:])...), append(archivetest.Bzip2(both[:700]), archivetest.Bzip2(both[700:])...), ""},
		{"skippable frame", skippable, nil, ""},
		{"cut", zst[:len(zst)-5], bz2[:len(bz2)-5], "is truncated"},
		{"cut in the middle", zst[:len(zst)/2], bz2[:len(bz2)/2], "is truncated"},
		{"empty", nil, nil, "is truncated"},
		{"tar cut in a header", archivetest.Zstd(payload[:100]), archivetest.Bzip2(both[:100]), "is truncated"},
		{"tar cut in a file", archivetest.Zstd(payload[:body+600]), archivetest.Bzip2(both[:body+600]), "is truncated"},
		{"tar without an end", archivetest.Zstd(payload[:len(payload)-1024]), archivetest.Bzip2(both[:len(both)-1024]), "is truncated: its tar archive has no end"},
		{"tar with half an end", archivetest.Zstd(payload[:len(payload)-512]), archivetest.Bzip2(both[:len(both)-512]), "is truncated: its tar archive has no end"},
		{"second tar archive", archivetest.Zstd(append(payload, payload...)), archivetest.Bzip2(append(both, both...)), "has bytes after the end of its tar archive"},
		{"byte behind the tar archive", archivetest.Zstd(append(payload, 'x')), archivetest.Bzip2(append(both, 'x')), "has bytes after the end of its tar archive"},
		{"bytes behind the bzip2 stream", nil, append(bz2, "more"...), "is damaged: bzip2 data invalid: bad magic value in continuation file"},
		{"bytes behind the zstd frame", append(zst, "more"...), nil, "is damaged: invalid input: magic number mismatch"},
		{"one byte behind the zstd frame", append(zst, 'x'), nil, "is truncated"},
		{"no tar archive", archivetest.Zstd(bytes.Repeat([]byte("x"), 2000)), archivetest.Bzip2(bytes.Repeat([]byte("x"), 2000)), "is damaged: archive/tar: invalid tar header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.bz2 != nil || tt.zst == nil {
				want := tt.want
				if want != "" {
					want = "pkg-1.0-0.tar.bz2: " + want
				}
				wantError(t, readAll(t, "pkg-1.0-0.tar.bz2", tt.bz2, noLimits), "verification", want)
			}
			if tt.zst != nil {
				members := archivetest.CondaMembers("pkg-1.0-0", info, nil)
				members[1].Data = tt.zst
				want := tt.want
				if want != "" {
					want = "pkg-1.0-0.conda: pkg-pkg-1.0-0.tar.zst: " + want
				}
				wantError(t, readAll(t, "pkg-1.0-0.conda", archivetest.Zip(members...), noLimits), "verification", want)
			}
		})
	}
}

// X22: zip archives that mean different things to different readers.
func TestZipTricks(t *testing.T) {
	p := archivetest.Package{Files: []archivetest.Entry{archivetest.File("a", "1")}}
	members := func(change func(m []archivetest.ZipMember) []archivetest.ZipMember) []byte {
		m := archivetest.CondaMembers("pkg-1.0-0", archivetest.Tar(p.InfoEntries()...), archivetest.Tar(p.Files...))
		return archivetest.Zip(change(m)...)
	}
	same := func(m []archivetest.ZipMember) []archivetest.ZipMember { return m }
	good := members(same)
	with := func(more ...archivetest.ZipMember) []byte {
		return members(func(m []archivetest.ZipMember) []archivetest.ZipMember { return append(m, more...) })
	}
	first := func(change func(m *archivetest.ZipMember)) []byte {
		return members(func(m []archivetest.ZipMember) []archivetest.ZipMember { change(&m[1]); return m })
	}
	patch := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		return out
	}
	dir := bytes.Index(good, []byte("PK\x01\x02"))
	second := bytes.Index(good[4:], []byte("PK\x03\x04")) + 4
	secondDir := bytes.Index(good[dir+4:], []byte("PK\x01\x02")) + dir + 4
	overlap := bytes.Clone(good) // the second member's record leads to the first's header
	binary.LittleEndian.PutUint32(overlap[secondDir+42:], 0)
	for _, tt := range []struct {
		name, want string
		data       []byte
	}{
		{"good", "", good},
		{"another member", "", with(archivetest.ZipMember{Name: "signature.json", Data: []byte("{}")})},
		{"no metadata.json", "", members(func(m []archivetest.ZipMember) []archivetest.ZipMember { return m[1:] })},
		{"empty metadata.json", "", members(func(m []archivetest.ZipMember) []archivetest.ZipMember { m[0].Data = nil; return m })},
		{"data descriptors", "", members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
			for i := range m {
				m[i].Flags = 8
			}
			return m
		})},
		{
			"two payloads", `zip member "pkg-pkg-1.0-0.tar.zst": want one info-pkg-1.0-0.tar.zst and one pkg-pkg-1.0-0.tar.zst`,
			with(archivetest.ZipMember{Name: "pkg-pkg-1.0-0.tar.zst"}),
		},
		{
			"wrong inner name", `zip member "pkg-other-1.0-0.tar.zst": want one info-pkg-1.0-0.tar.zst and one pkg-pkg-1.0-0.tar.zst`,
			first(func(m *archivetest.ZipMember) { m.Name = "pkg-other-1.0-0.tar.zst" }),
		},
		{
			"no payload", "has no zip member pkg-pkg-1.0-0.tar.zst",
			members(func(m []archivetest.ZipMember) []archivetest.ZipMember { return m[2:] }),
		},
		{
			"no info", "has no zip member info-pkg-1.0-0.tar.zst",
			members(func(m []archivetest.ZipMember) []archivetest.ZipMember { return m[:2] }),
		},
		{"unsafe name", `zip member name "../x" is unsafe`, with(archivetest.ZipMember{Name: "../x"})},
		{
			"compressed", `zip member "pkg-pkg-1.0-0.tar.zst" is compressed, not stored (CEP 35)`,
			first(func(m *archivetest.ZipMember) { m.Method = 8 }),
		},
		{"encrypted", `zip member "pkg-pkg-1.0-0.tar.zst" is encrypted`, first(func(m *archivetest.ZipMember) { m.Flags = 1 })},
		{
			"zip64 size", `zip member "pkg-pkg-1.0-0.tar.zst" has an impossible size`,
			first(func(m *archivetest.ZipMember) { m.Size = 1 << 33 }),
		},
		{
			"size lies", `zip member "info-pkg-1.0-0.tar.zst" overlaps another, or a gap precedes it`,
			first(func(m *archivetest.ZipMember) { m.Size = uint64(len(m.Data)) - 1 }),
		},
		{
			"checksum", "pkg-pkg-1.0-0.tar.zst: is damaged: the zip member's CRC-32 differs",
			first(func(m *archivetest.ZipMember) { m.CRC = 1 }),
		},
		{"local name", `zip member "pkg-pkg-1.0-0.tar.zst": its header and the directory disagree`, patch(second+30, 'q')},
		{"local size", `zip member "pkg-pkg-1.0-0.tar.zst": its header and the directory disagree`, patch(second+18, 1, 1)},
		{"local checksum", `zip member "pkg-pkg-1.0-0.tar.zst": its header and the directory disagree`, patch(second+14, 1, 2, 3, 4)},
		{"local method", `zip member "pkg-pkg-1.0-0.tar.zst": its header and the directory disagree`, patch(second+8, 8)},
		{"overlap", `zip member "pkg-pkg-1.0-0.tar.zst" overlaps another, or a gap precedes it`, overlap},
		{"bytes before", `zip member "metadata.json" overlaps another, or a gap precedes it`, append([]byte("#!/bin/sh\n"), good...)},
		{"bytes after", "does not end with a zip archive's end record: truncated, or bytes follow it", append(bytes.Clone(good), 0)},
		{"truncated", "does not end with a zip archive's end record: truncated, or bytes follow it", good[:len(good)-9]},
		{"empty", "is not a zip archive: 0 bytes", nil},
		{"garbage", "does not end with a zip archive's end record: truncated, or bytes follow it", bytes.Repeat([]byte("x"), 99)},
		{
			"metadata.json", "metadata.json is not valid: invalid character 'x' looking for beginning of value",
			members(func(m []archivetest.ZipMember) []archivetest.ZipMember { m[0].Data = []byte("x"); return m }),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want != "" {
				want = "pkg-1.0-0.conda: " + want
			}
			wantError(t, readAll(t, "pkg-1.0-0.conda", tt.data, noLimits), "verification", want)
		})
	}
	newer := members(func(m []archivetest.ZipMember) []archivetest.ZipMember {
		m[0].Data = []byte(`{"conda_pkg_format_version": 3}`)
		return m
	})
	wantError(t, readAll(t, "pkg-1.0-0.conda", newer, noLimits), "usage", "pkg-1.0-0.conda: package format 3 is not supported, only 2")
}
