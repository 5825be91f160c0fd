//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// killing kills the real program at fault points.
type killing struct {
	*faultSite
	program string   // gophersnake with fault points
	root    string   // of all rounds
	points  []string // "AREA:N", all that a build passes
	index   string   // the image's digest
	archive string   // that of its archive
	old     string   // a layout with another image, tagged "old"
}

// TestKillPoints: promise P4. The program is killed at points that are spread
// evenly over all that a build for a layout, an archive and a registry passes,
// which are before operations on the store and on outputs, and around requests.
// Whenever it ends, nothing is published by half, the store is usable, and the
// next run makes the same image and leaves nothing behind.
func TestKillPoints(t *testing.T) {
	k := &killing{faultSite: newFaultSite(t, 1<<10, 300<<10, 1400<<10), root: tmpfs(t, 256)}
	k.program = filepath.Join(k.root, "gophersnake")
	run(t, "go", "build", "-tags", "faultpoints", "-o", k.program, filepath.Join(repo, "cmd", "gophersnake"))
	k.measure(t)
	kills := 60
	if gate() {
		kills = 1000
	}
	killed, at := 0, map[string]int{}
	for i := range kills {
		point := k.points[i*len(k.points)/kills]
		if op := k.round(t, point, i%2 == 0); op != "" {
			killed++
			at[op]++
		}
		if t.Failed() {
			t.Fatalf("killed at %s", point)
		}
	}
	t.Logf("%d points, killed %d times: %v", len(k.points), killed, at)
	// What runs side by side does not pass as many points each time.
	if killed < kills*95/100 {
		t.Errorf("only %d of %d were killed", killed, kills)
	}
}

// measure builds once without a fault.
func (k *killing) measure(t *testing.T) {
	t.Helper()
	other := newFaultSite(t, 2<<10)
	k.old = filepath.Join(k.root, "old")
	store(filepath.Join(k.root, "cache")).gs(t, other.dir, "build", "-q", "-o", "oci:"+k.old+":old")
	dir := filepath.Join(k.root, "measured")
	cmd := k.command(t, dir, k.program)
	cmd.Env = append(cmd.Env, "GOPHERSNAKE_FAULTPOINTS="+filepath.Join(k.root, "log"))
	line, _, _ := strings.Cut(runCmd(t, cmd), "\n")
	k.index = digest(t, line)
	k.archive = sum([]byte(readFile(t, filepath.Join(dir, "image.tar"))))
	for line := range strings.Lines(readFile(t, filepath.Join(k.root, "log"))) {
		point, _, _ := strings.Cut(line, " ")
		k.points = append(k.points, point)
	}
}

func (k *killing) repository(dir string) string { return "faults/" + filepath.Base(dir) }

// command builds with everything below a directory.
func (k *killing) command(t *testing.T, dir, program string) *exec.Cmd {
	t.Helper()
	return store(filepath.Join(dir, "cache")).with(t, program, k.dir, "build", "-q", "-o", "oci:"+filepath.Join(dir, "image")+":new",
		"-o", "oci-archive:"+filepath.Join(dir, "image.tar"), "-o", "docker://"+registry+"/"+k.repository(dir))
}

// round kills the program once and returns the kind of operation that it was
// about to do, or "" if the point was not reached. The store is verified before
// or after the next run.
func (k *killing) round(t *testing.T, at string, before bool) string {
	t.Helper()
	dir := filepath.Join(k.root, strings.ReplaceAll(at, ":", "-")+"-"+strconv.FormatBool(before))
	must(t, os.MkdirAll(filepath.Join(dir, "cache"), 0o700))
	defer os.RemoveAll(dir)
	if before {
		must(t, os.CopyFS(filepath.Join(dir, "image"), os.DirFS(k.old)))
	}
	k.fresh(t)
	log := filepath.Join(dir, "log")
	cmd := k.command(t, dir, k.program)
	cmd.Env = append(cmd.Env, "GOPHERSNAKE_FAULTPOINTS="+log, "GOPHERSNAKE_KILL_AT="+at)
	code, _, stderr := ends(t, cmd)
	killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	if !killed && code != 0 {
		t.Errorf("exit %d: %s", code, stderr)
	}
	k.published(t, dir, before, false)
	if before {
		store(filepath.Join(dir, "cache")).verified(t)
	}
	same(t, runCmd(t, k.command(t, dir, binary)), k.index)
	k.published(t, dir, before, true)
	clean(t, dir)
	if !before {
		store(filepath.Join(dir, "cache")).verified(t)
	}
	if !killed {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(readFile(t, log)), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	area, _, _ := strings.Cut(fields[0], ":")
	return area + " " + fields[1]
}

// published checks that outputs are absent or whole, or that they are there.
func (k *killing) published(t *testing.T, dir string, old, done bool) {
	t.Helper()
	get := registryParts(registry, k.repository(dir))
	for _, tag := range []string{"1", "2"} {
		if got := get.tag(t, tag); got != k.index && (got != "" || done) {
			t.Errorf("tag %s is %q, want %s", tag, got, k.index)
		}
	}
	archive, err := os.ReadFile(filepath.Join(dir, "image.tar"))
	if (err == nil || done) && sum(archive) != k.archive {
		t.Errorf("the archive has %d bytes, %v", len(archive), err)
	}
	layout := filepath.Join(dir, "image")
	if index := layoutParts(layout).tag(t, "index.json"); index == "" && (old || done) {
		t.Error("the layout has no index")
	}
	text, _ := os.ReadFile(filepath.Join(layout, "index.json")) // absent is empty
	if (old && !strings.Contains(string(text), `"old"`)) || (done && !strings.Contains(string(text), k.index)) {
		t.Errorf("index.json is %s", text)
	}
	blobs, err := filepath.Glob(filepath.Join(layout, "blobs", "sha256", "*"))
	must(t, err)
	for _, blob := range blobs {
		if got := sum([]byte(readFile(t, blob))); got != "sha256:"+filepath.Base(blob) {
			t.Errorf("blob %s has the digest %s", filepath.Base(blob), got)
		}
	}
}
