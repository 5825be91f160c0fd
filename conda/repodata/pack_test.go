package repodata

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/tree"
)

func writePack(t testing.TB, data []byte) []byte {
	t.Helper()
	r, err := Open(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WritePack(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// comparePack checks that a Pack answers as the document does.
func comparePack(t *testing.T, data []byte, every int) {
	t.Helper()
	r, err := Open(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := OpenPack(bytes.NewReader(writePack(t, data)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.Names(), p.Names()); d != "" {
		t.Fatal(d)
	}
	if d := cmp.Diff(r.Info, p.Info); d != "" {
		t.Error(d)
	}
	for i, name := range append(r.Names(), "no-such-name") {
		if i%every != 0 {
			continue
		}
		want, errWant := r.Records(name)
		got, errGot := p.Records(name)
		if d := cmp.Diff(want, got); d != "" || (errWant == nil) != (errGot == nil) {
			t.Errorf("%s: %v, %v\n%s", name, errWant, errGot, d)
		}
		if d := cmp.Diff(r.Unread(name), p.Unread(name)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestPackReal(t *testing.T) {
	for _, file := range documents(t) {
		if !strings.Contains(file, "union") {
			comparePack(t, read(t, file), 37)
		}
	}
}

func TestPackShapes(t *testing.T) {
	rec := func(file string) string {
		stem, _ := cutExt(file)
		p := strings.Split(stem, "-")
		return `"` + file + `":{"name":"` + p[0] + `","version":"` + p[1] + `","build":"` + p[2] + `"}`
	}
	for _, doc := range []string{
		``, `{}`,
		`{"v3":{"tar.bz2":{` + rec("a-1-0") + `},"conda":{` + rec("a-2-0") + `,` + rec("b-1-0") + `},"whl":{"a-3-0":{},"w-1-0":null}},"packages":{` + rec("a-0-0.tar.bz2") + `}}`,
		`{"v3":{"conda":{` + rec("a-1-0") + `}},"packages":{` + rec("z-1-0.tar.bz2") + `},"packages.conda":{` + rec("a-0-0.conda") + `,` + rec("y-0-0.conda") + `},"removed":["y-0-0.conda"]}`,
		`{"info":{"channel_relations":{"base":"../x","overrides":"../y"}},"packages":{` + rec("a-1-0.conda") + `}}`,
		`{"info":{"subdir":"noarch","base_url":"../x"},"packages":{` + rec("gone-1-0.conda") + `},"packages":{` + rec("a-1-0.conda") + `,` + rec("a-1-0.conda") + `}}`,
	} {
		comparePack(t, []byte(doc), 1)
	}
}

// TestWindowReal reads real documents through a small window.
func TestWindowReal(t *testing.T) {
	for _, file := range documents(t) {
		data := read(t, file)
		want, err := Open(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := open(&reader{packer: newPacker(), src: bytes.NewReader(data), window: 1000}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want.index, got.index) {
			t.Errorf("%s: another index", file)
		}
	}
}

// TestPackBroken cuts a Pack short everywhere, and turns every byte.
func TestPackBroken(t *testing.T) {
	whole := writePack(t, []byte(`{"packages":{"a-1-0.conda":{"name":"a","version":"1","build":"0"},"b-1-0.conda":{"name":"b","version":"1","build":"0"}}}`))
	try := func(data []byte) error {
		p, err := OpenPack(bytes.NewReader(data), Options{Where: "conda-forge/noarch"})
		if err != nil {
			return err
		}
		for _, name := range p.Names() {
			if _, err := p.Records(name); err != nil {
				return err
			}
		}
		return nil
	}
	if err := try(whole); err != nil {
		t.Fatal(err)
	}
	check := func(what string, i int, err error) {
		var e *tree.Error
		if !errors.As(err, &e) || e.Class() != "disk" || !errors.Is(err, ErrBroken) || e.Error() != "conda-forge/noarch: the cached index is broken" {
			t.Errorf("%s %d: %v", what, i, err)
		}
	}
	for i := range whole {
		check("cut at", i, try(whole[:i]))
		turned := bytes.Clone(whole)
		turned[i] ^= 0x40
		check("turned", i, try(turned))
	}
}

func BenchmarkPack200(b *testing.B) {
	data := union(b)
	r, err := Open(data, Options{})
	if err != nil {
		b.Fatal(err)
	}
	names := some(b, r)
	packed := writePack(b, data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := OpenPack(bytes.NewReader(packed), Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range names {
			if _, err := p.records(context.Background(), name); err != nil {
				b.Fatal(err)
			}
		}
	}
}
