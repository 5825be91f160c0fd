package output

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// monolithic is the largest blob that is sent with the closing PUT itself.
const monolithic = 1 << 20

// ensureBlob makes the repository have a blob. Each attempt begins by asking
// for it: an upload whose answer was lost may have arrived.
func (p *pusher) ensureBlob(ctx context.Context, b *blob) error {
	mount := p.canMount(b)
	err := p.retry.do(ctx, b.name(), func(int) error {
		ok, err := p.has(ctx, p.url("blobs/"+b.Digest.String()), b.Descriptor)
		if err != nil && !isForbidden(err) { // some say 403 for 404; the upload will tell
			return err
		}
		if ok {
			p.progress(Event{Kind: EventExists, Name: b.name(), Size: b.Size})
			return nil
		}
		location, mounted, err := p.begin(ctx, b, mount)
		mount = false
		if err != nil {
			return err
		}
		if mounted {
			p.progress(Event{Kind: EventMounted, Name: b.name(), Size: b.Size})
			return nil
		}
		return p.send(ctx, b, location)
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

// canMount says whether another repository of this registry may lend the blob.
// It is tried once in a push: who loses a mounted blob gets the bytes.
func (p *pusher) canMount(b *blob) bool {
	from, ok := b.mountFrom()
	if !ok || from.RegistryStr() != p.repo.RegistryStr() || from.RepositoryStr() == p.repo.RepositoryStr() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mounted[b.Digest] {
		return false
	}
	p.mounted[b.Digest] = true
	return true
}

// begin opens an upload session and returns its location, or mounts the blob.
func (p *pusher) begin(ctx context.Context, b *blob, mount bool) (location *url.URL, mounted bool, err error) {
	r := request{method: http.MethodPost, url: p.url("blobs/uploads/"), want: []int{202}}
	if mount {
		from, _ := b.mountFrom()
		m := r
		m.url = p.url("blobs/uploads/")
		m.url.RawQuery = url.Values{"mount": {b.Digest.String()}, "from": {from.RepositoryStr()}}.Encode()
		m.want, m.noRenew = []int{201, 202}, true
		resp, err := p.do(ctx, m)
		if err == nil {
			drain(resp)
			if resp.StatusCode == http.StatusCreated {
				return nil, true, nil
			}
			location, err = p.location(resp)
			return location, false, err
		}
		if !isStatus(err) {
			return nil, false, err
		}
		// It does not mount: no right to read the source, or no such feature.
	}
	resp, err := p.do(ctx, r)
	if err != nil {
		return nil, false, err
	}
	drain(resp)
	location, err = p.location(resp)
	return location, false, err
}

func isStatus(err error) bool {
	var s *statusError
	return errors.As(err, &s) && !transient(s.status)
}

// send streams the bytes of a blob into an upload session and closes it.
func (p *pusher) send(ctx context.Context, b *blob, location *url.URL) error {
	p.progress(Event{Kind: EventStart, Name: b.name(), Size: b.Size})
	last := request{method: http.MethodPut, url: withDigest(location, b.Digest), want: []int{200, 201, 202, 204}}
	if b.Size <= monolithic {
		if err := p.stream(ctx, b, &last); err != nil {
			return err
		}
	} else {
		patch := request{method: http.MethodPatch, url: location, want: []int{200, 201, 202, 204}}
		if err := p.stream(ctx, b, &patch); err != nil {
			return err
		}
		last.url = withDigest(patch.url, b.Digest)
		resp, err := p.do(ctx, last)
		if err != nil {
			return sessionError(err)
		}
		drain(resp)
	}
	p.progress(Event{Kind: EventDone, Name: b.name(), Bytes: b.Size, Size: b.Size})
	return nil
}

// stream sends a request with the blob as its body, and sets its URL to where
// the session goes on.
func (p *pusher) stream(ctx context.Context, b *blob, r *request) error {
	src, err := verify(b, p.o.meter(b))
	if err != nil {
		return &sourceError{err}
	}
	r.body, r.size = src, b.Size
	r.header = map[string]string{"Content-Type": "application/octet-stream"}
	resp, err := p.do(ctx, *r)
	if failure := src.failure(); failure != nil {
		if err == nil {
			drain(resp)
		}
		return &sourceError{failure}
	}
	if err != nil {
		return sessionError(err)
	}
	drain(resp)
	if resp.Header.Get("Location") != "" && r.method == http.MethodPatch {
		r.url, err = p.location(resp)
	}
	return err
}

// sessionError marks answers after which an upload has to begin anew: the
// session is gone or spoiled.
func sessionError(err error) error {
	var s *statusError
	if !errors.As(err, &s) {
		return err
	}
	switch {
	case s.status == http.StatusNotFound, s.status == http.StatusRequestedRangeNotSatisfiable,
		s.has("BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID"):
		s.restart = true
	}
	return s
}
