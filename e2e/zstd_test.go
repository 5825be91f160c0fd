//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// zstdImage is an image with zstd layers: in a layout and in the registry.
type zstdImage struct {
	layout, digest, ref string
	diffIDs             []string
}

// zstdReader is a program that reads such images. What read returns is why the
// program refuses, or what it read that the image is not.
type zstdReader struct {
	name    string
	version []string // the command that tells it
	read    func(t *testing.T, image zstdImage) error
}

var zstdReaders = []zstdReader{
	{"dockerd", []string{"dockerd", "--version"}, dockerReads},
	{"containerd", []string{"containerd", "--version"}, containerdReads},
	{"podman", []string{"podman", "--version"}, podmanReads},
	{"buildah", []string{"buildah", "--version"}, buildahReads},
	{"skopeo", []string{"skopeo", "--version"}, skopeoReads},
	{"umoci", []string{"umoci", "--version"}, umociReads},
	{"crane", []string{"crane", "version"}, craneReads},
	{"BuildKit: FROM", []string{"buildkitd", "--version"}, buildKitReads},
	{"BuildKit: named context", []string{"buildkitd", "--version"}, buildKitReadsContext},
}

// TestReadersZstd lets every reader read an image whose layers are joined zstd
// frames, as ours are, and the same image with one frame for each layer, made
// by the zstd program. docs/outputs.md has the table, and must agree: what is
// read today and not tomorrow is a failure, and so is the contrary.
func TestReadersZstd(t *testing.T) {
	t.Parallel()
	table := zstdTable(t)
	joined := joinedFrames(t)
	single := singleFrames(t, joined)
	for _, r := range zstdReaders {
		t.Run(r.name, func(t *testing.T) {
			row, version := table[r.name], strings.TrimSpace(run(t, r.version[0], r.version[1:]...))
			delete(table, r.name)
			if len(row) != 3 {
				t.Fatalf("docs/outputs.md has no row of %s, which is %s", r.name, version)
			}
			if !strings.Contains(version, row[0]) {
				t.Errorf("docs/outputs.md is of version %q, this is %s", row[0], version)
			}
			for i, image := range []zstdImage{single, joined} {
				got, why := "yes", r.read(t, image)
				if why != nil {
					got = "no"
				}
				t.Logf("%s reads %s: %s (%v)", version, filepath.Base(image.layout), got, why)
				if want := row[i+1]; got != want {
					t.Errorf("%s reads %s: %s, docs/outputs.md says %s: %v", version, filepath.Base(image.layout), got, want, why)
				}
			}
		})
	}
	for name := range table {
		t.Errorf("docs/outputs.md has a row of %s, which nothing tries", name)
	}
}

// zstdTable reads the table: reader | version | one frame | joined frames.
func zstdTable(t *testing.T) map[string][]string {
	t.Helper()
	_, text, _ := strings.Cut(readFile(t, filepath.Join(repo, "docs", "outputs.md")), "### zstd\n")
	text, _, _ = strings.Cut(text, "\n#")
	rows := map[string][]string{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(line, "---") || strings.Contains(line, "| reader |") {
			continue
		}
		for i, c := range cells {
			cells[i] = strings.TrimSpace(c)
		}
		rows[cells[1]] = cells[2:5]
	}
	return rows
}

