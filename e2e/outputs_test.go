//go:build e2e

package e2e

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDockerDaemon loads a real dockerd, runs the image, and loads a changed
// one without the layers that are there.
func TestDockerDaemon(t *testing.T) {
	t.Parallel()
	dir, s, host := copyDir(t, filepath.Join(repo, "examples", "quickstart")), runStore(t), startDaemon(t)
	docker := dockerAt(t, host)
	load := func(ref string, args ...string) (line, log string) {
		t.Helper()
		cmd := s.command(t, dir, append([]string{"build", "--log-level", "debug", "-o", "docker-daemon:" + ref}, args...)...)
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
		var errs strings.Builder
		cmd.Stderr = &errs
		start := time.Now()
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, errs.String())
		}
		t.Logf("%s: %.1f s", ref, time.Since(start).Seconds())
		return string(out), errs.String()
	}
	line, log := load("localhost:5000/worldclock")
	if !strings.HasPrefix(line, "docker-daemon:localhost:5000/worldclock@sha256:") || !strings.Contains(log, "loaded localhost:5000/worldclock:latest\n") {
		t.Errorf("printed %q, %q", line, log)
	}
	digest(t, line)
	got := docker("run", "--rm", "--network=none", "localhost:5000/worldclock:latest", "-at", "1000000000")
	if want := "America/New_York   2001-09-08 21:46 EDT\n"; !strings.Contains(got, want) {
		t.Errorf("docker run: %q, want %q in it", got, want)
	}
	layers := strings.Count(docker("image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}}\n{{end}}", "localhost:5000/worldclock"), "sha256:")

	edit(t, filepath.Join(dir, "main.go"), "func main() {", "func init() { println(\"changed\") }\n\nfunc main() {")
	_, log = load("localhost:5000/worldclock:2")
	exists, sent := strings.Count(log, "exists blob"), strings.Count(log, "done blob")
	t.Logf("%d layers: %d were there, %d blobs were sent", layers, exists, sent)
	if exists == 0 || exists+sent != layers+1 {
		t.Errorf("%d layers and a config: %d were there, %d were sent\n%s", layers, exists, sent, log)
	}
	cmd := exec.Command("docker", "--host", host, "run", "--rm", "--network=none", "localhost:5000/worldclock:2", "-at", "0")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "changed") {
		t.Errorf("docker run: %v, %q", err, out)
	}
	_, log = load("localhost:5000/worldclock:3")
	if n := strings.Count(log, "done blob"); n != 1 {
		t.Errorf("the same image again sent %d blobs, want its config alone\n%s", n, log)
	}

	// A platform that the daemon is not.
	arm := s.command(t, dir, "build", "-q", "--platform", "linux/arm64", "-o", "docker-daemon:x:1")
	arm.Env = append(arm.Env, "DOCKER_HOST="+host)
	out, err := arm.CombinedOutput()
	want := "gophersnake: output \"docker-daemon:x:1\": the index has no image for linux/amd64, only for linux/arm64\n" +
		"hint: the daemon at " + host + " is linux/amd64: build for that platform too, or use docker-archive and --platform\n"
	if string(out) != want || arm.ProcessState.ExitCode() != 2 {
		t.Errorf("%v, %q, want %q", err, out, want)
	}
}

