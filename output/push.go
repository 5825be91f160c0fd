package output

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// publishRounds is how often what a registry lost is uploaded again.
const publishRounds = 5

// pusher pushes one closure to one repository.
type pusher struct {
	*client
	o        Options
	progress func(Event)
	closure  *closure
	home     *pusher // for the repository that lends all blobs, or nil

	chunk    *atomic.Int64 // bytes of a PATCH; 0: all at once
	unranged *atomic.Bool  // PATCH goes without Content-Range

	mu      sync.Mutex
	mounted map[v1.Hash]bool // mounts that were tried
}

// push publishes an index and returns the tags that were set.
func push(ctx context.Context, t Transport, img Image, c *closure, o Options) ([]string, error) {
	tags := img.Tags
	if t.Tag != "" {
		tags = []string{t.Tag}
	}
	if len(tags) == 0 && !o.ByDigest {
		return nil, newError(classUsage, t.place(), "no tag in it and none in image.tags").
			hint("write docker://%s:TAG", t.Ref)
	}
	repo, err := name.NewRepository(t.repository())
	if err != nil {
		return nil, badOutput(t.String(), "%w", refError{err})
	}
	for _, tag := range tags {
		if _, err := name.NewTag(repo.String() + ":" + tag); err != nil {
			return nil, newError(classUsage, t.place(), "tag %q is not valid, it wants 1 to 128 letters, digits, and _ . -", tag)
		}
	}
	if host := repo.RegistryStr(); o.Insecure(host) || isLoopback(hostname(host)) {
		// Lets the ping try plain http; every other request is checked too.
		if repo, err = name.NewRepository(t.repository(), name.Insecure); err != nil {
			return nil, badOutput(t.String(), "%w", refError{err})
		}
	}
	cl, err := newClient(ctx, repo, scopes(repo, c, o), o)
	if err != nil {
		return nil, err
	}
	p := newPusher(cl, c, o)
	if err := p.guard(ctx, tags); err != nil {
		return nil, err
	}
	if err := p.publish(ctx); err != nil {
		return nil, err
	}
	if o.ByDigest {
		return nil, nil
	}
	if err := p.guard(ctx, tags); err != nil {
		return nil, err
	}
	return p.tag(ctx, tags)
}

func newPusher(cl *client, c *closure, o Options) *pusher {
	p := &pusher{
		client: cl, o: o, progress: o.Progress, closure: c, mounted: map[v1.Hash]bool{},
		chunk: new(atomic.Int64), unranged: new(atomic.Bool),
	}
	if h := o.BlobHome; h != nil && h.RegistryStr() == cl.repo.RegistryStr() && h.RepositoryStr() != cl.repo.RepositoryStr() {
		home := *cl
		home.repo = cl.repo.Registry.Repo(h.RepositoryStr())
		o.BlobHome = nil
		p.home = newPusher(&home, c, o)
		p.home.chunk, p.home.unranged = p.chunk, p.unranged
	}
	return p
}

// hostname is host without its port.
func hostname(host string) string {
	h := canonicalHost("https", host)
	return trimBrackets(h[:strings.LastIndexByte(h, ':')])
}

// scopes are the rights that a push needs: on the repository, and to read those
// that lend blobs.
func scopes(repo name.Repository, c *closure, o Options) []string {
	list := []string{"repository:" + repo.RepositoryStr() + ":pull,push"}
	seen := map[string]bool{repo.RepositoryStr(): true}
	add := func(r name.Repository, rights string) {
		if r.RegistryStr() == repo.RegistryStr() && !seen[r.RepositoryStr()] {
			seen[r.RepositoryStr()] = true
			list = append(list, "repository:"+r.RepositoryStr()+":"+rights)
		}
	}
	if o.BlobHome != nil {
		add(*o.BlobHome, "pull,push")
	}
	for _, b := range c.blobs {
		if from, ok := b.mountFrom(); ok {
			add(from, "pull")
		}
	}
	for _, r := range o.MountFrom {
		add(r, "pull")
	}
	return list
}

// publish uploads until the registry has the whole closure.
func (p *pusher) publish(ctx context.Context) error {
	return p.insist(ctx, "no tag was changed", func(int) error { return p.round(ctx) })
}

