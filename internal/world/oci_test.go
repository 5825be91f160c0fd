package world

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// layer is what push makes a layer of.
type layer struct {
	media string
	data  []byte
}

// push makes an image of layers.
func push(t testing.TB, r *outputtest.Registry, ref string, layers ...layer) {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	var err error
	for _, l := range layers {
		img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer(l.data, types.MediaType(l.media)), MediaType: types.MediaType(l.media)})
		must(t, err)
	}
	tag, err := name.NewTag(r.Host() + "/" + ref)
	must(t, err)
	must(t, remote.Write(tag, img))
}

func zstded(t testing.TB, text []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	defer w.Close()
	return w.EncodeAll(text, nil)
}

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// TestOCIChannel opens channels of a registry, in each form.
func TestOCIChannel(t *testing.T) {
	for name, layers := range map[string][]layer{
		"plain": {{mediaJSON, []byte(docNoarch)}},
		"zst":   {{"application/octet-stream", []byte("x")}, {mediaJSON + "+zst", zstded(t, []byte(docNoarch))}},
		"gzip":  {{mediaJSON + "+gzip", gzipped(t, []byte(docNoarch))}},
		"both":  {{mediaJSON, []byte("{")}, {mediaJSON + "+zst", zstded(t, []byte(docNoarch))}},
	} {
		t.Run(name, func(t *testing.T) {
			u, r := newUser(t), outputtest.NewRegistry(t)
			push(t, r, "team/chan/noarch/repodata.json:latest", layers...)
			at := "oci://" + r.Host() + "/team/chan"
			r.Log()
			want := at + "/noarch/app-1.0-0.conda " + at + "/noarch/lib-1.0-0.conda"
			for run, asked := range []int{4, 0} { // bytes are asked for once
				w := u.run()
				if got, err := open(t, w, at); got != want || err != nil {
					t.Errorf("%q, %v", got, err)
				}
				log := r.Log()
				if blobs := outputtest.Count(log, "GET", "/blobs/"); blobs > asked || run == 0 && blobs == 0 {
					t.Errorf("%d blobs: %q", blobs, log)
				}
				if n := outputtest.Count(log, "GET", "/noarch/repodata.json/manifests/latest"); n != 1 {
					t.Errorf("the manifest was asked for %d times: %q", n, log)
				}
			}
			r.Close()
			w := u.run()
			w.Fetch.Offline = true
			if got, err := open(t, w, at); got != want || err != nil {
				t.Errorf("offline: %q, %v", got, err)
			}
		})
	}
}

// TestOCIPackage fetches packages from a registry: by sha256 without asking for
// a manifest.
func TestOCIPackage(t *testing.T) {
	u, r := newUser(t), outputtest.NewRegistry(t)
	_, packed := archivetest.Package{Name: "_mutex", Version: "1!2+a", Build: "0=b"}.Conda()
	data := string(packed)
	push(t, r, "c/noarch/zzz_mutex:1__e__2__p__a-0__eq__b", layer{"application/vnd.conda.info.v1.tar+gzip", []byte("x")}, layer{mediaConda, []byte(data)})
	p := lock.Conda{URL: "oci://" + r.Host() + "/c/noarch/_mutex-1!2+a-0=b.conda", SHA256: sha(data)}
	r.Log()
	for _, q := range []lock.Conda{p, {URL: p.URL}} {
		got, meta, err := u.run().Package(t.Context(), q)
		if err != nil || got.SHA256 != sha(data) || got.Size != int64(len(data)) || meta.Index.Name != "_mutex" {
			t.Errorf("%+v, %v", got, err)
		}
		if n := outputtest.Count(r.Log(), "GET", "/manifests/"); (n == 0) != (q.SHA256 != "") {
			t.Errorf("%d manifests", n)
		}
	}
	for _, tt := range []struct {
		p    lock.Conda
		want string
	}{
		{lock.Conda{URL: p.URL, SHA256: sha("other")}, "404 Not Found"},
		{lock.Conda{URL: strings.Replace(p.URL, ".conda", ".tar.bz2", 1)}, "file does not exist"},
		{lock.Conda{URL: strings.Replace(p.URL, "!2", "", 1)}, "file does not exist"},
		{lock.Conda{URL: "oci://" + r.Host() + "/c/noarch/x.conda"}, "file does not exist"},
		{lock.Conda{URL: "oci://" + r.Host() + "/C/noarch/x-1-0.conda"}, `"` + r.Host() + `/C/noarch/x" is not the name of a repository`},
	} {
		if _, _, err := u.run().Package(t.Context(), tt.p); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.p.URL, err, tt.want)
		}
	}
}

