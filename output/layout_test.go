package output_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// tagged returns the digests of a layout's entries by ref.name.
func tagged(t *testing.T, dir string) map[string]v1.Hash {
	t.Helper()
	p, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	idx, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := idx.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]v1.Hash{}
	for _, d := range m.Manifests {
		got[d.Annotations["org.opencontainers.image.ref.name"]] = d.Digest
		child, err := idx.ImageIndex(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(child); err != nil {
			t.Error(err)
		}
	}
	return got
}

func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "dir[1]")
	img, shared := sample(t, "1.4", "latest")
	r := write(t, "oci:"+dir, img, output.Options{})
	if r.Name != "oci:"+dir || r.Digest != digest(t, img.Index) {
		t.Errorf("result %+v", r)
	}
	if diff := cmp.Diff([]string{"1.4"}, r.Tags); diff != "" {
		t.Error(diff)
	}
	if n := shared.Opens.Load(); n != 1 {
		t.Errorf("shared layer opened %d times, want 1", n)
	}

	// Again: no bytes are asked for, and the same tag is replaced.
	before := readAll(t, dir)
	write(t, "oci:"+dir, img, output.Options{})
	if n := shared.Opens.Load(); n != 1 {
		t.Errorf("shared layer opened %d times after the second write, want 1", n)
	}
	if diff := cmp.Diff(before, readAll(t, dir)); diff != "" {
		t.Error(diff)
	}

	// Another image with another tag, then one that takes over the first.
	other := output.Image{Index: outputtest.Index(t, []string{"linux/arm64"})}
	write(t, "oci:"+dir+":other", other, output.Options{})
	write(t, "oci:"+dir+":1.4", other, output.Options{})
	write(t, "oci:"+dir, other, output.Options{})
	want := map[string]v1.Hash{"1.4": r2(t, other), "other": r2(t, other), "": r2(t, other)}
	if diff := cmp.Diff(want, tagged(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func r2(t *testing.T, img output.Image) v1.Hash { return digest(t, img.Index) }

// readAll returns the files below a directory, less lock files.
func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		if !strings.HasSuffix(rel, "lock") {
			files[rel] = string(raw)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestLayoutHealsBlobs(t *testing.T) {
	dir := t.TempDir()
	img, shared := sample(t)
	write(t, "oci:"+dir, img, output.Options{})
	want := readAll(t, dir)
	blob := filepath.Join(dir, "blobs", "sha256", digest(t, shared).Hex)
	flipped := append([]byte{}, shared.Bytes()...)
	flipped[100] ^= 1
	for name, content := range map[string][]byte{"flipped bit": flipped, "truncated": flipped[:50], "removed": nil} {
		if content == nil {
			must(t, os.Remove(blob))
		} else {
			must(t, os.WriteFile(blob, content, 0o644))
		}
		must(t, os.WriteFile(filepath.Join(dir, ".gophersnake-x.tmp"), []byte("left by a killed process"), 0o644))
		write(t, "oci:"+dir, img, output.Options{})
		if diff := cmp.Diff(want, readAll(t, dir)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// Killed before index.json was written.
	must(t, os.Remove(filepath.Join(dir, "index.json")))
	write(t, "oci:"+dir, img, output.Options{})
	if diff := cmp.Diff(want, readAll(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLayoutKeepsForeignEntries(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"schemaVersion":2,"annotations":{"a":"b"},"manifests":[
		{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:00","x-new":{"field":1}}]}`), 0o644))
	img, _ := sample(t, "v1")
	write(t, "oci:"+dir, img, output.Options{})
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	must(t, err)
	var got struct {
		Annotations map[string]string
		Manifests   []map[string]any
	}
	must(t, json.Unmarshal(raw, &got))
	if len(got.Manifests) != 2 || got.Manifests[0]["x-new"] == nil || got.Annotations["a"] != "b" {
		t.Errorf("index.json is %s", raw)
	}
}

func TestLayoutErrors(t *testing.T) {
	img, _ := sample(t, "v1")
	root := t.TempDir()
	full, corrupt, file := filepath.Join(root, "full"), filepath.Join(root, "corrupt"), filepath.Join(root, "file")
	must(t, os.MkdirAll(full, 0o755))
	must(t, os.WriteFile(filepath.Join(full, "notes"), nil, 0o644))
	must(t, os.WriteFile(file, nil, 0o644))
	write(t, "oci:"+corrupt, img, output.Options{})
	must(t, os.WriteFile(filepath.Join(corrupt, "index.json"), []byte(`{"schemaVersion":2,`), 0o644))
	for _, tc := range []struct{ dir, class, want string }{
		{full, "usage", fmt.Sprintf("output %q: directory is not empty and has no oci-layout file", "oci:"+full)},
		{file, "usage", fmt.Sprintf("output %q: %q is not a directory", "oci:"+file, file)},
		{corrupt, "disk", filepath.Join(corrupt, "index.json") + ": not an image index, the layout is corrupt: unexpected end of JSON input"},
		{filepath.Join(file, "below"), "disk", filepath.Join(file, "below") + ": open: not a directory"},
	} {
		before := readAll(t, root)
		_, err := output.Write(t.Context(), parse(t, "oci:"+tc.dir), img, output.Options{})
		if err == nil || err.Error() != tc.want || classOf(err) != tc.class {
			t.Errorf("got %v (%s)\nwant %s (%s)", err, classOf(err), tc.want, tc.class)
		}
		if diff := cmp.Diff(before, readAll(t, root)); diff != "" {
			t.Errorf("%s: changed: %s", tc.dir, diff)
		}
	}
	if entries, _ := os.ReadDir(full); len(entries) != 1 {
		t.Errorf("%s has %d entries after the refusal", full, len(entries))
	}
}

// badLayer yields other bytes than its digest says, or an error.
func badLayer(t *testing.T, source func(good []byte) (io.Reader, error)) (*outputtest.Layer, v1.ImageIndex) {
	l := outputtest.NewLayer(t, "bad", "content of the bad layer")
	l.Source = func() (io.Reader, error) { return source(l.Bytes()) }
	return l, outputtest.Index(t, twoPlatforms, l)
}

var errSource = errors.New("the store is gone")

// badSources are the ways in which a layer's bytes can be wrong.
var badSources = []struct {
	name, class, want string // want has %s for the digest
	source            func(good []byte) (io.Reader, error)
}{
	{"other bytes", "verification", "blob %s: content has the digest sha256:", func(b []byte) (io.Reader, error) {
		return strings.NewReader(strings.Repeat("x", len(b))), nil
	}},
	{"too short", "verification", "blob %s: ends after 10 bytes, want ", func(b []byte) (io.Reader, error) {
		return strings.NewReader(string(b[:10])), nil
	}},
	{"too long", "verification", "blob %s: has more than the ", func(b []byte) (io.Reader, error) {
		return strings.NewReader(string(b) + "x"), nil
	}},
	{"open fails", "failed", "layer %s: the store is gone", func([]byte) (io.Reader, error) { return nil, errSource }},
	{"read fails", "failed", "the store is gone", func(b []byte) (io.Reader, error) {
		return io.MultiReader(strings.NewReader(string(b[:10])), errReader{}), nil
	}},
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errSource }

func TestBadLayers(t *testing.T) {
	for _, tc := range badSources {
		for _, scheme := range []string{"oci:", "oci-archive:", "docker-archive:"} {
			t.Run(scheme+tc.name, func(t *testing.T) {
				root := t.TempDir()
				l, idx := badLayer(t, tc.source)
				_, err := output.Write(t.Context(), parse(t, scheme+filepath.Join(root, "out")), output.Image{Index: idx}, output.Options{})
				want := strings.ReplaceAll(tc.want, "%s", digest(t, l).String())
				if err == nil || !strings.HasPrefix(err.Error(), want) || classOf(err) != tc.class {
					t.Errorf("got %v (%s)\nwant %s… (%s)", err, classOf(err), want, tc.class)
				}
				if left, _ := os.ReadDir(root); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		}
	}
}

// TestLayoutFailureKeepsOthers: a failed write leaves an older layout as it was.
func TestLayoutFailureKeepsOthers(t *testing.T) {
	dir := t.TempDir()
	img, _ := sample(t, "v1")
	write(t, "oci:"+dir, img, output.Options{})
	before := readAll(t, dir)
	_, idx := badLayer(t, badSources[0].source)
	_, err := output.Write(t.Context(), parse(t, "oci:"+dir), output.Image{Index: idx, Tags: []string{"v1"}}, output.Options{})
	if classOf(err) != "verification" {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, readAll(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestLayoutConcurrent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shared")
	const writers = 8
	want := map[string]v1.Hash{}
	var wg sync.WaitGroup
	for i := range writers {
		tag := fmt.Sprintf("t%d", i)
		img := output.Image{Index: outputtest.Index(t, twoPlatforms, outputtest.NewLayer(t, "f", tag))}
		want[tag] = digest(t, img.Index)
		wg.Go(func() {
			for range 3 {
				if _, err := output.Write(context.Background(), parse(t, "oci:"+dir+":"+tag), img, output.Options{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, tagged(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestLayoutLockRespectsContext(t *testing.T) {
	dir := t.TempDir()
	l := outputtest.NewLayer(t, "slow", "x")
	inside, release := make(chan struct{}), make(chan struct{})
	l.Source = func() (io.Reader, error) {
		close(inside)
		<-release
		return strings.NewReader(string(l.Bytes())), nil
	}
	done := make(chan error)
	go func() {
		_, err := output.Write(context.Background(), parse(t, "oci:"+dir), output.Image{Index: outputtest.Index(t, twoPlatforms, l)}, output.Options{})
		done <- err
	}()
	<-inside
	img, _ := sample(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := output.Write(ctx, parse(t, "oci:"+dir), img, output.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a deadline", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