// joinedFrames makes the image as gophersnake makes it.
func joinedFrames(t *testing.T) zstdImage {
	t.Helper()
	dir := readersProject(t)
	file := filepath.Join(dir, "gophersnake.toml")
	edit(t, file, `platforms  = ["linux/amd64", "linux/arm64"]`+"\nentry", `platforms  = ["linux/amd64"]`+"\nentry")
	if err := os.WriteFile(file, []byte(readFile(t, file)+"\n[layers]\ncompression = \"zstd\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	image := zstdImage{layout: filepath.Join(shortDir(t), "joined"), ref: registry + "/zstd:joined"}
	image.digest = digest(t, runStore(t).gs(t, dir, "build", "-q", "-o", "oci:"+image.layout+":latest"))
	image.diffIDs = diffIDs(t, "oci:"+image.layout+":latest", "amd64")
	if n := mostFrames(t, image.layout); n < 4 {
		t.Errorf("no layer has more than %d frames", n)
	}
	run(t, "crane", "push", "--insecure", image.layout, image.ref)
	return image
}

// singleFrames makes an image of the same content, with one frame a layer.
func singleFrames(t *testing.T, joined zstdImage) zstdImage {
	t.Helper()
	from, err := layout.ImageIndexFromPath(joined.layout)
	if err != nil {
		t.Fatal(err)
	}
	old := firstImage(t, from)
	layers, err := old.Layers()
	if err != nil {
		t.Fatal(err)
	}
	img := v1.Image(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON))
	for _, l := range layers {
		tar, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "zstd", "-q", "-c")
		cmd.Stdin = tar
		data := runCmd(t, cmd)
		tar.Close()
		if img, err = mutate.AppendLayers(img, static.NewLayer([]byte(data), types.OCILayerZStd)); err != nil {
			t.Fatal(err)
		}
	}
	config, err := old.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	image := zstdImage{layout: filepath.Join(shortDir(t), "single"), ref: registry + "/zstd:single", diffIDs: joined.diffIDs}
	to, err := layout.Write(image.layout, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "latest"})
	if err := to.AppendImage(img, named, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"})); err != nil {
		t.Fatal(err)
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	image.digest = d.String()
	if n := mostFrames(t, image.layout); n != 1 {
		t.Errorf("a layer of the control has %d frames", n)
	}
	run(t, "crane", "push", "--insecure", image.layout, image.ref)
	return image
}

