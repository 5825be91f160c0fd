package layers_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// TestKeyGolden pins how keys are computed: every [[layer]] row of every lock
// has one.
func TestKeyGolden(t *testing.T) {
	description := struct {
		Path  string
		Names []string
	}{"opt", []string{"a-é", "<b & \u2028>\n\t\"\\"}}
	for _, tc := range []struct {
		kind string
		c    tree.Compression
		want string
	}{
		{"files", tree.Gzip, "sha256:53ed66c4ba59f8242714af87935735f0e48ee24d0a9a0ee7d168d8f6c4e4571e"},
		{"files", tree.Zstd, "sha256:bb684533bbe74bcbaf9117202c9f3159615a429a987b248c062cfd888edd4229"},
		{"conda", tree.Gzip, "sha256:23d41be2a494fd608fa1633af38869e78241c2e507a8a688b5edfa89cd644338"},
	} {
		if got := layers.Key(tc.kind, tc.c, description); got != tc.want {
			t.Errorf("key of %s, %v is %s, want %s", tc.kind, tc.c, got, tc.want)
		}
		raw, err := json.Marshal(description)
		if err != nil {
			t.Fatal(err)
		}
		if got := layers.Key(tc.kind, tc.c, json.RawMessage(raw)); got != tc.want {
			t.Errorf("key of %s, %v by its JSON is %s, want %s", tc.kind, tc.c, got, tc.want)
		}
	}
}

// TestKeyPanics checks that a description that cannot be written is not a key.
func TestKeyPanics(t *testing.T) {
	defer func() {
		const want = "layers: a description is not JSON: json: unsupported type: func()"
		if got := recover(); got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	layers.Key("x", tree.Gzip, func() {})
}

func TestDirs(t *testing.T) {
	base := &lock.Facts{Dirs: []lock.Dir{{Path: "home", Mode: 0o711, UID: 1, GID: 2}, {Path: "tmp", Mode: 0o1777}}}
	dir := func(p string) tree.Header { return tree.Header{Path: p, Kind: tree.Dir, Mode: 0o755} }
	for _, tc := range []struct {
		paths []string
		want  []tree.Header
	}{
		{nil, []tree.Header{}},
		{[]string{""}, []tree.Header{}}, // the root is no entry
		{[]string{"usr/local/bin"}, []tree.Header{dir("usr"), dir("usr/local"), dir("usr/local/bin")}},
		// Bytewise: "-" and "." sort before "/".
		{[]string{"a/b", "a-b", "a.b", "a/b"}, []tree.Header{dir("a"), dir("a-b"), dir("a.b"), dir("a/b")}},
		{[]string{"home/dev", "tmp"}, []tree.Header{
			{Path: "home", Kind: tree.Dir, Mode: 0o711, UID: 1, GID: 2}, dir("home/dev"), {Path: "tmp", Kind: tree.Dir, Mode: 0o1777},
		}},
	} {
		if diff := cmp.Diff(tc.want, layers.Dirs(base, tc.paths...)); diff != "" {
			t.Errorf("dirs of %q (-want +got):\n%s", tc.paths, diff)
		}
	}
}

func TestTreeDirs(t *testing.T) {
	base := &lock.Facts{Dirs: []lock.Dir{{Path: "opt", Mode: 0o711}, {Path: "opt/conda/a/b", Mode: 0o700}, {Path: "opt/conda-2", Mode: 0o700}}}
	dir := func(p string, mode int64) tree.Header { return tree.Header{Path: p, Kind: tree.Dir, Mode: mode} }
	want := []tree.Header{dir("opt", 0o711), dir("opt/conda", 0o755), dir("opt/conda/a", 0o755), dir("opt/conda/a/b", 0o700)}
	if diff := cmp.Diff(want, layers.TreeDirs(base, "opt/conda")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(layers.Dirs(base, "opt/x"), layers.TreeDirs(base, "opt/x")); diff != "" {
		t.Errorf("where the base has nothing (-want +got):\n%s", diff)
	}
}
