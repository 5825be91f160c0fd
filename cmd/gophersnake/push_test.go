package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// pushSite is a project of two platforms and two packages that is pushed to a
// registry.
func pushSite(t *testing.T, registry *outputtest.Registry) (*site, *packageServer) {
	s := newSite(t, "")
	server := servePackages(t, s.dir)
	s.write("gophersnake.toml", fmt.Sprintf("version = 1\n[image]\nname = %q\ntags = [\"1\"]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\nannotations = { a = \"b\" }\n"+
		"[conda.target]\nlinux-64.lock = \"chan/noarch.txt\"\nlinux-aarch64.lock = \"chan/noarch.txt\"\n", registry.Host()+"/app"))
	var packages []channeltest.Package
	for i, name := range []string{"a", "b"} {
		packages = append(packages, channeltest.Package{Package: archivetest.Package{Name: name, Noarch: "generic", Files: []archivetest.Entry{
			archivetest.File("share/"+name, random(uint64(i), 2<<20)),
		}}})
	}
	s.channel("chan", channeltest.Options{URL: server.URL + "/chan"}, packages...)
	return s, server
}

// TestPushMerge: two machines make a platform each, and a third joins them. The
// index is the one that a single machine makes.
func TestPushMerge(t *testing.T) {
	t.Parallel()
	registry := outputtest.NewRegistry(t)
	s, _ := pushSite(t, registry)
	s.ok("-q", "lock")
	text := s.read(lockName)
	var refs []string
	for _, pl := range []string{"linux/amd64", "linux/arm64"} {
		s.check(os.RemoveAll(s.at(".cache")))
		s.write(lockName, text)
		out := s.ok("-q", "push", "--by-digest", "--platform", pl)
		if !strings.HasPrefix(out, registry.Host()+"/app@sha256:") {
			t.Errorf("%s: got %q", pl, out)
		}
		refs = append(refs, strings.TrimSpace(out))
	}
	if n := outputtest.Count(registry.Log(), "PUT", "/manifests/1"); n > 0 {
		t.Error("--by-digest set a tag")
	}
	s.check(os.RemoveAll(s.at(".cache")))
	s.write(lockName, text)
	merged := s.ok("-q", "push", "--merge", refs[1], refs[0])
	if log := registry.Log(); outputtest.Count(log, "GET", "/blobs/") != 2 || outputtest.Count(log, "POST", "/blobs/") > 0 {
		t.Errorf("more than two configs went over the wire: %q", log)
	}
	s.check(validateImage(s.at, "docker://"+registry.Host()+"/app:1"))
	if s.read(lockName) != text {
		t.Error("the lock was written")
	}
	alone := s.ok("-q", "build", "-o", "oci:image")
	if _, want, _ := strings.Cut(alone, "@"); !strings.HasSuffix(merged, "@"+want) {
		t.Errorf("got %swant the digest of %s", merged, alone)
	}

	s.fails(2, "gophersnake: --merge: no image for linux/arm64\nhint: push it with --platform linux/arm64 --by-digest, and add what that prints\n", "push", "--merge", refs[0])
	s.fails(2, "gophersnake: --merge: no images to join\nhint: name what push --by-digest printed, such as registry.example.com/team/tools@sha256:…\n", "push", "--merge")
	s.fails(2, "gophersnake: unexpected argument \"x\"\nhint: push takes images with --merge only\n", "push", "x")
	s.fails(2, "gophersnake: --merge: does not go with --by-digest\n", "push", "--merge", "--by-digest", "x")
	s.fails(2, "gophersnake: --if-tag-is: does not go with --by-digest, which sets no tag\n", "push", "--if-tag-is", "absent", "--by-digest")
	s.fails(2, "gophersnake: --if-tag-is: \"x\" is neither sha256:HEX nor absent\n", "push", "--if-tag-is", "x")
	s.fails(2, "gophersnake: --verify: \"x\" is not one of size, full\n", "push", "--verify", "x")

	s.write("gophersnake.toml", strings.Replace(s.read("gophersnake.toml"), `["linux/amd64", "linux/arm64"]`, `["linux/amd64"]`, 1))
	s.fails(2, fmt.Sprintf("gophersnake: --merge: %s has linux/arm64, which is not a platform of the image\nhint: the image has linux/amd64\n", refs[1]), "push", "--merge", refs[1])
	s.write("gophersnake.toml", strings.Replace(s.read("gophersnake.toml"), `a = "b"`, `a = "c"`, 1))
	s.write(lockName, "")
	s.check(os.Remove(s.at(lockName)))
	other := strings.TrimSpace(s.ok("-q", "push", "--by-digest"))
	s.fails(2, fmt.Sprintf("gophersnake: --merge: %s and %s have different images for linux/amd64\nhint: name one of them\n", refs[0], other), "push", "--merge", refs[0], other)
}

