package release

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Extract unpacks a toolchain zip into an empty directory, which becomes a
// GOROOT: files and modes are those of [Entries]. It checks sizes and CRC-32,
// not hashes ([CheckZip]). No file is written outside dir or over another.
// After an error dir is incomplete: unpack into a temporary directory and
// rename it.
func Extract(ctx context.Context, zip io.ReaderAt, size int64, dir string) error {
	z, err := OpenZip(zip, size)
	if err != nil {
		return err
	}
	entries, err := Entries(z)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return newError("disk", "", "%w", err)
	}
	defer func() { _ = root.Close() }() // nothing is written through it then
	made := map[string]bool{}
	for _, e := range entries {
		if d := path.Dir(e.Path); !made[d] {
			if err := root.MkdirAll(d, 0o755); err != nil {
				return newError("disk", "", "%w", err)
			}
			made[d] = true
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, e := range entries {
		g.Go(func() error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			return e.extract(root)
		})
	}
	return g.Wait()
}

func (e Entry) extract(root *os.Root) error {
	f, err := root.OpenFile(e.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(e.Mode))
	if err != nil {
		return newError("disk", "", "%w", err)
	}
	err = copyFile(diskWriter{f}, e.File)
	if err == nil {
		err = f.Chmod(fs.FileMode(e.Mode)) // the umask may have taken bits away
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return newError(classOf(err, "disk"), "", "%w", err)
	}
	return nil
}

// diskWriter marks what fails on the side of the disk, so that it is not taken
// for a bad zip.
type diskWriter struct{ w io.Writer }

func (d diskWriter) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err != nil {
		err = newError("disk", "", "%w", err)
	}
	return n, err
}
