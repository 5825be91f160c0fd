package base

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// known reports whether an error has one of the classes that bad content may
// have.
func known(err error) bool {
	return err == nil || slices.Contains([]fault.Class{fault.Verification, fault.Usage}, fault.ClassOf(err))
}

func FuzzManifest(f *testing.F) {
	w := newWorld(f)
	m := w.image(amd64, tarOf(debian()...))
	f.Add(w.json(m), ociManifest)
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"`+ociManifest+`","digest":"sha256:`+strings.Repeat("a", 64)+`","size":1}]}`), ociIndex)
	f.Add([]byte(`{"schemaVersion":1,"fsLayers":[]}`), "")
	f.Add([]byte(`{"a":{"a":[1,{}]},"A":1}`), "")
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		m, err := (&Source{}).parseManifest(newDocument(raw, "", "base"))
		if !known(err) {
			t.Fatalf("%v", err)
		}
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatal("not JSON")
		}
		for _, d := range append(slices.Clone(m.layers), m.children...) {
			if d.size < 0 || checkDigest("", "", d.Digest) != nil {
				t.Fatalf("descriptor %+v", d)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"os":"linux","architecture":"amd64","config":{"Env":["A=b"],"User":"x"},"rootfs":{"type":"layers","diff_ids":["sha256:x"]}}`))
	f.Add([]byte(`{"config":null,"rootfs":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := parseConfig(raw); err == nil && !json.Valid(c.raw) {
			t.Fatal("not JSON")
		}
	})
}

func FuzzReference(f *testing.F) {
	for _, s := range []string{"debian:12", "oci:a:b", "oci-archive:f.tar", "localhost:5000/a@sha256:" + strings.Repeat("0", 64)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if err := CheckReference(s); err != nil && fault.ClassOf(err) != fault.Usage {
			t.Fatal(err)
		}
	})
}

func FuzzLayer(f *testing.F) {
	f.Add(tarOf(dir("a"), file("a/x", ""), link("l", "a")), tarOf(file("a/.wh.x", ""), file("etc/.wh..wh..opq", "")))
	f.Add(tarOf(link("a", "b"), link("b", "/a/../b")), tarOf(hard("x", "a")))
	f.Fuzz(func(t *testing.T, lower, upper []byte) {
		fsys := newFilesystem(Limits{Members: 1000}.withDefaults(), amd64)
		for _, l := range [][]byte{lower, upper} {
			if err := fsys.apply(bytes.NewReader(l), "layer"); !known(err) {
				t.Fatal(err)
			} else if err != nil {
				return
			}
		}
		facts, err := fsys.facts("base")
		if !known(err) {
			t.Fatal(err)
		}
		for _, l := range facts.Links {
			if strings.HasPrefix(l.Target, "/") || strings.Contains("/"+l.Target+"/", "/../") {
				t.Fatalf("link %+v", l)
			}
			if got := facts.Resolve(l.Path); got != l.Target {
				t.Fatalf("link %+v resolves to %q", l, got)
			}
		}
	})
}
