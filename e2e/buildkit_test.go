//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// startBuildKit starts a buildkitd of its own and returns a function that
// builds a Dockerfile for a platform into an OCI archive, and returns its log.
func startBuildKit(t *testing.T) func(dockerfile, arch, archive string, args ...string) (string, error) {
	t.Helper()
	dir := shortDir(t)
	socket, config := "unix://"+filepath.Join(dir, "s"), filepath.Join(dir, "buildkitd.toml")
	text := "[worker.containerd]\nenabled = false\n[registry.\"" + registry + "\"]\nhttp = true\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("buildkitd", "--addr", socket, "--root", filepath.Join(dir, "root"), "--config", config,
		"--oci-worker-snapshotter=overlayfs", "--oci-worker-net=host")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		log.Close()
	})
	for n := 0; exec.Command("buildctl", "--addr", socket, "debug", "workers").Run() != nil; n++ {
		if n == 100 {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("buildkitd does not answer:\n%s", text)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return func(dockerfile, arch, archive string, args ...string) (string, error) {
		t.Helper()
		context := t.TempDir()
		for name, text := range map[string]string{"Dockerfile": dockerfile, "added": dockerfile} {
			if err := os.WriteFile(filepath.Join(context, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), "buildctl", append([]string{
			"--addr", socket, "build", "--progress=plain", "--frontend=dockerfile.v0", "--local", "context=" + context, "--local", "dockerfile=" + context,
			"--opt", "platform=linux/" + arch, "--output", "type=oci,dest=" + archive,
		}, args...)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// checkBuildKit builds on an image of ours, read from a layout as a named
// context and from the registry, for both platforms: what comes out has our
// layers and one more, and on this machine's platform its program runs.
func checkBuildKit(t *testing.T, layout, index, ref string) {
	build := startBuildKit(t)
	context := []string{"--opt", "context:base=oci-layout://base@" + index, "--oci-layout", "base=" + layout}
	for _, arch := range []string{"amd64", "arm64"} {
		ours := diffIDs(t, "oci:"+layout+":latest", arch)
		for from, args := range map[string][]string{"base": context, ref: nil} {
			start := time.Now()
			// What is added is another file each time, so that no step is taken from the cache.
			dockerfile, archive := "FROM "+from+"\nCOPY added /added\n", filepath.Join(t.TempDir(), "built.tar")
			if arch == "amd64" {
				dockerfile += runProgram
			}
			log, err := build(dockerfile, arch, archive, args...)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			if arch == "amd64" && !strings.Contains(log, strings.TrimSpace(says)) {
				t.Errorf("FROM %s: the program does not say %q:\n%s", from, says, log)
			}
			t.Logf("FROM %s for %s: %.1f s", from, arch, time.Since(start).Seconds())
			built := diffIDs(t, "oci-archive:"+archive, arch)
			if len(built) <= len(ours) || !slices.Equal(built[:len(ours)], ours) {
				t.Errorf("FROM %s for %s: layers %v, want %v and more", from, arch, built, ours)
			}
		}
	}
}

// runProgram is a step that runs the program of readersProject.
const runProgram = "RUN [\"/usr/local/bin/worldclock\", \"-at\", \"" + second + "\"]\n"

// diffIDs returns the layers of an image, whose configuration must be for the
// platform.
func diffIDs(t *testing.T, source, arch string) []string {
	t.Helper()
	var config struct {
		Architecture string
		RootFS       struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	text := run(t, "skopeo", "inspect", "--config", "--raw", "--override-os=linux", "--override-arch="+arch, source)
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if config.Architecture != arch || len(config.RootFS.DiffIDs) == 0 {
		t.Fatalf("%s for %s: %s", source, arch, text)
	}
	return config.RootFS.DiffIDs
}
