package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// figures are what was measured.
type figures struct {
	Envs      int     `json:"environments"`
	Platforms int     `json:"platforms"`
	Packages  int     `json:"packages"`
	Go        string  `json:"go"`
	CPUs      int     `json:"cpus"`
	Runs      []*row  `json:"runs"`
	Growth    []grown `json:"growth"`
}

// row is one run of a case.
type row struct {
	Case    string  `json:"case"`
	Workers int     `json:"workers"`
	Busiest float64 `json:"busiest"` // processor seconds of the worker with most to do
	Cells   *spent  `json:"cells"`   // all processes of the workers
	Traffic traffic `json:"traffic"`
	Layers  int     `json:"layers"` // different ones that the registry got
	// Layers that were made on a machine after another one had made them.
	MadeAgain int `json:"madeAgain"`
	// Downloads of packages, and those of them that were not the first.
	Downloads int `json:"downloads"`
	Again     int `json:"downloadedAgain"`

	Plan  *spent `json:"plan"`
	Merge *spent `json:"merge"`
	// Requests of the merge alone, which Traffic does not count.
	MergeRequests int `json:"mergeRequests"`
}

// machines is a project on its way through the cases.
type machines struct {
	*bench
	p     *project
	proxy *proxy
	store string // of the machine that locks
}

// measure runs all cases.
func (b *bench) measure(ctx context.Context, f *figures) error {
	m := &machines{bench: b, proxy: newProxy(), store: filepath.Join(b.work, "store")}
	defer m.proxy.Close()
	m.p = &project{dir: filepath.Join(b.work, "project"), n: b.envs, registry: m.proxy.host(), channel: b.channel.URL}
	if err := m.grow(ctx, f); err != nil {
		return err
	}
	f.header(b.out)
	for _, name := range allCases {
		if !slices.Contains(b.cases, name) {
			continue
		}
		counts := b.workers
		if name != "own" && name != "shared" {
			counts = []int{slices.Max(b.workers)}
		}
		for _, n := range counts {
			r, err := m.one(ctx, name, n)
			if err != nil {
				return fmt.Errorf("%s with %d workers: %w", name, n, err)
			}
			f.Runs = append(f.Runs, r)
			r.print(b.out)
		}
	}
	return nil
}

// one runs a case with n workers.
func (m *machines) one(ctx context.Context, name string, n int) (*row, error) {
	stop, err := m.begin(ctx, m.proxy)
	if err != nil {
		return nil, err
	}
	defer stop()
	m.p.apart, m.p.home = name == "home" || name == "apart", name == "home"
	if err := m.p.write(); err != nil {
		return nil, err
	}
	if _, err := m.gophersnake(ctx, &spent{}, m.p.dir, m.store, "lock"); err != nil {
		return nil, err
	}
	lock := filepath.Join(m.p.dir, "gophersnake.lock")
	before, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	defer os.WriteFile(lock, before, 0o644)
	digests := m.digests
	w := &workers{machines: m, name: name, n: n, stores: filepath.Join(m.work, "stores")}
	defer os.RemoveAll(w.stores)
	switch name {
	case "known": // somebody built all, and committed the rows
		if _, err := m.gophersnake(ctx, &spent{}, m.p.dir, m.store, "push"); err != nil {
			return nil, err
		}
	case "changed": // the machines have built what was before
		defer func() { m.digests = digests }()
		w.name = "own"
		if _, err := w.run(ctx); err != nil {
			return nil, err
		}
		if err := m.change(ctx); err != nil {
			return nil, err
		}
	}
	r, err := w.run(ctx)
	if err != nil {
		return nil, err
	}
	r.Case = name
	return r, nil
}

// change gives the channel a newer version of a package that all environments
// have, and locks it.
func (m *machines) change(ctx context.Context) error {
	if err := m.fill(ctx, "1.1"); err != nil {
		return err
	}
	m.digests = nil
	_, err := m.gophersnake(ctx, &spent{}, m.p.dir, m.store, "lock", "--update", fmt.Sprintf("core-%02d", coreSize-1))
	return err
}

// workers is one run.
type workers struct {
	*machines
	name   string
	n      int
	stores string
}

