package output_test

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// untar unpacks an archive of ours into a directory and checks what every
// header has in common.
func untar(t *testing.T, file string) (dir string, names []string) {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	dir = t.TempDir()
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return dir, names
		}
		must(t, err)
		names = append(names, h.Name)
		if h.ModTime.Unix() != 0 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("header %+v", h)
		}
		out := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			must(t, os.Mkdir(out, 0o755))
			continue
		}
		content, err := io.ReadAll(tr)
		must(t, err)
		must(t, os.WriteFile(out, content, 0o644))
	}
}

func TestOCIArchive(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "x.tar")
	img, shared := sample(t, "1.4", "latest")
	r := write(t, "oci-archive:"+file, img, output.Options{})
	if n := shared.Opens.Load(); n != 1 {
		t.Errorf("shared layer opened %d times, want 1", n)
	}
	if diff := cmp.Diff([]string{"1.4"}, r.Tags); diff != "" {
		t.Error(diff)
	}
	first, err := os.ReadFile(file)
	must(t, err)
	// What a killed process left is taken over.
	must(t, os.WriteFile(filepath.Join(root, ".gophersnake-x.tar.tmp"), []byte("left"), 0o644))
	write(t, "oci-archive:"+file, img, output.Options{})
	second, err := os.ReadFile(file)
	must(t, err)
	if string(first) != string(second) {
		t.Error("two writes differ")
	}
	if entries, _ := os.ReadDir(root); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	dir, names := untar(t, file)
	if !sort.StringsAreSorted(names) {
		t.Errorf("names are not sorted: %q", names)
	}
	if diff := cmp.Diff(map[string]v1.Hash{"1.4": r.Digest}, tagged(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestArchiveKeepsLink(t *testing.T) {
	root := t.TempDir()
	must(t, os.WriteFile(filepath.Join(root, "real.tar"), []byte("old"), 0o644))
	must(t, os.Symlink("real.tar", filepath.Join(root, "link.tar")))
	img, _ := sample(t)
	write(t, "oci-archive:"+filepath.Join(root, "link.tar"), img, output.Options{})
	if info, err := os.Lstat(filepath.Join(root, "link.tar")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	untar(t, filepath.Join(root, "real.tar"))
}

func TestArchiveErrors(t *testing.T) {
	img, _ := sample(t)
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "x.tar")
	for _, tc := range []struct{ dest, class, want string }{
		{"oci-archive:" + dir, "usage", `output "oci-archive:` + dir + `": "` + dir + `" is not a regular file`},
		{"docker-archive:/dev/null", "usage", `output "docker-archive:/dev/null": "/dev/null" is not a regular file`},
		{"oci-archive:" + missing, "disk", filepath.Join(dir, "no", "x.tar") + ": open: no such file or directory"},
	} {
		_, err := output.Write(t.Context(), parse(t, tc.dest), img, output.Options{})
		if err == nil || err.Error() != tc.want || classOf(err) != tc.class {
			t.Errorf("got %v (%s)\nwant %s (%s)", err, classOf(err), tc.want, tc.class)
		}
	}
}

func TestDockerArchive(t *testing.T) {
	img, shared := sample(t, "1.4", "latest")
	for _, tc := range []struct {
		ref, platform, arch string
		repoTags            []string
		names               []string
	}{
		{
			"", "", "amd64",
			[]string{"registry.example.com/team/data:1.4", "registry.example.com/team/data:latest"},
			[]string{"registry.example.com/team/data:1.4", "registry.example.com/team/data:latest"},
		},
		{":x/y", "linux/arm64", "arm64", []string{"x/y:latest"}, []string{"docker.io/x/y:latest"}},
		{":y:2", "", "amd64", []string{"y:2"}, []string{"docker.io/library/y:2"}},
		{":localhost:5000/y:2", "", "amd64", []string{"localhost:5000/y:2"}, []string{"localhost:5000/y:2"}},
	} {
		t.Run(tc.ref+tc.platform, func(t *testing.T) {
			var o output.Options
			if tc.platform != "" {
				p, err := v1.ParsePlatform(tc.platform)
				must(t, err)
				o.FirstPlatform = p
			}
			file := filepath.Join(t.TempDir(), "x.tar")
			r := write(t, "docker-archive:"+file+tc.ref, img, o)
			got, err := tarball.ImageFromPath(file, nil)
			must(t, err)
			must(t, validate.Image(got))
			cfg, err := got.ConfigFile()
			must(t, err)
			if cfg.Architecture != tc.arch {
				t.Errorf("manifest.json is for %s, want %s", cfg.Architecture, tc.arch)
			}
			m, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(file) })
			must(t, err)
			if diff := cmp.Diff(tc.repoTags, m[0].RepoTags); diff != "" {
				t.Error(diff)
			}
			if want := "blobs/sha256/" + digest(t, shared).Hex; m[0].Layers[0] != want {
				t.Errorf("first layer is %s, want %s", m[0].Layers[0], want)
			}
			dir, _ := untar(t, file)
			tagged(t, dir) // validates all platforms
			raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
			must(t, err)
			var idx v1.IndexManifest
			must(t, json.Unmarshal(raw, &idx))
			var names []string
			for _, d := range idx.Manifests {
				names = append(names, d.Annotations["io.containerd.image.name"])
				if d.Digest != r.Digest {
					t.Errorf("index.json names %s, want %s", d.Digest, r.Digest)
				}
			}
			if diff := cmp.Diff(tc.names, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDockerArchiveErrors(t *testing.T) {
	img, shared := sample(t)
	file := filepath.Join(t.TempDir(), "x.tar")
	_, err := output.Write(t.Context(), parse(t, "docker-archive:"+file), img, output.Options{FirstPlatform: &v1.Platform{OS: "linux", Architecture: "riscv64"}})
	want := `output "docker-archive:` + file + `": the index has no image for linux/riscv64, only for linux/amd64, linux/arm64`
	if err == nil || err.Error() != want || classOf(err) != "usage" {
		t.Errorf("got %v\nwant %s", err, want)
	}
	shared.Type = types.OCILayerZStd
	img.Index = outputtest.Index(t, twoPlatforms, shared)
	_, err = output.Write(t.Context(), parse(t, "docker-archive:"+file), img, output.Options{})
	want = `output "docker-archive:` + file + `": layer ` + digest(t, shared).String() + ` is zstd, docker reads gzip only`
	if err == nil || err.Error() != want || classOf(err) != "usage" {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if n := shared.Opens.Load(); n != 0 {
		t.Errorf("layer opened %d times before the refusal", n)
	}
}
