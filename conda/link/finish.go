package link

import (
	"bytes"
	"context"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// finish writes what the archive does not hold.
func (f *fragment) finish(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range f.files {
		w := &f.files[i]
		switch {
		case w.Type == typeEntryPoint:
			if err := f.entryPoint(w); err != nil {
				return err
			}
		case w.Type != typeDir && !w.done:
			return f.errorf(w, "the package lists this file, but does not hold it: %q", w.Source)
		}
	}
	return f.record()
}

func (f *fragment) entryPoint(w *written) error {
	h := tree.Header{Path: f.d.tarPath(w.Path), Mode: f.d.group(entryPointMode), Size: int64(len(w.Script))}
	return f.add(w, h, strings.NewReader(w.Script))
}

// record writes the package's file in conda-meta. Its mode lets everybody read
// it: conda list and scanners run as any user.
func (f *fragment) record() error {
	r := prefixRecord{
		Record: f.d.Record,
		Files:  make([]string, 0, len(f.files)),
		Paths:  pathsData{Version: 1, Paths: make([]prefixedPath, 0, len(f.files))},
		Link:   linkInfo{Type: 1},
	}
	for i := range f.files {
		r.Files = append(r.Files, f.files[i].Path)
		r.Paths.Paths = append(r.Paths.Paths, f.files[i].prefixed(f.d.System))
	}
	text, err := r.appendJSON()
	if err != nil {
		return tree.NewError(f.d.Record.Stem(), "%w", err)
	}
	h := tree.Header{Path: f.d.tarPath(f.d.Record.metaPath()), Mode: f.d.group(0o644), Size: int64(len(text))}
	return f.w.Add(h, bytes.NewReader(text))
}

// prefixed returns what conda-meta says of a file. As in rattler the size is
// that of the installed file, except for a symbolic link, where it is what the
// package says, and sha256_in_prefix is there where it differs from sha256. A
// link's is the hash of its target's path.
func (w *written) prefixed(system string) prefixedPath {
	p := prefixedPath{Path: w.Path, Type: w.Type, NoLink: w.NoLink, SHA256: w.SHA256, Placeholder: w.Placeholder}
	if w.Type == typeDir {
		return p
	}
	size := w.Size
	if w.Type == typeEntryPoint {
		p.SHA256, size = w.sha256, w.size
	}
	if w.patched(system) || size < 0 {
		size = w.size
	}
	p.Size = &size
	if w.Placeholder != "" {
		p.FileMode = w.FileMode
	}
	if w.sha256 != p.SHA256 {
		p.SHA256InPrefix = w.sha256
	}
	return p
}
