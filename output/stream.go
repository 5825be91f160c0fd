package output

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// verified reads a blob and fails unless it has the size and the digest of its
// descriptor. The bytes of the read that would complete the blob are delivered
// only if the digest is right, so a wrong blob never looks complete.
//
// An http.Transport may read and close from a goroutine of its own, hence the
// lock.
type verified struct {
	mu   sync.Mutex
	src  io.ReadCloser
	hash hash.Hash
	want v1.Descriptor
	n    int64 // bytes read
	err  error // the source's own error, or the mismatch; sticky
	seen func(total int64)
}

// verify opens a blob; seen, if not nil, is told the bytes read so far.
func verify(b *blob, seen func(int64)) (*verified, error) {
	src, err := b.open()
	if err != nil {
		return nil, err
	}
	return &verified{src: src, hash: sha256.New(), want: b.Descriptor, seen: seen}, nil
}

// Read implements io.Reader.
func (v *verified) Read(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil {
		return 0, v.err
	}
	if v.n == v.want.Size && v.n > 0 {
		return 0, io.EOF
	}
	n, err := v.src.Read(p)
	v.n += int64(n)
	v.hash.Write(p[:n])
	switch {
	case v.n > v.want.Size:
		v.err = v.mismatch("has more than the %d bytes it should have", v.want.Size)
	case err == io.EOF && v.n < v.want.Size:
		v.err = v.mismatch("ends after %d bytes, want %d", v.n, v.want.Size)
	case err != nil && err != io.EOF:
		v.err = err
	case v.n == v.want.Size:
		err = v.finish()
	}
	if v.err != nil {
		return 0, v.err
	}
	if n > 0 && v.seen != nil {
		v.seen(v.n)
	}
	return n, err
}

// finish checks the digest and that the source has no byte more.
func (v *verified) finish() error {
	var one [1]byte
	if n, err := io.ReadFull(v.src, one[:]); n > 0 {
		v.err = v.mismatch("has more than the %d bytes it should have", v.want.Size)
	} else if err != io.EOF {
		v.err = err
	} else if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.want.Digest.Hex {
		v.err = v.mismatch("content has the digest sha256:%s", got)
	}
	return io.EOF
}

func (v *verified) mismatch(format string, args ...any) error {
	return newError(classVerification, "blob "+v.want.Digest.String(), format, args...)
}

// Close implements io.Closer.
func (v *verified) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.src.Close()
}

// read returns how many bytes were read.
func (v *verified) read() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.n
}

// failure returns the error of the source itself, or nil.
func (v *verified) failure() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}
