package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// someSamples are files as real packages have them.
func someSamples() samples {
	rng := rand.New(rand.NewPCG(7, 7))
	var all []sample
	for n := range 40 {
		body := make([]byte, 1<<(n%14))
		for i := range body {
			body[i] = byte('a' + rng.IntN(20))
		}
		all = append(all, sample{name: "f", body: string(body), mode: 0o644})
	}
	text := sample{name: "script", body: "#!/build/prefix/bin/python\n", mode: 0o755, placeholder: "/build/prefix"}
	return samples{append(all, text), all[:30]}
}

// channelFiles returns the files of a channel, by name.
func channelFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPayloadSeed: the same seed makes the same bytes, and another one others.
func TestPayloadSeed(t *testing.T) {
	sizes := spread(3, 200_000, 6)
	make := func(seed uint64) (*payload, map[string]string) {
		dir := t.TempDir()
		p, err := newPayload(dir, "linux-64", seed, someSamples(), sizes)
		if err != nil {
			t.Fatal(err)
		}
		return p, channelFiles(t, dir)
	}
	p, first := make(1)
	_, again := make(1)
	_, other := make(2)
	if len(first) != 7 {
		t.Errorf("%d files, want 6 packages and repodata.json", len(first))
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed made other bytes: %s", diff)
	}
	if cmp.Equal(first, other) {
		t.Error("another seed made the same bytes")
	}
	files, size := p.totals()
	if files < 100 || size < 200_000 || size > 230_000 {
		t.Errorf("%d files of %d bytes", files, size)
	}
}

// TestPayloadChange: a change makes one other archive under another name, which
// repodata.json and the lock file follow, and differs in one file.
func TestPayloadChange(t *testing.T) {
	dir := t.TempDir()
	p, err := newPayload(dir, "linux-64", 1, someSamples(), []int64{50_000, 90_000})
	if err != nil {
		t.Fatal(err)
	}
	before, packages, explicit := channelFiles(t, dir), p.build(1), p.explicit("http://channel.example")
	if err := p.change(dir, 1); err != nil {
		t.Fatal(err)
	}
	after := channelFiles(t, dir)
	changed := map[string]bool{}
	for name := range before {
		changed[name] = before[name] != after[name]
	}
	want := map[string]bool{"linux-64/bench000-1.0-0.conda": false, "linux-64/bench001-1.0-0.conda": true, "linux-64/repodata.json": true}
	if diff := cmp.Diff(want, changed); diff != "" || after["linux-64/bench001-1.1-0.conda"] == "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	differ := 0
	for i, e := range p.build(1).Files {
		if e.Body != packages.Files[i].Body {
			differ++
			if e.Name != p.packages[1].first {
				t.Errorf("%s differs, want %s", e.Name, p.packages[1].first)
			}
		}
	}
	if differ != 1 {
		t.Errorf("%d files differ, want 1", differ)
	}
	now := p.explicit("http://channel.example")
	if !strings.HasPrefix(now, "# platform: linux-64\n@EXPLICIT\nhttp://channel.example/linux-64/bench000-1.0-0.conda#") || now == explicit || !strings.Contains(now, "/bench001-1.1-0.conda#"+p.packages[1].sha256) {
		t.Errorf("lock file:\n%s", now)
	}
}

// TestPayloadReal: the payload that is measured has the size and the number of
// files that the documents name, and every file of it is another one.
func TestPayloadReal(t *testing.T) {
	channel := filepath.Join("..", "..", "..", "shared", "data", "channels", "cpython")
	if _, err := os.Stat(channel); err != nil {
		t.Skip("no shared data:", err)
	}
	s, err := readSamples(t.Context(), channel, "linux-64")
	if err != nil {
		t.Fatal(err)
	}
	p := &payload{subdir: "linux-64", seed: 1, samples: s}
	for i, size := range standard(1, fullSize) {
		p.packages = append(p.packages, pack{name: "p", want: size})
		p.build(i)
	}
	files, size := p.totals()
	t.Logf("%d packages, %d files, %d MB", len(p.packages), files, size/1e6)
	if len(p.packages) != fullCount || files < 27_000 || files > 29_000 || size < fullSize || size > fullSize*101/100 {
		t.Errorf("%d packages with %d files of %d bytes; want about 28,000 files", len(p.packages), files, size)
	}
	if bytes.Contains([]byte(p.build(p.smallest()).Files[0].Body), []byte("\n# 1\n")) {
		t.Error("the first version says that it is another")
	}
}
