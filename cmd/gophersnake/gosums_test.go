package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/platforms"
)

// sumsName is the checksum database of the test, whose key the program takes by a
// field of its process, as no flag or variable can make it.
const sumsName = "sums.example"

// scriptedProxy is a module proxy with the toolchains of go 1.26.8, and with a
// checksum database that is in step with them.
type scriptedProxy struct {
	zips     map[string][]byte // by module version
	refused  string            // the version whose zip is 403
	verifier string
	signer   string
	handler  atomic.Value // http.Handler of the database
	server   *httptest.Server
}

func newProxy(t testing.TB) *scriptedProxy {
	t.Helper()
	p := &scriptedProxy{zips: map[string][]byte{}}
	var err error
	if p.signer, p.verifier, err = note.GenerateKey(rand.Reader, sumsName); err != nil {
		t.Fatal(err)
	}
	for _, on := range platforms.All() {
		module, version := release.Module("1.26.8", on)
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for _, name := range []string{"VERSION", "bin/go"} {
			w, err := z.Create(module + "@" + version + "/" + name)
			if err == nil {
				_, err = w.Write([]byte(strings.Repeat("go1.26.8 "+on.String()+"\n", 99)))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		p.zips[version] = buf.Bytes()
	}
	p.database(t, p.signer, "")
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.server.Close)
	return p
}

// database makes a new database. Its records tell the truth; salt, if there is
// one, is that of another tree with other records before them.
func (p *scriptedProxy) database(t testing.TB, signer, salt string, before ...string) {
	t.Helper()
	h1 := map[string]string{}
	for version, data := range p.zips {
		sum, _, err := release.HashZip(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		h1[version] = sum
	}
	handler := sumdb.NewServer(sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		sum, ok := h1[version]
		if !ok && path != "other.example/m" {
			return nil, fs.ErrNotExist
		}
		return []byte(path + " " + version + " " + sum + salt + "\n" + path + " " + version + "/go.mod h1:x=\n"), nil
	}))
	for _, version := range before {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/lookup/other.example/m@"+version, nil))
	}
	p.handler.Store(http.Handler(handler))
}

func (p *scriptedProxy) serve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	version, ext := name, ""
	for _, e := range []string{".zip", ".info"} {
		if v, ok := strings.CutSuffix(name, e); ok {
			version, ext = v, e
		}
	}
	switch data, ok := p.zips[version]; {
	case version == p.refused && ext == ".zip":
		w.WriteHeader(http.StatusForbidden)
	case strings.HasPrefix(r.URL.Path, "/sumdb/"+sumsName+"/"):
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/sumdb/"+sumsName)
		p.handler.Load().(http.Handler).ServeHTTP(w, r)
	case name == "list":
		for v := range p.zips {
			_, _ = w.Write([]byte(v + "\n"))
		}
	case ok && ext == ".info":
		_, _ = w.Write([]byte("{}"))
	case ok && ext == ".zip":
		_, _ = w.Write(data)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *scriptedProxy) run(s *site, env []string, args ...string) outcome {
	s.Helper()
	vars := map[string]string{}
	for _, kv := range append(append(s.env, "GOPROXY="+p.server.URL), env...) {
		key, value, _ := strings.Cut(kv, "=")
		vars[key] = value
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), process{
		args: append([]string{"-C", s.dir, "-q"}, args...), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		lookupenv: func(key string) (string, bool) { value, ok := vars[key]; return value, ok },
		vars:      func() []string { return append(s.env, env...) }, now: time.Now, sumKey: p.verifier,
	})
	return outcome{code, stdout.String(), stderr.String()}
}

const goProject = imageTable + "[base]\nimage = \"scratch\"\n[go]\nversions = [\"1.26.8\"]\n"

const goModule = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"

