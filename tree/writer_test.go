package tree

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

type entry struct {
	Header
	Content string
}

// layer writes dirs and entries as one layer and returns its bytes and tar.
func layer(t *testing.T, o Options, dirs []Header, entries []entry) (layer, tarBytes []byte) {
	t.Helper()
	var dst, plain bytes.Buffer
	o.Tar = &plain
	if err := WriteHead(&dst, dirs, o); err != nil {
		t.Fatal(err)
	}
	w := NewWriter(&dst, o)
	for _, e := range entries {
		if err := w.Add(e.Header, strings.NewReader(e.Content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := WriteTail(&dst, o); err != nil {
		t.Fatal(err)
	}
	return dst.Bytes(), plain.Bytes()
}

func unzip(t *testing.T, c Compression, b []byte) []byte {
	t.Helper()
	var r io.Reader
	if c == Zstd {
		z, err := zstd.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	} else {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func untar(t *testing.T, b []byte) (got []entry) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		kind := map[byte]Kind{tar.TypeReg: File, tar.TypeSymlink: Symlink, tar.TypeDir: Dir}[h.Typeflag]
		got = append(got, entry{Header{strings.TrimSuffix(h.Name, "/"), kind, h.Mode, h.Uid, h.Gid, h.ModTime.Unix(), h.Size, h.Linkname}, string(content)})
	}
}

func samples() ([]Header, []entry) {
	dirs := []Header{
		{Path: "opt/conda", Kind: Dir, Mode: 0o755},
		{Path: "opt", Kind: Dir, Mode: 0o755},
		{Path: "tmp", Kind: Dir, Mode: 0o1777},
		{Path: strings.Repeat("d", 99) + "/" + strings.Repeat("e", 120), Kind: Dir, Mode: 0o755},
	}
	big := strings.Repeat("0123456789abcdef", ChunkSize/16+3)
	files := []entry{
		{Header{Path: "opt/conda/empty", Mode: 0o644}, ""},
		{Header{Path: "opt/conda/big", Mode: 0o755, ModTime: 1700000000, Size: int64(len(big))}, big},
		{Header{Path: "opt/conda/link", Kind: Symlink, Mode: 0o777, Target: "../" + strings.Repeat("x", 200)}, ""},
		{Header{Path: "opt/conda/" + strings.Repeat("long/", 30) + "name", Mode: 0o644, Size: 2, UID: 1 << 22, GID: 3 << 22}, "ok"},
		{Header{Path: "opt/conda/" + strings.Repeat("n", 180), Mode: 0o644, Size: 1}, "n"},
		{Header{Path: "opt/conda/größe", Mode: 0o644, ModTime: -5, Size: 4}, "grün"[:4]},
		{Header{Path: "opt/conda/ünï", Kind: Symlink, Mode: 0o777, Target: "größe"}, ""},
	}
	return dirs, files
}

func TestRoundTrip(t *testing.T) {
	dirs, files := samples()
	want := []entry{{Header: dirs[3]}, {Header: dirs[1]}, {Header: dirs[0]}, {Header: dirs[2]}}
	want = append(want, files...)
	for _, c := range []Compression{Gzip, Zstd} {
		b, plain := layer(t, Options{Compression: c}, dirs, files)
		if !bytes.Equal(unzip(t, c, b), plain) {
			t.Errorf("%s: the compressed stream is not the tar stream", c)
		}
		if diff := cmp.Diff(want, untar(t, plain)); diff != "" {
			t.Errorf("%s: %s", c, diff)
		}
	}
}

// The digests below are layer format 1: a change of one is a new format.
func TestGolden(t *testing.T) {
	dirs, files := samples()
	for c, want := range map[Compression]string{
		Gzip: "sha256:47da8967c521087a69ba6755b900564b6f0951d6e75bf83e8dd424d34ad657fc",
		Zstd: "sha256:61395d1eeafcc648f8ea5ed2a06d04aabd70aa71f1ca5bb62eb741f1846bd65e",
	} {
		b, plain := layer(t, Options{Compression: c}, dirs, files)
		if got := digest(b); got != want {
			t.Errorf("%s layer: %s, want %s", c, got, want)
		}
		if got, want := digest(plain), "sha256:dfbd2062ff38e44da48eeea36081d5c2c6a330b1404bd28dd63c04c7ad2d9b1d"; got != want {
			t.Errorf("tar: %s, want %s", got, want)
		}
	}
	if got, want := digest(deflatedFragment(t)), "sha256:81ca60861f64af8dc91dcb315fe457f6116fc8cc856125b97c3c446b71d7f715"; got != want {
		t.Errorf("deflated fragment: %s, want %s", got, want)
	}
}

func TestProbe(t *testing.T) {
	if err := Probe(); err != nil {
		t.Error(err)
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	dirs, files := samples()
	want, _ := layer(t, Options{Pool: NewPool(1)}, dirs, files)
	pool := NewPool(8)
	for range 4 {
		if got, _ := layer(t, Options{Pool: pool}, dirs, files); !bytes.Equal(got, want) {
			t.Fatal("bytes depend on the number of workers")
		}
	}
}

// rawDeflate is content as stored blocks (RFC 1951 §3.2.4), which need no
// compressor.
func rawDeflate(content string) []byte {
	var b []byte
	for {
		n := min(len(content), 65535)
		final := byte(0)
		if n == len(content) {
			final = 1
		}
		b = append(b, final, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		b = append(b, content[:n]...)
		if content = content[n:]; final == 1 {
			return b
		}
	}
}

func deflatedFragment(t *testing.T) []byte {
	t.Helper()
	var dst bytes.Buffer
	w := NewWriter(&dst, Options{})
	for i, content := range []string{"package a\n", strings.Repeat("b", 70000), ""} {
		raw := rawDeflate(content)
		h := Header{Path: fmt.Sprintf("usr/local/go/%d", i), Mode: 0o644, Size: int64(len(content))}
		if err := w.AddDeflated(h, bytes.NewReader(raw), int64(len(raw)), crc32.ChecksumIEEE([]byte(content))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dst.Bytes()
}

func TestAddDeflated(t *testing.T) {
	got := untar(t, append(unzip(t, Gzip, deflatedFragment(t)), make([]byte, 1024)...))
	want := []entry{
		{Header{Path: "usr/local/go/0", Mode: 0o644, Size: 10}, "package a\n"},
		{Header{Path: "usr/local/go/1", Mode: 0o644, Size: 70000}, strings.Repeat("b", 70000)},
		{Header{Path: "usr/local/go/2", Mode: 0o644}, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAddDeflatedRefuses(t *testing.T) {
	good := rawDeflate("content")
	crc := crc32.ChecksumIEEE([]byte("content"))
	for name, tt := range map[string]struct {
		raw  []byte
		size int64
		crc  uint32
		want string
	}{
		"wrong crc":  {good, 7, crc + 1, "a: deflate stream makes 7 bytes with CRC-32 "},
		"too short":  {good, 8, crc, "a: deflate stream makes 7 bytes"},
		"too long":   {good, 6, crc, "a: deflate stream makes 7 bytes"},
		"trailing":   {append(bytes.Clone(good), 0), 7, crc, "and leaves 1 unread"},
		"cut":        {good[:len(good)-2], 7, crc, "a: deflate stream: unexpected EOF"},
		"not at all": {[]byte("\xff\xff"), 7, crc, "a: deflate stream: "},
	} {
		w := NewWriter(io.Discard, Options{})
		err := w.AddDeflated(Header{Path: "a", Size: tt.size}, bytes.NewReader(tt.raw), int64(len(tt.raw)), tt.crc)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
		if again := w.Close(); again != err {
			t.Errorf("%s: Close after the error: %v", name, again)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	file := func(path string) entry { return entry{Header: Header{Path: path, Mode: 0o644}} }
	link := func(path, target string) entry {
		return entry{Header: Header{Path: path, Kind: Symlink, Target: target}}
	}
	for want, entries := range map[string][]entry{
		`a: path exists twice`:                         {file("a"), file("a")},
		`a/b: path is below the file "a"`:              {file("a"), file("a/b")},
		`l/b: path is below the symlink "l"`:           {link("l", "a"), file("l/b")},
		`a: path is a directory of another file`:       {file("a/b"), link("a", "c")},
		`path "../a" leaves its root`:                  {file("../a")},
		`path "/a" is absolute`:                        {file("/a")},
		`path "a//b" has an empty element`:             {file("a//b")},
		`path "a/./b" has an element "."`:              {file("a/./b")},
		`path "a\nb" has a control character`:          {file("a\nb")},
		`path "a\xff" is not UTF-8`:                    {file("a\xff")},
		`path "a/.wh.b" is an overlay whiteout`:        {file("a/.wh.b")},
		`path "" is empty`:                             {file("")},
		`l: symlink target "" is empty or holds NUL`:   {link("l", "")},
		`d: a directory does not belong in a fragment`: {{Header: Header{Path: "d", Kind: Dir}}},
		`a: content ends after 3 of 5 bytes`:           {{Header{Path: "a", Size: 5}, "abc"}},
		`a: content is longer than its 2 bytes`:        {{Header{Path: "a", Size: 2}, "abc"}},
		`a: size -1 is not possible`:                   {{Header{Path: "a", Size: -1}, ""}},
	} {
		w := NewWriter(io.Discard, Options{})
		var err error
		for _, e := range entries {
			err = w.Add(e.Header, strings.NewReader(e.Content))
		}
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		var e *Error
		if !errors.As(err, &e) || e.Class() != "verification" {
			t.Errorf("%s: not an error of class verification", want)
		}
		w.Close()
	}
}

func TestPathLimits(t *testing.T) {
	for _, tt := range []struct {
		path string
		ok   bool
	}{
		{strings.Repeat("a", MaxPath), true},
		{strings.Repeat("a", MaxPath+1), false},
		{strings.Repeat("a/", MaxDepth-1) + "a", true},
		{strings.Repeat("a/", MaxDepth) + "a", false},
	} {
		if err := CheckPath(tt.path); (err == nil) != tt.ok {
			t.Errorf("CheckPath(%d bytes): %v", len(tt.path), err)
		}
	}
}

func TestHeadRefuses(t *testing.T) {
	for want, dirs := range map[string][]Header{
		`a: directory exists twice`:                         {{Path: "a", Kind: Dir}, {Path: "a", Kind: Dir}},
		`a: only directories belong in the head of a layer`: {{Path: "a"}},
		`path "a/.." leaves its root`:                       {{Path: "a/..", Kind: Dir}},
	} {
		if err := WriteHead(io.Discard, dirs, Options{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk is full") }

func TestBrokenDestination(t *testing.T) {
	w := NewWriter(fullDisk{}, Options{})
	content := strings.Repeat("x", 3*ChunkSize)
	if err := w.Add(Header{Path: "a", Size: int64(len(content))}, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil || err.Error() != "disk is full" {
		t.Errorf("Close: %v", err)
	}
}

// FuzzHeader compares our tar headers with the standard library's reading.
func FuzzHeader(f *testing.F) {
	f.Add("opt/conda/lib", "target", int64(0o755), int64(1700000000), 0, uint8(0))
	f.Add(strings.Repeat("a/", 120)+"b", strings.Repeat("ü", 80), int64(0o4755), int64(-1), 1<<30, uint8(1))
	f.Add(strings.Repeat("a", 156)+"/"+strings.Repeat("b", 100), "x", int64(0), int64(1)<<40, 7, uint8(2))
	f.Fuzz(func(t *testing.T, path, target string, mode, mtime int64, uid int, kind uint8) {
		h := Header{Path: path, Kind: Kind(kind % 3), Mode: mode & 0o7777, ModTime: mtime, UID: uid & 0x7fffffff}
		if h.Kind == Symlink {
			h.Target = target
		}
		if CheckPath(path) != nil || h.Kind == Symlink && check(h) != nil {
			return // not a header that a Writer accepts
		}
		got := untar(t, append(appendHeader(nil, h), make([]byte, 1024)...))
		if diff := cmp.Diff([]entry{{Header: h}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	content := strings.Repeat("def f(x):\n    return x + 1\n", 40000)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		w := NewWriter(io.Discard, Options{})
		if err := w.Add(Header{Path: "a", Size: int64(len(content))}, strings.NewReader(content)); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTarAlone writes the tar stream without compressing it.
func TestTarAlone(t *testing.T) {
	dirs := []Header{{Path: "d", Kind: Dir, Mode: 0o755}}
	body := "body"
	_, want := layer(t, Options{}, dirs, []entry{{Header{Path: "d/f", Mode: 0o644, Size: int64(len(body))}, body}, {Header{Path: "d/g", Mode: 0o644, Size: int64(len(body))}, body}})
	var got, raw bytes.Buffer
	z, err := flate.NewWriter(&raw, 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(z, body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	o := Options{Tar: &got}
	if err := WriteHead(nil, dirs, o); err != nil {
		t.Fatal(err)
	}
	w := NewWriter(nil, o)
	if err := w.Add(Header{Path: "d/f", Mode: 0o644, Size: int64(len(body))}, strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.AddDeflated(Header{Path: "d/g", Mode: 0o644, Size: int64(len(body))}, &raw, int64(raw.Len()), crc32.ChecksumIEEE([]byte(body))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := WriteTail(nil, o); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the tar stream alone is not that of a layer")
	}
}
