// Package spec reads gophersnake.toml, the wish that the lock fulfils
// (design.md §3).
//
// # Format
//
// The file is TOML 1.0 of at most [MaxSize] bytes. Its keys are the toml tags
// of [Spec] and of the types below it; [Schema] lists them. Reading is strict:
//
//   - a key that is not known, is set twice, or has a value of another type or
//     form is an error of class usage at file:line:column, where columns count
//     bytes from 1;
//   - of several problems the one that stands first in the file is returned;
//   - `version = 1` is required, and a newer version is refused before all else
//     is looked at;
//   - no credentials may stand in URLs, and errors do not repeat them.
//
// # Variants
//
// Each [env.X] is a variant that inherits the top level ([Spec.Environment]).
// Tables merge by key. Lists replace the inherited list, but the following add
// to it, and an entry takes the place of inherited entries of its name:
//
//	conda.dependencies, conda.target.*.dependencies   the package's name
//	go.tools                                          the path before @
//	base.debian.packages, devcontainer.extensions     the entry
//	devcontainer.cap-add, devcontainer.security-opt   the entry
//	devcontainer.mounts                               its target
//	[[cli]]                                           name
//	[[accounts]]                                      name
//	[[files]]                                         src and dest
//
// Tables of one name in such a list merge by key. base.image and base.debian
// exclude each other, so a variant that sets one drops the other; likewise one
// that sets conda.lock drops conda.file, channels and dependencies.
//
// # Templates
//
// {{.Version}}, {{.Commit}}, {{.CondaPrefix}} and {{.Env.NAME}} are read in
// image.tags, image.labels, image.annotations and ldflags of [[cli]]. They are
// refused elsewhere.
package spec

import (
	"io"
	"os"
	"reflect"
	"strconv"
	"syscall"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Limits of gophersnake.toml and of what it may ask for.
const (
	Version       = 1       // the newest version that is read
	MaxSize       = 8 << 20 // bytes of the file
	MaxVariants   = 1000    // [env.X] tables
	MaxPrefixSize = 200     // bytes of conda.prefix: packages hold placeholders of 255
)

// ReadFile reads the file of a path, which must be a regular file or a link to
// one. A missing file is an error of class usage too.
func ReadFile(name string) (*Spec, error) {
	data, err := readRegular(name)
	if err != nil {
		return nil, err
	}
	return Read(name, data)
}

func readRegular(name string) ([]byte, error) {
	bad := func(format string, args ...any) *fault.Error { return fault.New(fault.Usage, name, format, args...) }
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return nil, bad("no such file").WithHint("gophersnake init writes one")
	case err != nil:
		return nil, bad("%w", bare(err))
	case info.IsDir():
		return nil, bad("is a directory").WithHint("name the file in it")
	case !info.Mode().IsRegular():
		return nil, bad("is not a regular file")
	case info.Size() > MaxSize:
		return nil, bad("is %d bytes; at most %d are read", info.Size(), MaxSize)
	}
	// What was a file a moment ago may be a FIFO now: do not wait for a writer.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, bad("%w", bare(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, bad("%w", bare(err))
	}
	if len(data) > MaxSize {
		return nil, bad("is more than %d bytes", MaxSize)
	}
	return data, nil
}

// bare strips the operation and path from an error, which already names them.
func bare(err error) error {
	if p, ok := err.(*os.PathError); ok { //nolint:errorlint // package os returns it as is
		return p.Err
	}
	return err
}

// Read reads the content of a gophersnake.toml. FileName is for errors only.
// The top level and every variant are checked.
func Read(fileName string, data []byte) (*Spec, error) {
	r := &report{file: fileName}
	if len(data) > MaxSize {
		r.add(position{1, 1}, flawf("%d bytes; at most %d are read", len(data), MaxSize))
		return nil, r.err()
	}
	root, err := parse(fileName, data)
	if err != nil {
		return nil, err
	}
	r.add(checkVersion(root))
	if err := r.err(); err != nil {
		return nil, err
	}
	s := &Spec{file: fileName, root: root}
	r.decode("", root, reflect.ValueOf(s).Elem())
	if err := r.err(); err != nil {
		return nil, err // what follows needs values of the right types
	}
	r.templates(root)
	r.forms(root, "")
	r.variants(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	s.merged = map[string]*node{} // once: files may have hundreds of variants
	for _, name := range s.Environments() {
		s.merged[name] = variant(root, name)
		r.environment(s, name)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	r.tags(s)
	return s, r.err()
}

func checkVersion(root *node) (position, flaw) {
	start, n := position{1, 1}, root.get("version")
	switch {
	case len(root.keys) == 0:
		return start, flawf("the configuration is empty").hinted("gophersnake init writes one")
	case n == nil:
		return start, flawf("version is missing").hinted("begin the file with: version = %d", Version)
	case n.kind != integerKind:
		return n.value, flawf("version: want a number, got %s", n.article()).hinted("write: version = %d", Version)
	}
	v, err := strconv.ParseInt(n.text, 0, 64)
	switch {
	case err != nil || v > Version:
		return n.value, flawf("version %s is newer than this gophersnake reads (%d)", n.text, Version).hinted("use a newer gophersnake")
	case v < 1:
		return n.value, flawf("version %s does not exist", n.text).hinted("write: version = %d", Version)
	}
	return start, flaw{}
}

// variants checks each variant by itself, and that they are not too many.
func (r *report) variants(root *node) {
	env := root.get("env")
	if env == nil {
		return
	}
	for i, name := range env.keys {
		at := env.table[name].key
		r.add(at, checkVariantName(name, ""))
		r.forms(env.table[name], joinKey("env", name))
		r.add(oneProxy(root, env.table[name], joinKey("env", name)))
		if i == MaxVariants {
			r.add(at, flawf("more than %d variants", MaxVariants))
		}
	}
}

// oneProxy refuses another module proxy for a variant: toolchains and tools are
// shared, and resolved once for all environments.
func oneProxy(root, env *node, subject string) (position, flaw) {
	own, all := env.get("go", "proxy"), root.get("go", "proxy")
	if own == nil || all != nil && all.text == own.text {
		return position{}, flaw{}
	}
	return own.value, flawf("%s.go.proxy: one module proxy serves all environments, which share toolchains and tools", subject).
		hinted("set go.proxy at the top level")
}

// tags refuses one tag for two images.
func (r *report) tags(s *Spec) {
	type use struct{ repository, tag string }
	used := map[use]string{}
	for _, name := range s.Environments() {
		e, nodes := s.environment(name)
		at := nodes.get("image", "tags")
		for i, tag := range e.Image.Tags {
			u := use{e.Image.Name, tag}
			other, ok := used[u]
			switch {
			case ok && other == name:
				r.add(at.items[i].value, flawf("image.tags: %q is listed twice", tag))
			case ok:
				r.add(at.items[i].value, flawf("image.tags: %q is a tag of %s and of %s", tag, describe(other), describe(name)).
					hinted("set image.tags of %s", describe(name)))
			}
			used[u] = name
		}
	}
}
