package base

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// verified is a blob that is checked while it is read. Its last Read returns
// io.EOF only if size and digest are as announced; bytes beyond the size are
// never handed on.
type verified struct {
	src    io.ReadCloser
	hash   hash.Hash
	left   int64 // bytes still to come
	digest string
	where  string
	short  fault.Class // what it means that bytes are missing
	err    error
}

func newVerified(src io.ReadCloser, digest string, size int64, where string, short fault.Class) *verified {
	return &verified{src: src, hash: sha256.New(), left: size, digest: digest, where: where, short: short}
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if v.left == 0 {
		v.err = v.end()
		return 0, v.err
	}
	if int64(len(p)) > v.left {
		p = p[:v.left]
	}
	n, err := v.src.Read(p)
	v.hash.Write(p[:n])
	v.left -= int64(n)
	switch {
	case err == nil, errors.Is(err, io.EOF) && v.left == 0:
		return n, nil
	case errors.Is(err, io.EOF):
		err = fault.New(v.short, v.where, "short by %d bytes", v.left).
			WithHint("the source of the image is damaged or was cut off: try again, then push the image anew")
	}
	v.err = err
	return n, err
}

// end looks one byte beyond the size and compares the digests.
func (v *verified) end() error {
	var one [1]byte
	for {
		n, err := v.src.Read(one[:])
		if n > 0 {
			return fault.New(fault.Verification, v.where, "longer than the size in its descriptor")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if got := "sha256:" + hex.EncodeToString(v.hash.Sum(nil)); got != v.digest {
		return fault.New(fault.Verification, v.where, "want %s, got %s", v.digest, got)
	}
	return io.EOF
}

func (v *verified) Close() error { return v.src.Close() }

// readLimited reads a document of at most limit bytes.
func readLimited(r io.Reader, limit int64, where, what string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fault.New(fault.Verification, where, "%s is larger than the limit of %d bytes", what, limit)
	}
	return raw, nil
}

// readDocument reads content that a descriptor names as a whole: from the
// cache, or from the origin and then into the cache.
func (s *Source) readDocument(ctx context.Context, o origin, d descriptor, limit int64, what string) (document, error) {
	where := o.where(d.Digest)
	if d.size > limit {
		return document{}, fault.New(fault.Verification, where, "%s of %d bytes is larger than the limit of %d bytes", what, d.size, limit)
	}
	if s.Cache != nil {
		if raw, ok := s.Cache.Get(d.Digest); ok && digestOf(raw) == d.Digest {
			return checkSize(newDocument(raw, d.MediaType, where), d, what)
		}
	}
	doc, err := o.document(ctx, d, limit, what)
	if err != nil {
		return document{}, err
	}
	if doc, err = checkSize(doc, d, what); err != nil {
		return document{}, err
	}
	if doc.digest != d.Digest {
		return document{}, fault.New(fault.Verification, where, "want %s, got %s", d.Digest, doc.digest)
	}
	if s.Cache != nil {
		s.Cache.Put(d.Digest, bytes.Clone(doc.raw))
	}
	return doc, nil
}

// anySize is the size of a descriptor that was made from a digest alone.
const anySize = -1

func checkSize(doc document, d descriptor, what string) (document, error) {
	if d.size != anySize && int64(len(doc.raw)) != d.size {
		return document{}, fault.New(fault.Verification, doc.where, "%s has %d bytes, its descriptor says %d", what, len(doc.raw), d.size)
	}
	return doc, nil
}