// insist calls f with 1, 2, … as long as the registry says that it lacks a part.
// changed says which tags were changed until then.
func (p *pusher) insist(ctx context.Context, changed string, f func(round int) error) error {
	for round := 1; ; round++ {
		err := f(round)
		var lost *lostError
		if err == nil || !errors.As(err, &lost) {
			return err
		}
		if round == publishRounds {
			e := p.errorf("%s is still missing or has a wrong size after %d uploads", lost.name, round)
			if lost.cause != nil {
				e.Problem += " (" + lost.cause.reason() + ")"
			}
			return e.hint("the registry accepts uploads and loses them; %s", changed)
		}
		wait := p.retry.backoff(round, lost)
		p.progress(Event{Kind: EventRetry, Name: lost.name, Wait: wait, Problem: lost.Error()})
		if err := p.retry.clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// lostError says that the registry lacks a part after it was uploaded.
type lostError struct {
	name  string
	cause *statusError // the registry's own complaint, or nil
}

func (e *lostError) Error() string { return e.name + " is missing after its upload" }

// round uploads what is missing, children first, and checks the closure. Where
// nothing is missing, to find that out was the check.
func (p *pusher) round(ctx context.Context) error {
	if p.home != nil { // it lends what p lacks
		lack, err := p.home.lacks(ctx, p.home.blobs())
		if err == nil {
			err = p.home.sendBlobs(ctx, lack)
		}
		if err != nil {
			return err
		}
	}
	parts := append(p.blobs(), p.manifests()...)
	lack, err := p.lacks(ctx, parts)
	if err != nil || len(lack) == 0 && !p.o.Rehash {
		return err
	}
	if err := p.sendBlobs(ctx, lack); err != nil {
		return err
	}
	err = parallel(ctx, p.o.Jobs, p.closure.images, func(ctx context.Context, m manifest) error {
		return p.sendManifest(ctx, m, lack)
	})
	if err != nil {
		return err
	}
	for _, m := range p.closure.indexes {
		if err := p.sendManifest(ctx, m, lack); err != nil {
			return err
		}
	}
	if p.closure.onlyIndexes(lack) && !p.o.Rehash {
		parts = p.manifests() // images that were there hold their blobs, which were seen too
	}
	return p.check(ctx, parts)
}

// part is a blob or manifest that the repository has to have.
type part struct {
	v1.Descriptor
	name string
	path string // below the repository, without the digest
}

func (p *pusher) blobs() (all []part) {
	for _, b := range p.closure.blobs {
		all = append(all, part{b.Descriptor, b.name(), "blobs/"})
	}
	return all
}

func (p *pusher) manifests() (all []part) {
	for _, m := range p.closure.manifests() {
		all = append(all, part{m.Descriptor, m.name(), "manifests/"})
	}
	return all
}

// lacks returns the digests of those parts that the repository lacks.
func (p *pusher) lacks(ctx context.Context, parts []part) (map[v1.Hash]bool, error) {
	lack := map[v1.Hash]bool{}
	var mu sync.Mutex
	err := parallel(ctx, p.o.asks(), parts, func(ctx context.Context, q part) error {
		ok, err := p.holds(ctx, q)
		if ok {
			p.progress(Event{Kind: EventExists, Name: q.name, Size: q.Size})
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		lack[q.Digest] = true
		return err
	})
	return lack, err
}

// sendBlobs uploads those blobs that the repository lacks.
func (p *pusher) sendBlobs(ctx context.Context, lack map[v1.Hash]bool) error {
	return parallel(ctx, p.o.Jobs, p.closure.blobs, func(ctx context.Context, b *blob) error {
		if !lack[b.Digest] {
			return nil
		}
		return p.sendBlob(ctx, b)
	})
}

// parallel calls f for every item, limit at a time.
func parallel[T any](ctx context.Context, limit int, items []T, f func(context.Context, T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	for _, item := range items {
		g.Go(func() error { return f(ctx, item) })
	}
	return g.Wait()
}

// name is how events and errors call a manifest.
func (m manifest) name() string { return "manifest " + m.Digest.String() }

// sendManifest stores a manifest that the repository lacks. Whether its parts
// are there is for check to find out.
func (p *pusher) sendManifest(ctx context.Context, m manifest, lack map[v1.Hash]bool) error {
	if !lack[m.Digest] {
		return nil
	}
	err := p.retry.do(ctx, m.name(), func(int) error {
		if err := p.putManifest(ctx, m, m.Digest.String()); err != nil {
			return err
		}
		p.progress(Event{Kind: EventDone, Name: m.name(), Bytes: m.Size, Size: m.Size})
		return nil
	})
	if err != nil {
		return p.lacking(err, m.name())
	}
	return nil
}

// lacking explains what became of putting a manifest. That a part of it is
// missing is a lostError.
func (p *pusher) lacking(err error, what string) error {
	var s *statusError
	if errors.As(err, &s) && s.has("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN") {
		return &lostError{"a part of " + what, s}
	}
	return p.explain(err, what)
}

// visible is how often the check looks for a part before it counts as lost:
// some registries show an upload late.
const visible = 4

// check asks for every manifest and blob of every platform.
func (p *pusher) check(ctx context.Context, parts []part) error {
	return parallel(ctx, p.o.asks(), parts, func(ctx context.Context, q part) error {
		there := p.has
		if p.o.Rehash {
			there = p.hashes
		}
		ok, err := p.eventually(ctx, q.name, func() (bool, error) {
			return there(ctx, p.url(q.path+q.Digest.String()), q.Descriptor)
		})
		if err == nil && !ok {
			return &lostError{name: q.name}
		}
		return err
	})
}

// eventually polls cond, which itself is retried, a few times.
func (p *pusher) eventually(ctx context.Context, name string, cond func() (bool, error)) (ok bool, err error) {
	for n := range visible {
		err = p.retry.do(ctx, name, func(int) error {
			ok, err = cond()
			return err
		})
		if err != nil {
			return false, p.explain(err, name)
		}
		if ok || n == visible-1 {
			return ok, nil
		}
		if err := p.retry.clock.Sleep(ctx, p.retry.backoff(n, nil)); err != nil {
			return false, err
		}
	}
	return ok, nil
}

// tag sets the tags in order and returns those that resolve to the index.
func (p *pusher) tag(ctx context.Context, tags []string) ([]string, error) {
	changed := "no tag was changed"
	for i, tag := range tags {
		err := p.insist(ctx, changed, func(round int) error {
			if round > 1 { // what was there is not there any more
				if err := p.round(ctx); err != nil {
					return err
				}
			}
			return p.setTag(ctx, tag)
		})
		if err != nil {
			return tags[:i:i], p.partly(err, tags[:i])
		}
		changed = "no other tag was changed"
		p.progress(Event{Kind: EventTagged, Name: fmt.Sprintf("tag %q", tag)})
	}
	return tags, nil
}

// setTag writes one tag and reads it back.
func (p *pusher) setTag(ctx context.Context, tag string) error {
	what := fmt.Sprintf("tag %q", tag)
	err := p.retry.do(ctx, what, func(int) error {
		return p.putManifest(ctx, p.closure.root, tag)
	})
	if refused(err) {
		// An immutable tag may already be what it should be.
		if ok, e := p.resolves(ctx, p.closure.root, tag); e == nil && ok {
			return nil
		}
	}
	if err != nil {
		return p.lacking(err, what)
	}
	ok, err := p.eventually(ctx, what, func() (bool, error) { return p.resolves(ctx, p.closure.root, tag) })
	if err == nil && !ok {
		return p.errorf("%s was accepted and does not resolve to %s", what, p.closure.root.Digest).
			hint("another push may have moved it meanwhile")
	}
	return err
}

// refused reports a definite no of the registry.
func refused(err error) bool {
	var s *statusError
	return errors.As(err, &s) && s.status >= 400 && s.status < 500 && !transient(s.status) && s.status != http.StatusUnauthorized
}

// partly adds to an error which tags are set already.
func (p *pusher) partly(err error, done []string) error {
	var e *Error
	if len(done) == 0 || !errors.As(err, &e) {
		return err
	}
	quoted := make([]string, len(done))
	for i, tag := range done {
		quoted[i] = fmt.Sprintf("%q", tag)
	}
	c := *e
	c.Problem += "; tags set before: " + strings.Join(quoted, ", ")
	return &c
}