// evil gives the toolchain for linux/amd64 other files, and returns the error.
func (p *scriptedProxy) evil(t testing.TB) string {
	t.Helper()
	const version = "v0.0.1-go1.26.8.linux-amd64"
	good, _, err := release.HashZip(bytes.NewReader(p.zips[version]), int64(len(p.zips[version])))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	w, err := z.Create(goModule + "/bin/go")
	if err == nil {
		_, err = w.Write([]byte("evil"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.zips[version] = buf.Bytes()
	bad, _, err := release.HashZip(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return "gophersnake: " + goModule + ": SECURITY: the zip's hash is " + bad + ", not " + good +
		"\nhint: the module proxy gives other bytes than the checksum database has; do not use them\n"
}

// TestSumsNeverWeakened checks that no variable of the go command's keeps a
// toolchain from being looked up in the checksum database (G01).
func TestSumsNeverWeakened(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	want := p.evil(t)
	for _, variable := range []string{
		"", "GOSUMDB=off", "GONOSUMDB=*", "GONOSUMCHECK=1", "GOFLAGS=-insecure", "GOINSECURE=*", "GOPRIVATE=*", "GONOPROXY=*", "GOFLAGS=-mod=mod",
		"GOSUMDB=" + p.verifier + " " + p.server.URL, "GOTOOLCHAIN=local",
	} {
		s := newSite(t, goProject)
		if got := p.run(s, []string{variable}, "lock"); got.Code != 6 || got.Stderr != want {
			t.Errorf("%s: exit %d\n got %q\nwant %q", variable, got.Code, got.Stderr, want)
		}
		s.absent(lockName)
	}
}

// TestFlippedToolchain checks a zip with one byte changed, when it is locked and
// when a build fetches it.
func TestFlippedToolchain(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	const version = "v0.0.1-go1.26.8.linux-amd64"
	good := p.zips[version]
	flip := func(at int) { p.zips[version] = append(append(bytes.Clone(good[:at]), good[at]^1), good[at+1:]...) }
	s := newSite(t, goProject)
	flip(len(good) / 3)
	if got := p.run(s, nil, "lock"); got.Code != 6 || !strings.HasPrefix(got.Stderr, "gophersnake: ") || strings.Count(got.Stderr, "\n") > 2 {
		t.Errorf("exit %d, %q", got.Code, got.Stderr)
	}
	s.absent(lockName)
	p.zips[version] = good
	if got := p.run(s, nil, "lock"); got.Code != 0 {
		t.Fatalf("exit %d, %q", got.Code, got.Stderr)
	}
	flip(14) // in the time of the first file, which h1 does not cover
	s.check(os.RemoveAll(s.at(".cache")))
	got := p.run(s, nil, "build", "--locked", "-o", "oci:image")
	if got.Code != 6 || !strings.HasPrefix(got.Stderr, "gophersnake: "+goModule+": "+p.server.URL+"/golang.org/toolchain/@v/"+version+".zip: sha256 is ") ||
		!strings.HasSuffix(got.Stderr, "\nhint: gophersnake lock --update go takes the zip that the proxy serves now, if the checksum database has its h1\n") {
		t.Errorf("exit %d, %q", got.Code, got.Stderr)
	}
	s.absent("image")
}

// TestForkedTree checks a checksum database whose tree is another one than before
// (G02), and one with another key (G03): both heads are kept, and nothing else.
func TestForkedTree(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := newSite(t, goProject)
	if got := p.run(s, nil, "lock"); got.Code != 0 {
		t.Fatalf("exit %d, %q", got.Code, got.Stderr)
	}
	text := s.read(lockName)
	honest := p.handler.Load()

	p.database(t, p.signer, "evil", "v1.0.0", "v1.0.1", "v1.0.2", "v1.0.3", "v1.0.4", "v1.0.5", "v1.0.6", "v1.0.7")
	s.write("gophersnake.toml", goProject+"tools = [\"other.example/m@v1.0.0\"]\n")
	heads := s.at(".cache/gophersnake/go/" + sumsName + "-forked.txt")
	want := "gophersnake: other.example/m@v1.0.0: SECURITY: the checksum database's tree has forked: tree of 4 records was saved, tree of 8 received\n" +
		"hint: do not go on; both tree heads are kept in " + heads + "\n"
	p.zips["v1.0.0"] = p.zips["v0.0.1-go1.26.8.linux-amd64"]
	if got := p.run(s, nil, "lock"); got.Code != 6 || got.Stderr != want {
		t.Errorf("exit %d\n got %q\nwant %q", got.Code, got.Stderr, want)
	}
	if kept := s.read(heads); strings.Count(kept, "\n— "+sumsName) < 2 || !strings.Contains(kept, "\n4\n") || !strings.Contains(kept, "\n8\n") {
		t.Errorf("heads:\n%s", kept)
	}
	if s.read(lockName) != text {
		t.Error("the lock was changed")
	}
	// The first tree is still the one that is believed.
	s.write("gophersnake.toml", goProject)
	p.handler.Store(honest)
	if got := p.run(s, nil, "lock", "--update", "go"); got.Code != 0 || s.read(lockName) != text {
		t.Errorf("exit %d, %q", got.Code, got.Stderr)
	}

	other, _, err := note.GenerateKey(rand.Reader, sumsName)
	s.check(err)
	p.database(t, other, "")
	fresh := newSite(t, goProject)
	want = "gophersnake: " + sumsName + "/lookup/golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64: SECURITY: note has no verifiable signatures\n"
	if got := p.run(fresh, nil, "lock"); got.Code != 6 || got.Stderr != want {
		t.Errorf("exit %d\n got %q\nwant %q", got.Code, got.Stderr, want)
	}
	fresh.absent(lockName)
}

// TestAutoByPlatform checks that "auto" takes a module where there is one, and an
// archive for the platform whose module the proxy refuses.
func TestAutoByPlatform(t *testing.T) {
	t.Parallel()
	p, d := newProxy(t), newDownloads(t, "1.26.8")
	p.refused, d.sumKey = "v0.0.1-go1.26.8.linux-arm64", p.verifier
	s := d.project("auto", `"1.26"`)
	s.env = append(s.env, "GOPROXY="+p.server.URL)
	got := d.run(s, "lock")
	want := strings.ReplaceAll(`go      platform      source   use             verified by
1.26.8  linux/amd64   module   image, compile  checksum database, zip fetched
1.26.8  linux/arm64   release  image, compile  download index, signed by KEY
                                                 not as module: the module proxy does not give it
1.26.8  darwin/amd64  module   compile         checksum database
1.26.8  darwin/arm64  module   compile         checksum database
`, "KEY", fingerprint(d.key.Subkeys[0].PublicKey))
	if got.Code != 0 || !strings.HasSuffix(got.Stderr, want) {
		t.Fatalf("exit %d\n%s", got.Code, got.Stderr)
	}
	text := s.read(lockName)
	if got := d.run(s, "build", "-o", "oci:image"); got.Code != 0 {
		t.Fatalf("exit %d\n%s", got.Code, got.Stderr)
	}
	s.digest("oci:image")
	// The same again asks nobody, and a lock with the same wish stays.
	s.env = append(s.env, "GOPROXY=off")
	if got := d.run(s, "lock", "--check", "--offline"); got.Code != 0 {
		t.Errorf("exit %d\n%s", got.Code, got.Stderr)
	}
	if got := d.run(s, "build", "--locked", "--offline", "-o", "oci:again"); got.Code != 0 || s.digest("oci:again") != s.digest("oci:image") {
		t.Errorf("exit %d\n%s", got.Code, got.Stderr)
	}
	if again, _, _ := strings.Cut(s.read(lockName), "[[layer]]"); strings.TrimSpace(again) != strings.TrimSpace(text) {
		t.Errorf("the lock changed:\n%s", again)
	}
}

// TestNoSuchPlatform checks a platform that does not exist (A07).
func TestNoSuchPlatform(t *testing.T) {
	t.Parallel()
	s := newSite(t, strings.Replace(goProject, "linux/amd64", "linux/amd46", 1))
	got := s.run("-q", "lock")
	const want = "gophersnake: gophersnake.toml:3:14: image.platforms: platform \"linux/amd46\" is not one of linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64\n" +
		"hint: did you mean \"linux/amd64\"?\n"
	if got.Code != 2 || got.Stderr != want {
		t.Errorf("exit %d\n got %q\nwant %q", got.Code, got.Stderr, want)
	}
	s.absent(lockName)
}
