package base

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// resumed is the body of an answer that is asked for again, from where it
// broke off, until the retries are used up.
type resumed struct {
	open    func(off int64) (*http.Response, error)
	pause   func(try int) error // nil error: try again
	explain func(error) error
	body    io.ReadCloser
	off     int64
	size    int64 // bytes; 0 where unknown
	length  int64 // what the first answer announced; -1 where it did not
	tries   int
	where   string
}

// resume opens a body. The callback is asked again with the offset reached.
func (r *remote) resume(ctx context.Context, where string, open func(off int64) (*http.Response, error)) (*resumed, error) {
	resp, err := open(0) //nolint:bodyclose // resumed.Close does it
	if err != nil {
		return nil, err
	}
	return &resumed{
		open:   open,
		body:   resp.Body,
		length: resp.ContentLength,
		where:  where,
		pause: func(try int) error {
			if try > r.source.retries() {
				return errSpent
			}
			return r.source.wait(ctx, 100*time.Millisecond<<min(try-1, 8))
		},
		explain: func(err error) error { return r.explain(ctx, where, err) },
	}, nil
}

var errSpent = errors.New("no retry is left")

func (b *resumed) Read(p []byte) (int, error) {
	for {
		n, err := b.body.Read(p)
		b.off += int64(n)
		if n > 0 || err == nil {
			return n, nil
		}
		if errors.Is(err, io.EOF) && b.off >= b.size {
			return 0, io.EOF
		}
		if err := b.again(err); err != nil {
			return 0, err
		}
	}
}

// again replaces a body that broke off, or says why it cannot.
func (b *resumed) again(cause error) error {
	_ = b.body.Close()
	b.body = http.NoBody
	failed := cause
	for {
		b.tries++
		if err := b.pause(b.tries); err != nil && !errors.Is(err, errSpent) {
			return b.explain(err)
		} else if err != nil {
			return b.giveUp(cause, failed)
		}
		resp, err := b.open(b.off)
		if err == nil {
			err = b.skip(resp)
		}
		if err == nil {
			return nil
		}
		failed = err
	}
}

// skip makes an answer the body, at the offset reached.
func (b *resumed) skip(resp *http.Response) error {
	skip := b.off
	if resp.StatusCode == http.StatusPartialContent {
		if start, ok := rangeStart(resp.Header); !ok || start != b.off {
			_ = resp.Body.Close()
			return fault.New(fault.Network, b.where, "the registry answered with another range than asked for")
		}
		skip = 0
	}
	if _, err := io.CopyN(io.Discard, resp.Body, skip); err != nil {
		_ = resp.Body.Close()
		return b.explain(err)
	}
	b.body = resp.Body
	return nil
}

// giveUp says how much is missing, where that is known, and else why the last
// retry failed.
func (b *resumed) giveUp(cause, failed error) error {
	size := max(b.size, b.length)
	if size > b.off && (errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF)) {
		return fault.New(fault.Network, b.where, "short by %d bytes of %d", size-b.off, size).
			WithHint("try again; if it stays so, the registry has lost part of the image")
	}
	return b.explain(failed)
}

func (b *resumed) Close() error { return b.body.Close() }

// rangeStart reads "bytes START-…" (RFC 9110 §14.4).
func rangeStart(h http.Header) (int64, bool) {
	spec, ok := strings.CutPrefix(h.Get("Content-Range"), "bytes ")
	if !ok {
		return 0, false
	}
	first, _, _ := strings.Cut(spec, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	return start, err == nil
}
