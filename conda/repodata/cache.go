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

// open opens a packed document, or the Pack of it that is in the cache.
func (f form) open(ctx context.Context, packed []byte, o Options) (index, Info, error) {
	if o.Cache == nil {
		return f.parse(packed, o)
	}
	sum := sha256.Sum256(packed)
	key := packMagic + ":" + o.Subdir + ":" + hex.EncodeToString(sum[:])
	at, err := o.Cache.Get(ctx, key)
	if err == nil {
		p, err := OpenPack(at, o)
		if err == nil {
			return p, p.Info, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, err
	}
	from, info, err := f.parse(packed, o)
	if err == nil {
		err = o.Cache.Put(ctx, key, from.WritePack)
	}
	return from, info, err
}

func (f form) parse(packed []byte, o Options) (*Repodata, Info, error) {
	data, err := f.unpacked(packed, &o)
	if err != nil {
		return nil, Info{}, err
	}
	r, err := Open(data, o)
	if err != nil {
		return nil, Info{}, err
	}
	return r, r.Info, nil
}
