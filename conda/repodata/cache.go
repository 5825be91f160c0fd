package repodata

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
)

// Cache keeps Packs, so that a document that did not change is not parsed
// again. Its methods may be called by several goroutines.
type Cache interface {
	// Get returns what was put under a key: fs.ErrNotExist in the error's chain
	// means nothing. It is read from for as long as the Subdir is used.
	Get(ctx context.Context, key string) (io.ReaderAt, error)
	// Put keeps what write writes. A later Put of the same key replaces it.
	Put(ctx context.Context, key string, write func(io.Writer) error) error
}

// cached returns the Pack of a file's current bytes, or nil where the cache
// does not have it, or the Source cannot tell what they are.
func (f form) cached(ctx context.Context, c *Channel, ref string, o Options) (*Repodata, error) {
	src, ok := c.Source.(Stater)
	if !ok || o.Cache == nil || f.file == shardsFile {
		return nil, nil
	}
	sum, err := src.Stat(ctx, ref, Want{Max: o.maxSize()})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absent{err}
	case err != nil || sum == "":
		return nil, err
	}
	return o.pack(ctx, sum)
}

// packKey is what a Cache calls the Pack of a file with a sha256.
func (o *Options) packKey(sum string) string { return packMagic + ":" + o.Subdir + ":" + sum }

// pack returns the Pack of a file with a sha256, or nil where the cache has
// none that is whole.
func (o *Options) pack(ctx context.Context, sum string) (*Repodata, error) {
	at, err := o.Cache.Get(ctx, o.packKey(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := OpenPack(at, *o)
	if err != nil {
		return nil, nil //nolint:nilerr // it is made anew
	}
	return r, nil
}

// open opens a packed document, or the Pack of it that is in the cache.
func (f form) open(ctx context.Context, packed []byte, o Options) (*Repodata, error) {
	if o.Cache == nil {
		return f.parse(packed, o)
	}
	sum := sha256.Sum256(packed)
	key := hex.EncodeToString(sum[:])
	if r, err := o.pack(ctx, key); r != nil || err != nil {
		return r, err
	}
	r, err := f.parse(packed, o)
	if err == nil {
		err = o.Cache.Put(ctx, o.packKey(key), r.WritePack)
	}
	return r, err
}

// parse reads a packed document as it is unpacked.
func (f form) parse(packed []byte, o Options) (*Repodata, error) {
	src, err := f.unpack(packed)
	if err != nil {
		return nil, f.problem(err, len(packed), &o)
	}
	defer src.Close()
	rd := &reader{packer: newPacker(), src: &limited{src, o.maxSize()}, window: windowSize}
	r, err := open(rd, o)
	if err != nil && rd.err != nil {
		err = f.problem(err, len(packed), &o)
	}
	return r, err
}
