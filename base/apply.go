package base

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// The names that stand for removals (OCI image specification 1.1,
// "Whiteouts").
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
	aufs     = ".wh..wh." // AUFS's own files, which engines pass over
)

// Bounds of a name in a layer (promises.md §3.3).
const (
	maxPath  = 4096
	maxDepth = 128
)

// apply reads one layer's tar to its end.
func (f *filesystem) apply(r io.Reader, where string) error {
	f.layer++
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return tarError(where, err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if f.members++; f.members > f.limits.Members {
			return fault.New(fault.Verification, where, "the image has more than %d files", f.limits.Members)
		}
		if err := f.entry(h, t, where); err != nil {
			return err
		}
	}
	// What follows the end of the archive belongs to the digests too.
	_, err := io.Copy(io.Discard, r)
	return err
}

// tarError tells errors of the stream, which have a class, from those of the
// archive in it.
func tarError(where string, err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.Verification, where, "the layer is not a tar archive: %w", err)
}

// cleanName returns an entry's path relative to the root, "." for the root
// itself.
func cleanName(name string) (string, error) {
	if len(name) > maxPath {
		return "", errors.New("the name is longer than 4096 bytes")
	}
	if strings.ContainsRune(name, 0) {
		return "", errors.New("the name has a NUL byte")
	}
	for e := range strings.SplitSeq(name, "/") {
		if e == ".." {
			return "", errors.New("the name leads out of the image")
		}
	}
	p := path.Clean(strings.TrimLeft(name, "/"))
	if strings.Count(p, "/") >= maxDepth {
		return "", errors.New("the name is deeper than 128 directories")
	}
	return p, nil
}

// entry applies one entry of a layer.
func (f *filesystem) entry(h *tar.Header, content io.Reader, where string) error {
	p, err := cleanName(h.Name)
	if err != nil {
		return fault.New(fault.Verification, where, "%q: %w", short(h.Name), err)
	}
	if p == "." {
		return nil
	}
	dir, name := path.Split(p)
	switch {
	case name == opaque:
		f.empty(dir)
		return nil
	case strings.HasPrefix(name, aufs):
		return nil
	case strings.HasPrefix(name, whiteout):
		hidden := strings.TrimPrefix(name, whiteout)
		if hidden == "" || hidden == "." || hidden == ".." {
			return fault.New(fault.Verification, where, "%q: a whiteout of nothing", h.Name)
		}
		f.hide(dir, hidden)
		return nil
	}
	n := &node{mode: h.Mode & 0o7777, uid: h.Uid, gid: h.Gid, layer: f.layer}
	switch h.Typeflag {
	case tar.TypeDir:
		n.kind, n.children = isDir, map[string]*node{}
	case tar.TypeSymlink:
		n.kind, n.target = isLink, h.Linkname
	case tar.TypeLink:
		return f.hardLink(where, p, h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		n.kind = isOther
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		if n.content, err = f.inspect(p, h.Size, content); err != nil {
			return tarError(where, err)
		}
	default:
		return fault.New(fault.Verification, where, "%q: tar entries of type %q are not known", p, h.Typeflag)
	}
	if len(n.target) > maxPath {
		return fault.New(fault.Verification, where, "%q: the link's target is longer than %d bytes", p, maxPath)
	}
	return f.put(where, p, n)
}

// hardLink gives a file a second name.
func (f *filesystem) hardLink(where, p, target string) error {
	t, err := cleanName(target)
	if err != nil {
		return fault.New(fault.Verification, where, "hard link %q to %q: %w", p, short(target), err)
	}
	dir, name := path.Split(t)
	parent, _ := f.resolve(dir)
	if parent == nil || parent.kind != isDir || parent.children[name] == nil || parent.children[name].kind == isDir {
		return fault.New(fault.Verification, where, "hard link %q to %q: there is no such file", p, t)
	}
	// The node is copied, so that a whiteout of the lower name does not count
	// for the new one.
	n := *parent.children[name]
	n.layer = f.layer
	return f.put(where, p, &n)
}

// short cuts a name for an error.
func short(name string) string {
	const most = 100
	if len(name) > most {
		return name[:most] + "…"
	}
	return name
}
