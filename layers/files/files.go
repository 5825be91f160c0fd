// Package files makes layers of the user's own files, and of what images need
// besides packages: accounts, homes and small generated files.
package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// File is a file of a layer with its content's digest, from which the layer's
// key follows. All files have the Unix epoch (design.md §6).
type File struct {
	Header tree.Header
	SHA256 string                        `json:",omitempty"` // hex, of a regular file's content
	Open   func() (io.ReadCloser, error) `json:"-"`
}

// Text returns a regular file with the given content.
func Text(path string, mode int64, content []byte) File {
	return File{
		Header: tree.Header{Path: path, Mode: mode, Size: int64(len(content))},
		SHA256: hexSHA256(content),
		Open:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// Layer returns a layer of files and directories. Paths below symlinked
// directories of the base are written at their resolved path. A directory
// among files carries its own mode and owner, unless its mode is 0 and the base
// is known to have it; others follow layers.Dirs.
func Layer(kind, name string, base *lock.Facts, c tree.Compression, files []File) (layers.Layer, error) {
	content, sorted, err := arrange(base, files)
	if err != nil {
		return layers.Layer{}, err
	}
	key := layers.Key(kind, c, struct {
		Dirs  []tree.Header
		Files []File
	}{content, sorted})
	write := func(ctx context.Context, w *tree.Writer) error {
		for _, f := range sorted {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := add(w, f); err != nil {
				return err
			}
		}
		return nil
	}
	return layers.Layer{Kind: kind, Name: name, Key: key, Content: func(context.Context) (*layers.Content, error) {
		c := &layers.Content{Dirs: content}
		if len(sorted) > 0 {
			c.Fragments = []layers.Fragment{{Key: key, Write: write}}
		}
		return c, nil
	}}, nil
}

// arrange resolves paths against the base and parts directories from files,
// both sorted bytewise.
func arrange(base *lock.Facts, files []File) (dirs []tree.Header, sorted []File, err error) {
	own := map[string]tree.Header{}
	byPath := map[string]File{}
	var paths, order []string
	for _, f := range files {
		f.Header.Path = base.Resolve(f.Header.Path)
		if err := tree.CheckPath(f.Header.Path); err != nil {
			return nil, nil, tree.NewError("/"+f.Header.Path, "%w", err).WithClass("usage") // the user's own name
		}
		if f.Header.Kind == tree.Dir {
			own[f.Header.Path] = f.Header
			paths = append(paths, f.Header.Path)
			continue
		}
		if _, twice := byPath[f.Header.Path]; twice {
			return nil, nil, tree.NewError("/"+f.Header.Path, "two files have this path").WithClass("usage")
		}
		byPath[f.Header.Path] = f
		order = append(order, f.Header.Path)
		if i := strings.LastIndexByte(f.Header.Path, '/'); i > 0 {
			paths = append(paths, f.Header.Path[:i])
		}
	}
	dirs = layers.Dirs(base, paths...)
	for i, d := range dirs {
		if _, ok := byPath[d.Path]; ok {
			return nil, nil, tree.NewError("/"+d.Path, "is a directory and another file").WithClass("usage")
		}
		if h, ok := own[d.Path]; ok {
			dirs[i] = chosen(h, d)
		}
	}
	headers := make([]tree.Header, len(order))
	for i, p := range order {
		headers[i].Path = p
	}
	layers.SortHeaders(headers)
	for _, h := range headers {
		sorted = append(sorted, byPath[h.Path])
	}
	return dirs, sorted, nil
}

// chosen returns the header of a directory that is among the files. One without
// a mode is made for files to lie in: it must not change what the base has.
func chosen(own, below tree.Header) tree.Header {
	if own.Mode != 0 {
		return own
	}
	own.Mode = 0o755
	if fresh := (tree.Header{Path: below.Path, Kind: tree.Dir, Mode: 0o755}); below != fresh {
		return below
	}
	return own
}

// add writes one file, and checks that it still is what its digest says.
func add(w *tree.Writer, f File) error {
	if f.Header.Kind == tree.Symlink {
		return w.Add(f.Header, nil)
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	v := newVerifier(r)
	err = w.Add(f.Header, v)
	if size := (*tree.Error)(nil); errors.As(err, &size) { // arrange has seen to the rest
		return tree.NewError("/"+f.Header.Path, "content changed while the layer was made: %s", size.Problem).WithClass("failed")
	}
	if err != nil {
		return err
	}
	if got := v.sum(); got != f.SHA256 {
		return tree.NewError("/"+f.Header.Path, "content changed while the layer was made (sha256 %s, was %s)", got, f.SHA256).WithClass("failed")
	}
	return nil
}
