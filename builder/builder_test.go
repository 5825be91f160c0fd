package builder_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// TestKnown checks that a layer with a row of the lock, or known to the store,
// is not made: not for the index, and not for its bytes where these are here.
func TestKnown(t *testing.T) {
	f := &fake{}
	s := openStore(t, t.TempDir())
	ls := []layers.Layer{f.layer("x", "a", "b"), f.layer("y", "c")}
	first := mustBuild(t, builder.Builder{Store: s}, ls...)
	check(t, first.Index)
	if f.contents.Load() != 2 || f.writes.Load() != 3 {
		t.Errorf("%d layers and %d fragments were made, want 2 and 3", f.contents.Load(), f.writes.Load())
	}
	if len(first.Rows) != 2 || first.Rows[0].Key >= first.Rows[1].Key {
		t.Errorf("rows %+v", first.Rows)
	}

	known := mustBuild(t, builder.Builder{Store: s}, ls...)
	locked := mustBuild(t, builder.Builder{Row: rowsOf(first)}, ls...)
	if f.contents.Load() != 2 {
		t.Errorf("%d layers were made for what is known", f.contents.Load()-2)
	}
	for name, r := range map[string]*builder.Result{"store": known, "lock": locked} {
		if got, want := digest(t, r.Index), digest(t, first.Index); got != want {
			t.Errorf("%s: index is %s, want %s", name, got, want)
		}
		if diff := cmp.Diff(first.Rows, r.Rows); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
	}
	check(t, known.Index)
	if f.contents.Load() != 2 {
		t.Error("bytes that the store has were made again")
	}
	check(t, locked.Index) // in another store
	if f.contents.Load() != 4 {
		t.Errorf("%d layers were made for their bytes, want 2", f.contents.Load()-2)
	}
}

func TestEvents(t *testing.T) {
	f := &fake{}
	var mu sync.Mutex
	var got []string
	b := builder.Builder{Store: openStore(t, t.TempDir()), Jobs: 1, Event: func(e builder.Event) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%s %s %v", e.Kind, e.Layer, e.Size > 0))
	}}
	r := mustBuild(t, b, f.layer("x", "a"))
	mustBuild(t, b, f.layer("x", "a"))
	b.Row = rowsOf(r)
	mustBuild(t, b, f.layer("x", "a"))
	if diff := cmp.Diff([]string{"make x false", "made x true", "made x true", "known x true"}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestWrongRow checks that a row that is not true is told by whoever asks for
// the bytes.
func TestWrongRow(t *testing.T) {
	f := &fake{}
	l := f.layer("x", "a")
	s := openStore(t, t.TempDir())
	right := mustBuild(t, builder.Builder{Store: s}, l).Rows[0]
	other := "sha256:" + strings.Repeat("0", 64)
	for name, change := range map[string]func(*lock.Layer){
		"digest":  func(r *lock.Layer) { r.Digest = other },
		"diff-id": func(r *lock.Layer) { r.DiffID = other },
		"size":    func(r *lock.Layer) { r.Size++ },
	} {
		t.Run(name, func(t *testing.T) {
			row := right
			change(&row)
			r := mustBuild(t, builder.Builder{Store: s, Row: func(string) (lock.Layer, bool) { return row, true }}, l)
			text := fmt.Sprintf("layer x: not reproducible: made %s of %d bytes (diff-id %s), the lock says %s of %d bytes (diff-id %s)",
				right.Digest, right.Size, right.DiffID, row.Digest, row.Size, row.DiffID)
			const hint = "if the input or the tool was at fault, mend that; if the row is, delete its [[layer]] block and build again"
			layer := imageLayers(t, r.Index)[0]
			_, err := layer.Compressed()
			wantError(t, err, fault.Verification, text, hint)
			_, err = layer.Uncompressed()
			wantError(t, err, fault.Verification, text, hint)
			wantError(t, r.Fill(t.Context()), fault.Verification, text, hint)
		})
	}
}

func TestBadRow(t *testing.T) {
	l := (&fake{}).layer("x", "a")
	good := "sha256:" + strings.Repeat("0", 64)
	for _, tc := range []struct {
		row  lock.Layer
		text string
	}{
		{lock.Layer{Key: "k", Digest: "x", DiffID: good}, `gophersnake.lock: layer k: digest "x": cannot parse hash: "x"`},
		{lock.Layer{Key: "k", Digest: good, DiffID: "md5:0"}, `gophersnake.lock: layer k: diff-id "md5:0": unsupported hash: "md5"`},
	} {
		_, err := build(t, builder.Builder{Row: func(string) (lock.Layer, bool) { return tc.row, true }}, l)
		wantError(t, err, fault.Usage, tc.text, "")
	}
}

// TestFill checks that a filled store needs no inputs any more.
func TestFill(t *testing.T) {
	f := &fake{}
	ls := []layers.Layer{f.layer("x", "a"), f.layer("y", "b"), f.layer("x", "a")}
	rows := rowsOf(mustBuild(t, builder.Builder{}, ls...))
	r := mustBuild(t, builder.Builder{Row: rows}, ls...)
	f.contents.Store(0)
	must(t, r.Fill(t.Context()))
	if f.contents.Load() != 2 {
		t.Errorf("%d layers were made, want 2", f.contents.Load())
	}
	f.contentErr = errors.New("no inputs")
	check(t, r.Index)

	empty := mustBuild(t, builder.Builder{Row: rows}, ls...)
	if err := empty.Fill(t.Context()); !errors.Is(err, f.contentErr) {
		t.Errorf("error %v", err)
	}
}

// TestHealed damages each blob and record of a store in turn, and reads what
// was built from it.
func TestHealed(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, string){
		"flipped bit": flip,
		"vanished":    func(t *testing.T, file string) { must(t, os.Remove(file)) },
	} {
		for _, c := range []tree.Compression{tree.Gzip, tree.Zstd} {
			t.Run(name+" "+c.String(), func(t *testing.T) {
				dir := t.TempDir()
				ls := []layers.Layer{(&fake{}).layer("x", "a", "b"), (&fake{}).layer("y", "a")}
				first := mustBuild(t, builder.Builder{Store: openStore(t, dir), Compression: c}, ls...)
				files := append(storeFiles(t, dir, "blobs"), storeFiles(t, dir, "records")...)
				if len(files) != 2+2+2*2+2 { // head and tail, fragments, their records, and two of each layer
					t.Fatalf("%d files in the store", len(files))
				}
				for i := range len(files) + 1 {
					bad := files // all at once
					if i < len(files) {
						bad = files[i : i+1]
					}
					for _, file := range bad {
						spoil(t, file)
					}
					b := builder.Builder{Store: openStore(t, dir), Compression: c}
					again := mustBuild(t, b, ls...)
					if got, want := digest(t, again.Index), digest(t, first.Index); got != want {
						t.Errorf("index is %s, want %s", got, want)
					}
					check(t, again.Index)
				}
			})
		}
	}
}

