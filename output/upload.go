package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// monolithic is the largest blob that is sent with the closing PUT itself.
	monolithic = 1 << 20
	// smallerChunk is the size of chunks for a server, or a proxy before it,
	// that found a request too large (413).
	smallerChunk = 32 << 20
)

// upload is the session that a blob is uploaded by (distribution-spec, "Pushing
// a blob in chunks"). It outlives a broken connection: the registry is asked how
// much it has, and gets the rest.
type upload struct {
	p *pusher
	b *blob

	location *url.URL // nil: there is no session
	sent     int64    // bytes that the registry has
	offered  int64    // bytes that were written to a connection
	unsure   bool     // sent may be wrong: a request failed
}

// forget ends the session; the next attempt begins a new one.
func (u *upload) forget() { u.location, u.sent, u.offered, u.unsure = nil, 0, 0, false }

// begun makes a new session out of the answer to a POST.
func (u *upload) begun(location *url.URL) {
	u.forget()
	u.location = location
	u.p.progress(Event{Kind: EventStart, Name: u.b.name(), Size: u.b.Size})
}

// send brings what is missing and closes the session.
func (u *upload) send(ctx context.Context) error {
	if u.b.Size <= monolithic {
		return u.whole(ctx)
	}
	if err := u.rest(ctx); err != nil {
		return err
	}
	return u.close(ctx, nil)
}

// whole sends a small blob with the closing PUT.
func (u *upload) whole(ctx context.Context) error {
	src, err := verify(u.b, u.p.o.meter(u.b))
	if err != nil {
		return &sourceError{err}
	}
	defer src.Close()
	err = u.close(ctx, src)
	if err != nil {
		u.forget() // to begin again is cheaper than to ask
	}
	return err
}

// close ends a session with a PUT, whose body may be the blob.
func (u *upload) close(ctx context.Context, src *verified) error {
	r := request{method: http.MethodPut, url: withDigest(u.location, u.b.Digest), want: []int{200, 201, 202, 204}}
	if src != nil {
		r.body, r.size = src, u.b.Size
		r.header = map[string]string{"Content-Type": "application/octet-stream"}
	}
	resp, err := u.p.do(ctx, r)
	if err := u.judge(resp, err, src); err != nil {
		return err
	}
	u.p.progress(Event{Kind: EventDone, Name: u.b.name(), Bytes: u.b.Size, Size: u.b.Size})
	return nil
}

// rest sends what the registry does not have, in one request, or in chunks to a
// server that wants them smaller.
func (u *upload) rest(ctx context.Context) error {
	if u.sent == u.b.Size {
		return nil
	}
	src, err := verify(u.b, u.p.o.meter(u.b))
	if err != nil {
		return &sourceError{err}
	}
	defer src.Close()
	if _, err := io.CopyN(io.Discard, src, u.sent); err != nil {
		return &sourceError{err}
	}
	for u.sent < u.b.Size {
		n := u.b.Size - u.sent
		if chunk := u.p.chunk.Load(); chunk > 0 {
			n = min(n, chunk)
		}
		if err := u.patch(ctx, src, n); err != nil {
			return err
		}
		u.sent += n
	}
	return nil
}

// patch sends n bytes.
func (u *upload) patch(ctx context.Context, src *verified, n int64) error {
	r := request{
		method: http.MethodPatch, url: u.location, want: []int{200, 201, 202, 204}, size: n,
		body:   io.NopCloser(io.LimitReader(src, n)),
		header: map[string]string{"Content-Type": "application/octet-stream"},
	}
	if !u.p.unranged.Load() {
		r.header["Content-Range"] = fmt.Sprintf("%d-%d", u.sent, u.sent+n-1)
	}
	resp, err := u.p.do(ctx, r)
	u.offered = max(u.offered, src.read())
	if err := u.judge(resp, err, src); err != nil {
		return err
	}
	if resp.Header.Get("Location") == "" {
		return nil
	}
	u.location, err = u.p.location(resp)
	return err
}

// judge says what the answer to a part of an upload means for the session. It
// drains the answer.
func (u *upload) judge(resp *http.Response, err error, src *verified) error {
	if src != nil && src.failure() != nil {
		if err == nil {
			drain(resp)
		}
		u.forget()
		return &sourceError{src.failure()}
	}
	if err == nil {
		drain(resp)
		return nil
	}
	u.unsure = true
	var s *statusError
	if !errors.As(err, &s) {
		return err
	}
	switch {
	case s.status == http.StatusRequestEntityTooLarge && u.b.Size > smallerChunk && u.p.chunk.CompareAndSwap(0, smallerChunk):
		s.restart = true
	case s.status == http.StatusBadRequest && s.method == http.MethodPatch && u.p.unranged.CompareAndSwap(false, true):
		s.restart = true // it may be one that knows no chunks
	case s.status == http.StatusNotFound, s.status == http.StatusRequestedRangeNotSatisfiable,
		s.has("BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID"):
		s.restart = true // the session is gone or spoiled
	}
	if s.restart || !transient(s.status) {
		u.forget()
	}
	return s
}

// resume asks the registry how much of the blob it has. Afterwards there is a
// session whose state is known, or none. It reports whether the registry has
// more than was known, so that what failed before was not in vain.
func (u *upload) resume(ctx context.Context) (gained bool, err error) {
	if !u.unsure || u.location == nil {
		return false, nil
	}
	resp, err := u.p.do(ctx, request{method: http.MethodGet, url: u.location, want: []int{200, 202, 204}})
	var s *statusError
	if errors.As(err, &s) && !transient(s.status) {
		u.forget()
		return false, nil
	}
	if err != nil {
		return false, err
	}
	drain(resp)
	have, ok := uploaded(resp.Header.Get("Range"))
	if !ok || have < u.sent || have > u.offered {
		u.forget() // not what we sent
		return false, nil
	}
	gained = have > u.sent
	u.sent, u.unsure = have, false
	if resp.Header.Get("Location") != "" {
		u.location, err = u.p.location(resp)
	}
	return gained, err
}

// uploaded reads the Range of an upload's status, "0-N": N is the last byte.
// Registries say "0-0" of an empty upload; whoever has one byte gets it again,
// which no registry takes for the blob.
func uploaded(header string) (n int64, ok bool) {
	first, last, ok := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !ok || first != "0" || err != nil || n < 0 {
		return 0, false
	}
	if n == 0 {
		return 0, true
	}
	return n + 1, true
}
