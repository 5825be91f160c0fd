package world

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/condarc"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/lock"
)

// TestChannelMirrors checks which of a channel's mirrors and itself are asked
// for its documents.
func TestChannelMirrors(t *testing.T) {
	const shards = "noarch/repodata_shards.msgpack.zst"
	for _, tt := range []struct {
		name             string
		one, two, origin string // what is at noarch/repodata.json; "503" is that
		ref              string
		want             string // its text, "404", or the host of an outage
		asked            [3]string
		notes            int
	}{
		{"the first has it", "a", "b", "c", doc, "a", [3]string{"200", "", ""}, 0},
		{"404", "", "b", "c", doc, "b", [3]string{"404", "200", ""}, 0},
		{"only the channel", "", "", "c", doc, "c", [3]string{"404", "404", "200"}, 0},
		{"nobody", "", "", "", doc, "404", [3]string{"404", "404", "404"}, 0},
		{"outage of the first", "503", "b", "c", doc, "b", [3]string{"0", "200", ""}, 1},
		{"outage of all", "503", "503", "503", doc, "origin", [3]string{"0", "0", "0"}, 2},
		{"incomplete mirrors do not stand for a channel that is down", "", "", "503", doc, "origin", [3]string{"404", "404", "0"}, 0},
		{"a mirror with another form does", "", "b", "503", shards, "404", [3]string{"404", "404", "0"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := newUser(t)
			servers := [3]*server{newServer(t), newServer(t), newServer(t)}
			for i, text := range []string{tt.one, tt.two, tt.origin} {
				if text == "503" {
					servers[i].fail(http.StatusServiceUnavailable)
				} else {
					servers[i].set([]string{"/m/" + doc, "/deep/c/" + doc, "/c/" + doc}[i], text)
				}
			}
			w := u.run()
			w.Conda.Mirrors = map[string][]string{servers[2].URL + "/c": {"http://me:" + canary + "@" + servers[0].host() + "/m/"}}
			w.Mirrors = map[string][]string{servers[2].host(): {servers[1].URL + "/deep"}}
			got, err := get(u, w, servers[2], tt.ref, repodata.Want{})
			switch {
			case isNotExist(err):
				got = "404"
			case err != nil && fault.ClassOf(err) == fault.Network && strings.HasPrefix(err.Error(), servers[2].URL):
				got = "origin"
			}
			if got != tt.want || len(u.notes) != tt.notes {
				t.Errorf("%q, want %q; %v, notes %q", got, tt.want, err, u.notes)
			}
			var asked [3]string
			for i, s := range servers {
				asked[i], _, _ = strings.Cut(s.log(), " ")
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Error(diff)
			}
			u.noCanary()
		})
	}
}

// TestDeadMirror checks that a mirror that does not answer is told once, and
// then left alone, for packages too.
func TestDeadMirror(t *testing.T) {
	u, s, mirror := newUser(t), newServer(t), newServer(t)
	mirror.fail(http.StatusBadGateway)
	data := testPackage()
	s.set("/c/"+doc, docNoarch)
	s.set("/c/noarch/pkg-1.0-0.conda", data)
	w := u.run()
	w.Conda = condarc.Config{Alias: s.URL, Mirrors: map[string][]string{"c": {mirror.URL}}}
	if _, err := open(t, w, "c"); err != nil {
		t.Fatal(err)
	}
	p := lock.Conda{URL: s.URL + "/c/noarch/pkg-1.0-0.conda", SHA256: sha(data)}
	if _, _, err := w.Package(t.Context(), p); err != nil {
		t.Error(err)
	}
	if len(u.notes) != 1 || !strings.HasSuffix(u.notes[0], ": 502 Bad Gateway; asking the next place") || !strings.HasPrefix(u.notes[0], "mirror "+mirror.URL) {
		t.Errorf("notes %q", u.notes)
	}
	mirror.fail(http.StatusUnauthorized)
	w = u.run()
	w.Conda = condarc.Config{Alias: s.URL, Mirrors: map[string][]string{"c": {mirror.URL}}}
	mirror.log()
	if _, err := open(t, w, "c"); err != nil || len(u.notes) != 1 || strings.Count(mirror.log(), ",") != 7 {
		t.Errorf("%v, notes %q", err, u.notes) // which are not about each file that it refuses
	}
	mirror.fail(0)
	mirror.set("/noarch/pkg-1.0-0.conda", "other bytes")
	w, p.SHA256 = u.run(), sha("not there")
	w.Conda = condarc.Config{Alias: s.URL, Mirrors: map[string][]string{"c": {mirror.URL}}}
	if _, _, err := w.Package(t.Context(), p); fault.ClassOf(err) != fault.Verification || !strings.HasPrefix(err.Error(), mirror.URL) {
		t.Errorf("error %v", err)
	}
}

