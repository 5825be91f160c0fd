package wheel

import (
	"bufio"
	"context"
	"io"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Write writes the fragment of a wheel: the files of its description by path
// (phase B). The bytes depend on the description and the wheel alone. Each
// file of the wheel is compared with RECORD while it is written. Write does not
// close out.
//
// Errors of the wheel are of type *tree.Error and class "verification"; errors
// of out are returned as they are.
func Write(ctx context.Context, d *Description, w *Wheel, out *tree.Writer) error {
	for i := range d.Files {
		f := &d.Files[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Elsewhere {
			continue
		}
		h := tree.Header{Path: path.Join(d.Root, f.Path), Mode: 0o644, ModTime: f.ModTime, Size: f.Size}
		if f.Executable {
			h.Mode = 0o755
		}
		if d.GroupAsUser {
			h.Mode |= h.Mode >> 3 & 0o070
		}
		if err := w.write(f, h, out); err != nil {
			return err
		}
	}
	return nil
}

func (w *Wheel) write(f *File, h tree.Header, out *tree.Writer) error {
	if f.Source == "" {
		return out.Add(h, strings.NewReader(f.Text))
	}
	m, err := w.open(f.Source)
	if err != nil {
		return err
	}
	content := io.Reader(m)
	if f.Shebang != "" {
		content = io.MultiReader(strings.NewReader(f.Shebang), withoutLine(m))
	}
	if err := out.Add(h, content); err != nil {
		_ = m.r.Close() // was only read
		return err
	}
	return m.finish()
}

// withoutLine returns what follows the first line. Describe has seen that it
// is a short one.
func withoutLine(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, maxFirstLine)
	_, _ = b.ReadSlice('\n') // an error comes again with the next read
	return b
}
