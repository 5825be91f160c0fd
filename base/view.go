package base

import (
	"context"
	"io"
	"maps"
	"path"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// Look chooses the files that a view reads: it returns nil for a path that is
// not wanted, else what turns the file's bytes into the text to keep. Paths are
// those of the layer's entries, relative to the root.
type Look func(path string) func(r io.Reader) (string, error)

// Entry is a file of a view.
type Entry struct {
	Path     string // where it really lies, relative to the root
	Dir      bool
	Regular  bool
	Mode     int64 // permission bits with setuid 04000, setgid 02000, sticky 01000
	UID, GID int
	Layer    int    // the layer that wrote it last, from 1
	Text     string // of a file that was looked into
}

// View is an image's file system as its layers leave it, without the files'
// bytes.
type View struct {
	Image v1.Image
	Base  *lock.Base // its row as a base, with the facts
	fsys  *filesystem
}

// View reads all layers of a platform's image once, as streams. Every byte is
// verified, nothing is written and nothing is run. Errors are those of Resolve.
func (s *Source) View(ctx context.Context, ref string, p platforms.Platform, look Look) (*View, error) {
	r, err := parseReference(ref, s.Insecure)
	if err != nil {
		return nil, err
	}
	o := s.origin(r)
	img, err := s.locate(ctx, r, o, p)
	if err != nil {
		return nil, err
	}
	b := img.lock(ref, p)
	open, err := newLocked(ctx, s, o, img, b.Layers)
	if err != nil {
		return nil, err
	}
	fsys := newFilesystem(s.Limits.withDefaults(), p)
	fsys.look = look
	for _, blob := range b.Layers {
		if err := s.scan(ctx, o, blob, fsys); err != nil {
			return nil, err
		}
	}
	if b.Facts, err = fsys.facts(ref); err != nil {
		return nil, err
	}
	b.Env, b.User = img.config.env, img.config.user
	return &View{Image: open, Base: b, fsys: fsys}, nil
}

// Platforms returns the platforms of an image, in its index's order, as far as
// gophersnake knows them. One without any is an error of the class usage.
func (s *Source) Platforms(ctx context.Context, ref string) ([]platforms.Platform, error) {
	r, err := parseReference(ref, s.Insecure)
	if err != nil {
		return nil, err
	}
	o := s.origin(r)
	doc, err := o.top(ctx)
	if err != nil {
		return nil, err
	}
	f := &finder{source: s, origin: o} // no image is for the zero platform
	if _, err := f.find(ctx, doc); err != nil {
		return nil, err
	}
	var all []platforms.Platform
	for _, text := range f.present {
		if p, err := platforms.Parse(text); err == nil && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Usage, ref, "no image for a platform of gophersnake's; it has %q", f.present)
	}
	return all, nil
}

// Lookup returns what a path leads to through all links.
func (v *View) Lookup(p string) (Entry, bool) {
	n, real := v.fsys.resolve(p)
	if n == nil {
		return Entry{}, false
	}
	return n.entry(real), true
}

// Names returns the names in a directory, sorted.
func (v *View) Names(dir string) []string {
	n, _ := v.fsys.resolve(dir)
	if n == nil || n.kind != isDir {
		return nil
	}
	return slices.Sorted(maps.Keys(n.children))
}

// Walk calls do for every file and directory below the root, parents first, in
// the order of their names. Links and devices are passed over.
func (v *View) Walk(do func(Entry)) { walkNodes(v.fsys.root, "", do) }

func walkNodes(n *node, at string, do func(Entry)) {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child, p := n.children[name], path.Join(at, name)
		switch child.kind {
		case isFile:
			do(child.entry(p))
		case isDir:
			do(child.entry(p))
			walkNodes(child, p, do)
		}
	}
}

func (n *node) entry(p string) Entry {
	e := Entry{Path: p, Dir: n.kind == isDir, Regular: n.kind == isFile, Mode: n.mode, UID: n.uid, GID: n.gid, Layer: n.layer}
	if n.content != nil {
		e.Text = n.content.text
	}
	return e
}

// Libc tells which C library a file is, as lock.Facts has it, "" for what is
// none: libc.so.6 of glibc, or musl's loader. The name is the file's.
func Libc(name string, r io.Reader) (string, error) {
	c, err := readLibc(r, path.Base(name))
	if err != nil {
		return "", err
	}
	return c.libc, nil
}
