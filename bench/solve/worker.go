package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/conda/solver"
)

// What cmd/gophersnake sets for its garbage collector.
const (
	gcPercent   = 400
	memoryLimit = 128 << 20
)

// workerArg makes this program do one job, as peer.py does.
const workerArg = "worker"

// worker does a job with the conda engine.
func worker(ctx context.Context, in io.Reader, out io.Writer) error {
	debug.SetGCPercent(gcPercent) // as in cmd/gophersnake
	debug.SetMemoryLimit(memoryLimit)
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	var channels []*repodata.Channel
	for _, c := range j.Channels {
		channels = append(channels, &repodata.Channel{Name: c.Name, URL: "https://channel.example/" + c.Name, Source: folder(c.Dir)})
	}
	var o repodata.Options
	if j.Cache != "" {
		o.Cache = packs(j.Cache)
	}
	begin := time.Now()
	view, err := repodata.OpenAll(ctx, channels, j.Subdirs, o)
	if err != nil {
		return err
	}
	r := report{Open: time.Since(begin).Seconds()}
	var used time.Duration // before the second
	for i := range j.Repeat {
		if i == 1 {
			used = processorTime()
		}
		begin := time.Now()
		n, err := solve(ctx, view, &j)
		r.Solve = append(r.Solve, time.Since(begin).Seconds())
		var none *solver.Unsatisfiable
		switch {
		case err == nil:
			r.Packages = n
		case !errors.As(err, &none):
			r.Failed = err.Error()
		}
	}
	if j.Repeat > 1 {
		r.CPU = (processorTime() - used).Seconds() / float64(j.Repeat-1)
	}
	r.Peak = peak()
	return json.NewEncoder(out).Encode(r)
}

// solve answers the job's request once.
func solve(ctx context.Context, view *repodata.View, j *job) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(j.Seconds*float64(time.Second)))
	defer cancel()
	p := solver.Problem{Specs: j.Specs}
	for _, c := range j.Channels {
		p.Channels = append(p.Channels, c.Name)
	}
	for _, v := range j.Virtual {
		p.Virtual = append(p.Virtual, solver.Record{Name: v[0], Version: v[1], Build: v[2]})
	}
	var names []string
	for _, text := range j.Specs {
		m, err := matchspec.Parse(text)
		if err != nil {
			return 0, err
		}
		names = append(names, m.Name)
	}
	set, err := view.Closure(ctx, j.Subdirs, names)
	if err != nil {
		return 0, err
	}
	p.Records = solver.FromSet(set)
	s, err := solver.Solve(ctx, p)
	return len(s.Records), err
}

// peak returns the most memory that this process had.
func peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n * 1024
		}
	}
	return 0
}

// folder is a channel on disk that knows the sha256 of its files, as a client
// does that has asked the server whether they changed.
type folder string

func (f folder) Get(_ context.Context, ref string, _ repodata.Want) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(ref)))
}

// sums is the ending of a file that holds the sha256 of another.
const sums = ".sha256"

func (f folder) Stat(_ context.Context, ref string, _ repodata.Want) (string, error) {
	file := filepath.Join(string(f), filepath.FromSlash(ref))
	if sum, err := os.ReadFile(file + sums); err == nil {
		return string(sum), nil
	}
	if _, err := os.Stat(file); err != nil {
		return "", err
	}
	return "", nil
}

// packs is a cache in a folder.
type packs string

func (p packs) file(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(string(p), hex.EncodeToString(sum[:]))
}

func (p packs) Get(_ context.Context, key string) (io.ReaderAt, error) {
	f, err := os.Open(p.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	return f, err
}

func (p packs) Put(_ context.Context, key string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(p.file(key), b.Bytes(), 0o600)
}