// TestShared checks that a fragment of several layers is made once, and that a
// layer of known content is made of its parts.
func TestShared(t *testing.T) {
	f := &fake{}
	s := openStore(t, t.TempDir())
	b := builder.Builder{Store: s, Jobs: 8}
	r := mustBuild(t, b, f.layer("1", "a", "b"), f.layer("2", "b", "c"), f.layer("3", "a", "c"), f.layer("4", "a", "b"))
	check(t, r.Index)
	if f.writes.Load() != 3 {
		t.Errorf("%d fragments were made, want 3", f.writes.Load())
	}
	other := mustBuild(t, b, f.layer("5", "a", "b"))
	if f.writes.Load() != 3 || other.Rows[0].Digest != row(t, r, "1").Digest || row(t, r, "4").Digest != row(t, r, "1").Digest {
		t.Errorf("layers of one content: %+v, %+v", other.Rows, r.Rows)
	}
	z := mustBuild(t, builder.Builder{Store: s, Compression: tree.Zstd}, f.layer("z", "a", "b"))
	check(t, z.Index)
	if f.writes.Load() != 5 || z.Rows[0].DiffID != other.Rows[0].DiffID || z.Rows[0].Digest == other.Rows[0].Digest {
		t.Errorf("zstd: %d fragments, %+v", f.writes.Load(), z.Rows)
	}
}

// TestOtherDirs checks that layers of the same fragments are others if their
// directories are.
func TestOtherDirs(t *testing.T) {
	f := &fake{}
	x, y := f.layer("x", "a"), f.layer("y", "a")
	content := y.Content
	y.Content = func(ctx context.Context) (*layers.Content, error) {
		c, err := content(ctx)
		c.Dirs[0].Mode = 0o700
		return c, err
	}
	r := mustBuild(t, builder.Builder{Jobs: 1}, x, y)
	check(t, r.Index)
	if row(t, r, "x").Digest == row(t, r, "y").Digest {
		t.Error("the layers are equal")
	}
}

