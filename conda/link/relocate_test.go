package link

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const (
	from = "/build/placehold_placehold"
	to   = "/opt/conda"
)

// shrink is by how much a replaced placeholder is shorter.
var shrink = strings.Repeat("\x00", len(from)-len(to))

func utf16le(s string) string {
	return string(encode(s, 2, binary.LittleEndian))
}

func TestRelocateText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"none", "no prefix here", "no prefix here"},
		{"several", from + ":" + from + from, to + ":" + to + to},
		{"part", from[:10] + from, from[:10] + to},
		{"NUL is nothing", "a\x00" + from + "\x00b", "a\x00" + to + "\x00b"},
		{"UTF-16", utf16le("a" + from + "b"), utf16le("a" + to + "b")},
		{"shebang", "#!" + from + "/bin/python\nx", "#!" + to + "/bin/python\nx"},
		{"no line end", "#!" + from + "/bin/python", "#!" + to + "/bin/python"},
		{"far", strings.Repeat("x", windowSize-7) + from + "y", strings.Repeat("x", windowSize-7) + to + "y"},
		{
			"long shebang, not python", "#!" + from + "/" + strings.Repeat("d/", 60) + "perl -w\n", "#!/usr/bin/env perl -w\n",
		},
		{
			"long shebang, python", "#!" + from + "/" + strings.Repeat("d/", 60) + "python3.11 -E\n",
			"#!/bin/sh\n'''exec' \"" + to + "/" + strings.Repeat("d/", 60) + "python3.11\" -E \"$0\" \"$@\" #'''\n",
		},
		{"too long to be a shebang", "#!" + strings.Repeat("x", maxFirstLine) + from, "#!" + strings.Repeat("x", maxFirstLine) + to},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := io.ReadAll(relocateText(strings.NewReader(c.in), replacement{from, to}, linux, new(buffers)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRelocateBinary(t *testing.T) {
	wide := strings.Repeat("\x00", 2*len(shrink))
	for _, c := range []struct{ name, in, want string }{
		{"none", "\x7fELF\x00\x00", "\x7fELF\x00\x00"},
		{"one", "a\x00" + from + "/lib\x00b", "a\x00" + to + "/lib" + shrink + "\x00b"},
		{"two in a string", from + ":" + from + "/x\x00b", to + ":" + to + "/x" + shrink + shrink + "\x00b"},
		{"two strings", from + "\x00" + from + "\x00", to + shrink + "\x00" + to + shrink + "\x00"},
		{"string begins earlier", "rpath=" + from + "\x00", "rpath=" + to + shrink + "\x00"},
		{"end of file", "a\x00" + from + "/lib", "a\x00" + to + "/lib" + shrink},
		{"UTF-16", utf16le(from+"/lib") + "\x00\x00tail", utf16le(to+"/lib") + wide + "\x00\x00tail"},
		{"UTF-16 behind a zero", "A\x00" + utf16le(from+"/lib") + "\x00\x00tail", "A\x00" + utf16le(to+"/lib") + wide + "\x00\x00tail"},
		{
			"over windows", strings.Repeat("x", windowSize-3) + from + strings.Repeat("y", windowSize) + "\x00z",
			strings.Repeat("x", windowSize-3) + to + strings.Repeat("y", windowSize) + shrink + "\x00z",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, source := range readers(c.in) {
				got, err := io.ReadAll(newRelocator(source, replacement{from, to}, true, new(buffers)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, string(got)); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", name, diff)
				}
			}
		})
	}
}

// readers returns sources that give the same bytes in different pieces.
func readers(s string) map[string]io.Reader {
	m := map[string]io.Reader{"whole": strings.NewReader(s), "halves": iotest.HalfReader(strings.NewReader(s)), "with end": iotest.DataErrReader(strings.NewReader(s))}
	if len(s) < 1000 {
		m["bytes"] = iotest.OneByteReader(strings.NewReader(s))
	}
	return m
}

// TestRelocatePadding fills more than a window with zeros.
func TestRelocatePadding(t *testing.T) {
	n := 2*windowSize/len(shrink) + 1
	in := strings.Repeat(from, n) + "end\x00tail"
	got, err := io.ReadAll(newRelocator(strings.NewReader(in), replacement{from, to}, true, new(buffers)))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat(to, n) + "end" + strings.Repeat(shrink, n) + "\x00tail"
	if string(got) != want {
		t.Errorf("got %d bytes, want %d, or others", len(got), len(want))
	}
}

func TestRelocateReadError(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := io.ReadAll(newRelocator(broken, replacement{from, to}, true, new(buffers))); err != io.ErrClosedPipe {
		t.Errorf("got error %v, want %v", err, io.ErrClosedPipe)
	}
}

// simple relocates the C strings of a file as the rule says, UTF-8 only.
func simple(in []byte, from, to string) []byte {
	var out []byte
	for len(in) > 0 {
		end := bytes.IndexByte(in, 0)
		if end < 0 {
			end = len(in)
		}
		s := bytes.ReplaceAll(in[:end], []byte(from), []byte(to))
		out = append(out, s...)
		out = append(out, make([]byte, end-len(s))...)
		in = in[end:]
		for len(in) > 0 && in[0] == 0 {
			out = append(out, 0)
			in = in[1:]
		}
	}
	return out
}

// TestRelocateRandom compares the stream with the rule, over window borders.
func TestRelocateRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		var in []byte
		for len(in) < 2*windowSize {
			switch r.IntN(4) {
			case 0:
				in = append(in, from...)
			case 1:
				in = append(in, 0)
			case 2:
				in = append(in, from[:r.IntN(len(from))]...)
			default:
				in = append(in, strings.Repeat("x", r.IntN(20000))...)
			}
		}
		got, err := io.ReadAll(newRelocator(bytes.NewReader(in), replacement{from, to}, true, new(buffers)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, simple(in, from, to)) {
			t.Fatal("the stream is not what the rule says")
		}
		text, err := io.ReadAll(newRelocator(bytes.NewReader(in), replacement{from, to}, false, new(buffers)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, bytes.ReplaceAll(in, []byte(from), []byte(to))) {
			t.Fatal("the text is not what the rule says")
		}
	}
}

func FuzzRelocateBinary(f *testing.F) {
	f.Add([]byte("a\x00"+from+"/lib\x00"), uint8(3))
	f.Add([]byte(utf16le(from+"/lib")), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, cut uint8) {
		in = bytes.ReplaceAll(in, []byte{0xff}, []byte(from)) // so that mutations find placeholders
		got, err := io.ReadAll(newRelocator(iotest.HalfReader(bytes.NewReader(in)), replacement{from, from[:int(cut)%len(from)]}, true, new(buffers)))
		if err != nil || len(got) != len(in) {
			t.Fatalf("%d bytes became %d (%v)", len(in), len(got), err)
		}
	})
}

