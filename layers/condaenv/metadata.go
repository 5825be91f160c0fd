package condaenv

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
)

// fetches is how many packages are asked for at a time: the wait is for the
// network, not for a processor.
const fetches = 8

// metadata reads what linking needs to know of all packages.
func (e *Environment) metadata(ctx context.Context) ([]link.Package, error) {
	packages := make([]link.Package, len(e.Packages))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fetches)
	for i := range e.Packages {
		p := &e.Packages[i]
		g.Go(func() error {
			meta, err := e.Archives.Meta(gctx, p)
			if err != nil {
				return err
			}
			packages[i] = link.Package{Record: Record(p), Meta: meta, Listing: func(ctx context.Context) ([]archive.Entry, error) {
				a, closer, err := e.Archives.Open(ctx, p)
				if err != nil {
					return nil, err
				}
				defer closer.Close()
				return a.Listing(ctx)
			}}
			return nil
		})
	}
	return packages, g.Wait()
}
