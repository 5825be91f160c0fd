package builder_test

import (
	"context"
	"testing"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/layers"
)

// TestLook: nothing is known, then the store knows, then the lock alone; and
// nothing is made by looking.
func TestLook(t *testing.T) {
	ctx := context.Background()
	f := &fake{}
	l := f.layer("x", "a", "b")
	b := builder.Builder{Store: openStore(t, t.TempDir())}
	look := func(b builder.Builder, l layers.Layer) builder.Knowledge {
		k, err := b.Look(ctx, l)
		must(t, err)
		return k
	}
	if k := look(b, l); k != (builder.Knowledge{}) {
		t.Errorf("before: %+v", k)
	}
	built := mustBuild(t, b, l)
	made := f.contents.Load()
	if k := look(b, l); !k.Stored || k.Row != built.Rows[0] {
		t.Errorf("in the store: %+v", k)
	}
	b.Row = rowsOf(built)
	if k := look(b, l); !k.Stored || k.Row != built.Rows[0] {
		t.Errorf("in both: %+v", k)
	}
	b.Store = openStore(t, t.TempDir())
	if k := look(b, l); k.Stored || k.Row != built.Rows[0] {
		t.Errorf("in the lock: %+v", k)
	}
	if f.contents.Load() != made {
		t.Error("looking made a layer")
	}
}

// TestLookLikely: a layer whose neighbours changed is expected to be what it was.
func TestLookLikely(t *testing.T) {
	f := &fake{}
	l := f.layer("x", "a")
	l.Likely = "sha256:likely"
	b := builder.Builder{Store: openStore(t, t.TempDir())}
	built := mustBuild(t, b, l)
	again := f.layer("y", "a")
	again.Likely = l.Likely
	k, err := b.Look(context.Background(), again)
	must(t, err)
	if want := built.Rows[0]; k.Row.Digest != "" || k.Likely.Digest != want.Digest || k.Likely.Size != want.Size {
		t.Errorf("%+v", k)
	}
	again.Likely = "sha256:other"
	if k, err = b.Look(context.Background(), again); err != nil || k != (builder.Knowledge{}) {
		t.Errorf("%+v, %v", k, err)
	}
}
