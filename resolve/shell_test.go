package resolve_test

import (
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

// TestShell shows that a prefix which is too long for a first line needs a base
// with /bin/sh.
func TestShell(t *testing.T) {
	prefix := "/" + strings.Repeat("p", 120)
	text := strings.Replace(onDebian, `, "linux/arm64"`, "", 1) + "[conda]\nlock = \"l.txt\"\nprefix = \"" + prefix + "\"\n"
	w := &world{
		files: map[string]string{"l.txt": explicit("noarch/pip-1-0.conda#" + hash("a"))},
		meta:  map[string]*archive.Meta{"pip-1-0.conda": {Index: archive.Index{Name: "pip", Version: "1", Build: "0", Subdir: "noarch", Noarch: "python"}}},
	}
	_, err := resolve.Lock(t.Context(), w, request(t, text))
	const want = "conda for linux/amd64: commands of package pip-1-0 need /bin/sh, because a prefix of 121 bytes is too long for a first line, and the base has none"
	if err == nil || err.Error() != want || fault.ClassOf(err) != fault.Unsatisfiable {
		t.Errorf("got %v, want %s", err, want)
	}
	for name, ok := range map[string]struct {
		text string
		base lock.Facts
	}{
		"a short prefix": {strings.Replace(text, prefix, prefix[:100], 1), lock.Facts{}},
		"a shell":        {text, lock.Facts{Sh: true}},
	} {
		w.base = ok.base
		if _, err := resolve.Lock(t.Context(), w, request(t, ok.text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
