//go:build e2e

package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// newerBase pushes the base with one layer and one variable more, as a
// security update would be, and returns its reference.
func newerBase(t *testing.T) string {
	t.Helper()
	from, err := name.NewTag(base(t), name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	old, err := remote.Index(from)
	if err != nil {
		t.Fatal(err)
	}
	m, err := old.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	idx := v1.ImageIndex(empty.Index)
	for _, d := range m.Manifests {
		img, err := old.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		// An empty archive: two blocks of zeros.
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, 1024))), nil })
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			t.Fatal(err)
		}
		file, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		file = file.DeepCopy()
		file.Config.Env = append(file.Config.Env, "BASE=newer")
		if img, err = mutate.ConfigFile(img, file); err != nil {
			t.Fatal(err)
		}
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: d.Platform}})
	}
	ref, err := name.NewTag(registry+"/base:newer", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, idx); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

// TestRebase moves a pushed image onto a newer base from an empty store: no
// package, no module and no layer is read, none but the one of activation is
// made, and what comes out is what a build on that base makes.
func TestRebase(t *testing.T) {
	dir, s := dataTools(t), runStore(t)
	withoutPrograms(t, dir)
	file := filepath.Join(dir, "gophersnake.toml")
	edit(t, file, "/data-tools\"", "/rebase\"")
	first := digest(t, s.gs(t, dir, "push", "-q"))
	edit(t, file, base(t), newerBase(t))
	s.gs(t, dir, "lock")

	lock := filepath.Join(dir, "gophersnake.lock")
	copied := copyDir(t, dir)
	dropRows(t, copied) // nothing is known of layers but what the registry has
	var modules atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		modules.Add(1)
		http.Error(w, "nobody should ask", http.StatusTeapot)
	}))
	defer proxy.Close()
	packages, requests := channel.gets.Load(), counts.snapshot()
	cmd := newStore(t).command(t, copied, "push", "-q", "--locked", "--rebase", registry+"/rebase@"+first)
	cmd.Env = append(cmd.Env, "GOPROXY="+proxy.URL)
	moved := digest(t, runCmd(t, cmd))
	got := counts.since(requests)
	t.Logf("requests to the registry: %v", got)
	if n := channel.gets.Load() - packages + modules.Load(); n != 0 {
		t.Errorf("%d requests for packages and modules", n)
	}
	// Configs are read: two of the base, two of the image. The new base's layer
	// is mounted; two configs are sent, and the small layer of activation, which
	// has the base's variables in it.
	if got["GET blobs"] > 4 || got["PATCH blobs"] > 0 || got["PUT blobs"] > 3 {
		t.Errorf("blobs were moved: %v", got)
	}
	if anew := digest(t, s.gs(t, dir, "push", "-q", "--locked")); anew != moved {
		t.Errorf("moved %s, built %s", moved, anew)
	}
	config := run(t, "crane", "config", "--insecure", "--platform=linux/amd64", registry+"/rebase@"+moved)
	if !strings.Contains(config, `"BASE=newer"`) || !strings.Contains(config, `PATH=/opt/conda/bin:`) {
		t.Errorf("config %s", config)
	}
	run(t, "crane", "validate", "--insecure", "--platform=linux/amd64", "--remote", registry+"/rebase@"+moved)

	// From a layout, to a layout.
	layout := filepath.Join(t.TempDir(), "layout")
	run(t, "skopeo", "copy", "--quiet", "--all", "--preserve-digests", "--src-tls-verify=false", "docker://"+registry+"/rebase@"+first, "oci:"+layout+":old")
	if again := digest(t, s.gs(t, dir, "build", "-q", "--locked", "--rebase", "oci:"+layout+":old", "-o", "oci:"+layout+":new")); again != moved {
		t.Errorf("through a layout %s, want %s", again, moved)
	}

	for _, tt := range []struct{ old, new, want string }{
		{`libc = "glibc 2.36"`, `libc = "glibc 2.30"`, "its layers were made for glibc 2.36, the base " + registry + "/base:newer has glibc 2.30\nhint: build the image anew: packages are chosen for the libc of their base\n"},
		{`libc = "glibc 2.36"`, `libc = "musl 1.2.5"`, "its layers were made for glibc 2.36, the base " + registry + "/base:newer has musl 1.2.5\nhint: build the image anew: packages are chosen for the libc of their base\n"},
	} {
		before := readFile(t, lock)
		edit(t, lock, tt.old, tt.new)
		fails(t, s, dir, "gophersnake: "+registry+"/rebase:1.0: "+tt.want, "push", "-q", "--locked", "--rebase", registry+"/rebase:1.0")
		edit(t, lock, tt.new, tt.old)
		if readFile(t, lock) != before {
			t.Fatal("the lock is not what it was")
		}
	}
	ref := base(t)
	fails(t, s, dir, "gophersnake: "+ref+": its manifest does not tell which layers are its base's\nhint: only images that gophersnake built on a base can be moved; build it anew\n",
		"push", "-q", "--locked", "--rebase", ref)
}

// fails runs gophersnake, which must exit 2 with this text.
func fails(t *testing.T, s store, dir, want string, args ...string) {
	t.Helper()
	cmd := s.command(t, dir, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || string(out) != want {
		t.Errorf("%v\n got %q\nwant %q", err, out, want)
	}
}
