//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// Limits of the peak memory of lock, build and push together, in MiB.
const (
	maxMemory      = 150 // of an environment of 1 GB
	maxMemoryLarge = 256 // with one layer of 10 GB
)

// TestMemory builds and pushes with an empty store. Without a program to
// compile, the process's peak is ours and not the Go compiler's.
func TestMemory(t *testing.T) {
	dir := dataTools(t)
	withoutPrograms(t, dir)
	edit(t, filepath.Join(dir, "gophersnake.toml"), "/data-tools\"", "/memory\"")
	pushWithin(t, dir, 2, maxMemory)
}

// TestMemoryEnvironment is an environment of 1 GB with libraries of 600 and 120 MB
// and a text of 60 MB that are relocated, on many processors.
func TestMemoryEnvironment(t *testing.T) {
	channel := largeChannel(t)
	text := "channels: [" + channel.url + ", nodefaults]\ndependencies: [" + strings.Join(channel.names, ", ") + "]\n"
	for _, procs := range processors() {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "environment.yml"), text)
		writeFile(t, filepath.Join(dir, "gophersnake.toml"), project("memory-environment"+strconv.Itoa(procs))+"[conda]\nfile = \"environment.yml\"\n")
		pushWithin(t, dir, procs, maxMemory)
	}
}

// TestMemoryFile is a layer of one file of 1 GB, or of 10 GB before a release.
func TestMemoryFile(t *testing.T) {
	size := int64(1) << 30
	if gate() {
		size = 10_000_000_000
	}
	for _, procs := range processors() {
		dir := t.TempDir()
		file := filepath.Join(dir, "large")
		writeFile(t, file, "not a hole")
		if err := os.Truncate(file, size); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "gophersnake.toml"), project("memory-file"+strconv.Itoa(procs))+"[[files]]\nsrc = \"large\"\ndest = \"/large\"\n")
		pushWithin(t, dir, procs, maxMemoryLarge)
	}
}

// processors are the numbers that tests are run with: what a pool of workers holds
// grows with it.
func processors() []int {
	if gate() {
		return []int{1, 2, 8, 32}
	}
	return []int{32}
}

// project returns the beginning of a configuration.
func project(name string) string {
	return fmt.Sprintf("version = 1\n[image]\nname = %q\ntags = [\"1\"]\nplatforms = [\"linux/amd64\"]\n", registry+"/"+name)
}

// starter runs a program and writes its peak memory, in MiB, to a file. It is
// between the test and the program because Linux begins to count with what the
// process held that a program was started from, and a test holds much.
const starter = `import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10))
sys.exit(code)`

// pushWithin locks, builds and pushes with an empty store, as on so many
// processors, and wants the peak memory to be at most limit MiB.
func pushWithin(t *testing.T, dir string, procs, limit int) {
	t.Helper()
	s, measured := newStore(t), filepath.Join(t.TempDir(), "peak")
	cmd := s.with(t, "python3", dir)
	cmd.Args = append([]string{"python3", "-c", starter, measured}, s.command(t, dir, "push").Args...)
	cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(procs))
	digest(t, runCmd(t, cmd))
	peak, err := strconv.Atoi(readFile(t, measured))
	if err != nil {
		t.Fatal(err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.Logf("lock, build and push, cold, GOMAXPROCS=%d: peak memory %d MiB, %.1f s of a processor", procs, peak, used.Seconds())
	if peak > limit {
		t.Errorf("peak memory %d MiB, want at most %d", peak, limit)
	}
}

// made is a channel of made packages.
type made struct {
	url   string
	names []string
}

// largeChannel makes a channel of 1 GB, unpacked: 125 MB, of which the noise of
// the files is the most.
func largeChannel(t *testing.T) made {
	t.Helper()
	const mb = 1 << 20
	dir := t.TempDir()
	var c made
	var files []channeltest.File
	add := func(name string, large ...archivetest.Large) {
		f, err := channeltest.WriteLarge(dir, archivetest.Package{Name: name, Subdir: "linux-64"}, 8*mb, large...)
		if err != nil {
			t.Fatal(err)
		}
		files, c.names = append(files, f), append(c.names, name)
	}
	prefix := channeltest.Placeholder
	add("huge", archivetest.Large{Name: "lib/libhuge.so", Size: 600 * mb, Placeholder: prefix, Binary: true})
	add("large", archivetest.Large{Name: "lib/liblarge.so", Size: 120 * mb, Placeholder: prefix, Binary: true})
	add("text", archivetest.Large{Name: "share/text", Size: 60 * mb, Placeholder: prefix}, archivetest.Large{Name: "share/plain", Size: 60 * mb})
	for i := range 40 {
		var small []archivetest.Large
		for j := range 500 {
			f := archivetest.Large{Name: fmt.Sprintf("lib/small%d/%d", i, j), Size: int64(2000 + 20*j)}
			if j%10 == 0 {
				f.Placeholder = prefix
			}
			small = append(small, f)
		}
		add(fmt.Sprintf("small%d", i), small...)
	}
	if err := channeltest.Write(dir, channeltest.Options{}, files...); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
