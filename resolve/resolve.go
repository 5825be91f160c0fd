// Package resolve turns a wish into a lock: it asks the world what names mean,
// and keeps what the old lock says wherever that still fits.
package resolve

import (
	"context"
	"errors"
	"time"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/plan"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve/uv"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/spec/envfile"
	"github.com/gophersnake/gophersnake/wheel"
)

// World is everything outside that resolving asks. Paths and relative URLs are
// relative to gophersnake.toml.
type World interface {
	// ReadFile reads one of the user's files.
	ReadFile(name string) ([]byte, error)
	// Relative returns a lock file's URL as gophersnake.lock has it: files as
	// paths relative to gophersnake.toml, other URLs without secrets.
	Relative(lockFile, url string) (string, error)
	// Channels returns the channels that a user's word means, the first one
	// first: a name, which may stand for several, a URL or a path.
	Channels(ctx context.Context, written string) ([]*repodata.Channel, error)
	// Related returns a channel that another says it is related to (CEP 42).
	Related(ctx context.Context, location string) (*repodata.Channel, error)
	// Cache keeps repodata that was read; nil: nothing does.
	Cache() repodata.Cache
	// Base reads a base image: its digests, and the facts of its files.
	Base(ctx context.Context, image string, p platforms.Platform) (*lock.Base, error)
	// Debian resolves a base of Debian packages: the base with its facts, and
	// its packages.
	Debian(ctx context.Context, q lock.Debian, from debian.Source, p platforms.Platform) (*lock.Base, []lock.Deb, error)
	// Package fetches a package, checks it against the hashes and the size
	// that p has, and returns p with both filled in, and its metadata.
	Package(ctx context.Context, p lock.Conda) (lock.Conda, *archive.Meta, error)
	// Meta returns the metadata of a package, from what is kept of it or by
	// fetching it.
	Meta(ctx context.Context, p *lock.Conda) (*archive.Meta, error)
	// Walk calls visit for every file of a package, as archive.Package.Walk.
	Walk(ctx context.Context, p *lock.Conda, visit func(archive.Member) error) error
	// Wheel fetches a wheel, checks it against its sha256 and its size where w
	// has one, and returns w with the size, and what the wheel says of itself.
	Wheel(ctx context.Context, w lock.Wheel) (lock.Wheel, *wheel.Meta, error)
	// GoVersion returns the newest Go that fulfils a wish and exists for all
	// platforms at a source: "module", "release", or "auto" for both.
	GoVersion(ctx context.Context, source, wish string, ps []platforms.Platform) (string, error)
	// Toolchain returns the Go toolchain of a version, a platform and a source
	// with its hash, from the checksum database or the download index; for
	// images it is fetched and checked. The source "auto" is the first that has
	// it. One that a host lacks has no hash.
	Toolchain(ctx context.Context, want lock.Toolchain) (lock.Toolchain, error)
	// Tool returns a Go tool with its module, the version that a wish such as
	// "v0.8.2", "v0.8" or "latest" means, and its hash from the checksum
	// database.
	Tool(ctx context.Context, pkg, wish string) (lock.Tool, error)
}

// Request is what to resolve.
type Request struct {
	Environments []*spec.Environment
	InputHash    string
	GoMod        string                 // the project's go.mod, relative to gophersnake.toml; "" if it has none
	GoFiles      map[string]string      // its go.work, .go-version and .tool-versions likewise, by these names
	GoPrivate    string                 // GOPRIVATE of this machine: patterns of modules that nobody else is asked for
	Old          *lock.Lock             // as lock.Unmarshal returns it, the top level's name being ""; nil: nothing to keep
	Update       func(name string) bool // whether to ask anew for "base", "go" or a package; nil: no
	Replan       bool                   // forget the old plan of layers
	AllowMD5     bool                   // packages without a sha256 are accepted
	Anew         bool                   // ask the channels though the old lock answers the same questions
	From         map[string]string      // by environment: a lock file of another tool whose packages are taken instead of solving
	FailOnShadow bool                   // a package that several channels have is an error
	Override     map[string]string      // versions of virtual packages ("__glibc"), as CONDA_OVERRIDE_ variables give them; "": none
	UV           uv.Options             // the uv that resolves pip requirements
	Now          time.Time              // what the age of [conda] exclude-newer counts from
	Note         func(text string)      // receives what people should know; may be nil
}

