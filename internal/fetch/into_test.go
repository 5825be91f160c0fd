package fetch

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/store"
)

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func content(t *testing.T, s *store.Store, digest string) string {
	t.Helper()
	b, err := s.Get(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// Many callers cause one download, which is resumed and restarted; later ones
// need no network.
func TestIntoOnce(t *testing.T) {
	srv := serve(t, short(body, 1000), status(416), short(body, 500), send(body))
	st := openStore(t, filepath.Join(t.TempDir(), "cache"))
	c, _ := client()
	var mu sync.Mutex
	hits := 0
	c.Event = func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == Hit {
			hits++
		}
	}
	want := Want{SHA256: strings.ToUpper(sha(body)), Size: int64(len(body))}
	const callers = 6
	errs := make(chan error, callers)
	for range callers {
		go func() {
			digest, size, err := c.Into(deadline(t), st, srv.URL, want)
			if err == nil && (digest != "sha256:"+sha(body) || size != want.Size) {
				err = errors.New(digest)
			}
			errs <- err
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if got := content(t, st, "sha256:"+sha(body)); got != body || hits != callers-1 {
		t.Errorf("%d bytes, %d hits", len(got), hits)
	}
	off := &Client{Offline: true}
	if _, _, err := off.Into(t.Context(), st, "https://h.test/x", want); err != nil {
		t.Errorf("offline: %v", err)
	}
	_, _, err := off.Into(t.Context(), st, "https://me:canary@h.test/x", Want{SHA256: sha("")})
	wantError(t, err, "", fault.Network, "https://h.test/x: not in the cache (sha256 "+sha("")+"), and --offline is set", "")
	_, _, err = off.Into(t.Context(), st, "https://h.test/x", Want{SHA256: sha(body), Size: 5})
	wantError(t, err, "", fault.Verification, "https://h.test/x: 65536 bytes, want 5", "")
}

// C12: other bytes than locked are exit 6 with both hashes, and stay out.
func TestIntoMismatch(t *testing.T) {
	srv := serve(t, send("evil"))
	st := openStore(t, filepath.Join(t.TempDir(), "cache"))
	c, _ := client()
	url := strings.Replace(srv.URL, "://", "://me:canary@", 1) + "/t/canary/ch/a.conda?x=canary"
	_, _, err := c.Into(deadline(t), st, url, Want{SHA256: sha("good")})
	wantError(t, err, srv.URL, fault.Verification,
		"$URL/t/***/ch/a.conda: sha256 is "+sha("evil")+", want "+sha("good"), changed)
	if st.Has("sha256:"+sha("evil")) || st.Has("sha256:"+sha("good")) {
		t.Error("the store has it")
	}
}

// A blob that was changed on disk is fetched again.
func TestIntoHeals(t *testing.T) {
	srv := serve(t, send(body), send(body))
	dir := filepath.Join(t.TempDir(), "cache")
	c, _ := client()
	for range 2 {
		st := openStore(t, dir)
		digest, _, err := c.Into(deadline(t), st, srv.URL, Want{SHA256: sha(body)})
		if err != nil {
			t.Fatal(err)
		}
		b, err := st.Get(t.Context(), digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Truncate(b.Path(), 100), b.Close(), st.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIntoWithoutHash(t *testing.T) {
	srv := serve(t, send(body), send("new"))
	st := openStore(t, filepath.Join(t.TempDir(), "cache"))
	c, _ := client()
	for _, want := range []string{body, "new"} {
		digest, size, err := c.Into(deadline(t), st, srv.URL, Want{})
		if err != nil || digest != "sha256:"+sha(want) || size != int64(len(want)) {
			t.Errorf("Into: %s, %d, %v", digest, size, err)
		}
	}
	if _, _, err := c.Into(t.Context(), st, srv.URL, Want{SHA256: "12"}); err == nil ||
		err.Error() != `digest "sha256:12": want sha256:<64 hexadecimal digits>` {
		t.Errorf("Into: %v", err)
	}
}