// firstImage goes down from an index to its first image.
func firstImage(t *testing.T, idx v1.ImageIndex) v1.Image {
	t.Helper()
	m, err := idx.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	d := m.Manifests[0]
	if d.MediaType.IsIndex() {
		below, err := idx.ImageIndex(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		return firstImage(t, below)
	}
	img, err := idx.Image(d.Digest)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// mostFrames returns how many frames the zstd program counts in that blob of a
// layout which has the most.
func mostFrames(t *testing.T, layout string) (most int) {
	t.Helper()
	blobs, err := filepath.Glob(filepath.Join(layout, "blobs", "sha256", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, blob := range blobs {
		out, err := exec.CommandContext(t.Context(), "zstd", "-lv", blob).CombinedOutput()
		if m := regexp.MustCompile(`# Zstandard Frames: (\d+)`).FindSubmatch(out); err == nil && m != nil {
			var n int
			fmt.Sscan(string(m[1]), &n)
			most = max(most, n)
		}
	}
	return most
}

// tried runs a command, which must print what the program of the image says.
func tried(cmd *exec.Cmd, want string) error {
	out, err := cmd.CombinedOutput()
	if err == nil && !strings.Contains(string(out), want) {
		err = fmt.Errorf("no %q in it", want)
	}
	if err != nil {
		return fmt.Errorf("%w: %.400s", err, out)
	}
	return nil
}

// dockerReads pulls from the registry: an archive for docker load is never zstd.
func dockerReads(t *testing.T, image zstdImage) error {
	host := startDaemon(t)
	docker := func(args ...string) *exec.Cmd {
		return exec.CommandContext(t.Context(), "docker", append([]string{"--host", host}, args...)...)
	}
	if err := tried(docker("pull", "--quiet", image.ref), ""); err != nil {
		return err
	}
	return tried(docker("run", "--rm", "--network=none", image.ref, "-at", second), says)
}

// containerdReads pulls from the registry and unpacks, which checks the bytes.
func containerdReads(t *testing.T, image zstdImage) error {
	ctr := startContainerd(t)
	return tried(ctr("images", "pull", "--plain-http", "--platform", "linux/amd64", image.ref), "")
}

// startContainerd starts a containerd of its own, and returns its client.
func startContainerd(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	dir := shortDir(t)
	socket, config := filepath.Join(dir, "s"), filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n[ttrpc]\naddress = %q\n",
		filepath.Join(dir, "root"), filepath.Join(dir, "state"), socket, socket+"t")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command("containerd", "--config", config)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	ctr := func(args ...string) *exec.Cmd {
		return exec.CommandContext(t.Context(), "ctr", append([]string{"--address", socket}, args...)...)
	}
	for n := 0; ctr("version").Run() != nil; n++ {
		if n == 300 {
			t.Fatalf("containerd does not answer")
		}
		time.Sleep(100 * time.Millisecond)
	}
	return ctr
}

func podmanReads(t *testing.T, image zstdImage) error {
	podman := engineCommand(t, "podman")
	out, err := podman("pull", "--quiet", "oci:"+image.layout+":latest").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	return tried(podman("run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", lastLine(string(out)), "-at", second), says)
}

func buildahReads(t *testing.T, image zstdImage) error {
	buildah := engineCommand(t, "buildah")
	out, err := buildah("pull", "--quiet", "oci:"+image.layout+":latest").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	if out, err = buildah("from", "--quiet", "--pull-never", lastLine(string(out))).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	if out, err = buildah("mount", lastLine(string(out))).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	return tried(exec.CommandContext(t.Context(), "chroot", lastLine(string(out)), "/usr/local/bin/worldclock", "-at", second), says)
}

// skopeoReads lets skopeo write what it has unpacked, and compares that with
// what the image's config says of its layers.
func skopeoReads(t *testing.T, image zstdImage) error {
	dir := t.TempDir()
	if err := tried(exec.CommandContext(t.Context(), "skopeo", "copy", "--quiet", "--override-os=linux", "--override-arch=amd64", "--dest-decompress", "oci:"+image.layout+":latest", "dir:"+dir), ""); err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var read []string
	for _, f := range files {
		data, err := os.Open(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, data)
		data.Close()
		if err != nil {
			return err
		}
		read = append(read, fmt.Sprintf("sha256:%x", h.Sum(nil)))
	}
	for _, d := range image.diffIDs {
		if !slices.Contains(read, d) {
			return fmt.Errorf("it read none of %s:\n%s", d, cmp.Diff(image.diffIDs, read))
		}
	}
	return nil
}

func umociReads(t *testing.T, image zstdImage) error {
	dir := t.TempDir()
	one := filepath.Join(dir, "layout") + ":one"
	run(t, "skopeo", "copy", "--quiet", "--override-os=linux", "--override-arch=amd64", "oci:"+image.layout+":latest", "oci:"+one)
	return tried(exec.CommandContext(t.Context(), "umoci", "unpack", "--image", one, filepath.Join(dir, "bundle")), "")
}

func craneReads(t *testing.T, image zstdImage) error {
	return tried(exec.CommandContext(t.Context(), "crane", "validate", "--insecure", "--remote", image.ref), "PASS: "+image.ref)
}

func buildKitReads(t *testing.T, image zstdImage) error {
	return buildKitRuns(t, image.ref)
}

func buildKitReadsContext(t *testing.T, image zstdImage) error {
	return buildKitRuns(t, "base", "--opt", "context:base=oci-layout://base@"+image.digest, "--oci-layout", "base="+image.layout)
}

// buildKitRuns builds on an image, running its program.
func buildKitRuns(t *testing.T, from string, args ...string) error {
	log, err := startBuildKit(t)("FROM "+from+"\n"+runProgram, "amd64", filepath.Join(shortDir(t), "built.tar"), args...)
	if err == nil && !strings.Contains(log, strings.TrimSpace(says)) {
		err = fmt.Errorf("the program does not say %q", says)
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(log))
	}
	return nil
}
