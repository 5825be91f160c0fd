package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/gophersnake/gophersnake/internal/durable"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// Writer is a blob that is being written. It is not for concurrent use.
type Writer struct {
	s    *Store
	f    *os.File
	hash hash.Hash
	size int64
	err  error // the first error; a blob with a hole is never committed
	done bool
}

// Create begins a blob. End it with Commit or Abort.
func (s *Store) Create(ctx context.Context) (*Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := s.temp("blob-")
	if err != nil {
		return nil, err
	}
	return &Writer{s: s, f: f, hash: sha256.New()}, nil
}

// Write appends to the blob. An error is of class disk and stays.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	var n int
	w.err = w.s.do("write", w.f.Name(), func() (err error) {
		n, err = w.f.Write(p)
		return err
	})
	w.hash.Write(p[:n])
	w.size += int64(n)
	return n, w.err
}

// Reset begins the blob anew.
func (w *Writer) Reset() error {
	if w.err != nil {
		return w.err
	}
	w.hash.Reset()
	w.size = 0
	w.err = w.s.do("truncate", w.f.Name(), func() error {
		if _, err := w.f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return w.f.Truncate(0)
	})
	return w.err
}

// Size returns the bytes written so far.
func (w *Writer) Size() int64 { return w.size }

// Digest returns "sha256:<hex>" of the bytes written so far.
func (w *Writer) Digest() string { return "sha256:" + hex.EncodeToString(w.hash.Sum(nil)) }

// Commit puts the blob into the store, durably, and returns its digest and its
// size in bytes. With a want that is not "" another digest is an error of class
// verification and the store stays as it was. After Commit the Writer is spent,
// whatever it returned.
func (w *Writer) Commit(want string) (digest string, size int64, err error) {
	defer w.Abort()
	if w.err != nil {
		return "", 0, w.err
	}
	if w.done {
		return "", 0, fault.New(fault.Failed, w.f.Name(), "commit: the blob was committed or given up before")
	}
	digest = w.Digest()
	if want != "" {
		if _, err := parseDigest(want); err != nil {
			return "", 0, err
		}
		if digest != want {
			return "", 0, fault.New(fault.Verification, "", "digest is %s, want %s", digest, want)
		}
	}
	final := w.s.blobPath(digest)
	w.done = true
	if err := w.s.install(w.f, final); err != nil {
		return "", 0, err
	}
	w.s.trust(digest, final)
	return digest, w.size, nil
}

// Abort gives the blob up. After Commit, or a second time, it does nothing, so
// it may stand in a defer.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	discard(w.f)
}

// Put copies a reader into the store and returns the blob's digest and its
// size in bytes. A wantDigest that is not "" and a wantSize that is not 0 must
// match, else the error is of class verification and nothing is stored. At most
// wantSize+1 bytes are read.
func (s *Store) Put(ctx context.Context, r io.Reader, wantDigest string, wantSize int64) (digest string, size int64, err error) {
	w, err := s.Create(ctx)
	if err != nil {
		return "", 0, err
	}
	defer w.Abort()
	if wantSize > 0 {
		r = io.LimitReader(r, wantSize+1)
	}
	if _, err := io.Copy(w, &reader{ctx.Err, r}); err != nil {
		return "", 0, err
	}
	switch {
	case wantSize > 0 && w.size > wantSize:
		return "", 0, fault.New(fault.Verification, wantDigest, "more than %d bytes", wantSize)
	case wantSize > 0 && w.size < wantSize:
		return "", 0, fault.New(fault.Verification, wantDigest, "%d bytes, want %d", w.size, wantSize)
	}
	return w.Commit(wantDigest)
}

// reader stops when the caller's context ends.
type reader struct {
	check func() error
	r     io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// temp makes a file in tmp that only this user can read.
func (s *Store) temp(prefix string) (f *os.File, err error) {
	err = s.do("create", s.path(tmpDir), func() error {
		f, err = os.CreateTemp(s.path(tmpDir), prefix)
		return err
	})
	return f, err
}

// install gives a temporary file its name, durably: sync, close, rename, sync
// the directory. It takes the file over and removes it where it fails.
func (s *Store) install(f *os.File, final string) error {
	if err := s.do("sync", f.Name(), f.Sync); err != nil {
		discard(f)
		return err
	}
	if err := s.move(f, final); err != nil {
		return err
	}
	dir := filepath.Dir(final)
	return s.do("sync", dir, func() error { return durable.SyncDir(dir) })
}

// move is install without waiting for the disk.
func (s *Store) move(f *os.File, final string) error {
	err := s.do("close", f.Name(), f.Close)
	if err == nil {
		err = s.mkdir(filepath.Dir(final))
	}
	if err == nil {
		err = s.do("rename", final, func() error { return os.Rename(f.Name(), final) })
	}
	if err != nil {
		discard(f)
	}
	return err
}

// discard closes and removes a temporary file. What cannot be removed is
// removed by a later Open.
func discard(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Spool returns an empty file inside the store that has no name, to be closed
// by the caller: its space is freed then, or when the process dies.
func (s *Store) Spool() (*os.File, error) {
	f, err := s.temp("spool-")
	if err != nil {
		return nil, err
	}
	// Windows does not remove an open file; a later Open does.
	_ = os.Remove(f.Name())
	return f, nil
}
