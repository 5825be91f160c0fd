package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Blob is an open blob whose bytes were checked. Reads are of class disk where
// they fail. It stays readable when it is pruned meanwhile.
type Blob struct {
	f    *os.File
	size int64
}

// Read reads on from where the last Read ended.
func (b *Blob) Read(p []byte) (int, error) {
	n, err := b.f.Read(p)
	return n, b.wrap(err)
}

// ReadAt reads at an offset and may be called at the same time as itself.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.f.ReadAt(p, off)
	return n, b.wrap(err)
}

func (b *Blob) wrap(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return diskError("read", b.f.Name(), err)
}

// Size returns the size in bytes.
func (b *Blob) Size() int64 { return b.size }

// Path returns the blob's file, which must not be written.
func (b *Blob) Path() string { return b.f.Name() }

// Close closes the blob.
func (b *Blob) Close() error { return b.f.Close() }

// verdict is what this process knows of one blob: the file that it hashed.
type verdict struct {
	mu   sync.Mutex // held while hashing, so that a blob is hashed once
	info fs.FileInfo
}

func (s *Store) verdict(digest string) *verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.verified[digest]
	if v == nil {
		v = &verdict{}
		s.verified[digest] = v
	}
	return v
}

// trust records that this process has just hashed and written a blob.
func (s *Store) trust(digest, path string) {
	info, err := os.Lstat(path)
	if err != nil {
		return // it is hashed when it is opened
	}
	v := s.verdict(digest)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.info = info
}

func unchanged(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// blobPath returns the file of a digest that parseDigest has accepted.
func (s *Store) blobPath(digest string) string {
	sum := digest[len("sha256:"):]
	return s.path(blobsDir, sum[:2], sum[2:])
}

// Stat returns the size in bytes of the blob with the digest "sha256:<hex>",
// without checking its bytes, or an error whose cause is ErrAbsent.
func (s *Store) Stat(digest string) (int64, error) {
	if _, err := parseDigest(digest); err != nil {
		return 0, err
	}
	info, err := os.Lstat(s.blobPath(digest))
	if errors.Is(err, fs.ErrNotExist) {
		info, err = s.statLower(digest)
	}
	if err != nil {
		return 0, openError(digest, s.blobPath(digest), err)
	}
	return info.Size(), nil
}

// Has reports whether the store has a blob, without checking its bytes.
func (s *Store) Has(digest string) bool {
	_, err := s.Stat(digest)
	return err == nil
}

func openError(digest, path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Disk, digest, "%w", ErrAbsent)
	}
	return diskError("open", path, err)
}

// Get opens the blob with the digest "sha256:<hex>". The first Get of a digest
// in a process hashes the file; a file that does not match is removed. What is
// absent, then too, is an error of class disk whose cause is ErrAbsent.
func (s *Store) Get(ctx context.Context, digest string) (*Blob, error) {
	if _, err := parseDigest(digest); err != nil {
		return nil, err
	}
	path := s.blobPath(digest)
	var f *os.File
	err := s.do("open", path, func() (err error) {
		f, err = os.Open(path)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return s.belowOr(ctx, digest, openError(digest, path, err))
	}
	if err != nil {
		return nil, openError(digest, path, err)
	}
	info, err := s.check(ctx, digest, f, true)
	if err != nil {
		_ = f.Close() // it was only read
		if errors.Is(err, ErrAbsent) {
			return s.belowOr(ctx, digest, err)
		}
		return nil, err
	}
	return &Blob{f: f, size: info.Size()}, nil
}

// belowOr opens a blob of a lower store, or returns the error of this one.
func (s *Store) belowOr(ctx context.Context, digest string, own error) (*Blob, error) {
	b, err := s.getLower(ctx, digest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, own
	}
	return b, err
}

// check hashes an open blob unless this process has done so before. One of its
// own that does not match is removed.
func (s *Store) check(ctx context.Context, digest string, f *os.File, own bool) (fs.FileInfo, error) {
	v := s.verdict(digest)
	v.mu.Lock()
	defer v.mu.Unlock()
	info, err := f.Stat()
	if err != nil {
		return nil, diskError("stat", f.Name(), err)
	}
	if unchanged(v.info, info) {
		return info, nil
	}
	got, err := s.hashFile(ctx, f)
	if err != nil {
		return nil, err
	}
	if got != digest {
		if own {
			s.remove(f.Name(), info)
		}
		return nil, fault.New(fault.Disk, digest, "%w", ErrAbsent)
	}
	if own {
		s.touch(f.Name(), info)
	}
	if info, err = f.Stat(); err != nil {
		return nil, diskError("stat", f.Name(), err)
	}
	v.info = info
	return info, nil
}

// hashFile returns the digest of a file, whose offset stays where it is.
func (s *Store) hashFile(ctx context.Context, f *os.File) (string, error) {
	h := sha256.New()
	err := s.do("read", f.Name(), func() error {
		all := io.NewSectionReader(f, 0, 1<<63-1)
		_, err := io.CopyBuffer(h, &reader{ctx.Err, all}, make([]byte, 256<<10))
		return err
	})
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), err
}

// remove takes a corrupt file out of the store, unless another process has put
// a new one in its place since info was taken.
func (s *Store) remove(path string, info fs.FileInfo) {
	aside, err := s.temp("corrupt-")
	if err != nil {
		return // full or read-only: it stays, and is never believed
	}
	defer discard(aside)
	if os.Rename(path, aside.Name()) != nil {
		return
	}
	moved, err := os.Lstat(aside.Name())
	if err == nil && !os.SameFile(moved, info) {
		_ = os.Rename(aside.Name(), path) // it is new; at worst it is made again
		return
	}
	if s.Corrupt != nil {
		s.Corrupt(path)
	}
}

// touch notes in a file's time that it was used by this process. Pruning
// begins with what was not used for longest; an error costs only the order.
func (s *Store) touch(path string, info fs.FileInfo) {
	if s.opened.Sub(info.ModTime()) > useAge {
		_ = os.Chtimes(path, s.opened, s.opened)
	}
}
