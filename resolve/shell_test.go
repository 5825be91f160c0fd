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

// TestWheelShell shows the same for the commands of wheels.
func TestWheelShell(t *testing.T) {
	text := "[image]\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"b\"\n[conda]\nlock = \"env.txt\"\nwheels = \"pylock.toml\"\nprefix = \"/" + strings.Repeat("p", 120) + "\"\n"
	w := &world{base: lock.Facts{Libc: "glibc 2.36"}, files: map[string]string{
		"env.txt":     explicit("linux-64/python-3.11.9-h0_cpython.conda#" + hash("3")),
		"pylock.toml": pylock("tqdm-4.67.1-py3-none-any.whl"),
	}}
	_, err := resolve.Lock(t.Context(), w, request(t, text))
	wantError(t, err, fault.Unsatisfiable, "conda for linux/amd64: commands of wheel tqdm 4.67.1 need /bin/sh, because a prefix of 121 bytes is too long for a first line, and the base has none",
		"choose a base with /bin/sh, or a [conda] prefix of at most 110 bytes")
	w.base.Sh = true
	if _, err := resolve.Lock(t.Context(), w, request(t, text)); err != nil {
		t.Error(err)
	}
}
