// Package cli makes the layers of a command-line program that is compiled from
// the user's own Go sources.
//
// # The trees
//
// An image for linux/arm64 has the program for linux/arm64 at
// usr/local/bin/NAME, 0755 root:root. With a bundle it has also, in a layer that
// the images of all platforms share, for every platform of the program an archive
// ([Archive]), 0644 root:root, that a container hands out:
//
//	BUNDLE/NAME_OS_ARCH.tar.gz
//	BUNDLE/NAME_windows_ARCH.zip
//
// Everything has the Unix epoch; entries are sorted bytewise by path.
//
// # The keys
//
// A [Description] is all that the bytes depend on, without compiling: the hash of
// the sources, the flags and the toolchain. The toolchain is that of the lock
// for the image, not the one that happens to compile on this machine: Go's
// builds do not depend on the host they run on (go.dev/blog/rebuild).
package cli

import (
	"cmp"
	"context"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// DefaultPath is the directory of programs that name none.
const DefaultPath = "/usr/local/bin"

// Binary is a program to compile and where it goes.
type Binary struct {
	Name      string               // its file's name; "" is DefaultName of Package
	Package   string               // as for go build
	Dir       string               // module directory, relative to gophersnake.toml
	Path      string               // directory in the image; "" is DefaultPath
	Platforms []platforms.Platform // that the bundle holds
	Ldflags   string               // templates filled in
	Tags      []string             // build tags
	ToolExec  string               // a program and its arguments, as configured; "" is none
	Overlay   string               // JSON file, relative to gophersnake.toml; "" is none
	Bundle    string               // directory of the archives in the image; "" is none

	Source    string // hash of the sources: "sha256:<hex>"
	ToolHash  string // of the program of ToolExec, likewise
	Replaced  string // of what Overlay replaces, likewise
	GoVersion string // "1.26.8"
	GoModule  string // of the locked toolchain of the image's platform
	GoH1      string // its hash; "" where not available

	Local Local // of this machine: no byte depends on it
}

// Local is where a program is compiled.
type Local struct {
	ToolExec string // the file of the program of ToolExec
	Cache    string // the go command's build cache; "" is one in the store
	ModCache string // its module cache; likewise
}

// Title names the program and what had a hand in it, in the image's history.
func (b Binary) Title() string {
	var by []string
	if b.ToolExec != "" {
		by = append(by, "toolexec "+b.ToolExec+" "+b.ToolHash)
	}
	if b.Overlay != "" {
		by = append(by, "overlay "+b.Overlay+" "+b.Replaced)
	}
	if by == nil {
		return b.Name
	}
	return b.Name + " (" + strings.Join(by, ", ") + ")"
}

// Description is all that the bytes of a program's layer, or of its bundle's,
// depend on besides layer format and compression.
type Description struct {
	Target    string   `json:"target,omitempty"` // of a program: the image's platform
	Path      string   `json:"path,omitempty"`   // of a program in the image
	Package   string   `json:"package"`          // relative to the module
	Dir       string   `json:"dir"`
	Ldflags   string   `json:"ldflags,omitempty"`
	Tags      []string `json:"tags,omitempty"`
	ToolExec  string   `json:"toolexec,omitempty"`
	ToolHash  string   `json:"toolexec-hash,omitempty"`
	Overlay   string   `json:"overlay,omitempty"`
	Replaced  string   `json:"overlay-hash,omitempty"`
	Bundle    string   `json:"bundle,omitempty"`    // of a bundle: what its archives' paths begin with, up to the program's name
	Platforms []string `json:"platforms,omitempty"` // of a bundle, sorted
	Source    string   `json:"source"`
	GoVersion string   `json:"go"`
	GoModule  string   `json:"go-module,omitempty"` // of a program: there is one for each platform
	GoH1      string   `json:"go-h1,omitempty"`
}

// Describe returns the description of a program's layer in an image for target.
func (b Binary) Describe(target platforms.Platform) (Description, error) {
	d, err := b.describe()
	d.Target, d.Bundle, d.GoModule, d.GoH1 = target.String(), "", b.GoModule, b.GoH1
	return d, err
}

// DescribeBundle returns the description of its bundle's layer.
func (b Binary) DescribeBundle() (Description, error) {
	d, err := b.describe()
	d.Path = ""
	for _, p := range b.bundled() {
		d.Platforms = append(d.Platforms, p.String())
	}
	return d, err
}

// describe returns what both layers depend on, and their paths.
func (b Binary) describe() (Description, error) {
	name, err := b.name()
	if err != nil {
		return Description{}, err
	}
	dir := cmp.Or(b.Path, DefaultPath)
	for _, p := range []string{dir, b.Bundle} {
		if p != "" && (!path.IsAbs(p) || tree.CheckPath(relative(p)) != nil) {
			return Description{}, fault.New(fault.Usage, "cli "+name, "path %q is not an absolute path in the image", p)
		}
	}
	return Description{
		Path: relative(path.Join(dir, name)), Bundle: relative(path.Join(b.Bundle, name)), Package: b.Package, Dir: b.Dir, Ldflags: b.Ldflags, Tags: b.Tags,
		ToolExec: b.ToolExec, ToolHash: b.ToolHash, Overlay: b.Overlay, Replaced: b.Replaced, Source: b.Source, GoVersion: b.GoVersion,
	}, nil
}

// Archives asks for the archives of all platforms of the bundle, as many at a
// time as there are processors: linking, which is most of the work after a small
// change, uses one.
func (b Binary) Archives(ctx context.Context, make func(context.Context, platforms.Platform) (file string, err error)) (map[platforms.Platform]string, error) {
	files := map[platforms.Platform]string{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range b.bundled() {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err // of another platform
			}
			file, err := make(ctx, p)
			mu.Lock()
			defer mu.Unlock()
			files[p] = file
			return err
		})
	}
	return files, g.Wait()
}

// DefaultName returns the name that go build gives a program: the last element
// of its package's path, or the one before it where that is a major version
// ("v2"). A package like "." has none.
func DefaultName(pkg string) string {
	clean := path.Clean(pkg)
	name := path.Base(clean)
	if isMajor(name) && path.Dir(clean) != "." {
		name = path.Base(path.Dir(clean))
	}
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}

// isMajor reports whether an element of a path is a major version suffix: v2
// and up (Go Modules Reference, "Major version suffixes").
func isMajor(s string) bool {
	n, ok := strings.CutPrefix(s, "v")
	return ok && n != "" && n[0] != '0' && n != "1" && strings.Trim(n, "0123456789") == ""
}

func (b Binary) name() (string, error) {
	name := b.Name
	if name == "" {
		name = DefaultName(b.Package)
	}
	if name == "" {
		return "", fault.New(fault.Usage, "cli", "package %q gives the program no name", b.Package).WithHint("set name in [[cli]]")
	}
	if strings.Contains(name, "/") || tree.CheckPath(name) != nil {
		return "", fault.New(fault.Usage, "cli", "name %q is not a file name", name)
	}
	return name, nil
}

// bundled returns the platforms of the bundle, in the order of
// platforms.Compare, each once.
func (b Binary) bundled() []platforms.Platform {
	return slices.Compact(slices.SortedFunc(slices.Values(b.Platforms), platforms.Compare))
}

func relative(p string) string { return strings.TrimPrefix(path.Clean("/"+p), "/") }
