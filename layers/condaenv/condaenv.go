// Package condaenv makes the layers of a conda environment: one for each group
// of the plan, and a small one with the environment's own files.
package condaenv

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Archives gives access to packages by what the lock says of them.
type Archives interface {
	// Meta returns a package's metadata.
	Meta(ctx context.Context, p *lock.Conda) (*archive.Meta, error)
	// Open returns a package; the closer ends its use.
	Open(ctx context.Context, p *lock.Conda) (*archive.Package, io.Closer, error)
}

// Env is a conda environment on one platform.
type Env struct {
	Platform    platforms.Platform
	Prefix      string       // "/opt/conda"
	Base        *lock.Facts  // of what lies below
	Packages    []lock.Conda // all of the environment
	Groups      []lock.Group // of the plan, bottom to top
	Specs       []string     // what the user asked for, for conda-meta/history
	Variables   []string     // "KEY=value" that activating sets, for conda-meta/state
	DropPyc     bool
	Strict      bool // refuse files with setuid, setgid and sticky bits instead of dropping the bits
	GroupAsUser bool // the group, which is root's, has the owner's permissions on all files
	Group       int  // of the environment's own files, which it may write; 0: nobody but root may, unless GroupAsUser
	Compression tree.Compression
	Archives    Archives
	Report      func(*link.Plan) // receives what linking found, once; may be nil
	Warn        func(string)     // what people should know of a package; may be nil
}

// inputs is everything that the bytes of the environment's layers depend on.
// How packages share paths depends on all of them, so every layer's key covers
// all; what a change of one package leaves as it was is found again by the
// keys of the fragments.
type inputs struct {
	Subdir   string
	Prefix   string
	Root     string
	DropPyc  bool
	Strict   bool       `json:",omitempty"` // a layer made without it was not looked at
	Dirs     []lock.Dir // modes and owners that the base gives the prefix and what is below it
	Packages []lock.Conda

	GroupAsUser bool `json:",omitempty"`
}

// Environment links an Env once for all who ask for it.
type Environment struct {
	Env

	mu   sync.Mutex
	plan *link.Plan
}

// New returns the environment that e describes. Nothing is opened before a
// layer's content or the plan is asked for.
func New(e Env) *Environment { return &Environment{Env: e} }

// Layers returns the environment's layers, bottom to top.
func (e *Environment) Layers() ([]layers.Layer, error) {
	if len(e.Packages) == 0 {
		return nil, nil
	}
	in := e.inputs()
	whole, err := json.Marshal(in) // once, not for each layer
	if err != nil {
		return nil, err
	}
	var all []layers.Layer
	placed := map[string]bool{}
	for _, g := range e.Groups {
		var own []string
		for _, name := range g.Packages {
			if i := e.index(name); i >= 0 {
				own = append(own, name)
				placed[name] = true
			}
		}
		if len(own) > 0 {
			all = append(all, e.layer(in, whole, own))
		}
	}
	for _, p := range e.Packages {
		if !placed[p.Name] {
			return nil, fault.New(fault.Usage, "gophersnake.lock", "package %q is in no group of the plan", p.Name).WithHint("run gophersnake lock --replan")
		}
	}
	own, err := e.own()
	if err != nil {
		return nil, err
	}
	return append(all, own), nil
}

func (e *Env) index(name string) int {
	return slices.IndexFunc(e.Packages, func(p lock.Conda) bool { return p.Name == name })
}

// Root returns the path of the prefix below the image's root, links of the base
// resolved.
func (e *Env) Root() string { return e.Base.Resolve(strings.TrimPrefix(e.Prefix, "/")) }

// Inputs returns everything that Plan and the bytes of the environment's layers
// depend on, for the key of a layer above them. It follows from the lock alone.
func (e *Env) Inputs() any { return e.inputs() }

func (e *Env) inputs() inputs {
	in := inputs{Subdir: e.Platform.Subdir(), Prefix: e.Prefix, Root: e.Root(), DropPyc: e.DropPyc, Strict: e.Strict, GroupAsUser: e.GroupAsUser}
	for _, d := range layers.TreeDirs(e.Base, in.Root) {
		in.Dirs = append(in.Dirs, lock.Dir{Path: d.Path, Mode: d.Mode, UID: d.UID, GID: d.GID})
	}
	for _, p := range e.Packages {
		p.Envs, p.Platforms = nil, nil // who else uses it changes no byte
		in.Packages = append(in.Packages, p)
	}
	slices.SortFunc(in.Packages, func(a, b lock.Conda) int { return strings.Compare(a.Name, b.Name) })
	return in
}

