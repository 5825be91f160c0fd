package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// dirEntry is a file or a symbolic link of a directory, as it was made. The mark
// of a directory has one in each line, sealed as records are; what is there
// besides, such as files that Python compiled, does not count.
type dirEntry struct {
	Path   string // relative, with slashes
	Mode   fs.FileMode
	SHA256 string `json:",omitempty"` // hex, of a regular file
	Link   string `json:",omitempty"` // the target
}

// manifest returns the mark's text for a directory.
func (s *Store) manifest(ctx context.Context, tree string) ([]byte, error) {
	var all []dirEntry
	err := filepath.WalkDir(tree, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tree, path)
		all = append(all, dirEntry{Path: filepath.ToSlash(rel)})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := eachEntry(ctx, all, func(e *dirEntry, buf []byte) (err error) {
		*e, err = readEntry(ctx, tree, e.Path, buf)
		return err
	}); err != nil {
		return nil, err
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, e := range all {
		if err := encoder.Encode(e); err != nil {
			return nil, err
		}
	}
	return seal(lines.Bytes()), nil
}

// errChanged says that a directory is not as it was made.
var errChanged = errors.New("changed")

// intact reports whether a directory is as its mark says.
func (s *Store) intact(ctx context.Context, final string) (bool, error) {
	mark, tree := filepath.Join(final, completeMark), filepath.Join(final, treeDir)
	var text []byte
	err := s.do("read", mark, func() (err error) {
		text, err = os.ReadFile(mark)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sum, lines, ok := bytes.Cut(text, []byte("\n"))
	if !ok || !bytes.Equal(sum, checksum(lines)) {
		return false, nil
	}
	var all []dirEntry
	for decoder := json.NewDecoder(bytes.NewReader(lines)); ; {
		var e dirEntry
		if err := decoder.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return false, nil //nolint:nilerr // of another program
		}
		all = append(all, e)
	}
	err = s.do("read", tree, func() error {
		return eachEntry(ctx, all, func(e *dirEntry, buf []byte) error {
			now, err := readEntry(ctx, tree, e.Path, buf)
			if err == nil && now != *e {
				err = errChanged
			}
			return err
		})
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errChanged) {
		return false, nil
	}
	return err == nil, err
}

// eachEntry calls f for all entries, as many at a time as there are processors,
// each with a buffer of its own.
func eachEntry(ctx context.Context, all []dirEntry, f func(e *dirEntry, buf []byte) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			buf := make([]byte, 256<<10)
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := f(&all[i], buf); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// readEntry describes what has a path below a directory now.
func readEntry(ctx context.Context, tree, path string, buf []byte) (dirEntry, error) {
	e := dirEntry{Path: path}
	file := filepath.Join(tree, filepath.FromSlash(path))
	info, err := os.Lstat(file)
	if err != nil {
		return e, err
	}
	e.Mode = info.Mode()
	switch {
	case e.Mode&fs.ModeSymlink != 0:
		e.Link, err = os.Readlink(file)
		return e, err
	case !e.Mode.IsRegular():
		return e, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return e, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.CopyBuffer(h, &reader{ctx.Err, f}, buf)
	e.SHA256 = hex.EncodeToString(h.Sum(nil))
	return e, err
}
