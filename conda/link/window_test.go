package link

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// relocated reads all of a relocator with a window of so many bytes, at least.
func relocated(t *testing.T, in []byte, what replacement, cstring bool, size int) []byte {
	t.Helper()
	out, err := io.ReadAll(newRelocator(iotest.HalfReader(bytes.NewReader(in)), what, cstring, &buffers{size: size}))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sameInWindows wants a file to be relocated in windows as it is in one piece.
func sameInWindows(t *testing.T, in []byte, what replacement, cstring bool, sizes ...int) {
	t.Helper()
	want := relocated(t, in, what, cstring, 2*len(in)+4096)
	for _, size := range sizes {
		if got := relocated(t, in, what, cstring, size); !bytes.Equal(got, want) {
			t.Fatalf("%q, %q to %q, cstring %t: a window of %d gives %q, one of all %q", in, what.placeholder, what.prefix, cstring, size, got, want)
		}
	}
}

// pieces makes files of everything that decides something: placeholders in all
// encodings, whole and cut, zeros, and characters that may belong to either.
func pieces(r *rand.Rand, placeholder string) []byte {
	var in []byte
	orders := []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}
	for range r.IntN(30) {
		p := []byte(placeholder)
		if unit := []int{1, 1, 2, 4}[r.IntN(4)]; unit > 1 {
			p = encode(placeholder, unit, orders[r.IntN(2)])
		}
		switch r.IntN(8) {
		case 0, 1, 2:
			in = append(in, p...)
		case 3:
			in = append(in, p[:r.IntN(len(p))]...)
		case 4, 5:
			in = append(in, make([]byte, r.IntN(9))...)
		case 6:
			in = append(in, placeholder[r.IntN(len(placeholder))])
		default:
			in = append(in, strings.Repeat("x", r.IntN(60))...)
		}
	}
	return in
}

func TestRelocateWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 800 {
		what := replacement{"/p", []string{"", "/", "/q"}[r.IntN(3)]}
		if r.IntN(4) == 0 {
			what.placeholder = from
		}
		in := pieces(r, what.placeholder)
		for size := 1; size < 60; size += 1 + r.IntN(7) {
			sameInWindows(t, in, what, true, size)
			sameInWindows(t, in, what, false, size)
		}
		what.prefix = strings.Repeat("/longer", 100) // than the window
		sameInWindows(t, in, what, false, 1, 20, 300)
	}
}

// TestRelocateBoundaries moves a placeholder, in each encoding, over the borders
// of two windows, and lets its string end in the next or a later one.
func TestRelocateBoundaries(t *testing.T) {
	what, size := replacement{from, to}, 4*len(from)+4+1
	for _, p := range encodings(from, to) {
		for at := range 2*size + 2 {
			for _, rest := range []int{0, size - 1, 3 * size} {
				in := bytes.Repeat([]byte("a"), at)
				in = append(append(in, p.from...), bytes.Repeat([]byte("b"), rest)...)
				in = append(append(in, 0, 0, 0, 0, 0, 0, 0), "tail"...)
				sameInWindows(t, in, what, true, size, size+p.unit)
				sameInWindows(t, in, what, false, size)
			}
		}
	}
}

// TestRelocateMemory reads a file of one C string that is larger than many
// windows: what is held stays the same.
func TestRelocateMemory(t *testing.T) {
	b := &buffers{}
	in := io.MultiReader(strings.NewReader(from), io.LimitReader(zeroless{}, 40*windowSize), strings.NewReader("\x00tail"))
	n, err := io.Copy(io.Discard, newRelocator(in, replacement{from, to}, true, b))
	if want := int64(len(from) + 40*windowSize + len("\x00tail")); n != want || err != nil {
		t.Fatalf("%d bytes, %v; want %d", n, err, want)
	}
	if held := cap(b.window) + cap(b.results); held != 2*windowSize {
		t.Errorf("%d bytes are held, want two windows", held)
	}
}

// zeroless is an endless text.
type zeroless struct{}

func (zeroless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzRelocateWindows(f *testing.F) {
	f.Add([]byte("a\x00\xff/lib\x00"), uint8(1), true)
	f.Add([]byte("\x00\x00\x00\xfe\x00\x00\x00b"), uint8(13), false)
	f.Fuzz(func(t *testing.T, in []byte, size uint8, cstring bool) {
		in = bytes.ReplaceAll(in, []byte{0xff}, []byte("/p"))
		in = bytes.ReplaceAll(in, []byte{0xfe}, encode("/p", 4, binary.BigEndian))
		sameInWindows(t, in, replacement{"/p", "/"}, cstring, int(size))
	})
}

// TestKeys: a placeholder is found whatever its key is, and what only has the key
// is not one.
func TestKeys(t *testing.T) {
	for _, placeholder := range []string{"/p", from, from + strings.Repeat("/long", 50), "/é\U0001F40D"} {
		for _, p := range encodings(placeholder, "/q") {
			name := fmt.Sprintf("%.20q in %d", placeholder, p.unit)
			s := scan{window: append([]byte("ab\x00"), p.from...), pairs: []pair{p}}
			if at := s.find(0, 0); at != 3 {
				t.Errorf("%s: found at %d, want 3", name, at)
			}
			cut := scan{window: append(append([]byte("ab\x00"), p.from[:len(p.from)-1]...), "\x07\x07"...), pairs: []pair{p}}
			if at := cut.find(0, 0); at != len(cut.window) {
				t.Errorf("%s: found at %d in what is cut", name, at)
			}
		}
	}
}
