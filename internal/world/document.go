package world

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
)

// bucketDocuments holds documents by URL.
const bucketDocuments = "document-1"

// document is what the store keeps of a server's last answer. The bytes are a
// blob.
type document struct {
	Digest       string        // "": the server has no such file
	ETag         string        `json:",omitempty"`
	LastModified string        `json:",omitempty"`
	When         time.Time     // of the answer; zero without a clock
	MaxAge       time.Duration `json:",omitempty"`
}

// answer is a document's digest, or that there is none, as told in this run.
type answer struct {
	digest string
	err    error
}

// ask is a question for a document.
type ask struct {
	url    string // public
	want   repodata.Want
	bytes  bool          // they must be in the store
	accept string        // media types
	client *fetch.Client // nil: the World's
}

// ask returns the digest of a document of a channel, from the first of its
// places that has it.
func (w *World) ask(ctx context.Context, a ask) (digest string, err error) {
	places := w.places(a.url)
	var absentAt []place
	err = w.visit(ctx, places, func(p place) error {
		digest, err = w.at(ctx, p, a)
		if errors.Is(err, fs.ErrNotExist) {
			absentAt = append(absentAt, p)
		}
		return err
	})
	if err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
		return digest, err
	}
	// Mirrors lack this form, and the channel itself cannot be asked. A mirror
	// that has another form of the same stands for the channel; one that has
	// none may be incomplete.
	for _, p := range absentAt {
		if w.otherForm(ctx, p, a) {
			return "", notThere(p.public)
		}
	}
	return "", err
}

// at asks one place.
func (w *World) at(ctx context.Context, p place, a ask) (string, error) {
	switch {
	case strings.HasPrefix(p.request, ociScheme+"://"):
		return w.ociDocument(ctx, p, a)
	case a.want.SHA256 != "":
		digest, _, err := w.Fetch.Into(ctx, w.Store, p.request, fetch.Want{SHA256: a.want.SHA256, Max: a.want.Max})
		return digest, err
	}
	return w.current(ctx, p, a)
}

// otherForm reports whether a place has one of the other forms of repodata.
func (w *World) otherForm(ctx context.Context, p place, a ask) bool {
	dir, file := path.Split(p.public)
	base := strings.TrimSuffix(p.request, file)
	if !slices.Contains(forms(), file) {
		return false
	}
	for _, form := range forms() {
		b := a
		b.bytes = false
		if form == file {
			continue
		}
		if _, err := w.at(ctx, place{dir + form, base + form}, b); err == nil {
			return true
		}
	}
	return false
}

// forms are the files that say what a subdir has, the better first.
func forms() []string {
	return []string{"repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json.bz2", "repodata.json"}
}

// current returns the digest of a document as a server has it. It is asked
// about once in a run, and not at all while the server's last answer may be
// used; processes that want the same document ask one after the other, so that
// one fetches it for all.
func (w *World) current(ctx context.Context, p place, a ask) (string, error) {
	n := w.learned()
	if known, ok := n.answer(p.public); ok && !a.want.Fresh && (known.err != nil || !a.bytes || w.Store.Has(known.digest)) {
		return known.digest, known.err
	}
	began := w.now()
	unlock, err := w.Store.Lock(ctx, "document "+p.public)
	if err != nil {
		return "", err
	}
	defer unlock()
	var d document
	have, err := w.Store.LoadRecord(ctx, bucketDocuments, p.public, &d)
	if err != nil {
		return "", err
	}
	whole := have && (d.Digest == "" || !a.bytes || w.Store.Has(d.Digest))
	switch {
	case w.Fetch.Offline && !whole:
		return "", fault.New(fault.Network, p.public, "not in the cache, and --offline is set").
			WithHint("run gophersnake lock once without --offline")
	case w.Fetch.Offline, whole && !a.want.Fresh && w.usable(ctx, p, d, began):
	default:
		if !whole || a.want.Fresh {
			d = document{}
		}
		if d, err = w.revalidate(ctx, p, a, d); err != nil {
			return "", err
		}
	}
	known := answer{digest: d.Digest}
	if d.Digest == "" {
		known.err = notThere(p.public)
	}
	n.keep(p.public, known)
	return known.digest, known.err
}

// usable reports whether an answer need not be asked about: the server allows
// that, or another process asked while this one waited. That a form of repodata
// is not there counts for as long as the form that is there instead.
func (w *World) usable(ctx context.Context, p place, d document, began time.Time) bool {
	now := w.now()
	if now.IsZero() || d.When.IsZero() || d.When.After(now) {
		return false
	}
	if d.When.After(began) || now.Sub(d.When) < d.MaxAge {
		return true
	}
	dir, file := path.Split(p.public)
	worse := slices.Index(forms(), file) + 1
	if d.Digest != "" || worse == 0 {
		return false
	}
	for _, form := range forms()[worse:] {
		var other document
		ok, err := w.Store.LoadRecord(ctx, bucketDocuments, dir+form, &other)
		if err == nil && ok && other.Digest != "" {
			return now.Sub(other.When) < other.MaxAge && now.Sub(d.When) < other.MaxAge
		}
	}
	return false
}

// revalidate asks a server, keeps its answer, and returns it.
func (w *World) revalidate(ctx context.Context, p place, a ask, d document) (document, error) {
	client := a.client
	if client == nil {
		client = w.Fetch
	}
	out, err := w.Store.Create(ctx)
	if err != nil {
		return d, err
	}
	defer out.Abort()
	old := d
	got, err := client.Fetch(ctx, p.request, fetch.Want{Max: a.want.Max, Accept: a.accept, ETag: d.ETag, LastModified: d.LastModified}, out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d = document{}
	case err != nil:
		return d, err
	case got.NotModified:
		d.MaxAge = got.MaxAge
	default:
		d = document{ETag: got.ETag, LastModified: got.LastModified, MaxAge: got.MaxAge}
		if d.Digest, _, err = out.Commit(""); err != nil {
			return d, err
		}
	}
	d.When = w.now()
	if got.NotModified && d.MaxAge == 0 && old.MaxAge == 0 {
		return d, nil // writing it would change nothing
	}
	return d, w.Store.NoteRecord(ctx, bucketDocuments, p.public, d)
}

// now returns the time, or the zero time where nobody gave a clock.
func (w *World) now() time.Time {
	if w.Now == nil {
		return time.Time{}
	}
	return w.Now().UTC().Round(0)
}

func (n *network) answer(key string) (answer, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.answers[key]
	return a, ok
}

func (n *network) keep(key string, a answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[key] = a
}

// notThere returns the error for a file that a server says it does not have.
func notThere(where string) error { return fault.New(fault.Network, where, "%w", fs.ErrNotExist) }

func isAbsent(err error) bool { return errors.Is(err, store.ErrAbsent) }
