package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/tree"
)

// Source is one [[files]] table: a file or a directory of the user's.
type Source struct {
	Dir      string   // of gophersnake.toml, on this machine
	Src      string   // relative to Dir, slash-separated
	Dest     string   // absolute in the image; a trailing slash keeps the name of a file
	Mode     int64    // of regular files; 0 means 0755 where the owner may execute, else 0644
	UID, GID int      // owner of everything
	Ignore   []string // patterns as in .dockerignore, relative to Src
	Except   []string // absolute paths of this machine that are left out of a directory
}

// Files reads the source's tree, sorted. Modes do not depend on the umask;
// symbolic links are kept, and refused where they leave the source.
func (s Source) Files() ([]File, error) {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, fault.New(fault.Usage, s.Src, "%w", plain(err))
	}
	defer root.Close()
	src := path.Clean(s.Src)
	info, err := root.Lstat(filepath.FromSlash(src))
	if err != nil {
		return nil, fault.New(fault.Usage, s.Src, "source of [[files]]: %w", plain(err)).WithHint("paths are relative to gophersnake.toml")
	}
	if !info.IsDir() {
		dest := s.Dest
		if strings.HasSuffix(dest, "/") {
			dest += path.Base(src)
		}
		f, err := s.file(root, src, strings.Trim(dest, "/"), info)
		if err != nil {
			return nil, classify(s.Src, err)
		}
		return []File{f}, nil
	}
	return s.walk(root, src)
}

func (s Source) walk(root *os.Root, src string) ([]File, error) {
	patterns, err := ignorefile.ReadAll(strings.NewReader(strings.Join(s.Ignore, "\n"))) // "/x" is "x"
	if err != nil {
		return nil, fault.New(fault.Usage, s.Src, "ignore: %w", err)
	}
	ignore, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fault.New(fault.Usage, s.Src, "ignore: %w", err)
	}
	dest := strings.Trim(s.Dest, "/")
	var files []File
	err = fs.WalkDir(root.FS(), src, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(p, src), "/")
		if src == "." {
			rel = strings.TrimPrefix(p, "./")
		}
		if p != src && s.excepted(p) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if p != src && rel != "." {
			skip, err := ignore.MatchesOrParentMatches(rel)
			if err != nil {
				return err
			}
			if skip {
				return nil // not SkipDir: a later "!pattern" may bring back a file below
			}
		} else {
			rel = ""
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f, err := s.file(root, p, path.Join(dest, rel), info)
		if err != nil {
			return err
		}
		if f.Header.Path != "" {
			files = append(files, f)
		}
		return nil
	})
	if err != nil {
		return nil, classify(s.Src, err)
	}
	return files, nil
}

// excepted reports whether a path is one of Except.
func (s Source) excepted(p string) bool {
	if len(s.Except) == 0 {
		return false
	}
	abs, err := filepath.Abs(filepath.Join(s.Dir, filepath.FromSlash(p)))
	return err == nil && slices.Contains(s.Except, abs)
}

// file describes one file of the source.
func (s Source) file(root *os.Root, p, dest string, info fs.FileInfo) (File, error) {
	h := tree.Header{Path: dest, UID: s.UID, GID: s.GID}
	switch {
	case info.IsDir():
		h.Kind = tree.Dir // without a mode: see Layer
		return File{Header: h}, nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := root.Readlink(filepath.FromSlash(p))
		if err != nil {
			return File{}, err
		}
		h.Kind, h.Mode, h.Target = tree.Symlink, 0o777, filepath.ToSlash(target)
		return File{Header: h}, s.checkLink(p, h.Target)
	case !info.Mode().IsRegular():
		return File{}, fault.New(fault.Usage, p, "is neither a file, a directory nor a symbolic link")
	}
	h.Size, h.Mode = info.Size(), s.Mode
	if h.Mode == 0 {
		h.Mode = 0o644
		if info.Mode()&0o100 != 0 {
			h.Mode = 0o755
		}
	}
	f := File{Header: h, Open: func() (io.ReadCloser, error) { return os.Open(filepath.Join(s.Dir, filepath.FromSlash(p))) }}
	r, err := root.Open(filepath.FromSlash(p))
	if err != nil {
		return File{}, err
	}
	defer r.Close()
	v := newVerifier(r)
	if _, err := io.Copy(io.Discard, v); err != nil {
		return File{}, err
	}
	f.SHA256 = v.sum()
	return f, nil
}

// checkLink refuses a link whose target is not below the source.
func (s Source) checkLink(p, target string) error {
	if !utf8.ValidString(target) { // keys are made of text
		return fault.New(fault.Usage, p, "symbolic link to %q, which is not UTF-8", target)
	}
	src := path.Clean(s.Src)
	to := path.Join(path.Dir(p), target)
	if !path.IsAbs(target) && (to == src || strings.HasPrefix(to, src+"/") || src == "." && to != ".." && !strings.HasPrefix(to, "../")) {
		return nil
	}
	return fault.New(fault.Usage, p, "symbolic link to %q leaves %q", target, s.Src).WithHint("copy the file itself, or list the link in ignore")
}

func classify(src string, err error) error {
	if fault.ClassOf(err) != fault.Failed {
		return err
	}
	return fault.New(fault.Usage, src, "%w", plain(err))
}

// plain takes the path of this machine out of a file system error.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
