package files_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/tree"
)

// write makes a directory from lines of "path=content", "path@target" (a
// symbolic link) and "path/" (a directory).
func write(t *testing.T, lines ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, line := range lines {
		name, content, isFile := strings.Cut(line, "=")
		name, target, isLink := strings.Cut(name, "@")
		at := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case isFile:
			must(t, os.WriteFile(at, []byte(content), 0o644))
		case isLink:
			must(t, os.Symlink(target, at))
		default:
			must(t, os.MkdirAll(at, 0o755))
		}
	}
	return dir
}

// list returns files as lines that tests can compare.
func list(fs []files.File) []string {
	all := []string{}
	for _, f := range fs {
		all = append(all, line(f.Header))
	}
	return all
}

func line(h tree.Header) string {
	owner := ""
	if h.UID != 0 || h.GID != 0 {
		owner = fmt.Sprintf(" %d:%d", h.UID, h.GID)
	}
	switch h.Kind {
	case tree.Dir:
		return fmt.Sprintf("%s/ %o%s", h.Path, h.Mode, owner)
	case tree.Symlink:
		return fmt.Sprintf("%s -> %s%s", h.Path, h.Target, owner)
	}
	return fmt.Sprintf("%s %o %d%s", h.Path, h.Mode, h.Size, owner)
}

// entries makes a layer and returns what is in its tar, directories first.
func entries(t *testing.T, l layers.Layer) []string {
	t.Helper()
	tarball, err := pack(t.Context(), l)
	must(t, err)
	all := []string{}
	for r := tar.NewReader(bytes.NewReader(tarball)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		must(t, err)
		if h.ModTime.Unix() != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("header %+v", h)
		}
		kind := tree.File
		switch h.Typeflag {
		case tar.TypeDir:
			kind = tree.Dir
		case tar.TypeSymlink:
			kind = tree.Symlink
		}
		path := strings.TrimSuffix(h.Name, "/")
		all = append(all, line(tree.Header{Path: path, Kind: kind, Mode: h.Mode, UID: h.Uid, GID: h.Gid, Size: h.Size, Target: h.Linkname}))
	}
}

// pack makes a layer's tar.
func pack(ctx context.Context, l layers.Layer) ([]byte, error) {
	var tarball bytes.Buffer
	o := tree.Options{Tar: &tarball}
	content, err := l.Content(ctx)
	if err != nil {
		return nil, err
	}
	if err := tree.WriteHead(io.Discard, content.Dirs, o); err != nil {
		return nil, err
	}
	for _, f := range content.Fragments {
		w := tree.NewWriter(io.Discard, o)
		err := f.Write(ctx, w)
		if closed := w.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, err
		}
	}
	return tarball.Bytes(), tree.WriteTail(io.Discard, o)
}

func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// wantError compares the text, the class and the hint of an error.
func wantError(t *testing.T, err error, class fault.Class, text, hint string) {
	t.Helper()
	var h interface{ Hint() string }
	switch {
	case err == nil:
		t.Errorf("no error, want %s", text)
	case err.Error() != text || fault.ClassOf(err) != class:
		t.Errorf("%s error %q,\nwant %s %q", fault.ClassOf(err), err, class, text)
	case errors.As(err, &h) && h.Hint() != hint:
		t.Errorf("%v: hint %q, want %q", err, h.Hint(), hint)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
