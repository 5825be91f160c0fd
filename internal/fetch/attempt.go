package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

const (
	chunk = 128 << 10 // bytes read at once
	sniff = 512       // bytes looked at to find an HTML page
)

// errStalled is why an attempt is ended that brings no bytes.
var errStalled = errors.New("stalled")

// attempt makes one request and reads its body.
func (j *job) attempt(ctx context.Context) (Response, error) {
	if j.have > 0 && !j.resumable() {
		if err := j.reset(); err != nil {
			return Response{}, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dog := &watchdog{idle: j.c.idle(), timer: time.AfterFunc(time.Hour, func() { cancel(errStalled) })}
	defer dog.timer.Stop()
	dog.timer.Stop()

	resp, err := j.request(ctx, dog)
	if err != nil {
		return Response{}, j.netError(ctx, err)
	}
	defer resp.Body.Close()
	if done, r, err := j.accept(resp); done || err != nil {
		return r, err
	}
	if resp.ContentLength > j.limit()-j.have {
		return Response{}, j.tooLarge()
	}
	total := j.want.Size
	if total == 0 && resp.ContentLength > 0 {
		total = j.have + resp.ContentLength
	}
	if err := j.read(ctx, dog.guard(resp.Body), total); err != nil {
		return Response{}, err
	}
	if err := j.verify(); err != nil {
		return Response{}, err
	}
	return Response{
		URL: Redact(resp.Request.URL.String()), Size: j.have, SHA256: j.sums.sha256(),
		ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"), MaxAge: maxAge(resp.Header),
	}, nil
}

// accept looks at the status of an answer. It reports done for one that needs
// no body.
func (j *job) accept(resp *http.Response) (done bool, r Response, err error) {
	ranged := resp.Request.Header.Get("Range") != ""
	switch {
	case resp.StatusCode == http.StatusOK:
		if j.have > 0 { // the server knows no ranges, or the file has changed
			if err := j.reset(); err != nil {
				return false, r, err
			}
		}
		j.keepValidator(resp.Header)
		return false, r, nil
	case resp.StatusCode == http.StatusPartialContent && ranged:
		if at := resp.Header.Get("Content-Range"); !startsAt(at, j.have) {
			j.whole = true
			return false, r, &again{cause: fmt.Errorf("a range from %d was asked for, Content-Range is %q", j.have, at)}
		}
		j.stitched = true
		return false, r, nil
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && ranged:
		j.whole = true
		return false, r, &again{cause: j.status(resp)}
	case resp.StatusCode == http.StatusNotModified && (j.want.ETag != "" || j.want.LastModified != ""):
		return true, Response{
			URL: Redact(resp.Request.URL.String()), NotModified: true,
			ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"), MaxAge: maxAge(resp.Header),
		}, nil
	}
	return false, r, j.refused(resp)
}

// startsAt reads "bytes FIRST-LAST/SIZE" (RFC 9110 §14.4).
func startsAt(contentRange string, first int64) bool {
	var got, last int64
	n, _ := fmt.Sscanf(contentRange, "bytes %d-%d/", &got, &last)
	return n == 2 && got == first && last >= first
}

// limit returns how many bytes there may be.
func (j *job) limit() int64 {
	switch {
	case j.want.Size > 0:
		return j.want.Size
	case j.want.Max > 0:
		return j.want.Max
	}
	return DefaultMax
}

// read copies a body to the target, up to the limit.
func (j *job) read(ctx context.Context, body io.Reader, total int64) error {
	in := bufio.NewReaderSize(body, chunk)
	if j.have == 0 && !j.want.HTML {
		// An error of Peek comes again with the bytes before it.
		if head, _ := in.Peek(sniff); isHTML(head) {
			return fault.New(fault.Network, j.where, "an HTML page came instead of the file").
				WithHint("a proxy or a login page may stand between this machine and the server")
		}
	}
	buf := make([]byte, chunk)
	for {
		n, err := in.Read(buf)
		if n > 0 {
			if err := j.write(buf[:n], total); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && j.have < j.want.Size:
			return &again{cause: fmt.Errorf("short by %d of %d bytes", j.want.Size-j.have, j.want.Size)}
		case err == io.EOF:
			return nil
		case err != nil:
			return j.netError(ctx, err)
		}
	}
}

// write passes bytes on, but none beyond the limit.
func (j *job) write(p []byte, total int64) error {
	if int64(len(p)) > j.limit()-j.have {
		return j.tooLarge()
	}
	if _, err := j.dst.Write(p); err != nil {
		return err
	}
	j.sums.Write(p)
	j.have += int64(len(p))
	j.c.event(Event{Kind: Received, URL: j.where, Bytes: int64(len(p)), Total: total})
	return nil
}

func (j *job) tooLarge() error {
	if j.want.Size > 0 {
		return fault.New(fault.Verification, j.where, "more than the wanted %d bytes", j.want.Size)
	}
	return fault.New(fault.Verification, j.where, "larger than the limit of %d bytes", j.limit())
}

// isHTML looks at the first bytes only: many servers call everything
// text/html, so the header proves nothing.
func isHTML(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// watchdog ends an attempt while it waits for the network, not while it waits
// for the disk.
type watchdog struct {
	idle  time.Duration
	timer *time.Timer
}

func (d *watchdog) guard(r io.Reader) io.Reader { return &guarded{d, r} }

type guarded struct {
	dog *watchdog
	r   io.Reader
}

func (g *guarded) Read(p []byte) (int, error) {
	g.dog.timer.Reset(g.dog.idle)
	defer g.dog.timer.Stop()
	return g.r.Read(p)
}
