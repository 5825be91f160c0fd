package base

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// dirFiles are a layout's files in a directory.
type dirFiles struct {
	name string // as configured, for errors
	root string
}

func (d dirFiles) where(file string) string { return path.Join(filepath.ToSlash(d.name), file) }

func (d dirFiles) present() error {
	info, err := os.Stat(d.root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Usage, d.name, "no such directory")
	case err != nil:
		return diskError(d.name, err)
	case !info.IsDir():
		return fault.New(fault.Usage, d.name, "not a directory").WithHint("an archive is written oci-archive:%s", d.name)
	}
	return nil
}

func (d dirFiles) open(file string) (io.ReadCloser, error) {
	return openFile(filepath.Join(d.root, filepath.FromSlash(file)), d.where(file))
}

// openFile opens a regular file. Nothing else is opened, since opening a FIFO
// would wait for ever.
func openFile(name, where string) (*fileReader, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, diskError(where, err)
	case !info.Mode().IsRegular():
		return nil, fault.New(fault.Usage, where, "not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, diskError(where, err)
	}
	return &fileReader{f, f, where}, nil
}

// diskError gives an error of the file system a class, and drops the path of
// this machine from it.
func diskError(where string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fault.New(fault.Disk, where, "%w", err).WithHint("check the path, its permissions and the disk")
}

// fileReader reads a file, or a part of one.
type fileReader struct {
	io.Reader
	file  *os.File
	where string
}

func (f *fileReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = diskError(f.where, err)
	}
	return n, err
}

func (f *fileReader) Close() error { return f.file.Close() }

// tarFiles are a layout's files in a tar archive. The archive's headers are
// read once, at the first use.
type tarFiles struct {
	name string // as configured, for errors
	file string

	once  sync.Once
	parts map[string]part
	err   error
}

// part is where one file's bytes lie in the archive.
type part struct{ off, size int64 }

// maxParts bounds the files of an archive.
const maxParts = 100_000

func (t *tarFiles) where(file string) string { return filepath.ToSlash(t.name) + ": " + file }

func (t *tarFiles) present() error {
	t.once.Do(func() { t.parts, t.err = t.scan() })
	return t.err
}

func (t *tarFiles) open(file string) (io.ReadCloser, error) {
	if err := t.present(); err != nil {
		return nil, err
	}
	p, ok := t.parts[file]
	if !ok {
		return nil, fs.ErrNotExist
	}
	f, err := openFile(t.file, t.where(file))
	if err != nil {
		return nil, err
	}
	f.Reader = io.NewSectionReader(f.file, p.off, p.size)
	return f, nil
}

func (t *tarFiles) scan() (map[string]part, error) {
	f, err := openFile(t.file, t.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Usage, t.name, "no such file")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	parts := map[string]part{}
	r := tar.NewReader(f.file)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, fault.New(fault.Disk, t.name, "not an uncompressed tar archive, or cut off: %w", err).
				WithHint("a compressed archive must be unpacked to a plain .tar first")
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		// archive/tar reads a header in whole blocks and no further, so the
		// file's offset is where the content starts.
		off, err := f.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, diskError(t.name, err)
		}
		name := path.Clean(h.Name)
		if _, twice := parts[name]; twice {
			return nil, fault.New(fault.Verification, t.name, "the archive has %q twice", name)
		}
		if len(parts) == maxParts {
			return nil, fault.New(fault.Verification, t.name, "the archive has more than %d files", maxParts)
		}
		parts[name] = part{off, h.Size}
	}
}