// TestOCIMirror takes a channel and its packages from a registry that mirrors a
// server that does not answer.
func TestOCIMirror(t *testing.T) {
	u, r, s := newUser(t), outputtest.NewRegistry(t), newServer(t)
	s.fail(http.StatusServiceUnavailable)
	data := testPackage()
	push(t, r, "m/noarch/repodata.json:latest", layer{mediaJSON + "+zst", zstded(t, []byte(docNoarch))})
	push(t, r, "m/linux-64/repodata.json:latest", layer{mediaJSON, []byte(docOther)})
	push(t, r, "m/noarch/pkg:1.0-0", layer{mediaConda, []byte(data)})
	w := u.run()
	w.Conda.Mirrors = map[string][]string{s.URL + "/c": {"oci://" + r.Host() + "/m"}}
	got, err := open(t, w, s.URL+"/c")
	if want := s.URL + "/c/noarch/app-1.0-0.conda " + s.URL + "/c/linux-64/lib-2.0-0.conda " + s.URL + "/c/noarch/lib-1.0-0.conda"; got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := w.Package(t.Context(), lock.Conda{URL: s.URL + "/c/noarch/pkg-1.0-0.conda", SHA256: sha(data)}); err != nil {
		t.Error(err)
	}
}

// keychain has one login.
type keychain struct{ auth authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.auth, nil }

// TestOCILogin checks that a registry gets the token it wants, and what is said
// where there is none.
func TestOCILogin(t *testing.T) {
	u, r := newUser(t), outputtest.NewRegistry(t)
	push(t, r, "c/noarch/repodata.json:latest", layer{mediaJSON, []byte(docNoarch)})
	push(t, r, "c/linux-64/repodata.json:latest", layer{mediaJSON, []byte(docOther)})
	login := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+canary))
	r.SetFault(func(w http.ResponseWriter, req *http.Request) bool {
		switch auth := req.Header.Get("Authorization"); {
		case req.URL.Path == "/token" && auth == login:
			_ = json.NewEncoder(w).Encode(map[string]string{"token": canary + req.URL.Query().Get("scope")})
		case req.URL.Path == "/token":
			outputtest.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "who are you?")
		case strings.HasPrefix(auth, "Bearer "+canary+"repository:c/") && strings.HasSuffix(auth, "/repodata.json:pull"):
			return false
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host()+`/token",service="test"`)
			outputtest.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "log in")
		}
		return true
	})
	at := "oci://" + r.Host() + "/c"
	_, err := open(t, u.run(), at)
	if err == nil || !strings.HasSuffix(err.Error(), "/repodata.json: the registry answered 401 Unauthorized when asked for a token") || fault.ClassOf(err) != fault.Network {
		t.Errorf("error %v", err)
	}
	w := u.run()
	w.Keychain = keychain{&authn.Basic{Username: "me", Password: canary}}
	if _, err := open(t, w, at); err != nil {
		t.Error(err)
	}
	urls, err2 := open(t, u.run(), "oci://me:"+canary+"@"+r.Host()+"/c")
	if !strings.HasPrefix(urls, at+"/noarch/app") || err2 != nil {
		t.Errorf("%q, %v", urls, err2)
	}
	u.noCanary(err.Error())
}

// TestOCIBad checks what is refused of a registry.
func TestOCIBad(t *testing.T) {
	for _, tt := range []struct {
		name, manifest string
		class          fault.Class
		want           string
	}{
		{"index", `{"manifests": []}`, fault.Verification, "the registry has no image manifest at c/noarch/repodata.json:latest"},
		{"no JSON", `{`, fault.Verification, "the registry has no image manifest at c/noarch/repodata.json:latest"},
		{"digest", `{"layers": [{"mediaType": "` + mediaJSON + `", "digest": "md5:0", "size": 1}]}`, fault.Verification, `layer "md5:0" of 1 bytes is not valid`},
		{"size", `{"layers": [{"mediaType": "` + mediaJSON + `", "digest": "sha256:` + sha("{}") + `", "size": -1}]}`, fault.Verification, `layer "sha256:` + sha("{}") + `" of -1 bytes is not valid`},
		{"short", `{"layers": [{"mediaType": "` + mediaJSON + `", "digest": "sha256:` + sha("{}") + `", "size": 3}]}`, fault.Network, "gave up"},
		{"other bytes", `{"layers": [{"mediaType": "` + mediaJSON + `", "digest": "sha256:` + sha("[]") + `", "size": 2}]}`, fault.Verification, "sha256 is " + sha("{}") + ", want " + sha("[]")},
		{"broken gzip", `{"layers": [{"mediaType": "` + mediaJSON + `+gzip", "digest": "sha256:` + sha("{}") + `", "size": 2}]}`, fault.Verification, "broken: "},
		{"nothing", `{"layers": []}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, s := newUser(t), newServer(t)
			s.set("/v2/", "{}")
			s.set("/v2/c/noarch/repodata.json/manifests/latest", tt.manifest)
			for _, digest := range []string{sha("{}"), sha("[]")} {
				s.set("/v2/c/noarch/repodata.json/blobs/sha256:"+digest, "{}")
			}
			w := u.run()
			channels, err := w.Channels(t.Context(), "oci://"+s.host()+"/c")
			must(t, err)
			_, err = channels[0].Get(t.Context(), doc, repodata.Want{Max: 100})
			if tt.class == "" && isNotExist(err) {
				return
			}
			if err == nil || tt.class != fault.ClassOf(err) || tt.want != "gave up" && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s %s", err, tt.class, tt.want)
			}
		})
	}
}
