// Package builder turns layers into images and images into an index.
//
// A layer's digest comes from the lock's row, else from the store, else the
// layer is made. So an index can be complete while the bytes of its layers are
// not here: whoever needs them asks the layer (design.md §8).
package builder

import (
	"context"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Builder builds images. Store is required; other zero values work.
type Builder struct {
	Store       *store.Store
	Compression tree.Compression
	Jobs        int                                 // layers made at a time; 0 means GOMAXPROCS
	Row         func(key string) (lock.Layer, bool) // the lock's layer rows; may be nil
	Event       func(Event)                         // may be nil; called from many goroutines
	Lend        Lend                                // may be nil
}

// Lend brings the blob of a layer that a lock's row names from somewhere else:
// it opens it and hands it to put, which hashes it. Whatever goes wrong means
// false: the layer is made then.
type Lend func(ctx context.Context, digest string, size int64, put func(io.Reader) error) bool

// Event is progress: a layer is being made, was made, was lent, or was known.
type Event struct {
	Kind  string // "make", "made", "lent", "known"
	Layer string // name
	Key   string
	Size  int64 // of the compressed bytes; 0 for "make"
}

// Image describes the image of one platform.
type Image struct {
	Platform platforms.Platform
	Base     v1.Image // nil is scratch
	Layers   []layers.Layer
	Config   Config

	base  base
	above *above
}

// Result is a built index.
type Result struct {
	Index v1.ImageIndex
	Rows  []lock.Layer // of all layers, sorted by key, each once

	maker *maker
	lazy  []*lazyLayer
	jobs  int
}

// Build returns the index of images, in their order. Layers whose digest
// neither the lock nor the store knows are made. The context must live as long
// as the index is read.
func (b *Builder) Build(ctx context.Context, images []Image) (*Result, error) {
	m := &maker{store: b.Store, compression: b.Compression, pool: tree.NewPool(b.Jobs), probe: sync.OnceValue(tree.Probe), event: b.Event, lend: b.Lend}
	if m.event == nil {
		m.event = func(Event) {}
	}
	rows, err := b.rows(ctx, m, images)
	if err != nil {
		return nil, err
	}
	r := &Result{maker: m, jobs: b.Jobs}
	var built []v1.Image
	var ps []platforms.Platform
	for _, in := range images {
		img := &image{platform: in.Platform, base: in.Base, config: in.Config, layers: in.Layers, ground: in.base, above: in.above}
		for _, l := range in.Layers {
			lazy, err := newLazyLayer(ctx, m, l, rows[l.Key])
			if err != nil {
				return nil, err
			}
			img.lazy = append(img.lazy, lazy)
		}
		r.lazy = append(r.lazy, img.lazy...)
		done, err := img.build()
		if err != nil {
			return nil, err
		}
		built, ps = append(built, done), append(ps, in.Platform)
	}
	for _, row := range rows {
		r.Rows = append(r.Rows, row)
	}
	slices.SortFunc(r.Rows, func(a, b lock.Layer) int { return strings.Compare(a.Key, b.Key) })
	var annotations map[string]string
	if len(images) > 0 {
		annotations = images[0].Config.Annotations
	}
	r.Index, err = newIndex(built, ps, annotations)
	return r, err
}

// rows finds or makes the row of every layer, side by side.
func (b *Builder) rows(ctx context.Context, m *maker, images []Image) (map[string]lock.Layer, error) {
	unique := map[string]layers.Layer{}
	var order []string
	for _, img := range images {
		for _, l := range img.Layers {
			if _, ok := unique[l.Key]; !ok {
				unique[l.Key] = l
				order = append(order, l.Key)
			}
		}
	}
	rows := make(map[string]lock.Layer, len(unique))
	var mu sync.Mutex
	err := each(ctx, b.Jobs, order, func(ctx context.Context, key string) error {
		row, err := b.row(ctx, m, unique[key])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		rows[key] = row
		return nil
	})
	return rows, err
}

// row finds or makes the row of one layer.
func (b *Builder) row(ctx context.Context, m *maker, l layers.Layer) (lock.Layer, error) {
	if b.Row != nil {
		if row, ok := b.Row(l.Key); ok {
			m.event(Event{"known", l.Name, l.Key, row.Size})
			return row, nil
		}
	}
	r, err := m.make(ctx, l)
	if err != nil {
		return lock.Layer{}, err
	}
	m.event(Event{"made", l.Name, l.Key, r.Size})
	return r.row(l.Key), nil
}

// Fill makes or borrows every layer that is not in the store and checks it
// against its row, so that the image can be written without any input.
func (r *Result) Fill(ctx context.Context) error {
	unique := map[string]*lazyLayer{}
	for _, l := range r.lazy {
		unique[l.row.Key] = l
	}
	return each(ctx, r.jobs, slices.Sorted(maps.Keys(unique)), func(ctx context.Context, key string) error {
		l := unique[key]
		_, err := r.maker.obtain(ctx, l.layer, l.row)
		return err
	})
}

// each does something for every key, jobs at a time.
func each(ctx context.Context, jobs int, keys []string, do func(context.Context, string) error) error {
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for _, key := range keys {
		g.Go(func() error { return do(ctx, key) })
	}
	return g.Wait()
}
