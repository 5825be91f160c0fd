package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/spec/envfile"
)

const lockName = "gophersnake.lock"

// project is a gophersnake.toml with what stands beside it.
type project struct {
	*app
	dir  string // of the file, on this machine
	spec *spec.Spec
	envs []*spec.Environment // all, whatever --env says: they share one lock

	picked map[string][]platforms.Platform // of --cell, by environment's title; nil: all

	transport http.RoundTripper // set by openWorld
}

// project reads the configuration.
func (a *app) project() (*project, error) {
	file := a.at(a.file)
	s, err := spec.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &project{app: a, dir: filepath.Dir(file), spec: s}
	for _, name := range s.Environments() {
		env, err := s.Environment(name)
		if err != nil {
			return nil, err
		}
		p.envs = append(p.envs, env)
	}
	if _, err := p.chosen(); err != nil {
		return nil, err
	}
	return p, nil
}

// at returns a path of the command line, relative to --directory.
func (a *app) at(name string) string {
	if a.dir == "" || name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.dir, name)
}

// chosen returns the environments of --env, or all, in the configuration's
// order.
func (p *project) chosen() ([]*spec.Environment, error) {
	envs := p.envs
	if p.picked != nil {
		envs = slices.DeleteFunc(slices.Clone(envs), func(env *spec.Environment) bool { return p.picked[title(env)] == nil })
	}
	if len(p.env) == 0 {
		return envs, nil
	}
	for _, name := range p.env {
		if name == lock.DefaultEnv {
			continue
		}
		if _, err := p.spec.Environment(name); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(envs), func(env *spec.Environment) bool { return !slices.Contains(p.env, title(env)) }), nil
}

func (p *project) lockFile() string { return filepath.Join(p.dir, lockName) }

// readLock returns the lock, or nil where there is none.
func (p *project) readLock() (*lock.Lock, error) {
	data, err := os.ReadFile(p.lockFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(fault.Disk, p.lockFile(), "%w", bare(err))
	}
	return lock.Unmarshal(p.lockFile(), data)
}

// writeLock writes the lock where its text changed, and returns it as it is
// read back.
func (p *project) writeLock(l *lock.Lock) (*lock.Lock, error) {
	text, err := lock.Marshal(l)
	if err != nil {
		return nil, err
	}
	if old, err := os.ReadFile(p.lockFile()); err != nil || string(old) != string(text) {
		if err := writeFile(p.lockFile(), text); err != nil {
			return nil, err
		}
	}
	return lock.Unmarshal(p.lockFile(), text)
}

// inputHash returns the hash of what resolving depends on.
func (p *project) inputHash() (string, error) {
	names := map[string]bool{}
	for _, env := range p.envs {
		for _, ps := range env.Image.Platforms {
			if _, file := env.Conda.For(ps.Subdir()); file != "" {
				names[file] = true
			}
		}
		files := []string{env.Conda.File, env.Conda.Wheels}
		if d := env.Base.Debian; d != nil {
			files = append(files, d.Keyring)
		}
		for _, file := range files {
			if file != "" {
				names[file] = true
			}
		}
		p.goInputs(env, names)
	}
	var inputs []spec.Input
	w := &world.World{Dir: p.dir}
	for name := range names {
		data, err := w.ReadFile(name)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(data)
		inputs = append(inputs, spec.Input{Name: path.Clean(name), SHA256: hex.EncodeToString(sum[:])})
	}
	return p.spec.InputHash(inputs...), nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// openWorld opens the store and everything that asks the network.
func (p *project) openWorld(ctx context.Context, progress *progress) (*world.World, error) {
	dir, err := p.cache()
	if err != nil {
		return nil, err
	}
	s, err := store.OpenHook(filepath.Join(dir, "store"), p.hooks.store)
	if err != nil {
		return nil, err
	}
	for _, dir := range p.lower {
		if err := s.Lower(filepath.Join(p.at(dir), "store")); err != nil {
			return nil, err
		}
	}
	scratch := filepath.Join(dir, "go")
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return nil, fault.New(fault.Disk, scratch, "%w", bare(err))
	}
	hosts, err := p.hosts()
	if err != nil {
		return nil, err
	}
	conda, err := p.condarc()
	if err != nil {
		return nil, err
	}
	auth, err := p.auth()
	if err != nil {
		return nil, err
	}
	p.transport = fetch.NewTransport(http.ProxyFromEnvironment, hosts.roots)
	if p.hooks.network != nil {
		p.transport = p.hooks.network(p.transport)
	}
	if p.offline {
		p.transport = refuse{}
	}
	client := &fetch.Client{
		HTTP: p.transport, Offline: p.offline, MaxWait: p.maxWait, Now: p.now,
		Insecure: p.plainHTTP, Auth: auth, Event: progress.fetched,
	}
	w := &world.World{
		Dir: p.dir, Store: s, Fetch: client, Scratch: scratch, Mirrors: hosts.mirrors, Note: progress.note,
		Conda: conda, Keychain: p.keychain(), Now: p.now, GoKey: p.releaseKey, SumKey: p.sumKey,
		Proxy: sync.OnceValue(func() string { return p.goProxy(ctx) }),
		Bases: &base.Source{
			Keychain: p.keychain(), Transport: p.transport, Insecure: p.plainHTTP,
			Dir: p.dir, Cache: world.Documents{Store: s}, AllowForeign: p.foreign,
		},
	}
	p.introduce(ctx, w)
	return w, nil
}

