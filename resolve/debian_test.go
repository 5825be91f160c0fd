package resolve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

const onDebian = `
[image]
platforms = ["linux/amd64", "linux/arm64"]
[base]
debian = { suite = "bookworm", packages = ["bash", "git"] }
`

// TestDebian shows that a base of Debian packages is asked for once, at a time
// that stays, and asked anew when the wish changes.
func TestDebian(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	w := &world{}
	lockAt := func(text string, old *lock.Lock, at time.Time) (*lock.Lock, int) {
		t.Helper()
		r := request(t, text)
		r.Now, r.Old = at, old
		w.questions()
		l, err := resolve.Lock(t.Context(), w, r)
		if err != nil {
			t.Fatal(err)
		}
		return l, len(w.asked)
	}
	first, n := lockAt(onDebian, nil, now)
	if len(first.Base) != 2 || len(first.Deb) != 4 || n != 2 || first.Base[0].Snapshot != "20261101T120000Z" {
		t.Fatalf("%d requests: %+v, %+v", n, first.Base, first.Deb)
	}
	if want := "debian bookworm https://snapshot.debian.org/archive/debian/20261101T120000Z/ linux/amd64"; w.asked[0] != want {
		t.Errorf("asked %q, want %q", w.asked[0], want)
	}
	again, n := lockAt(onDebian, first, now.AddDate(0, 1, 0))
	if n != 0 || again.Base[0].Snapshot != "20261101T120000Z" || len(again.Deb) != 4 {
		t.Errorf("%d requests for an old wish: %+v", n, again.Base)
	}
	one, _ := lockAt(strings.Replace(onDebian, `, "linux/arm64"`, "", 1), nil, now)
	two, n := lockAt(onDebian, one, now.AddDate(0, 1, 0))
	if n != 1 || two.Base[1].Snapshot != one.Base[0].Snapshot {
		t.Errorf("%d requests for a new platform, at %s, not at %s", n, two.Base[1].Snapshot, one.Base[0].Snapshot)
	}
	_, n = lockAt(strings.Replace(onDebian, `"git"`, `"git", "less"`, 1), first, now)
	if n != 2 {
		t.Errorf("%d requests for a new wish, want 2", n)
	}
}