func row(t *testing.T, r *builder.Result, key string) lock.Layer {
	t.Helper()
	got, ok := rowsOf(r)(layers.Key("test", tree.Gzip, key))
	if !ok {
		t.Fatalf("no row of %s", key)
	}
	return got
}

// TestErrors checks that errors come out as they are, and that nothing of the
// layer stays but whole blobs.
func TestErrors(t *testing.T) {
	bad := errors.New("bad")
	for name, f := range map[string]*fake{
		"content": {contentErr: bad},
		"write":   {writeErr: bad},
		"before":  {write: func(context.Context) error { return bad }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir)
			_, err := build(t, builder.Builder{Store: s}, f.layer("x", "a"))
			if !errors.Is(err, bad) || err.Error() != "bad" {
				t.Errorf("error %v", err)
			}
			if left := append(storeFiles(t, dir, "tmp"), storeFiles(t, dir, "records")...); left != nil {
				t.Errorf("left in the store: %q", left)
			}
			for _, blob := range storeFiles(t, dir, "blobs") {
				info, err := os.Stat(blob)
				must(t, err)
				if info.Size() > 1000 {
					t.Errorf("a fragment of %d bytes was kept", info.Size())
				}
			}
			check(t, mustBuild(t, builder.Builder{Store: s}, (&fake{}).layer("x", "a")).Index)
		})
	}
}

// TestBadDirs checks what the writer of a layer's head refuses.
func TestBadDirs(t *testing.T) {
	l := layers.Layer{Key: "k", Name: "x", Content: func(context.Context) (*layers.Content, error) {
		return &layers.Content{Dirs: []tree.Header{{Path: "a", Kind: tree.Dir}, {Path: "a", Kind: tree.Dir}}}, nil
	}}
	if _, err := build(t, builder.Builder{}, l); err == nil || err.Error() != "a: directory exists twice" {
		t.Errorf("error %v", err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{write: func(ctx context.Context) error {
		cancel()
		return ctx.Err()
	}}
	s := openStore(t, t.TempDir())
	images := func(f *fake) []builder.Image {
		return []builder.Image{{Platform: amd64, Layers: []layers.Layer{f.layer("x", "a"), f.layer("y", "b")}}}
	}
	b := &builder.Builder{Store: s, Jobs: 1}
	for range 2 { // while a layer is made, and before
		if _, err := b.Build(ctx, images(f)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	r, err := b.Build(ctx, images(&fake{}))
	must(t, err)
	cancel()
	if _, err := imageLayers(t, r.Index)[0].Compressed(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := r.Fill(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestSteady builds many layers with any number of jobs, in any order.
func TestSteady(t *testing.T) {
	f := &fake{}
	var ls []layers.Layer
	for i := range 12 {
		ls = append(ls, f.layer(fmt.Sprint(i), fmt.Sprint("own", i), fmt.Sprint("shared", i%3)))
	}
	want := mustBuild(t, builder.Builder{Jobs: 1}, ls...)
	for _, jobs := range []int{0, 1, 2, 8} {
		got := mustBuild(t, builder.Builder{Jobs: jobs}, ls...)
		if digest(t, got.Index) != digest(t, want.Index) {
			t.Errorf("%d jobs make another index", jobs)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		shuffled := slices.Clone(ls)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		b := builder.Builder{Store: openStore(t, t.TempDir()), Jobs: 3}
		if diff := cmp.Diff(want.Rows, mustBuild(t, b, shuffled...).Rows); diff != "" {
			t.Errorf("rows of a shuffled image (-want +got):\n%s", diff)
		}
		if digest(t, mustBuild(t, b, ls...).Index) != digest(t, want.Index) {
			t.Error("another index after layers were made in another order")
		}
	}
}

// TestReaders reads one lazy layer from many goroutines.
func TestReaders(t *testing.T) {
	f := &fake{}
	l := f.layer("x", "a", "b")
	rows := rowsOf(mustBuild(t, builder.Builder{}, l))
	r := mustBuild(t, builder.Builder{Row: rows}, l)
	layer := imageLayers(t, r.Index)[0]
	want, err := layer.Digest()
	must(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := hex(readAll(t, layer.Compressed)); got != want.String() {
				t.Errorf("read %s, want %s", got, want)
			}
		})
	}
	wg.Wait()
	diffID, err := layer.DiffID()
	must(t, err)
	if got := hex(readAll(t, layer.Uncompressed)); got != diffID.String() {
		t.Errorf("tar is %s, want %s", got, diffID)
	}
}