// Lock resolves a request. Rows of several environments or platforms that are
// otherwise the same are left as they are: lock.Marshal joins them.
func Lock(ctx context.Context, w World, r Request) (*lock.Lock, error) {
	if r.Update == nil {
		r.Update = func(string) bool { return false }
	}
	if r.Note == nil {
		r.Note = func(string) {}
	}
	if r.Old == nil {
		r.Old = &lock.Lock{}
	}
	l, err := resolve(ctx, w, r)
	if errors.Is(err, repodata.ErrBroken) {
		return resolve(ctx, forgetful{w}, r)
	}
	return l, err
}

func resolve(ctx context.Context, w World, r Request) (*lock.Lock, error) {
	s := &resolver{World: w, Request: r, lock: &lock.Lock{
		Version: lock.Version, LayerFormat: lock.LayerFormat, InputHash: r.InputHash, Layer: r.Old.Layer,
	}, views: map[string]*repodata.View{}, files: map[string]*envfile.File{}, condaGos: map[string]string{}, goAnswers: map[string]string{}}
	for _, env := range r.Environments {
		env, err := s.withFile(env)
		if err != nil {
			return nil, err
		}
		if env, err = s.withGo(ctx, env); err != nil {
			return nil, err
		}
		for _, step := range []func(context.Context, *spec.Environment) error{s.base, s.conda, s.wheels, s.shell, s.golang, s.tools} {
			if err := step(ctx, env); err != nil {
				return nil, err
			}
		}
		if err := s.checkPrefix(env); err != nil {
			return nil, err
		}
		if err := s.activation(ctx, env); err != nil {
			return nil, err
		}
	}
	s.oneFact()
	s.plan()
	return s.lock, nil
}

type resolver struct {
	World
	Request
	lock      *lock.Lock
	views     map[string]*repodata.View // by cut-off and channel
	files     map[string]*envfile.File  // environment.yml, by name
	condaGos  map[string]string         // environments whose Go is conda's: why, where "auto" chose it
	goAnswers map[string]string         // versions of Go, by what was asked
}

// base locks the base image of every platform.
func (s *resolver) base(ctx context.Context, env *spec.Environment) error {
	if env.Base.Debian != nil {
		return s.debian(ctx, env)
	}
	if env.Base.Scratch() {
		return nil
	}
	for _, p := range env.Image.Platforms {
		b, err := s.oldBase(ctx, env.Base.Image, p)
		if err != nil {
			return err
		}
		b.Envs, b.Platform, b.Image = []string{env.Name}, p, env.Base.Image
		s.lock.Base = append(s.lock.Base, *b)
	}
	return nil
}

// oldBase returns what the old lock says, else what the world says.
func (s *resolver) oldBase(ctx context.Context, image string, p platforms.Platform) (*lock.Base, error) {
	if !s.Update("base") {
		for _, b := range s.Old.Base {
			if b.Image == image && b.Platform == p {
				return &b, nil
			}
		}
	}
	return s.Base(ctx, image, p)
}

// plan groups the conda packages into layers. What is not conda's takes
// fewer than ten layers.
func (s *resolver) plan() {
	if len(s.lock.Conda) == 0 {
		return
	}
	budget := s.Environments[0].Layers.Budget
	for _, env := range s.Environments {
		budget = min(budget, env.Layers.Budget)
	}
	old := s.Old.Plan
	if s.Replan {
		old = nil
	}
	s.lock.Plan = plan.Conda(s.lock.Conda, max(1, budget-otherLayers-s.moreGos()-s.programLayers()), old)
}

// otherLayers is how many layers besides those of conda packages an image may
// have: toolchain, environment, files, accounts and those to come.
const otherLayers = 8

// programLayers is how many layers the programs of an image take.
func (s *resolver) programLayers() (most int) {
	for _, env := range s.Environments {
		n := len(env.CLI)
		for _, c := range env.CLI {
			if c.Bundle != "" {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// moreGos is how many more layers the toolchains of an image with several take,
// their commands among them.
func (s *resolver) moreGos() (more int) {
	gos := map[string]map[string]bool{}
	for _, t := range s.lock.Go {
		for _, env := range t.Envs {
			if t.Image && gos[env] == nil {
				gos[env] = map[string]bool{}
			}
			if t.Image {
				gos[env][t.Version] = true
			}
		}
	}
	for _, versions := range gos {
		if len(versions) > 1 {
			more = max(more, len(versions))
		}
	}
	return more
}
