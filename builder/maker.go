package builder

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// Buckets of the store that this package owns.
const (
	bucketFragment = "fragment" // layer format, compression, fragment key → part
	bucketContent  = "content"  // what a layer is joined of → recipe
	bucketLayer    = "layer"    // layer key → recipe
	bucketLikely   = "likely"   // layers.Layer.Likely → row
)

// part is a piece of a layer in the store.
type part struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// recipe says what a layer is and which parts, in order, are its bytes.
type recipe struct {
	DiffID string `json:"diff-id"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	Parts  []part `json:"parts"`
}

func (r recipe) row(key string) lock.Layer {
	return lock.Layer{Key: key, DiffID: r.DiffID, Digest: r.Digest, Size: r.Size}
}

// maker makes layers into the store.
type maker struct {
	store       *store.Store
	compression tree.Compression
	pool        *tree.Pool
	probe       func() error // before anything is compressed
	event       func(Event)
	lend        Lend // may be nil
}

// known returns the recipe of a layer that the store has completely.
func (m *maker) known(ctx context.Context, bucket, key string) (recipe, bool, error) {
	var r recipe
	ok, err := m.store.LoadRecord(ctx, bucket, key, &r)
	if err != nil || !ok {
		return recipe{}, false, err
	}
	for _, p := range r.Parts {
		if !m.store.Has(p.Digest) {
			return recipe{}, false, nil
		}
	}
	return r, true, nil
}

// obtain returns the recipe of a layer that is what a row says. What is not in
// the store is borrowed as one blob or made. That a borrowed blob is the layer
// of this key is the row's claim and is not recorded: who has no row makes it.
func (m *maker) obtain(ctx context.Context, l layers.Layer, row lock.Layer) (recipe, error) {
	r, ok, err := m.known(ctx, bucketLayer, l.Key)
	if err != nil {
		return recipe{}, err
	}
	if !ok {
		if m.borrow(ctx, l, row) {
			return recipe{DiffID: row.DiffID, Digest: row.Digest, Size: row.Size, Parts: []part{{row.Digest, row.Size}}}, nil
		}
		if r, err = m.make(ctx, l); err != nil {
			return recipe{}, err
		}
	}
	return r, compare(l, row, r.row(row.Key))
}

// borrow reports whether the store has a layer as one blob, now or before.
func (m *maker) borrow(ctx context.Context, l layers.Layer, row lock.Layer) bool {
	if m.store.Has(row.Digest) {
		return true
	}
	if m.lend == nil {
		return false
	}
	ok := m.lend(ctx, row.Digest, row.Size, func(r io.Reader) error {
		_, _, err := m.store.Put(ctx, r, row.Digest, row.Size)
		return err
	})
	if ok {
		m.event(Event{"lent", l.Name, l.Key, row.Size})
	}
	return ok
}

// make returns the recipe of a layer whose parts lie in the store, making what
// is not there.
func (m *maker) make(ctx context.Context, l layers.Layer) (recipe, error) {
	if r, ok, err := m.known(ctx, bucketLayer, l.Key); err != nil || ok {
		return r, err
	}
	content, err := l.Content(ctx)
	if err != nil {
		return recipe{}, err
	}
	key := m.contentKey(content)
	r, ok, err := m.known(ctx, bucketContent, key)
	if err != nil {
		return recipe{}, err
	}
	if !ok {
		m.event(Event{Kind: "make", Layer: l.Name, Key: l.Key})
		if r, err = m.join(ctx, content); err != nil {
			return recipe{}, err
		}
		if err := m.store.NoteRecord(ctx, bucketContent, key, r); err != nil {
			return recipe{}, err
		}
	}
	if err := m.likely(ctx, l, r.row(l.Likely)); err != nil {
		return recipe{}, err
	}
	return r, m.store.NoteRecord(ctx, bucketLayer, l.Key, r)
}

// likely keeps what was made of a layer's packages, where it is something else
// than before: most layers of an environment that changed are as they were.
func (m *maker) likely(ctx context.Context, l layers.Layer, row lock.Layer) error {
	if l.Likely == "" {
		return nil
	}
	var before lock.Layer
	if _, err := m.store.LoadRecord(ctx, bucketLikely, l.Likely, &before); err != nil || before == row {
		return err
	}
	return m.store.NoteRecord(ctx, bucketLikely, l.Likely, row)
}

// contentKey names what a layer is joined of. Layers of different keys may
// have the same content: another package of the environment changed.
func (m *maker) contentKey(c *layers.Content) string {
	keys := make([]string, len(c.Fragments))
	for i, f := range c.Fragments {
		keys[i] = f.Key
	}
	return layers.Key("content", m.compression, struct {
		Dirs      []tree.Header
		Fragments []string
	}{c.Dirs, keys})
}

// joint is a layer on its way: the parts so far and the hashes over all.
type joint struct {
	recipe
	tar, whole hash.Hash
}

func (j *joint) add(p part) {
	j.Parts = append(j.Parts, p)
	j.Size += p.Size
}

// join makes the head, every fragment and the tail, in order.
func (m *maker) join(ctx context.Context, c *layers.Content) (recipe, error) {
	if err := m.probe(); err != nil {
		return recipe{}, err
	}
	j := &joint{tar: sha256.New(), whole: sha256.New()}
	head := func(w io.Writer, o tree.Options) error { return tree.WriteHead(w, c.Dirs, o) }
	if err := m.small(ctx, j, head); err != nil {
		return recipe{}, err
	}
	for _, f := range c.Fragments {
		if err := m.fragment(ctx, j, f); err != nil {
			return recipe{}, err
		}
	}
	if err := m.small(ctx, j, tree.WriteTail); err != nil {
		return recipe{}, err
	}
	j.DiffID, j.Digest = sum(j.tar), sum(j.whole)
	return j.recipe, nil
}

// small stores a head or a tail.
func (m *maker) small(ctx context.Context, j *joint, write func(io.Writer, tree.Options) error) error {
	var b bytes.Buffer
	err := write(io.MultiWriter(&b, j.whole), tree.Options{Compression: m.compression, Tar: j.tar, Pool: m.pool})
	if err != nil || b.Len() == 0 {
		return err
	}
	size := int64(b.Len())
	digest, _, err := m.store.Put(ctx, &b, "", size)
	if err != nil {
		return err
	}
	j.add(part{digest, size})
	return nil
}

// fragment takes a fragment from the store or makes it.
func (m *maker) fragment(ctx context.Context, j *joint, f layers.Fragment) error {
	key := layers.Key("fragment", m.compression, f.Key) // with the layer format
	unlock, err := m.store.Lock(ctx, bucketFragment+"."+key)
	if err != nil {
		return err
	}
	defer unlock()
	var p part
	ok, err := m.store.LoadRecord(ctx, bucketFragment, key, &p)
	if err != nil {
		return err
	}
	if ok {
		ok, err = m.reuse(ctx, j, p)
		if err != nil || ok {
			return err
		}
	}
	if p, err = m.write(ctx, j, f); err != nil {
		return err
	}
	j.add(p)
	return m.store.NoteRecord(ctx, bucketFragment, key, p)
}

// reuse joins a fragment that the store has. Where the store lost it, it
// reports false and leaves the joint as it was.
func (m *maker) reuse(ctx context.Context, j *joint, p part) (bool, error) {
	blob, err := m.store.Get(ctx, p.Digest)
	if errors.Is(err, store.ErrAbsent) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer blob.Close()
	if p.Size == 0 {
		j.add(p)
		return true, nil
	}
	in := bufio.NewReaderSize(io.TeeReader(io.NewSectionReader(blob, 0, p.Size), j.whole), 64<<10)
	tar, err := decompress(m.compression, in)
	if err != nil {
		return false, err
	}
	defer tar.Close()
	if _, err := io.Copy(j.tar, tar); err != nil {
		return false, fault.New(fault.Disk, p.Digest, "fragment in the store: %w", err).WithHint("run gophersnake cache verify")
	}
	j.add(p)
	return true, nil
}

// write makes a fragment into the store.
func (m *maker) write(ctx context.Context, j *joint, f layers.Fragment) (part, error) {
	out, err := m.store.Create(ctx)
	if err != nil {
		return part{}, err
	}
	defer out.Abort()
	w := tree.NewWriter(io.MultiWriter(out, j.whole), tree.Options{Compression: m.compression, Tar: j.tar, Pool: m.pool})
	err = f.Write(ctx, w)
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return part{}, err
	}
	digest, size, err := out.Commit("")
	return part{digest, size}, err
}

// open returns the bytes of a layer that is in the store.
func (m *maker) open(ctx context.Context, r recipe) (io.ReadCloser, error) {
	parts := &partsReader{}
	for _, p := range r.Parts {
		blob, err := m.store.Get(ctx, p.Digest)
		if err != nil {
			_ = parts.Close() // was only read
			return nil, err
		}
		parts.blobs = append(parts.blobs, blob)
		parts.readers = append(parts.readers, io.NewSectionReader(blob, 0, p.Size))
	}
	parts.Reader = io.MultiReader(parts.readers...)
	return parts, nil
}

type partsReader struct {
	io.Reader
	readers []io.Reader
	blobs   []io.Closer
}

func (p *partsReader) Close() (err error) {
	for _, b := range p.blobs {
		if e := b.Close(); err == nil {
			err = e
		}
	}
	return err
}

func decompress(c tree.Compression, r io.Reader) (io.ReadCloser, error) {
	if c == tree.Zstd {
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return gzip.NewReader(r)
}

func sum(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

// canonical returns the JSON of a manifest or config.
func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	return b, nil
}
