package fetch

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/store"
)

// Into fetches a file into the store and returns its digest "sha256:<hex>" and
// its size in bytes. With Want.SHA256 a file that the store has is not fetched,
// and processes that want the same file at the same time fetch it once.
func (c *Client) Into(ctx context.Context, s *store.Store, rawURL string, w Want) (digest string, size int64, err error) {
	if w.SHA256 == "" {
		return c.download(ctx, s, rawURL, w, "")
	}
	digest = "sha256:" + strings.ToLower(w.SHA256)
	if size, err := c.hit(ctx, s, rawURL, digest, w); !errors.Is(err, fs.ErrNotExist) {
		return digest, size, err
	}
	unlock, err := s.Lock(ctx, "fetch "+digest)
	if err != nil {
		return "", 0, err
	}
	defer unlock()
	if size, err := c.hit(ctx, s, rawURL, digest, w); !errors.Is(err, fs.ErrNotExist) {
		return digest, size, err
	}
	return c.download(ctx, s, rawURL, w, digest)
}

// hit looks in the store, which checks what it finds.
func (c *Client) hit(ctx context.Context, s *store.Store, rawURL, digest string, w Want) (int64, error) {
	b, err := s.Get(ctx, digest)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	if w.Size > 0 && b.Size() != w.Size {
		return 0, fault.New(fault.Verification, Redact(rawURL), "%d bytes, want %d", b.Size(), w.Size)
	}
	c.event(Event{Kind: Hit, URL: Redact(rawURL), Bytes: b.Size(), Total: b.Size()})
	return b.Size(), nil
}

func (c *Client) download(ctx context.Context, s *store.Store, rawURL string, w Want, digest string) (string, int64, error) {
	out, err := s.Create(ctx)
	if err != nil {
		return "", 0, err
	}
	defer out.Abort()
	if _, err := c.Fetch(ctx, rawURL, w, out); err != nil {
		return "", 0, err
	}
	return out.Commit(digest)
}