// introduce tells a World of the channels that environment.yml names, whose
// URLs may hold secrets: the lock has none, and packages are fetched by it. What
// is wrong with them is for resolving to say.
func (p *project) introduce(ctx context.Context, w *world.World) {
	for _, env := range p.envs {
		data, err := w.ReadFile(env.Conda.File)
		if env.Conda.File == "" || err != nil {
			continue
		}
		file, err := envfile.Read(env.Conda.File, data)
		if err != nil {
			continue
		}
		for _, on := range env.Image.Platforms {
			part, _ := file.For(on)
			for _, channel := range part.Channels {
				_, _ = w.Channels(ctx, channel)
			}
		}
	}
}

// refuse is the transport of --offline.
type refuse struct{}

func (refuse) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fault.New(fault.Network, r.URL.Host, "--offline forbids to ask for %s", fetch.Redact(r.URL.String()))
}

// goProxy returns the module proxy: the configuration's, the environment's, or
// the go command's own.
func (p *project) goProxy(ctx context.Context) string {
	for _, env := range p.envs {
		if env.Go.Proxy != "" {
			return env.Go.Proxy
		}
	}
	if proxy := p.getenv("GOPROXY"); proxy != "" {
		return proxy
	}
	return goEnv(ctx, "GOPROXY")
}

// goPrivate returns the patterns of private modules: the environment's, or those
// of the go command, which is asked only where there are tools.
func (p *project) goPrivate(ctx context.Context) string {
	if patterns := p.getenv("GOPRIVATE"); patterns != "" {
		return patterns
	}
	for _, env := range p.envs {
		if len(env.Go.Tools) > 0 {
			return goEnv(ctx, "GOPRIVATE")
		}
	}
	return ""
}

// cache returns the directory of the store and of the go command's caches.
func (a *app) cache() (string, error) {
	switch {
	case a.cacheDir != "":
		return a.at(a.cacheDir), nil
	case a.getenv("XDG_CACHE_HOME") != "":
		return filepath.Join(a.getenv("XDG_CACHE_HOME"), "gophersnake"), nil
	case a.getenv("HOME") != "":
		return filepath.Join(a.getenv("HOME"), ".cache", "gophersnake"), nil
	case a.getenv("LocalAppData") != "":
		return filepath.Join(a.getenv("LocalAppData"), "gophersnake"), nil
	}
	return "", fault.New(fault.Disk, "", "there is no home directory for the store").WithHint("name a directory with --cache-dir")
}

// locked returns the lock in step with the configuration, resolving where it
// is not, unless strict.
func (p *project) locked(ctx context.Context, w *world.World, pr *progress, strict bool) (*lock.Lock, error) {
	hash, err := p.inputHash()
	if err != nil {
		return nil, err
	}
	l, err := p.readLock()
	if err != nil {
		return nil, err
	}
	if l != nil && l.InputHash == hash {
		return l, nil
	}
	if strict {
		return nil, stale(p.lockFile(), l)
	}
	l, err = p.resolve(ctx, w, pr, resolveOptions{old: l, hash: hash})
	if err != nil {
		return nil, err
	}
	return p.writeLock(l)
}

func stale(file string, l *lock.Lock) error {
	if l == nil {
		return fault.New(fault.Stale, file, "there is no lock").WithHint("run gophersnake lock")
	}
	return fault.New(fault.Stale, file, "the lock is out of date: the configuration or a file it names changed").WithHint("run gophersnake lock")
}

// platformsOf returns an environment's platforms, as far as --platform and
// --cell want them.
func (p *project) platformsOf(env *spec.Environment) ([]platforms.Platform, error) {
	all, err := p.wanted(env.Image.Platforms)
	if err != nil || p.picked == nil {
		return all, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(on platforms.Platform) bool { return !slices.Contains(p.picked[title(env)], on) }), nil
}

// title is how people call an environment.
func title(env *spec.Environment) string {
	if env.Name == "" {
		return lock.DefaultEnv
	}
	return env.Name
}
