package compile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sum says what a program is made of, besides the modules that its go.sum
// pins by hash.
type Sum struct {
	Hash      string   // "sha256:<hex>", see Source
	Module    string   // path of the package's module
	Go        string   // its go line: "1.26.0"; "" if it has none
	Toolchain string   // its toolchain line: "go1.26.8", or ""
	Roots     []string // the directories hashed, relative to the module's own, slash-separated: ".", "../lib"
}

// Source hashes all that building pkg, as named from dir, may read on this
// machine: every file below the root of its module, below the other modules of
// a go.work that lists it, and below the directories that their replace lines
// name; and go.work and go.work.sum themselves.
//
// Files below .git and below the directories in ignore (relative to dir, or
// absolute; outputs, say) do not count. Modes and times do not count. Paths are
// relative to the module's root, so that the hash does not depend on where it
// lies. For a module M without links, replacements and go.work the hash is what
//
//	cd M && find . -name .git -prune -o -type f -printf '%P\n' |
//		LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum
//
// prints. A link to a file counts as a file with the name "path -> target", a
// link to a directory as an empty file of such a name. Where a link leads to a
// directory of Go files outside the module, that is one more root.
//
// A package outside any module is an error of class "usage". The memo may be
// nil.
func Source(ctx context.Context, dir, pkg string, memo *Memo, ignore ...string) (Sum, error) {
	m, err := findModule(dir, pkg)
	if err != nil {
		return Sum{}, err
	}
	s := sources{home: m.dir, ignore: map[string]bool{}, memo: memo}
	for _, dir := range ignore {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(m.base, dir)
		}
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		s.ignore[filepath.Clean(dir)] = true
	}
	roots, files, err := m.closure()
	if err != nil {
		return Sum{}, err
	}
	for _, file := range files {
		if err := s.file(file, ""); err != nil {
			return Sum{}, err
		}
	}
	s.queue(roots...)
	for i := 0; i < len(s.roots); i++ { // links add roots on the way
		if err := s.walk(ctx, s.roots[i]); err != nil {
			return Sum{}, err
		}
	}
	sum := Sum{Hash: s.hash(), Module: m.path, Go: m.goLine, Toolchain: m.toolchain}
	for _, root := range s.roots {
		sum.Roots = append(sum.Roots, s.rel(root))
	}
	slices.Sort(sum.Roots)
	memo.done()
	return sum, nil
}

// sources collects the lines of a hash.
type sources struct {
	home   string // the module's root
	ignore map[string]bool
	roots  []string // no one inside another
	lines  map[string]string
	memo   *Memo // may be nil
}

// queue adds directories that lie in no root yet.
func (s *sources) queue(dirs ...string) {
	slices.Sort(dirs) // a directory comes before those in it
	for _, dir := range dirs {
		if !slices.ContainsFunc(s.roots, func(root string) bool { return inside(dir, root) }) {
			s.roots = append(s.roots, dir)
		}
	}
}

// inside reports whether a clean path is dir or below it.
func inside(p, dir string) bool {
	rel, err := filepath.Rel(dir, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (s *sources) rel(p string) string {
	rel, err := filepath.Rel(s.home, p)
	if err != nil {
		return filepath.ToSlash(p) // on another drive
	}
	return filepath.ToSlash(rel)
}

func (s *sources) walk(ctx context.Context, root string) error {
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case p != root && (d.Name() == ".git" || s.ignore[p]):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			return s.link(p)
		case d.Type().IsRegular():
			return s.file(p, "")
		}
		return nil
	})
	var e *Error
	if err != nil && !errors.As(err, &e) && ctx.Err() == nil {
		return newError("disk", "", "%w", err)
	}
	return err
}

func (s *sources) link(p string) error {
	target, err := os.Readlink(p)
	if err != nil {
		return err
	}
	suffix := " -> " + filepath.ToSlash(target)
	real, err := filepath.EvalSymlinks(p)
	if err != nil { // it leads nowhere, and so does the build
		return s.empty(p, suffix)
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		return s.file(p, suffix)
	}
	if info.IsDir() && hasGo(real) {
		s.queue(real)
	}
	return s.empty(p, suffix)
}

// hasGo reports whether a directory could be a Go package.
func hasGo(dir string) bool {
	list, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(list, func(d fs.DirEntry) bool { return strings.HasSuffix(d.Name(), ".go") })
}

func (s *sources) file(p, suffix string) error {
	f, err := os.Open(p)
	if err != nil {
		return newError("disk", "", "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return newError("disk", "", "%w", err)
	}
	if sum, ok := s.memo.get(p, info); ok {
		return s.line(p, suffix, sum)
	}
	sum, err := hashOf(f)
	if err != nil {
		return err
	}
	s.memo.put(p, info, sum)
	return s.line(p, suffix, sum)
}

// empty adds a file without content.
func (s *sources) empty(p, suffix string) error {
	sum, err := hashOf(strings.NewReader(""))
	if err != nil {
		return err
	}
	return s.line(p, suffix, sum)
}

func (s *sources) line(p, suffix, sum string) error {
	name := s.rel(p) + suffix
	if strings.Contains(name, "\n") {
		return newError("usage", "", "file name %q has a newline", name)
	}
	if s.lines == nil {
		s.lines = map[string]string{}
	}
	s.lines[name] = sum
	return nil
}

func hashOf(content io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, content); err != nil {
		return "", newError("disk", "", "%w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// hash returns the hash of the lines that sha256sum would print.
func (s *sources) hash() string {
	names := make([]string, 0, len(s.lines))
	for name := range s.lines {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		_, _ = fmt.Fprintf(h, "%s  %s\n", s.lines[name], name) // a hash never fails
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
