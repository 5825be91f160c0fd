package output

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/gophersnake/gophersnake/internal/durable"
)

// ours begins the names of our temporary and lock files. Files with such a name
// do not count as content of a directory.
const ours = ".gophersnake-"

// disk is the file system as outputs write it.
type disk struct {
	hook func(op, path string) error // Options.Hook
}

// do runs one operation on a file.
func (d disk) do(op, path string, f func() error) error {
	if d.hook != nil {
		if err := d.hook(op, path); err != nil {
			return &fs.PathError{Op: op, Path: path, Err: err}
		}
	}
	return f()
}

// diskError is an error of the operating system with its path as the place.
func diskError(err error, file string) *Error {
	e := &Error{Type: classDisk, Place: file, Problem: err.Error(), Err: err}
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		e.Place, e.Problem = p.Path, p.Op+": "+p.Err.Error()
	case errors.As(err, &l):
		e.Place, e.Problem = l.New, l.Op+": "+l.Err.Error()
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return e.hint("free some space there, or write to another place")
	}
	return e
}

// lockFile holds the lock of a file that it makes where it is absent.
func (d disk) lockFile(ctx context.Context, file string) (l *flock.Flock, err error) {
	err = d.do("lock", file, func() error {
		l, err = durable.Lock(ctx, file, 0o644)
		return err
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, diskError(err, file)
	}
	return l, nil
}

// replace gives file the content that fill writes: file is either as before or
// complete. The content goes through tmp, which must be in the same file system
// and which the caller guards. Errors of fill are returned as they are.
func (d disk) replace(file, tmp string, fill func(io.Writer) error) error {
	var f *os.File
	err := d.do("open", tmp, func() (err error) {
		f, err = os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		return err
	})
	if err != nil {
		_ = os.Remove(tmp) // it may be there as a lock
		return named(file, tmp, err)
	}
	err = fill(diskWriter{d, f})
	if err == nil {
		err = d.do("sync", tmp, f.Sync)
	}
	closed := f.Close()
	if err == nil {
		err = d.do("close", tmp, func() error { return closed })
	}
	if err == nil {
		err = d.do("rename", file, func() error { return os.Rename(tmp, file) })
	}
	if err != nil {
		_ = os.Remove(tmp) // the first error is the one to tell
		return named(file, tmp, err)
	}
	return d.syncDir(filepath.Dir(file))
}

// named is asDisk for what happened to the temporary file, whose name means
// nothing to people.
func named(file, tmp string, err error) error {
	err = asDisk(err, file)
	var own *Error
	if errors.As(err, &own) && own.Place == tmp {
		own.Place = file
	}
	return err
}

// asDisk makes an error of the operating system one of class disk and leaves
// all others as they are.
func asDisk(err error, file string) error {
	var own *Error
	var p *fs.PathError
	var l *os.LinkError
	if errors.As(err, &own) || (!errors.As(err, &p) && !errors.As(err, &l)) {
		return err
	}
	return diskError(err, file)
}

// diskWriter marks errors of writing, so that they are not taken for those of
// the source that is copied.
type diskWriter struct {
	disk disk
	f    *os.File
}

func (w diskWriter) Write(p []byte) (n int, err error) {
	err = w.disk.do("write", w.f.Name(), func() (err error) {
		n, err = w.f.Write(p)
		return err
	})
	if err != nil {
		return n, diskError(err, w.f.Name())
	}
	return n, nil
}

// syncDir makes a rename in dir durable.
func (d disk) syncDir(dir string) error {
	if err := d.do("sync", dir, func() error { return durable.SyncDir(dir) }); err != nil {
		return diskError(err, dir)
	}
	return nil
}

// copyBlob writes the verified bytes of a blob to w.
func copyBlob(ctx context.Context, w io.Writer, b *blob, o Options) error {
	o.Progress(Event{Kind: EventStart, Name: b.name(), Size: b.Size})
	src, err := verify(b, o.meter(b))
	if err != nil {
		return err
	}
	defer src.Close()
	if _, err := io.Copy(w, contextReader{ctx, src}); err != nil {
		return err
	}
	o.Progress(Event{Kind: EventDone, Name: b.name(), Bytes: b.Size, Size: b.Size})
	return nil
}

// contextReader stops a copy when ctx ends. It lives as long as one copy.
type contextReader struct {
	ctx context.Context //nolint:containedctx // an io.Reader cannot take one
	src io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}
