package output

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
)

// sendBlob uploads or mounts a blob that the repository lacks. Each further
// attempt begins by asking for it: an upload whose answer was lost may have
// arrived.
func (p *pusher) sendBlob(ctx context.Context, b *blob) error {
	u := &upload{p: p, b: b}
	mounts := p.lenders(b)
	err := p.retry.do(ctx, b.name(), func(attempt int) error {
		if attempt > 0 {
			ok, err := p.has(ctx, p.url("blobs/"+b.Digest.String()), b.Descriptor)
			if err != nil && !isForbidden(err) { // some say 403 for 404; the upload will tell
				return err
			}
			if ok {
				p.progress(Event{Kind: EventExists, Name: b.name(), Size: b.Size})
				return nil
			}
		}
		gained, err := u.resume(ctx)
		if err != nil {
			return err
		}
		for u.location == nil || len(mounts) > 0 {
			var from name.Repository
			if len(mounts) > 0 {
				from, mounts = mounts[0], mounts[1:]
			}
			mounted, err := p.begin(ctx, u, from)
			if mounted || err != nil {
				return err
			}
		}
		if err = u.send(ctx); err != nil && gained {
			return &gainedError{err}
		}
		return err
	})
	if err != nil {
		return p.explain(err, b.name())
	}
	return nil
}

func isForbidden(err error) bool {
	var s *statusError
	return errors.As(err, &s) && s.status == http.StatusForbidden
}

// lenders returns the repositories of this registry that may lend a blob. They
// are asked once in a push: who loses a mounted blob gets the bytes.
func (p *pusher) lenders(b *blob) []name.Repository {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mounted[b.Digest] {
		return nil
	}
	p.mounted[b.Digest] = true
	var list []name.Repository
	add := func(r name.Repository) {
		if r.RegistryStr() == p.repo.RegistryStr() && r.RepositoryStr() != p.repo.RepositoryStr() {
			list = append(list, r)
		}
	}
	if p.home != nil {
		add(p.home.repo)
		return list
	}
	if from, ok := b.mountFrom(); ok {
		add(from)
	}
	for _, r := range p.o.MountFrom {
		add(r)
	}
	return list
}

// begin mounts the blob from a repository, which may be none, or opens an upload
// session. There is neither where the registry would not mount.
func (p *pusher) begin(ctx context.Context, u *upload, from name.Repository) (mounted bool, err error) {
	r := request{method: http.MethodPost, url: p.url("blobs/uploads/"), want: []int{201, 202}}
	mount := from.RepositoryStr() != ""
	if mount {
		r.url.RawQuery = url.Values{"mount": {u.b.Digest.String()}, "from": {from.RepositoryStr()}}.Encode()
		r.noRenew = true
	}
	resp, err := p.do(ctx, r)
	if mount && isStatus(err) {
		return false, nil // no right to read the source, or no such feature
	}
	if err != nil {
		return false, err
	}
	drain(resp)
	if mount && resp.StatusCode == http.StatusCreated {
		p.progress(Event{Kind: EventMounted, Name: u.b.name(), Size: u.b.Size})
		return true, nil
	}
	location, err := p.location(resp)
	if err != nil {
		return false, err
	}
	u.begun(location)
	return false, nil
}

func isStatus(err error) bool {
	var s *statusError
	return errors.As(err, &s) && !transient(s.status)
}