// run lets the workers make all cells, and joins them.
func (w *workers) run(ctx context.Context) (*row, error) {
	parts, err := os.MkdirTemp(w.work, "parts-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(parts)
	r := &row{Case: w.name, Workers: w.n, Cells: &spent{}, Plan: &spent{}, Merge: &spent{}}
	w.proxy.reset()
	w.channel.taken()
	shards, err := w.plan(ctx, r)
	if err != nil {
		return nil, err
	}
	layers := w.proxy.distinct()
	if err := r.Cells.timed(func() error { return w.all(ctx, r, shards, parts) }); err != nil {
		return nil, err
	}
	r.Traffic, r.Layers = w.proxy.reset(), w.proxy.distinct()-layers
	r.MadeAgain = max(0, r.Cells.Made-r.Layers)
	r.Downloads, r.Again = w.channel.taken()
	if err := w.join(ctx, r, parts); err != nil {
		return nil, err
	}
	return r, w.tagged(ctx)
}

// plan returns the shares of the workers.
func (w *workers) plan(ctx context.Context, r *row) (shards []string, err error) {
	var text []byte
	err = r.Plan.timed(func() (err error) {
		text, err = w.gophersnake(ctx, r.Plan, w.p.dir, w.store, "plan", "--locked", "--json", "--shards", fmt.Sprint(w.n))
		return err
	})
	if err != nil {
		return nil, err
	}
	var plan struct {
		Shards []struct{ Cells string }
	}
	if err := json.Unmarshal(text, &plan); err != nil {
		return nil, err
	}
	for _, s := range plan.Shards {
		shards = append(shards, s.Cells)
	}
	return shards, nil
}

// all starts the workers and waits for them.
func (w *workers) all(ctx context.Context, r *row, shards []string, parts string) error {
	errs := make([]error, len(shards))
	took := make([]spent, len(shards))
	var wait sync.WaitGroup
	for i, cells := range shards {
		wait.Go(func() { errs[i] = w.share(ctx, &took[i], i, cells, parts) })
	}
	wait.Wait()
	for i := range took {
		s := &took[i]
		r.Cells.add(s.CPU, s.Peak, s.Made)
		r.Busiest = max(r.Busiest, s.CPU)
	}
	return errors.Join(errs...)
}

// share does the cells of one worker.
func (w *workers) share(ctx context.Context, s *spent, worker int, cells, parts string) error {
	jobs := numbers(cells)
	if w.name == "grouped" {
		jobs = []string{cells}
	}
	for k, job := range jobs {
		store := filepath.Join(w.stores, fmt.Sprint(worker))
		switch w.name {
		case "shared":
			store = filepath.Join(w.stores, "all")
		case "fresh", "known":
			store = filepath.Join(w.stores, fmt.Sprintf("%d-%d", worker, k))
		}
		part := filepath.Join(parts, fmt.Sprintf("%d-%d.json", worker, k))
		if _, err := w.gophersnake(ctx, s, w.p.dir, store, "push", "--locked", "--by-digest", "--cell", job, "--metadata-file", part); err != nil {
			return err
		}
		if w.name == "fresh" || w.name == "known" {
			if err := os.RemoveAll(store); err != nil {
				return err
			}
		}
	}
	return nil
}

// numbers reads "0,4-6" as 0, 4, 5, 6.
func numbers(cells string) (all []string) {
	for part := range strings.SplitSeq(cells, ",") {
		var first, last int
		if n, _ := fmt.Sscanf(part, "%d-%d", &first, &last); n < 2 {
			last = first
		}
		for i := first; i <= last; i++ {
			all = append(all, fmt.Sprint(i))
		}
	}
	return all
}

// join writes the indexes and compares them with those of the first run.
func (w *workers) join(ctx context.Context, r *row, parts string) error {
	files, err := filepath.Glob(filepath.Join(parts, "*.json"))
	if err != nil {
		return err
	}
	var text []byte
	err = r.Merge.timed(func() (err error) {
		text, err = w.gophersnake(ctx, r.Merge, w.p.dir, filepath.Join(w.stores, "merge"), append([]string{"push", "--json", "--merge"}, files...)...)
		return err
	})
	if err != nil {
		return err
	}
	r.MergeRequests = w.proxy.reset().Requests
	var results []struct{ Env, Digest string }
	if err := json.Unmarshal(text, &results); err != nil {
		return err
	}
	got := map[string]string{}
	for _, one := range results {
		got[one.Env] = one.Digest
		if want := w.digests[one.Env]; w.digests != nil && want != one.Digest {
			return fmt.Errorf("%s has the digest %s, in the first run %s", one.Env, one.Digest, want)
		}
	}
	if len(got) != w.envs {
		return fmt.Errorf("%d indexes, want %d", len(got), w.envs)
	}
	w.bench.digests = got
	return nil
}

// tagged checks that the registry has the tags of all environments.
func (w *workers) tagged(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range w.envs {
		_, repository, _ := strings.Cut(w.p.image(i), "/")
		url := fmt.Sprintf("http://%s/v2/%s/manifests/%s", w.p.registry, repository, w.p.tag(i))
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Accept", "application/vnd.oci.image.index.v1+json")
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
		if got := answer.Header.Get("Docker-Content-Digest"); got != w.digests[envName(i)] {
			return fmt.Errorf("%s is %q (%s), want %s", url, got, answer.Status, w.digests[envName(i)])
		}
	}
	return nil
}