// TestChannelSecrets checks that secrets of channels reach their host and
// nobody else (promises.md P11).
func TestChannelSecrets(t *testing.T) {
	data := testPackage()
	for _, tt := range []struct {
		name  string
		path  string // of what the server holds
		basic bool   // the password is wanted too
		setup func(w *World, host string) string
	}{
		{"URL", "/t/" + canary + "/c", true, func(_ *World, host string) string { return "http://me:" + canary + "@" + host + "/t/" + canary + "/c" }},
		{"alias", "/t/" + canary + "/c", false, func(w *World, host string) string {
			w.Conda.Alias = "http://" + host + "/t/" + canary
			return "c"
		}},
		{"custom channel", "/x/c", true, func(w *World, host string) string {
			w.Conda.Custom = map[string]string{"c": "http://me:" + canary + "@" + host + "/x"}
			return "c"
		}},
		{"default channels", "/t/" + canary + "/c", false, func(w *World, host string) string {
			w.Conda.Defaults = []string{"http://" + host + "/t/" + canary + "/c"}
			return "defaults"
		}},
		{"RATTLER_AUTH_FILE", "/t/" + canary + "/c", false, func(w *World, host string) string {
			auth, err := fetch.RattlerAuth([]byte(`{"127.0.0.1": {"CondaToken": "`+canary+`"}}`), "auth.json")
			must(t, err)
			w.Fetch.Auth = auth
			return "http://" + host + "/c"
		}},
		{"netrc", "/c", true, func(w *World, host string) string {
			w.Fetch.Auth = fetch.Netrc("machine 127.0.0.1 login me password "+canary, "netrc")
			return "http://" + host + "/c"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, s, other := newUser(t), newServer(t), newServer(t)
			other.fault = func(_ http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.String(), canary) || r.Header.Get("Authorization") != "" {
					t.Errorf("the secret went to another host: %s %v", r.URL, r.Header)
				}
				return false
			}
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				_, password, _ := r.BasicAuth()
				if tt.basic == (password == canary) {
					return false
				}
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			s.set(tt.path+"/"+doc, docNoarch)
			s.set(tt.path+"/noarch/pkg-1.0-0.conda", data)
			w := u.run()
			w.Mirrors = map[string][]string{s.host(): {strings.Replace(other.URL, "127.0.0.1", "localhost", 1)}}
			written := tt.setup(w, s.host())
			urls, err := open(t, w, written)
			if want := s.URL + strings.TrimPrefix(tt.path, "/t/"+canary) + "/noarch/lib-1.0-0.conda"; !strings.HasSuffix(urls, want) || err != nil {
				t.Errorf("%q, want %q; %v", urls, want, err)
			}
			p := lock.Conda{URL: strings.TrimSuffix(urls[strings.LastIndexByte(urls, ' ')+1:], "lib-1.0-0.conda") + "pkg-1.0-0.conda", SHA256: sha(data)}
			if _, _, err := w.Package(t.Context(), p); err != nil {
				t.Error(err)
			}
			s.fail(http.StatusBadRequest)
			w = u.run()
			tt.setup(w, s.host())
			_, err = open(t, w, written)
			if err == nil || !strings.Contains(err.Error(), "400 Bad Request") {
				t.Fatalf("error %v", err)
			}
			u.noCanary(urls, err.Error())
		})
	}
}

// TestPlaces checks the order of places, and that none is asked twice.
func TestPlaces(t *testing.T) {
	u := newUser(t)
	w := u.run()
	w.Conda = condarc.Config{
		Alias:  "https://me:" + canary + "@h.example",
		Custom: map[string]string{"a": "https://t.example/t/tk-a/", "b/c": "https://t.example/t/tk-b"},
		Mirrors: map[string][]string{
			"c":           {"https://one.example/c", "https://h.example/c/", "oci://two.example/c"},
			"c/label/dev": {"https://dev.example/", "https://dev.example"},
		},
	}
	w.Mirrors = map[string][]string{"h.example": {"https://all.example/x", "three.example"}, "r.example": {"four.example/m"}}
	for of, want := range map[string][]string{
		"https://h.example/c/noarch/f": {
			"https://one.example/c/noarch/f", "https://me:" + canary + "@h.example/c/noarch/f", "oci://two.example/c/noarch/f",
			"https://all.example/x/c/noarch/f", "https://three.example/c/noarch/f",
		},
		"https://h.example/c/label/dev/f": {
			"https://dev.example/f", "https://one.example/c/label/dev/f", "https://me:" + canary + "@h.example/c/label/dev/f", "oci://two.example/c/label/dev/f",
			"https://all.example/x/c/label/dev/f", "https://three.example/c/label/dev/f",
		},
		"https://h.example/cc/f":  {"https://all.example/x/cc/f", "https://three.example/cc/f", "https://me:" + canary + "@h.example/cc/f"},
		"oci://r.example/c/f":     {"oci://four.example/m/c/f", "oci://r.example/c/f"},
		"http://h.example/f":      {"https://all.example/x/f", "https://three.example/f", "http://h.example/f"},
		"dir/f":                   {w.path("dir/f")},
		"https://t.example/a/f":   {"https://t.example/t/tk-a/a/f"},
		"https://t.example/b/c/f": {"https://t.example/t/tk-b/b/c/f"},
		"https://t.example/b/f":   {"https://t.example/b/f"},
	} {
		var got []string
		for _, p := range w.places(of) {
			if got = append(got, p.request); strings.Contains(p.public, canary) {
				t.Errorf("public %s", p.public)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", of, diff)
		}
	}
}

func FuzzOCIFile(f *testing.F) {
	f.Add("oci://r.example/c/noarch/_mutex-1!2+a-0=b.conda")
	f.Add("oci://r.example:5000/repodata.json.zst")
	f.Add("oci://u@r.example//-1-.tar.bz2?x#y")
	f.Fuzz(func(t *testing.T, u string) {
		file, err := ociFileOf(place{"public", u})
		if err == nil && (file.repo == "" || file.tag == "" || strings.ContainsAny(file.tag, "+!=/")) {
			t.Errorf("%q is %+v", u, file)
		}
	})
}
