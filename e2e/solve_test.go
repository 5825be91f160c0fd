//go:build e2e

package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// form serves the channel with one form of repodata only.
func form(t *testing.T, index string) *httptest.Server {
	t.Helper()
	files := http.StripPrefix("/cpython", http.FileServer(http.Dir(filepath.Join(shared, "channels", "cpython"))))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := path.Base(r.URL.Path)
		if strings.HasPrefix(base, "repodata") && base != index {
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// solveFrom locks data-tools over one channel and returns the lock's text.
func solveFrom(t *testing.T, mirror string) string {
	t.Helper()
	dir := dataTools(t)
	withoutGo(t, dir)
	file := filepath.Join(dir, "gophersnake.toml")
	edit(t, file, "mirrors = [\""+channel.URL+"\"]", "mirrors = [\""+mirror+"\"]")
	newStore(t).gs(t, dir, "lock")
	return readFile(t, filepath.Join(dir, "gophersnake.lock"))
}

// TestSolveForms locks environment.yml over one real channel that is served as
// shards, as zst and as plain JSON: the same lock from all.
func TestSolveForms(t *testing.T) {
	t.Parallel()
	want := solveFrom(t, form(t, "repodata_shards.msgpack.zst").URL)
	for _, name := range []string{"python", "openssl", "requests", "tqdm"} {
		if !strings.Contains(want, "\nname = \""+name+"\"\n") {
			t.Errorf("the lock has no %s", name)
		}
	}
	for _, index := range []string{"repodata.json.zst", "repodata.json"} {
		if got := solveFrom(t, form(t, index).URL); got != want {
			t.Errorf("%s gives another lock:\n%s", index, got)
		}
	}
}

// TestSolveAgain shows that a lock without a reason to change asks nobody and
// stays byte for byte, and that --check agrees.
func TestSolveAgain(t *testing.T) {
	dir, s := dataTools(t), newStore(t)
	s.gs(t, dir, "lock")
	file := filepath.Join(dir, "gophersnake.lock")
	want, before := readFile(t, file), channel.gets.Load()
	s.gs(t, dir, "lock")
	if n := channel.gets.Load() - before; n != 0 {
		t.Errorf("the second lock asked the channel %d times", n)
	}
	if got := readFile(t, file); got != want {
		t.Errorf("the second lock differs:\n%s", got)
	}
	coldStore(t).gs(t, dir, "lock", "--check")
}

// TestSolveOCI puts the channel into a real registry and locks and builds from
// there.
func TestSolveOCI(t *testing.T) {
	t.Parallel()
	repository := registry + "/channels/cpython"
	for _, subdir := range []string{"linux-64", "linux-aarch64", "noarch"} {
		pushSubdir(t, repository, subdir)
	}
	dir, s := dataTools(t), newStore(t)
	withoutGo(t, dir)
	edit(t, filepath.Join(dir, "environment.yml"), "https://channel.example/cpython", "oci://"+repository)
	s.gs(t, dir, "lock")
	got := readFile(t, filepath.Join(dir, "gophersnake.lock"))
	want := solveFrom(t, channel.URL)
	for _, l := range []*string{&got, &want} {
		*l = (*l)[strings.Index(*l, "[[conda]]"):]
	}
	if got = strings.ReplaceAll(got, "oci://"+repository, "https://channel.example/cpython"); got != want {
		t.Errorf("the registry's packages differ from the channel's:\n%s", got)
	}
	out := filepath.Join(t.TempDir(), "image")
	digest(t, coldStore(t).gs(t, dir, "build", "--locked", "-o", "oci:"+out))
}

// pushSubdir puts repodata and packages where the oci scheme of conda channels
// has them.
func pushSubdir(t *testing.T, repository, subdir string) {
	t.Helper()
	dir := filepath.Join(shared, "channels", "cpython", subdir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		file := e.Name()
		switch stem := file; {
		case file == "repodata.json.zst":
			pushFile(t, repository+"/"+subdir+"/repodata.json:latest", filepath.Join(dir, file), "application/vnd.conda.repodata.v1+json+zst")
		case strings.HasSuffix(file, ".conda"):
			stem = strings.TrimSuffix(file, ".conda")
			pushFile(t, repository+"/"+subdir+"/"+ociName(stem), filepath.Join(dir, file), "application/vnd.conda.package.v2")
		case strings.HasSuffix(file, ".tar.bz2"):
			stem = strings.TrimSuffix(file, ".tar.bz2")
			pushFile(t, repository+"/"+subdir+"/"+ociName(stem), filepath.Join(dir, file), "application/vnd.conda.package.v1")
		}
	}
}

// ociName returns "name:version-build" in the spelling that tags allow.
func ociName(stem string) string {
	build := strings.LastIndexByte(stem, '-')
	version := strings.LastIndexByte(stem[:build], '-')
	name, tag := stem[:version], stem[version+1:]
	if strings.HasPrefix(name, "_") {
		name = "zzz_" + name[1:]
	}
	return name + ":" + strings.NewReplacer("+", "__p__", "!", "__e__", "=", "__eq__").Replace(tag)
}

func pushFile(t *testing.T, ref, file string, media types.MediaType) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer(data, media))
	if err != nil {
		t.Fatal(err)
	}
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(r, img); err != nil {
		t.Fatal(err)
	}
}

// TestSolveOutage shows that a channel that is down is an error, even where
// the next channel has the packages.
func TestSolveOutage(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer down.Close()
	dir := dataTools(t)
	edit(t, filepath.Join(dir, "environment.yml"), "- https://channel.example/cpython", "- "+down.URL+"/private\n- https://channel.example/cpython")
	var errs bytes.Buffer
	cmd := newStore(t).command(t, dir, "lock", "--max-wait", "2s")
	cmd.Stderr = &errs
	err := cmd.Run()
	exit, ok := err.(*exec.ExitError)
	if !ok || exit.ExitCode() != 5 || !strings.Contains(errs.String(), "503") {
		t.Errorf("%v\n%s", err, errs.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "gophersnake.lock")); err == nil {
		t.Error("a lock was written")
	}
}
