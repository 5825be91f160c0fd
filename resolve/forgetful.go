package resolve

import (
	"context"
	"io"
	"io/fs"

	"github.com/gophersnake/gophersnake/conda/repodata"
)

// forgetful is a World whose cache of repodata has nothing, so that what is in
// it, and was found to be broken, is made anew.
type forgetful struct{ World }

// Cache implements World.
func (w forgetful) Cache() repodata.Cache {
	c := w.World.Cache()
	if c == nil {
		return nil
	}
	return writeOnly{c}
}

type writeOnly struct{ repodata.Cache }

// Get implements repodata.Cache.
func (writeOnly) Get(context.Context, string) (io.ReaderAt, error) { return nil, fs.ErrNotExist }
