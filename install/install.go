// Package install puts a locked environment onto the disk of this machine.
//
// # Where things lie
//
// Everything is made once, in directories of the store that are named by what is
// in them, and shared by all processes and projects:
//
//   - the conda environment with its wheels, relocated to the directory that it
//     lies in, which is part of its key: a store that was moved makes it anew;
//   - each Go toolchain, the one that programs are compiled with too;
//   - the Go tools and, where there are several toolchains, a command go1.X.Y for
//     each.
//
// An environment with both has hooks, by which conda, mamba and micromamba load
// its Go when they activate it ([shell.Hook]).
//
// Nobody can write there: what a locked environment has is what the lock says.
// What Go installs and downloads goes to a GOPATH of the user's.
//
// Layers' own code links packages: an environment on disk has the files, bytes
// and modes of the one in an image, but for its prefix, for owners, and for write
// permission. No code of any package is run.
//
// # Variables
//
// The lock says what activating sets in an image; [Rebase] moves the paths in it
// to where things lie here.
//
// # Platforms
//
// A lock has environments for the platforms of images, which are linux's. The
// linker refuses to relocate programs for macOS, since these would need a new
// signature; nothing here has been tried on Windows.
package install

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/layers/wheels"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Store makes directories once, as internal/store does.
type Store interface {
	Dir(ctx context.Context, key string, build func(ctx context.Context, tmp string) error) (string, error)
	DirPath(key string) string
}

// Environment is what a lock and the configuration say of one environment on
// this machine's platform, and where locked things are opened.
type Environment struct {
	Platform platforms.Platform // of this machine
	Lock     lock.Selection

	CondaPrefix string // in images
	GoInPrefix  bool   // likewise: toolchains lie inside it
	DropPyc     bool
	Strict      bool // as in condaenv.Env

	Store        Store
	Archives     condaenv.Archives
	Wheels       wheels.Archives
	GoRoot       func(ctx context.Context, t *lock.Toolchain) (dir string, err error)
	CompileTools func(ctx context.Context, tools []lock.Tool, p platforms.Platform) (files []string, err error) // as in gotools.Env
	Warn         func(text string)                                                                              // may be nil

	GoPath string // of this machine's user, for what the go command writes
}

// Installed says where an environment lies on this machine.
type Installed struct {
	Prefix string            // of conda; "" without
	Go     map[string]string // GOROOT by version
	Bin    string            // of tools and go commands; "" without

	env *Environment
}

// Install makes what is not there yet.
func (e *Environment) Install(ctx context.Context) (*Installed, error) {
	in := &Installed{Go: map[string]string{}, env: e}
	for _, t := range e.toolchains() {
		root, err := e.GoRoot(ctx, &t)
		if err != nil {
			return nil, err
		}
		in.Go[t.Version] = root
	}
	var err error
	if in.Bin, err = e.bin(ctx, in.Go); err != nil {
		return nil, err
	}
	in.Prefix, err = in.prefix(ctx) // last: its hooks name all else
	return in, err
}

// toolchains returns those of the image that lie apart from conda's packages.
func (e *Environment) toolchains() []lock.Toolchain {
	var all []lock.Toolchain
	for _, t := range e.Lock.Go {
		if t.Image && t.Source != lock.SourceConda {
			all = append(all, t)
		}
	}
	return all
}

// place says where images have the toolchains.
func (e *Environment) place() release.Place {
	p := release.Place{Platform: e.Platform, Several: len(e.toolchains()) > 1}
	if e.GoInPrefix {
		p.Prefix = e.CondaPrefix
	}
	return p
}

// rules is the version of what an installed directory looks like.
const rules = 1

// key names a directory. Relocated files hold the store's own path.
func (e *Environment) key(kind string, description any) string {
	return layers.Key("install "+kind, tree.Gzip, struct {
		Rules       int
		Store       string
		Platform    platforms.Platform
		Description any
	}{rules, e.Store.DirPath(""), e.Platform, description})
}

// shut takes away write permission from all files and directories below dir, but
// from dir itself, which is to be renamed.
func shut(dir string) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir || d.Type() == fs.ModeSymlink {
			return disk(p, err)
		}
		info, err := d.Info()
		if err == nil {
			err = os.Chmod(p, info.Mode().Perm()&^0o222)
		}
		return disk(p, err)
	})
}

func disk(where string, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Disk, where, "%s", strings.TrimPrefix(err.Error(), where+": "))
}
