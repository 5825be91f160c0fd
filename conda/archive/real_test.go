package archive_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
)

func TestTmp(t *testing.T) {
	for _, root := range []string{"../../../shared/data/packages", "../../../shared/data/channels/cpython"} {
		filepath.WalkDir(root, func(f string, d os.DirEntry, err error) error {
			if !strings.HasSuffix(f, ".conda") && !strings.HasSuffix(f, ".tar.bz2") {
				return nil
			}
			b, _ := os.ReadFile(f)
			p, err := archive.Open(bytes.NewReader(b), int64(len(b)), path.Base(f), archive.Limits{})
			if err != nil {
				t.Log("open", f, err)
				return nil
			}
			_, err = p.Meta(context.Background())
			if err != nil {
				t.Log("meta", f, err)
			}
			err = p.Walk(context.Background(), func(m archive.Member) error {
				if m.Content != nil {
					n, err := io.Copy(io.Discard, m.Content)
					if n != m.Size {
						t.Log(f, m.Path, n, m.Size)
					}
					return err
				}
				return nil
			})
			if err != nil {
				t.Log("walk", f, err)
			}
			return nil
		})
	}
}