func TestReplaceShebang(t *testing.T) {
	long := strings.Repeat("d/", 80)
	for _, c := range []struct{ name, line, prefix, system, want string }{
		{"plain", "#!" + from + "/bin/python", to, linux, "#!" + to + "/bin/python"},
		{"space", "#!" + from + "/bin/python -E", "/a b", linux, "#!/bin/sh\n'''exec' \"/a b/bin/python\" -E \"$0\" \"$@\" #'''"},
		{"space, no placeholder", "#!/usr/bin/python", "/a b", linux, "#!/usr/bin/python"},
		{"space, perl", "#!" + from + "/bin/perl", "/a b", linux, "#!/usr/bin/env perl"},
		{"macOS takes more", "#!" + from + "/" + long + "perl", to, osx, "#!" + to + "/" + long + "perl"},
		{"escaped space", "#!" + from + "/" + long + "my\\ exe x", to, linux, "#!/usr/bin/env my\\ exe x"},
		{"relative", "#!bin/" + long + from, to, linux, "#!bin/" + long + to},
		{"python3", "#! " + from + "/" + long + "python3", to, linux, "#!/bin/sh\n'''exec' \"" + to + "/" + long + "python3\" \"$0\" \"$@\" #'''"},
		{"pythonx", "#!" + from + "/" + long + "pythonx", to, linux, "#!/usr/bin/env pythonx"},
		{"python3.", "#!" + from + "/" + long + "python3.", to, linux, "#!/usr/bin/env python3."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, replaceShebang(c.line, from, c.prefix, c.system)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func BenchmarkRelocateBinary(b *testing.B) {
	block := strings.Repeat("\x7fELF some code\x00\x01\x02", 5000) + from + "/lib\x00"
	in := []byte(strings.Repeat(block, 200))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, newRelocator(bytes.NewReader(in), replacement{from, to}, true, new(buffers))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRelocateManyStrings(b *testing.B) {
	in := []byte(strings.Repeat(from+"/lib\x00", 300_000))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, newRelocator(bytes.NewReader(in), replacement{from, to}, true, new(buffers))); err != nil {
			b.Fatal(err)
		}
	}
}
