package base

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
)

// TestView reads an image whose second layer replaces, hides and adds files.
func TestView(t *testing.T) {
	w := newWorld(t)
	w.tag(w.index(map[platforms.Platform]obj{amd64: w.image(amd64,
		tarOf(dir("usr"), dir("usr/bin"), link("bin", "usr/bin"), file("usr/bin/x", "old"), file("usr/bin/gone", "1"), file("etc/passwd", rootLine)),
		tarOf(file("bin/x", "new"), file("usr/bin/.wh.gone", ""), file("opt/unread", "?")),
	), arm64: w.image(arm64)}))
	src := &Source{}
	ref := w.serve()
	ps, err := src.Platforms(context.Background(), ref)
	if diff := cmp.Diff([]platforms.Platform{amd64, arm64}, ps); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	v, err := src.View(context.Background(), ref, amd64, func(p string) func(io.Reader) (string, error) {
		if strings.HasPrefix(p, "opt/") {
			return nil
		}
		return func(r io.Reader) (string, error) {
			b, err := io.ReadAll(r)
			return p + " " + string(b), err
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := v.Lookup("bin/x")
	if diff := cmp.Diff(Entry{Path: "usr/bin/x", Regular: true, Mode: 0o644, Layer: 2, Text: "bin/x new"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x"}, v.Names("bin")); diff != "" {
		t.Error(diff)
	}
	if _, ok := v.Lookup("usr/bin/gone"); ok || v.Names("usr/bin/x") != nil {
		t.Error("a hidden file is there, or a file has names in it")
	}
	var all []string
	v.Walk(func(e Entry) { all = append(all, e.Path) })
	if diff := cmp.Diff([]string{"etc", "etc/passwd", "opt", "opt/unread", "usr", "usr/bin", "usr/bin/x"}, all); diff != "" {
		t.Error(diff)
	}
	if v.Base.Passwd != rootLine || v.Base.User != "root" {
		t.Errorf("facts: %+v", v.Base)
	}
}

func TestPlatformsOfNone(t *testing.T) {
	w := newWorld(t)
	x := w.index(map[platforms.Platform]obj{amd64: w.image(amd64)})
	child(x, 0)["platform"] = obj{"os": "linux", "architecture": "s390x"}
	w.tag(x)
	_, err := (&Source{}).Platforms(context.Background(), w.serve())
	if want := `{HOST}/base:1: no image for a platform of gophersnake's; it has ["linux/s390x"]`; w.plain(err) != want {
		t.Errorf("got %s, want %s", w.plain(err), want)
	}
}
