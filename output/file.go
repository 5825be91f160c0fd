package output

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ours begins the names of our temporary and lock files. Files with such a name
// do not count as content of a directory.
const ours = ".gophersnake-"

// lockPoll is how often a lock that another process holds is tried. The kernel
// frees the lock of a process that died.
const lockPoll = 20 * time.Millisecond

// diskError is an error of the operating system with its path as the place.
func diskError(err error, file string) *Error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return &Error{Type: classDisk, Place: p.Path, Problem: p.Op + ": " + p.Err.Error(), Err: err}
	case errors.As(err, &l):
		return &Error{Type: classDisk, Place: l.New, Problem: l.Op + ": " + l.Err.Error(), Err: err}
	}
	return &Error{Type: classDisk, Place: file, Problem: err.Error(), Err: err}
}

// lockFile creates a file and holds an exclusive lock on it. Who has the lock
// may rename or remove the file: waiters notice and begin again.
func lockFile(ctx context.Context, file string) (*flock.Flock, error) {
	for {
		l := flock.New(file, flock.SetPermissions(0o644))
		if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, diskError(err, file)
		}
		held, err := l.Stat()
		if err == nil {
			var there fs.FileInfo
			if there, err = os.Stat(file); err == nil && os.SameFile(held, there) {
				return l, nil
			}
		}
		_ = l.Unlock() // nothing was written under it
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, diskError(err, file)
		}
	}
}

// replace gives file the content that fill writes: file is either as before or
// complete. The content goes through tmp, which must be in the same file system
// and which the caller guards. Errors of fill are returned as they are.
func replace(file, tmp string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		bad := diskError(err, tmp)
		bad.Place = file // the temporary name means nothing to people
		return bad
	}
	err = fill(diskWriter{f})
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, file)
	}
	if err != nil {
		_ = os.Remove(tmp) // the first error is the one to tell
		var own *Error
		if errors.As(err, &own) && own.Place == tmp {
			own.Place = file
		}
		return asDisk(err, file)
	}
	return syncDir(filepath.Dir(file))
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
type diskWriter struct{ f *os.File }

func (w diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		return n, diskError(err, w.f.Name())
	}
	return n, nil
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return diskError(err, dir)
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
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
