package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestCheckedDir: whatever changes in a directory, it is found by who checks,
// and made again. Files that came later are nobody's business.
func TestCheckedDir(t *testing.T) {
	made := 0
	build := func(ctx context.Context, tmp string) error {
		made++
		if err := os.Symlink("0", filepath.Join(tmp, "link")); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(tmp, "a", "b"), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(tmp, "a", "b", "c"), []byte("c"), 0o755); err != nil {
			return err
		}
		return makeTestDir(ctx, tmp)
	}
	replace := func(name, text string) func(dir string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	}
	for _, tt := range []struct {
		name   string
		change func(dir string) error
		good   bool
	}{
		{"nothing", func(string) error { return nil }, true},
		{"a new file", replace("0.pyc", "x"), true},
		{"another byte", replace("a/b/c", "d"), false},
		{"a file less", func(dir string) error { return os.Remove(filepath.Join(dir, "a/b/c")) }, false},
		{"another mode", func(dir string) error { return os.Chmod(filepath.Join(dir, "a/b/c"), 0o644) }, false},
		{"another target", func(dir string) error {
			if err := os.Remove(filepath.Join(dir, "link")); err != nil {
				return err
			}
			return os.Symlink("1", filepath.Join(dir, "link"))
		}, false},
		{"a file for a link", func(dir string) error {
			if err := os.Remove(filepath.Join(dir, "link")); err != nil {
				return err
			}
			return replace("link", "0")(dir)
		}, false},
		{"another mark", replace("../complete", "x\ny\n"), false},
		{"an empty mark", replace("../complete", ""), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, how := range []string{"use", "verify"} {
				where := filepath.Join(t.TempDir(), "cache")
				s := open(t, where)
				made = 0
				dir, err := s.CheckedDir(t.Context(), "key", build)
				must(t, err)
				must(t, tt.change(dir))
				must(t, s.Close())

				s = open(t, where)
				var corrupt []string
				s.Corrupt = func(path string) { corrupt = append(corrupt, path) }
				if how == "verify" {
					r, err := s.Verify(t.Context())
					must(t, err)
					corrupt = r.Bad
				}
				for range 2 {
					again, err := s.CheckedDir(t.Context(), "key", build)
					must(t, err)
					if again != dir {
						t.Errorf("%s: got %s", how, again)
					}
				}
				if tt.good != (made == 1) || tt.good != (len(corrupt) == 0) || made > 2 {
					t.Errorf("%s: made %d times, %q", how, made, corrupt)
				}
				if good, err := s.intact(t.Context(), filepath.Dir(dir)); !good || err != nil {
					t.Errorf("%s: %v, %v", how, good, err)
				}
			}
		})
	}
}
