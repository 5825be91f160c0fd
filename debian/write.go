package debian

import (
	"archive/tar"
	"bytes"
	"context"
	"io"

	"github.com/gophersnake/gophersnake/tree"
)

// maxLinked is the most bytes of files that have hard links, which are kept
// until the last of them is written.
const maxLinked = 256 << 20

// Write streams a package's files from the .deb to where the part puts them.
// Directories are the root's. Errors are of class verification where the .deb
// is not the one that was assembled.
func Write(ctx context.Context, p Part, deb io.Reader, where string, w *tree.Writer) error {
	s := &writing{w: w, where: where, at: map[string][]tree.Header{}}
	for _, f := range p.Files {
		s.at[f.From] = append(s.at[f.From], f.Header)
	}
	err := Unpack(deb, where, Visitor{Data: func(h *tar.Header, content io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return s.entry(h, content)
	}})
	if err != nil {
		return err
	}
	for from := range s.at {
		return tree.NewError(where, "%q is no longer there", from)
	}
	return nil
}

type writing struct {
	w     *tree.Writer
	where string
	at    map[string][]tree.Header // what is still to be written, by path in the archive
	kept  int64
}

// entry writes a file everywhere it goes: hard links become files.
func (s *writing) entry(h *tar.Header, content io.Reader) error {
	if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeSymlink {
		return nil
	}
	places := s.at[h.Name]
	delete(s.at, h.Name)
	for _, p := range places {
		if p.Size != h.Size && p.Kind == tree.File {
			return tree.NewError(s.where, "%q has %d bytes, not %d", h.Name, h.Size, p.Size)
		}
	}
	if len(places) == 1 {
		return s.w.Add(places[0], content)
	}
	if len(places) == 0 {
		return nil
	}
	if s.kept += h.Size; s.kept > maxLinked {
		return tree.NewError(s.where, "files with hard links have more than %d MiB", maxLinked>>20)
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	for _, p := range places {
		if err := s.w.Add(p, bytes.NewReader(data)); err != nil {
			return err
		}
	}
	return nil
}