// TestPushTwice: --if-tag-is keeps a push from undoing another one.
func TestPushTwice(t *testing.T) {
	t.Parallel()
	registry := outputtest.NewRegistry(t)
	s, _ := pushSite(t, registry)
	_, first, _ := strings.Cut(strings.TrimSpace(s.ok("-q", "push", "--if-tag-is", "absent")), "@")
	s.write("gophersnake.toml", strings.Replace(s.read("gophersnake.toml"), `a = "b"`, `a = "c"`, 1))
	s.fails(8, fmt.Sprintf("gophersnake: %s/app: tag \"1\" is %s, not absent; nothing was tagged\nhint: somebody else moved it: look what it is now, and push again with --if-tag-is %s\n", registry.Host(), first, first),
		"push", "--if-tag-is", "absent")
	s.ok("-q", "push", "--if-tag-is", first, "--verify", "full")
}

// TestCacheFrom: layers come from a repository that has them: a fresh machine
// with an unchanged lock asks for no package.
func TestCacheFrom(t *testing.T) {
	t.Parallel()
	cache, registry := outputtest.NewRegistry(t), outputtest.NewRegistry(t)
	s, server := pushSite(t, registry)
	want := s.ok("-q", "push")
	s.ok("-q", "build", "-o", "docker://"+cache.Host()+"/cache:1")
	server.log()
	fresh := func() { s.check(os.RemoveAll(s.at(".cache"))) }

	fresh()
	other := outputtest.NewRegistry(t)
	s.ok("-q", "build", "--cache-from", cache.Host()+"/nothing", "--cache-from", cache.Host()+"/cache", "-o", "docker://"+other.Host()+"/app:1")
	if asked := server.log(); len(asked) > 0 {
		t.Errorf("packages were asked for: %s", asked)
	}
	s.check(validateImage(s.at, "docker://"+other.Host()+"/app:1"))
	if got := s.digest("docker://" + other.Host() + "/app:1"); !strings.Contains(want, got) {
		t.Errorf("index is %s, want %s", got, want)
	}

	// An archive gets them too, and what the store has it does not ask for.
	cache.Log()
	s.ok("-q", "build", "--cache-from", cache.Host()+"/cache", "-o", "oci-archive:image.tar")
	s.check(validateImage(s.at, "oci-archive:image.tar"))
	if log := cache.Log(); outputtest.Count(log, "GET", "/blobs/") > 0 {
		t.Errorf("asked again: %q", log)
	}
	if asked := server.log(); len(asked) > 0 {
		t.Errorf("packages were asked for: %s", asked)
	}

	// A cache that lies or fails is none.
	for name, fault := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"lies": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			fmt.Fprint(w, strings.Repeat("x", 100))
			return true
		},
		"is away": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadRequest)
			return true
		},
	} {
		fresh()
		cache.SetFault(fault)
		got := s.run("build", "--cache-from", cache.Host()+"/cache", "-o", "oci-archive:image.tar")
		if got.Code != 0 || !strings.Contains(got.Stderr, "cache "+cache.Host()+"/cache: ") {
			t.Errorf("%s: exit %d, %s", name, got.Code, got.Stderr)
		}
		s.check(validateImage(s.at, "oci-archive:image.tar"))
		if len(server.log()) == 0 {
			t.Errorf("%s: no package was asked for", name)
		}
	}
	s.fails(2, "gophersnake: --cache-from: \"x:1\" is not a repository: want HOST[:PORT]/NAME without a tag\n", "build", "--cache-from", "x:1")
}

// TestBlobHome: [registry] blob-home is where the blobs of images go.
func TestBlobHome(t *testing.T) {
	t.Parallel()
	registry := outputtest.NewRegistry(t)
	s, _ := pushSite(t, registry)
	s.write("gophersnake.toml", s.read("gophersnake.toml")+fmt.Sprintf("[registry.%q]\nblob-home = \"team/shared\"\n", registry.Host()))
	s.ok("-q", "push")
	log := registry.Log()
	if n, own := outputtest.Count(log, "POST", "/v2/team/shared/blobs/"), outputtest.Count(log, "PUT", "/v2/app/blobs/"); n == 0 || own > 0 {
		t.Errorf("%d uploads to the home, %d to the image's repository", n, own)
	}
}

// TestLowerCache: a cache that is only read makes a fresh one warm.
func TestLowerCache(t *testing.T) {
	t.Parallel()
	registry := outputtest.NewRegistry(t)
	s, server := pushSite(t, registry)
	want := s.ok("-q", "build", "-o", "oci:image")
	s.check(os.Rename(s.at(".cache"), s.at(".lower")))
	server.log()
	got := s.ok("-q", "build", "--lower-cache", ".lower/gophersnake", "-o", "oci:other")
	if strings.Replace(got, "other", "image", 1) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if asked := server.log(); len(asked) > 0 {
		t.Errorf("packages were asked for: %s", asked)
	}
	s.check(validateImage(s.at, "oci:other"))
	s.fails(7, "gophersnake: DIR/none/store: is not a cache of gophersnake: it has no VERSION\n", "build", "--lower-cache", "none")
}
