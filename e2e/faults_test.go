//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// faultSite is a small project that is built again and again while something
// fails: some noarch packages for two platforms, without a base.
type faultSite struct {
	dir  string
	lock string // its text, without layer rows: a build has to make all layers
}

// newFaultSite makes a project of packages with a file of so many bytes each,
// which no compression makes smaller.
func newFaultSite(t *testing.T, sizes ...int) *faultSite {
	t.Helper()
	s := &faultSite{dir: t.TempDir()}
	var packages []channeltest.Package
	for i, size := range sizes {
		name := fmt.Sprintf("pkg%d", i)
		content := make([]byte, size)
		_, _ = rand.NewChaCha8([32]byte{byte(i), 7}).Read(content)
		packages = append(packages, channeltest.Package{Package: archivetest.Package{
			Name: name, Noarch: "generic", Files: []archivetest.Entry{
				archivetest.File("share/"+name+"/data", string(content)), archivetest.File("share/"+name+"/README", name),
			},
		}})
	}
	must(t, channeltest.Write(filepath.Join(s.dir, "chan"), channeltest.Options{}, channeltest.Pack(packages...)...))
	must(t, os.WriteFile(filepath.Join(s.dir, "gophersnake.toml"), []byte(`version = 1
[image]
tags = ["1", "2"]
platforms = ["linux/amd64", "linux/arm64"]
[conda]
lock = "chan/conda-lock.yml"
`), 0o644))
	coldStore(t).gs(t, s.dir, "lock", "-q")
	s.lock = readFile(t, s.lockFile())
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *faultSite) lockFile() string { return filepath.Join(s.dir, "gophersnake.lock") }

// fresh forgets what builds learned of layers.
func (s *faultSite) fresh(t *testing.T) {
	t.Helper()
	must(t, os.WriteFile(s.lockFile(), []byte(s.lock), 0o644))
}

// ends returns how a command ended: its exit code, -1 for a signal, and what it
// wrote.
func ends(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// same checks that every line of gophersnake's output has this digest.
func same(t *testing.T, stdout, want string) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		if got := digest(t, line); got != want {
			t.Errorf("the digest is %s, want %s", got, want)
		}
	}
}

// tmpfs mounts a file system of so many MiB, which ends with the test.
func tmpfs(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", size)))
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// resize gives a tmpfs another size in MiB.
func resize(t *testing.T, dir string, size int) {
	t.Helper()
	must(t, syscall.Mount("", dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%dm", size)))
}

// verified checks that everything in a store is what it should be.
func (s store) verified(t *testing.T) {
	t.Helper()
	if out := runCmd(t, exec.CommandContext(t.Context(), binary, "cache", "verify", "--cache-dir", string(s))); !strings.Contains(out, " 0 broken") {
		t.Errorf("cache verify: %s", out)
	}
}

// clean checks that no run left anything unfinished below a directory, which
// may be a store, hold one, or hold outputs.
func clean(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		parent := filepath.Base(filepath.Dir(path))
		if strings.HasSuffix(path, ".tmp") || parent == "tmp" || parent == "locks" {
			t.Errorf("left over: %s", path)
		}
		return nil
	}))
}

// parts reads what an image consists of: a manifest by digest or tag, a blob by
// digest. What is absent is nil.
type parts func(kind, ref string) ([]byte, error)

// registryParts reads from a repository of the registry.
func registryParts(host, repository string) parts {
	return func(kind, ref string) ([]byte, error) {
		req, err := http.NewRequest(http.MethodGet, "http://"+host+"/v2/"+repository+"/"+kind+"/"+ref, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", string(types.OCIImageIndex)+", "+string(types.OCIManifestSchema1))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusNotFound {
			return nil, nil
		}
		if resp.StatusCode != http.StatusOK {
			return nil, errors.New(resp.Status)
		}
		return io.ReadAll(resp.Body)
	}
}

// layoutParts reads from an OCI layout; its only tag is its index.json.
func layoutParts(dir string) parts {
	return func(_, ref string) ([]byte, error) {
		name := filepath.Join("blobs", strings.ReplaceAll(ref, ":", "/"))
		if !strings.Contains(ref, ":") {
			name = ref
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return data, err
	}
}

// whole checks that everything below a descriptor is there and right.
func (get parts) whole(d v1.Descriptor) error {
	kind := "blobs"
	if d.MediaType.IsIndex() || d.MediaType.IsImage() {
		kind = "manifests"
	}
	data, err := get(kind, d.Digest.String())
	if err != nil {
		return fmt.Errorf("%s: %w", d.Digest, err)
	}
	if data == nil || int64(len(data)) != d.Size || sum(data) != d.Digest.String() {
		return fmt.Errorf("%s is absent or wrong: %d bytes, want %d", d.Digest, len(data), d.Size)
	}
	if kind == "blobs" {
		return nil
	}
	return get.below(data)
}

// below checks everything that a manifest or an index names.
func (get parts) below(manifest []byte) error {
	var m struct {
		Config    *v1.Descriptor
		Layers    []v1.Descriptor
		Manifests []v1.Descriptor
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return err
	}
	all := append(m.Layers, m.Manifests...)
	if m.Config != nil {
		all = append(all, *m.Config)
	}
	for _, d := range all {
		if err := get.whole(d); err != nil {
			return err
		}
	}
	return nil
}

// tag checks that a tag is absent or whole, and returns its digest or "".
func (get parts) tag(t *testing.T, name string) string {
	t.Helper()
	data, err := get("manifests", name)
	must(t, err)
	if data == nil {
		return ""
	}
	if err := get.below(data); err != nil {
		t.Errorf("tag %s is there, but %v", name, err)
	}
	return sum(data)
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(h[:])
}
