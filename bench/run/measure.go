package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cost is what one measured action took.
type cost struct {
	Wall    float64 `json:"wall"`    // seconds
	CPU     float64 `json:"cpu"`     // seconds of the client and its children, and of the daemon's processes
	Peak    int64   `json:"peak"`    // bytes: the client's largest process and the daemon's own together
	Sent    int64   `json:"sent"`    // bytes that the registry got, without headers
	Layers  int     `json:"layers"`  // blobs that the registry got
	Fetched int     `json:"fetched"` // packages and toolchains that were downloaded
}

func (c cost) plus(d cost) cost {
	return cost{c.Wall + d.Wall, c.CPU + d.CPU, max(c.Peak, d.Peak), c.Sent + d.Sent, c.Layers + d.Layers, c.Fetched + d.Fetched}
}

// job is a program to run. It is run by a small process of its own, because
// Linux counts the memory of the parent into the peak of a child that it starts
// (getrusage(2), vfork(2)), and this program's is large.
type job struct {
	Dir  string   `json:"dir"`
	Env  []string `json:"env"`
	Argv []string `json:"argv"`
}

// done is how a job ended.
type done struct {
	Cost   cost   `json:"cost"`
	Failed string `json:"failed"`
	Output string `json:"output"` // the end of both streams
}

// workerArg makes the program a process that runs one job.
const workerArg = "worker"

func worker(in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	var text bytes.Buffer
	cmd := exec.Command(j.Argv[0], j.Argv[1:]...) //nolint:noctx // it dies with this process
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = j.Dir, &text, &text, append(os.Environ(), j.Env...)
	runtime.LockOSThread() // the signal of the parent's death is of the thread that started it
	cmd.SysProcAttr = withParent()
	begin := time.Now()
	err := cmd.Run()
	d := done{Cost: cost{Wall: time.Since(begin).Seconds()}, Output: tail(text.String())}
	if err != nil {
		d.Failed = err.Error()
	}
	if s := cmd.ProcessState; s != nil {
		d.Cost.CPU, d.Cost.Peak = (s.UserTime() + s.SystemTime()).Seconds(), maxRSS(s)
	}
	return json.NewEncoder(out).Encode(d)
}

// command runs a program in a folder and says what it cost, and the end of what
// it printed. daemon is the process that does the work for it, or 0.
func (b *bench) command(ctx context.Context, dir string, daemon int, env []string, argv ...string) (cost, string, error) {
	if b.cores > 0 {
		argv = append([]string{"taskset", "-c", coreList(b.cores)}, argv...)
	}
	in, err := json.Marshal(job{dir, env, argv})
	if err != nil {
		return cost{}, "", err
	}
	resetPeak(daemon)
	before := treeCPU(daemon)
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, b.self, workerArg)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return cost{}, "", fmt.Errorf("%s: %w", filepath.Base(argv[0]), err)
	}
	var d done
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		return cost{}, "", err
	}
	if d.Failed != "" {
		return cost{}, "", fmt.Errorf("%s: %s\n%s", strings.Join(argv, " "), d.Failed, d.Output)
	}
	d.Cost.CPU += treeCPU(daemon) - before
	d.Cost.Peak += peak(daemon)
	return d.Cost, d.Output, nil
}

// run is command for what has neither daemon nor environment of its own.
func (b *bench) run(ctx context.Context, argv ...string) error {
	_, _, err := b.command(ctx, b.work, 0, nil, argv...)
	return err
}

func coreList(n int) string { return "0-" + strconv.Itoa(n-1) }

func tail(text string) string {
	const most = 2000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// treeCPU returns the processor time of a process, those below it, and all that
// they have waited for, in seconds (proc(5)).
func treeCPU(pid int) float64 {
	if pid == 0 {
		return 0
	}
	const hertz = 100 // USER_HZ
	parents, ticks := processes()
	total := 0.0
	for p := range ticks {
		for q := p; q != 0; q = parents[q] {
			if q == pid {
				total += ticks[p]
				break
			}
		}
	}
	return total / hertz
}

// processes returns every process's parent, and the time of it and of the
// children it has waited for, in ticks.
func processes() (parents map[int]int, ticks map[int]float64) {
	parents, ticks = map[int]int{}, map[int]float64{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(f) < 15 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parents[pid], _ = strconv.Atoi(f[1])
		for _, field := range f[11:15] { // utime stime cutime cstime
			t, _ := strconv.ParseFloat(field, 64)
			ticks[pid] += t
		}
	}
	return parents, ticks
}

// resetPeak makes peak begin anew (proc(5), clear_refs).
func resetPeak(pid int) {
	if pid != 0 {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) // else the peak is that of its life
	}
}

// peak returns the most memory that a process has had, in bytes.
func peak(pid int) int64 {
	if pid == 0 {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// removeAll removes a folder, with the mounts that daemons left in it.
func removeAll(dir string) error {
	var err error
	for range 50 {
		mounts, _ := os.ReadFile("/proc/self/mounts") // nothing to unmount where it is not there
		for _, m := range mountsBelow(string(mounts), dir) {
			unmount(m)
		}
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond) // daemons are ending
	}
	return err
}

// mountsBelow returns the mount points below a folder, the deepest first.
func mountsBelow(mounts, dir string) []string {
	var all []string
	for line := range strings.Lines(mounts) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
			all = append(all, f[1])
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

// missing tells which of the programs are not there, all at once.
func missing(programs ...string) error {
	var absent []error
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			absent = append(absent, err)
		}
	}
	return errors.Join(absent...)
}
