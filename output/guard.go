package output

import (
	"context"
	"fmt"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// guard refuses to go on unless every tag is what Options.IfTagIs says.
func (p *pusher) guard(ctx context.Context, tags []string) error {
	if p.o.IfTagIs == "" || p.o.ByDigest {
		return nil
	}
	for _, tag := range tags {
		var is string
		err := p.retry.do(ctx, fmt.Sprintf("tag %q", tag), func(int) (err error) {
			is, err = p.tagged(ctx, tag)
			return err
		})
		if err != nil {
			return p.explain(err, fmt.Sprintf("tag %q", tag))
		}
		if is != p.o.IfTagIs && is != p.closure.root.Digest.String() {
			return newError(classPolicy, p.repo.String(), "tag %q is %s, not %s; nothing was tagged", tag, is, p.o.IfTagIs).
				hint("somebody else moved it: look what it is now, and push again with --if-tag-is %s", is)
		}
	}
	return nil
}

// tagged returns the digest of what a tag resolves to, or Absent. The bytes
// are hashed: a header is not believed.
func (c *client) tagged(ctx context.Context, tag string) (string, error) {
	resp, err := c.do(ctx, request{
		method: http.MethodGet,
		url:    c.url("manifests/" + tag),
		header: map[string]string{"Accept": string(types.OCIImageIndex) + ", " + string(types.OCIManifestSchema1) + ", " +
			string(types.DockerManifestList) + ", " + string(types.DockerManifestSchema2)},
		want: []int{200, 404},
	})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return Absent, nil
	}
	got, _, err := v1.SHA256(io.LimitReader(resp.Body, maxManifest+1))
	return got.String(), err
}
