package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

const canary = "canary-4711"

// TestCredentials: credentials come from their files, and stay there
// (promises.md P11).
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t, imageTable+"[conda]\nlock = \"chan/noarch.txt\"\n")
	files := http.FileServer(http.Dir(s.dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, ok := r.BasicAuth(); !ok || password != canary {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	s.channel("chan", channeltest.Options{URL: "http://me:" + canary + "@" + host + "/t/" + canary + "/chan"}, simple("app", "1.0", "app"))
	s.check(os.MkdirAll(s.at("t/"+canary), 0o755))

	got := s.run("lock", "--log-level", "debug")
	if got.Code != 5 || !strings.Contains(got.Stderr, "401") {
		t.Errorf("exit %d, %s", got.Code, got.Stderr)
	}
	s.write(".netrc", "machine 127.0.0.1 login me password "+canary+"\n")
	s.env = append(s.env, "NETRC="+s.at(".netrc"))
	s.ok("lock")
	registry := outputtest.NewRegistry(t)
	registry.SetFault(func(w http.ResponseWriter, r *http.Request) bool {
		if _, password, ok := r.BasicAuth(); ok && password == canary {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		outputtest.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "log in")
		return true
	})
	ref := "docker://" + registry.Host() + "/app:1"
	s.write("docker/config.json", "{}")
	s.env = append(s.env, "DOCKER_CONFIG="+s.at("docker"))
	denied := s.run("build", "-o", ref)
	if want := "hint: looked in " + s.at("docker/config.json"); denied.Code != 5 || !strings.Contains(denied.Stderr, want) {
		t.Errorf("exit %d, no %q in %s", denied.Code, want, denied.Stderr)
	}
	s.write("docker/config.json", `{"auths": {"`+registry.Host()+`": {"username": "me", "password": "`+canary+`"}}}`)
	pushed := s.run("build", "--log-level", "debug", "-o", ref, "-o", "oci:image")
	if pushed.Code != 0 {
		t.Errorf("exit %d, %s", pushed.Code, pushed.Stderr)
	}
	for _, out := range []outcome{got, denied, pushed} {
		if strings.Contains(out.Stdout+out.Stderr, canary) {
			t.Errorf("the secret is told: %s%s", out.Stdout, out.Stderr)
		}
	}
	for _, dir := range []string{lockName, ".cache", "image"} {
		s.check(filepath.WalkDir(s.at(dir), func(p string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				data, err := os.ReadFile(p)
				if err == nil && strings.Contains(string(data), canary) {
					t.Errorf("the secret is in %s", p)
				}
			}
			return err
		}))
	}
	var b strings.Builder
	img, err := openImage(s.at, "oci:image", "linux/amd64")
	s.check(err)
	s.check(printText(&b, img, "opt/conda/conda-meta/app-1.0-0.json"))
	if strings.Contains(b.String(), canary) {
		t.Errorf("the secret is in the image: %s", b.String())
	}
}
