package base

import (
	"context"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Lender lends blobs of a registry's repository to who knows their digest, such
// as layers that another machine pushed. Nothing that the registry says of them
// is believed.
type Lender struct{ remote *remote }

// Lender returns the lender of a repository, HOST[:PORT]/NAME. An error has the
// class usage; nothing is asked yet.
func (s *Source) Lender(repository string) (*Lender, error) {
	ref, err := parseReference(repository, s.Insecure)
	if err != nil {
		return nil, err
	}
	if ref.scheme != inRegistry || withoutTag(ref.text) != ref.text {
		return nil, fault.New(fault.Usage, "", "%q is not a repository: want HOST[:PORT]/NAME without a tag", repository)
	}
	return &Lender{&remote{ref: ref, source: s}}, nil
}

// Repository returns the repository, from which its own registry may mount.
func (l *Lender) Repository() name.Repository { return l.remote.ref.image.Context() }

// Open opens the blob of a digest and a size, or returns nil where the
// repository has none. Reading ends with an error of class verification unless
// the bytes are those of the digest.
func (l *Lender) Open(ctx context.Context, digest string, size int64) (io.ReadCloser, error) {
	there, err := l.remote.has(ctx, digest)
	if err != nil || !there {
		return nil, err
	}
	src, err := l.remote.blob(ctx, digest, size)
	if err != nil {
		return nil, err
	}
	return newVerified(src, digest, size, l.remote.where(digest), fault.Network), nil
}

// has reports whether the repository has a blob. A repository that does not
// exist yet has none, and some registries call that forbidden.
func (r *remote) has(ctx context.Context, digest string) (bool, error) {
	if err := r.connect(ctx); err != nil {
		return false, err
	}
	where := r.where(digest)
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, r.url("blobs", digest), nil)
	if err != nil {
		return false, fault.New(fault.Network, where, "%v", err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return false, r.explain(ctx, where, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusNotFound, http.StatusForbidden:
		return false, nil
	}
	return false, r.explain(ctx, where, transport.CheckError(resp, http.StatusOK))
}
