package output

import (
	"context"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Missing returns those blobs that a destination lacks, in their order, and
// changes nothing. A registry is asked by HEAD, an OCI layout looked into;
// other destinations are written anew, so they lack everything.
func Missing(ctx context.Context, t Transport, blobs []v1.Descriptor, o Options) ([]v1.Descriptor, error) {
	has := func(context.Context, v1.Descriptor) (bool, error) { return false, nil }
	switch t.Scheme {
	case Docker:
		c, err := reader(ctx, t, o.withDefaults())
		if err != nil {
			return nil, err
		}
		has = func(ctx context.Context, d v1.Descriptor) (bool, error) {
			return c.holds(ctx, part{d, "blob " + d.Digest.String(), "blobs/"})
		}
	case OCI:
		has = func(_ context.Context, d v1.Descriptor) (bool, error) {
			info, err := os.Stat(filepath.Join(t.Path, blobsDir, d.Digest.Hex))
			return err == nil && info.Size() == d.Size, nil
		}
	}
	absent := make([]bool, len(blobs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(o.asks())
	for i, d := range blobs {
		g.Go(func() error {
			ok, err := has(ctx, d)
			absent[i] = !ok
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var missing []v1.Descriptor
	for i, d := range blobs {
		if absent[i] {
			missing = append(missing, d)
		}
	}
	return missing, nil
}

// reader returns a client of a registry that wants to read.
func reader(ctx context.Context, t Transport, o Options) (*client, error) {
	repo, err := name.NewRepository(t.repository())
	if host := repo.RegistryStr(); err == nil && (o.Insecure(host) || isLoopback(hostname(host))) {
		repo, err = name.NewRepository(t.repository(), name.Insecure)
	}
	if err != nil {
		return nil, badOutput(t.String(), "%w", refError{err})
	}
	return newClient(ctx, repo, []string{"repository:" + repo.RepositoryStr() + ":pull"}, o)
}

// holds asks for one part. Some registries say that one may not read what is
// not there.
func (c *client) holds(ctx context.Context, q part) (ok bool, err error) {
	err = c.retry.do(ctx, q.name, func(int) error {
		ok, err = c.has(ctx, c.url(q.path+q.Digest.String()), q.Descriptor)
		return err
	})
	switch {
	case isForbidden(err):
		return false, nil
	case err != nil:
		return false, c.explain(err, q.name)
	}
	return ok, nil
}