// layer returns the layer of some packages, which its key has beside all inputs;
// whole is the JSON of these.
func (e *Environment) layer(in inputs, whole []byte, names []string) layers.Layer {
	own, err := json.Marshal(names)
	if err != nil {
		panic("condaenv: names are not JSON: " + err.Error()) // strings always are
	}
	key := layers.Key("conda", e.Compression, json.RawMessage(fmt.Appendf(nil, `{"Inputs":%s,"Own":%s}`, whole, own)))
	alone, size := in, int64(0)
	alone.Packages = nil
	for _, p := range in.Packages { // noarch packages go where the version of python says
		switch {
		case slices.Contains(names, p.Name):
			size += p.Size
			alone.Packages = append(alone.Packages, p)
		case p.Name == "python":
			alone.Packages = append(alone.Packages, lock.Conda{Name: p.Name, Version: p.Version, SitePackages: p.SitePackages})
		}
	}
	guess := size * 5 / 4 // gzip against the zstd of packages: 232 MB of 181 MB
	likely := layers.Key("conda likely", e.Compression, alone)
	return layers.Layer{Kind: "conda", Name: layers.Title(names, "packages"), Key: key, Guess: guess, Likely: likely, Content: func(ctx context.Context) (*layers.Content, error) {
		plan, err := e.Plan(ctx)
		if err != nil {
			return nil, err
		}
		return e.content(plan, names), nil
	}}
}

// content returns the fragments of the named packages, and their directories.
func (e *Environment) content(plan *link.Plan, names []string) *layers.Content {
	c := &layers.Content{}
	var dirs []string
	for _, d := range plan.Descriptions {
		if !slices.Contains(names, d.Record.Name) {
			continue
		}
		p := &e.Packages[e.index(d.Record.Name)]
		dirs = append(dirs, d.Dirs()...)
		key := d.Key()
		if e.Strict {
			key += " strict"
		}
		c.Fragments = append(c.Fragments, layers.Fragment{Key: key, Write: func(ctx context.Context, w *tree.Writer) error {
			a, closer, err := e.Archives.Open(ctx, p)
			if err != nil {
				return err
			}
			defer closer.Close()
			return link.Write(ctx, d, a, w, link.WriteOptions{Warn: e.Warn, Strict: e.Strict})
		}})
	}
	c.Dirs = layers.Dirs(e.Base, dirs...)
	return c
}

// Plan runs phase A of linking, once: it reads the metadata of all packages. A
// failure is not kept, so that a fetch can be tried again.
func (e *Environment) Plan(ctx context.Context) (*link.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan != nil {
		return e.plan, nil
	}
	packages, err := e.metadata(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := link.Describe(ctx, link.Environment{
		Subdir: e.Platform.Subdir(), Prefix: e.Prefix, Root: e.Root(), DropPyc: e.DropPyc, GroupAsUser: e.GroupAsUser,
	}, packages)
	if err != nil {
		return nil, err
	}
	e.plan = plan
	if e.Report != nil {
		e.Report(plan)
	}
	return plan, nil
}

// own returns the layer of the environment's own files (conda.md §1.7: conda
// and mamba know an environment by conda-meta/history).
func (e *Environment) own() (layers.Layer, error) {
	records := make([]link.Record, len(e.Packages))
	for i := range e.Packages {
		records[i] = Record(&e.Packages[i])
	}
	mode := int64(0o644)
	if e.GroupAsUser || e.Group != 0 {
		mode = 0o664
	}
	all := []files.File{files.Text(e.Root()+"/conda-meta/history", mode, link.History(e.Specs, records))}
	if len(e.Variables) > 0 {
		text, err := state(e.Variables)
		if err != nil {
			return layers.Layer{}, err
		}
		all = append(all, files.Text(e.Root()+"/conda-meta/state", mode, text))
	}
	for i := range all {
		all[i].Header.GID = e.Group
	}
	return files.Layer("env", "conda environment", e.Base, e.Compression, all)
}

// state returns the text of conda-meta/state, from which conda, mamba and
// rattler set variables when they activate the environment (CEP 32).
func state(variables []string) ([]byte, error) {
	values := map[string]string{}
	for _, v := range variables {
		key, value, _ := strings.Cut(v, "=")
		values[key] = value
	}
	text, err := json.MarshalIndent(map[string]any{"env_vars": values}, "", "  ")
	return append(text, '\n'), err
}

// Record returns the repodata record of a locked package (CEP 36).
func Record(p *lock.Conda) link.Record {
	return link.Record{
		Name: p.Name, Version: p.Version, Build: p.Build, BuildNumber: p.BuildNumber,
		Subdir: p.Subdir, Noarch: p.Noarch, Depends: p.Depends, Constrains: p.Constrains,
		TrackFeatures: p.TrackFeatures, Features: p.Features, License: p.License, LicenseFamily: p.LicenseFamily,
		MD5: p.MD5, SHA256: p.SHA256, Size: p.Size, Timestamp: p.Timestamp,
		PythonSitePackagesPath: p.SitePackages, URL: p.URL, Channel: p.Channel, FileName: FileName(p.URL),
	}
}

// FileName returns the last element of a URL or path.
func FileName(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }
