package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

const fullConfig = `version = 1
[image]
tags = ["1"]
platforms = ["linux/amd64", "linux/arm64"]
user = "dev"
labels = { version = "{{.Version}}" }
[base]
image = "oci:base"
[conda]
lock = "chan/noarch.txt"
[[files]]
src = "app"
dest = "/srv/data/app"
ignore = ["*.log"]
[[accounts]]
name = "dev"
uid = 1000
groups = ["conda"]
`

// random returns bytes that do not compress.
func random(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, seed))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// fullPackages are packages of many kinds of files; big is so large that it has
// a layer of its own.
func fullPackages(appVersion string) []channeltest.Package {
	text := strings.Repeat("#!"+channeltest.Placeholder+"/bin/python\n", 3)
	return []channeltest.Package{
		simple("python", "3.12.1", "python"),
		{Package: archivetest.Package{Name: "app", Version: appVersion, Noarch: "python", Depends: []string{"python"}, EntryPoints: []string{"app = app.main:run"}, Files: []archivetest.Entry{
			archivetest.File("site-packages/app/main.py", "def run(): print('"+appVersion+"')\n"),
			{Name: "python-scripts/tool", Body: text, Placeholder: channeltest.Placeholder, Mode: 0o775, ModTime: 1700000000},
		}}},
		{Package: archivetest.Package{Name: "lib", Noarch: "generic", Files: []archivetest.Entry{
			{Name: "lib/x.so", Body: "a" + channeltest.Placeholder + "/lib\x00b", Placeholder: channeltest.Placeholder, Binary: true, Mode: 0o755},
			archivetest.Symlink("lib/y.so", "x.so"), archivetest.HardLink("lib/z.so", "lib/x.so"),
		}}, Legacy: true},
		{Package: archivetest.Package{Name: "big", Noarch: "generic", Files: []archivetest.Entry{archivetest.File("share/big", random(1, 9<<20))}}},
	}
}

// fullSite is a project with everything but Go.
func fullSite(t testing.TB) *site {
	t.Helper()
	s := newSite(t, fullConfig)
	s.channel("chan", channeltest.Options{}, fullPackages("1.0")...)
	s.check(os.Mkdir(s.at("base"), 0o755))
	s.check(writeBase(s.at("base")))
	for _, name := range []string{"b/two", "a/one", "skip.log", "c"} {
		s.write("app/"+name, name)
	}
	s.check(os.Symlink("a/one", s.at("app/link")))
	return s
}

// copyTo copies what the user wrote to another directory, names in another
// order, and gives it a store of its own.
func (s *site) copyTo(t testing.TB, dir string) *site {
	t.Helper()
	c := *s
	c.TB, c.dir = t, dir
	c.env = append(slices.Clone(s.env), "HOME="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, ".cache"))
	var names []string
	s.check(filepath.WalkDir(s.dir, func(p string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(s.dir, p)
		if rel == ".cache" || rel == "image" {
			return filepath.SkipDir
		}
		if err == nil && !d.IsDir() {
			names = append(names, rel)
		}
		return err
	}))
	slices.Reverse(names)
	for _, name := range names {
		if to, err := os.Readlink(s.at(name)); err == nil {
			s.check(os.MkdirAll(filepath.Dir(c.at(name)), 0o755))
			s.check(os.Symlink(to, c.at(name)))
		} else {
			c.write(name, s.read(name))
		}
	}
	return &c
}

// TestSameDigest: one lock, one digest (promises.md P7).
func TestSameDigest(t *testing.T) {
	t.Parallel()
	s := fullSite(t)
	s.ok("-q", "build", "-o", "oci:image")
	want, locked := s.digest("oci:image"), s.read(lockName)
	withoutRows, _, _ := strings.Cut(locked, "[[layer]]")
	for _, tt := range []struct {
		name, shell string // what the shell does before the build
		lock        string // "": none
		args        []string
		warm        bool
	}{
		{name: "no lock"},
		{name: "rows", lock: locked},
		{name: "no rows", lock: withoutRows},
		{name: "warm store", lock: locked, warm: true},
		{name: "one processor", shell: "export GOMAXPROCS=1", lock: withoutRows},
		{name: "two jobs", shell: "export GOMAXPROCS=2", lock: withoutRows, args: []string{"--jobs", "2"}},
		{name: "eight jobs", shell: "export GOMAXPROCS=8", lock: withoutRows, args: []string{"--jobs", "8"}},
		{name: "one job", lock: withoutRows, args: []string{"--jobs", "1"}},
		{name: "time zone and language", shell: "export TZ=Pacific/Chatham LANG=tr_TR.UTF-8 LC_ALL=C", lock: withoutRows},
		{name: "umask", shell: "umask 077", lock: withoutRows},
		{name: "no home", shell: "unset HOME", lock: withoutRows},
		{name: "times and modes of files", shell: "touch -d 2001-02-03 app/c chan/noarch/*; chmod 600 app/c; chmod 700 app", lock: withoutRows},
		{name: "another place", shell: "cd /", lock: withoutRows},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := s.copyTo(t, t.TempDir())
			if tt.warm {
				c.env = append(c.env, "XDG_CACHE_HOME="+s.at(".cache"))
			}
			s.check(os.Remove(c.at(lockName)))
			if tt.lock != "" {
				c.write(lockName, tt.lock)
			}
			args := append([]string{"-c", tt.shell + "\n" + `exec gophersnake -q "$@"`, "sh", "-C", c.dir, "build", "-o", "oci:image"}, tt.args...)
			cmd := exec.Command("sh", args...)
			cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := c.digest("oci:image"); got != want {
				t.Errorf("index is %s, want %s\n%s", got, want, cmp.Diff(s.layers("oci:image"), c.layers("oci:image")))
			}
			if got := c.read(lockName); got != locked {
				t.Errorf("the lock differs: %s", cmp.Diff(locked, got))
			}
		})
	}
}

// members returns the digests of the gzip members of a layer, its head and its
// fragments, by the package whose record a member holds.
func members(t testing.TB, l v1.Layer) map[string]string {
	t.Helper()
	r, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	rest := bytes.NewReader(data)
	z, err := gzip.NewReader(rest)
	for ; err == nil; err = z.Reset(rest) {
		z.Multistream(false)
		tar, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("member %d", len(digests))
		for _, pkg := range []string{"app", "lib", "python"} {
			if bytes.Contains(tar, []byte("conda-meta/"+pkg+"-")) {
				name = pkg
			}
		}
		digests[name] = digestOf(tar)
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return digests
}

// TestChangedPackage: a changed package changes its own fragment, and no layer
// that it is not in.
func TestChangedPackage(t *testing.T) {
	t.Parallel()
	s := fullSite(t)
	s.ok("-q", "build", "-o", "oci:image")
	before, fragments := s.layers("oci:image"), members(t, layerNamed(t, s, "conda app lib python"))
	s.channel("chan", channeltest.Options{}, fullPackages("1.1")...)
	s.ok("-q", "build", "-o", "oci:image")
	after := s.layers("oci:image")
	var changed []string
	for i := range before {
		if before[i] != after[i] {
			changed = append(changed, strings.Join(strings.Fields(before[i])[:3], " "))
		}
	}
	want := []string{
		"linux/amd64 conda app", "linux/amd64 env conda", "linux/arm64 conda app", "linux/arm64 env conda",
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("layers that changed (-want +got):\n%s", diff)
	}
	changed = nil
	for name, digest := range members(t, layerNamed(t, s, "conda app lib python")) {
		if fragments[name] != digest {
			changed = append(changed, name)
		}
	}
	if diff := cmp.Diff([]string{"app"}, changed); diff != "" || len(fragments) < 3 {
		t.Errorf("of %d fragments changed (-want +got):\n%s", len(fragments), diff)
	}
}

// layerNamed returns the first layer whose name begins so.
func layerNamed(t testing.TB, s *site, name string) v1.Layer {
	t.Helper()
	img, err := openImage(s.at, "oci:image", "linux/amd64")
	s.check(err)
	names, layers, err := namedLayers(img)
	s.check(err)
	for i, l := range layers {
		if strings.HasPrefix(names[i], name) {
			return l
		}
	}
	t.Fatalf("no layer %q among %q", name, names)
	return nil
}

// packageServer serves a directory and counts what is asked for.
type packageServer struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func servePackages(t testing.TB, dir string) *packageServer {
	t.Helper()
	p := &packageServer{}
	files := http.FileServer(http.Dir(dir))
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.Path)
		p.mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// log returns what was asked for, and forgets it.
func (p *packageServer) log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// TestLazy: with a complete lock and a registry that has the layers, a machine
// with an empty store fetches no package and sends no layer (design.md §8).
func TestLazy(t *testing.T) {
	t.Parallel()
	registry := outputtest.NewRegistry(t)
	s := newSite(t, "")
	server := servePackages(t, s.dir)
	s.write("gophersnake.toml", strings.Replace(fullConfig, "[image]", "[image]\nname = \""+registry.Host()+"/app\"", 1))
	s.channel("chan", channeltest.Options{URL: server.URL + "/chan"}, fullPackages("1.0")...)
	s.check(os.Mkdir(s.at("base"), 0o755))
	s.check(writeBase(s.at("base")))
	s.write("app/file", "file")
	first := s.ok("-q", "push")
	if got := len(server.log()); got != 4 {
		t.Errorf("%d requests for 4 packages", got)
	}
	locked := s.read(lockName)
	s.check(os.RemoveAll(s.at(".cache")))
	registry.Log()

	start := time.Now()
	if again := s.ok("-q", "push"); again != first {
		t.Errorf("got %s, want %s", again, first)
	}
	t.Logf("took %v", time.Since(start))
	if asked := server.log(); len(asked) > 0 {
		t.Errorf("packages were asked for: %s", asked)
	}
	log := registry.Log()
	if n := outputtest.Count(log, "POST", "/blobs/uploads"); n > 0 {
		t.Errorf("%d blobs were sent", n)
	}
	if n := outputtest.Count(log, "GET", "/blobs/"); n > 0 {
		t.Errorf("%d blobs were fetched", n)
	}
	if got := s.read(lockName); got != locked {
		t.Errorf("the lock changed: %s", cmp.Diff(locked, got))
	}
	s.check(validateImage(s.at, "docker://"+registry.Host()+"/app:1"))

	// Another tag and another label need none of it either.
	s.ok("-q", "push", "--set-version", "2")
	if asked := server.log(); len(asked) > 0 {
		t.Errorf("packages were asked for: %s", asked)
	}

	// A registry that lacks the layers gets them, made of what is fetched now.
	other := outputtest.NewRegistry(t)
	s.ok("-q", "build", "-o", "docker://"+other.Host()+"/app:1")
	if got := len(server.log()); got != 4 {
		t.Errorf("%d requests for 4 packages", got)
	}
	s.check(validateImage(s.at, "docker://"+other.Host()+"/app:1"))

	// One that lost a layer is healed.
	registry.LoseBlob(t, lost(t, registry.Host()))
	s.check(os.RemoveAll(s.at(".cache")))
	if again := s.ok("-q", "push"); again != first {
		t.Errorf("got %s, want %s", again, first)
	}
	s.check(validateImage(s.at, "docker://"+registry.Host()+"/app:1"))
}

// lost returns the digest of the first conda layer.
func lost(t testing.TB, host string) v1.Hash {
	t.Helper()
	img, err := openImage(nil, "docker://"+host+"/app:1", "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	names, layers, err := namedLayers(img)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "conda ") })
	h, err := layers[i].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}
