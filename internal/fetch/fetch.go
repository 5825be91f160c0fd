package fetch

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Want says what the bytes must be. Zero fields are not checked.
type Want struct {
	SHA256 string // hexadecimal
	MD5    string // hexadecimal; proves nothing against an attacker
	Size   int64  // bytes
	Max    int64  // most bytes, where Size is 0; 0: DefaultMax
	HTML   bool   // an HTML page is what is wanted
	Accept string // media types, for servers that have several forms; "": any

	ETag         string // of a copy at hand: an answer "not modified" will do
	LastModified string // likewise
}

// Target is what is written to. Reset makes it empty again, for a download
// that must begin anew. A Target with a method Digest() string that returns
// "sha256:<hex>" of what was written since, as store.Writer has, saves hashing
// twice.
type Target interface {
	io.Writer
	Reset() error
}

// Response describes what was fetched.
type Response struct {
	URL          string // where redirects led to, redacted
	Size         int64  // bytes
	SHA256       string // hexadecimal
	ETag         string // as the server sent it
	LastModified string // likewise
	NotModified  bool   // nothing was written: the copy with Want's ETag or LastModified is current

	MaxAge time.Duration // for which the answer may be used without asking again (RFC 9111 §4.2); 0: ask
}

// Fetch writes the bytes at a URL, or in a file, to dst. Only when it returns
// no error may what dst holds be used. Errors are of class network,
// verification (other bytes than wanted, more than allowed), usage (a URL that
// is refused) or disk (a local file); [StatusError] and [fs.ErrNotExist] are
// found in their chains. A cancelled ctx is returned as its error.
func (c *Client) Fetch(ctx context.Context, rawURL string, w Want, dst Target) (Response, error) {
	j := &job{c: c, want: w, dst: dst, where: Redact(rawURL)}
	j.sums.init(w, dst)
	if !strings.Contains(rawURL, "://") {
		return j.file(ctx, rawURL)
	}
	u, err := parseURL(rawURL, j.where)
	if err != nil {
		return Response{}, err
	}
	if u.Scheme == "file" {
		path, err := filePath(u, j.where)
		if err != nil {
			return Response{}, err
		}
		return j.file(ctx, path)
	}
	if err := c.allowed(u, j.where); err != nil {
		return Response{}, err
	}
	if c.Offline {
		return Response{}, offline(j.where, w)
	}
	j.url = u
	if err := j.login(); err != nil {
		return Response{}, err
	}
	return j.run(ctx)
}

// Get returns a small document of at most limit bytes.
func (c *Client) Get(ctx context.Context, rawURL string, limit int64) ([]byte, error) {
	var b Buffer
	if _, err := c.Fetch(ctx, rawURL, Want{Max: limit}, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Buffer is a Target in memory.
type Buffer struct{ b bytes.Buffer }

// Write appends.
func (b *Buffer) Write(p []byte) (int, error) { return b.b.Write(p) }

// Reset forgets what was written.
func (b *Buffer) Reset() error {
	b.b.Reset()
	return nil
}

// Bytes returns what was written.
func (b *Buffer) Bytes() []byte { return b.b.Bytes() }

func offline(where string, w Want) error {
	if w.SHA256 != "" {
		return fault.New(fault.Network, where, "not in the cache (sha256 %s), and --offline is set", w.SHA256)
	}
	return fault.New(fault.Network, where, "--offline is set")
}

// parseURL is url.Parse with an error that holds no part of the URL.
func parseURL(raw, where string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fault.New(fault.Usage, where, "not a URL")
	case u.Scheme == "file":
		return u, nil
	case u.Host == "":
		return nil, fault.New(fault.Usage, where, "the URL has no host")
	}
	return u, nil
}