// TestDyingDaemon kills dockerd while it loads: exit 5, and no name changes.
func TestDyingDaemon(t *testing.T) {
	t.Parallel()
	dir, s, host := copyDir(t, filepath.Join(repo, "examples", "quickstart")), runStore(t), startDaemon(t)
	s.gs(t, dir, "build", "-q") // the layers are in the store: all time goes into loading
	pid, err := strconv.Atoi(strings.TrimSpace(readFile(t, filepath.Join(filepath.Dir(strings.TrimPrefix(host, "unix://")), "pid"))))
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command(t, dir, "build", "--locked", "-q", "-o", "docker-daemon:x:1")
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(filepath.Dir(strings.TrimPrefix(host, "unix://")), "data", "tmp", "docker-import-*")
	for range 6000 {
		if found, _ := filepath.Glob(tmp); len(found) > 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	want := "gophersnake: docker daemon " + host + ": it went away while the image was loaded\nhint: its log may tell why; no name was changed\n"
	if cmd.ProcessState.ExitCode() != 5 || errs.String() != want {
		t.Errorf("%v, %q, want %q", err, errs.String(), want)
	}
}

// treeOf describes every file below a directory.
func treeOf(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, p)
		s := info.Sys().(*syscall.Stat_t)
		line := fmt.Sprintf("%s %v %d:%d %d links=%d", name, info.Mode(), s.Uid, s.Gid, info.ModTime().Unix(), s.Nlink)
		switch {
		case d.IsDir():
			line = fmt.Sprintf("%s %v %d:%d %d", name, info.Mode(), s.Uid, s.Gid, info.ModTime().Unix())
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(p)
			if err != nil {
				return err
			}
			line += " -> " + target
		default:
			f, err := os.Open(p)
			if err != nil {
				return err
			}
			defer f.Close()
			h := sha256.New()
			if _, err := io.Copy(h, f); err != nil {
				return err
			}
			line += fmt.Sprintf(" %x", h.Sum(nil))
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(all)
	return all
}

// TestRootFS compares the files of a real image on a real base with what umoci
// unpacks: path, kind, mode, owner, time, hard links, content.
func TestRootFS(t *testing.T) {
	t.Parallel()
	dir, s, out := dataTools(t), runStore(t), t.TempDir()
	withoutPrograms(t, dir)
	layout, root := filepath.Join(out, "layout"), filepath.Join(out, "root")
	start := time.Now()
	s.gs(t, dir, "build", "-q", "-o", "oci:"+layout+":one")
	t.Logf("oci: %.1f s", time.Since(start).Seconds())
	start = time.Now()
	s.gs(t, dir, "build", "-q", "--locked", "-o", "rootfs:"+root)
	t.Logf("rootfs, two platforms: %.1f s", time.Since(start).Seconds())
	for _, arch := range []string{"amd64", "arm64"} {
		start = time.Now()
		want := treeOf(t, unpackFrom(t, "oci:"+layout+":one", arch))
		t.Logf("%s: %d files; skopeo and umoci took %.1f s", arch, len(want), time.Since(start).Seconds())
		if diff := cmp.Diff(want, treeOf(t, filepath.Join(root, "linux-"+arch))); diff != "" {
			t.Errorf("-umoci +gophersnake\n%.4000s", diff)
		}
		checkTree(t, filepath.Join(root, "linux-"+arch))
	}
	mountSystem(t, filepath.Join(root, "linux-amd64")) // python finds its library by /proc
	if got := inRoot(t, filepath.Join(root, "linux-amd64"), "python", "-c", "import requests; print(requests.__name__)"); got != "requests\n" {
		t.Errorf("python says %q", got)
	}
	// As somebody else, whose HOME is root's: the files are theirs, and no bit
	// says otherwise.
	withoutToolchain(t, dir)
	s.gs(t, dir, "lock")
	own := t.TempDir()
	giveTo(t, 65534, own)
	theirs := coldStore(t)
	giveTo(t, 65534, string(theirs), dir)
	cmd := theirs.command(t, dir, "build", "--locked", "--platform", "linux/amd64", "-o", "rootfs:"+filepath.Join(own, "root"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "HOME="+home)
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil || !strings.Contains(errs.String(), "files of rootfs: belong to you: only root can give them the image's owners\n") {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if odd := run(t, "find", filepath.Join(own, "root"), "(", "-not", "-uid", "65534", "-o", "-perm", "/6000", ")"); odd != "" {
		t.Errorf("files of others, or with their bits:\n%s", odd)
	}
}

// TestFullDisk fills a small file system, and writes to one that is read-only:
// exit 7, the place, and nothing left.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir, s, small := copyDir(t, filepath.Join(repo, "examples", "quickstart")), runStore(t), t.TempDir()
	s.gs(t, dir, "build", "-q")
	run(t, "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small)
	t.Cleanup(func() { exec.Command("umount", small).Run() })
	for scheme, want := range map[string]string{
		"rootfs:":         ": no space left on device\n",
		"docker-archive:": "write: no space left on device\nhint: free some space there, or write to another place\n",
	} {
		cmd := s.command(t, dir, "build", "-q", "--locked", "-o", scheme+filepath.Join(small, "out"))
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 7 || !strings.HasPrefix(string(out), "gophersnake: "+filepath.Join(small, "out")) || !strings.HasSuffix(string(out), want) {
			t.Errorf("%s %v, %q", scheme, err, out)
		}
		if left, _ := os.ReadDir(small); len(left) != 0 {
			t.Errorf("%s left %v", scheme, left)
		}
	}
	run(t, "mount", "-o", "remount,ro", small)
	for scheme, want := range map[string]string{
		"rootfs:":         "out: open: read-only file system\n",
		"oci:":            "out: mkdir: read-only file system\n",
		"docker-archive:": "out: open: read-only file system\n",
	} {
		cmd := s.command(t, dir, "build", "-q", "--locked", "-o", scheme+filepath.Join(small, "out"))
		out, err := cmd.CombinedOutput()
		if want := "gophersnake: " + filepath.Join(small, want); cmd.ProcessState.ExitCode() != 7 || string(out) != want {
			t.Errorf("%s %v, %q, want %q", scheme, err, out, want)
		}
	}
}
