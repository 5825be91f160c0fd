package repodata_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/repodata"
)

// folder is a channel on disk.
type folder string

func (f folder) Get(_ context.Context, ref string, _ repodata.Want) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), ref))
}

// TestHotFixes reads a real channel that corrects what packages say of
// themselves: its word counts, not theirs.
func TestHotFixes(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "data", "channels", "cpython")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	ctx := context.Background()
	c := &repodata.Channel{Name: "cpython", URL: root, Source: folder(root)}
	for _, tt := range []struct{ subdir, name, version, says, counts string }{
		{"linux-64", "tk", "8.6.13", "libzlib >=1.2.13,<1.3.0a0", "libzlib >=1.2.13,<2.0a0"},
		{"noarch", "urllib3", "2.1.0", "brotli-python >=1.0.9", ""},
	} {
		d, err := repodata.Load(ctx, c, tt.subdir, repodata.Options{})
		if err != nil {
			t.Fatal(err)
		}
		records, err := d.Records(ctx, tt.name)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(records, func(r repodata.Record) bool { return r.Version == tt.version })
		if i < 0 {
			t.Fatalf("no %s %s", tt.name, tt.version)
		}
		r := records[i]
		data, err := os.ReadFile(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		p, err := archive.Open(bytes.NewReader(data), int64(len(data)), r.FileName, archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Meta(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(m.Index.Depends, tt.says) || slices.Contains(r.Depends, tt.says) || tt.counts != "" && !slices.Contains(r.Depends, tt.counts) {
			t.Errorf("%s: the package says %q, the channel %q", r.FileName, m.Index.Depends, r.Depends)
		}
	}
}
