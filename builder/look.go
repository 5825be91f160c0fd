package builder

import (
	"context"

	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
)

// Knowledge is what is known of a layer that nobody has made or asked for.
type Knowledge struct {
	Row    lock.Layer // zero where neither the lock nor the store has one
	Stored bool       // its bytes are in the store
	Likely lock.Layer // without a Row: what the store made of the same packages before, which it is likely to be again
}

// Look says what is known of a layer. It makes nothing and fetches nothing.
func (b *Builder) Look(ctx context.Context, l layers.Layer) (Knowledge, error) {
	m := &maker{store: b.Store, compression: b.Compression}
	var k Knowledge
	if b.Row != nil {
		k.Row, _ = b.Row(l.Key)
	}
	r, ok, err := m.known(ctx, bucketLayer, l.Key)
	if err != nil {
		return k, err
	}
	switch {
	case ok && k.Row == (lock.Layer{}):
		k.Row, k.Stored = r.row(l.Key), true
	case ok:
		k.Stored = r.row(l.Key) == k.Row
	case k.Row.Digest != "":
		k.Stored = b.Store.Has(k.Row.Digest)
	case l.Likely != "":
		if _, err := b.Store.LoadRecord(ctx, bucketLikely, l.Likely, &k.Likely); err != nil {
			return k, err
		}
	}
	return k, nil
}
