package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// slowSite is a project whose build takes a while: some packages of some MB.
func slowSite(t testing.TB, url string) *site {
	t.Helper()
	s := newSite(t, imageTable+"[conda]\nlock = \"chan/noarch.txt\"\n")
	var packages []channeltest.Package
	for i, name := range []string{"a", "b", "c"} {
		packages = append(packages, channeltest.Package{Package: archivetest.Package{Name: name, Noarch: "generic", Files: []archivetest.Entry{
			archivetest.File("share/"+name, random(uint64(i), 3<<20)),
		}}})
	}
	s.channel("chan", channeltest.Options{URL: url}, packages...)
	return s
}

// whole checks that what an interrupted run left is no half image, and that
// the next run makes a whole one out of it.
func (s *site) whole(want string) {
	s.Helper()
	if _, err := os.Stat(s.at("image/index.json")); err == nil {
		s.check(validateImage(s.at, "oci:image")) // it was just done
	}
	if _, err := os.Stat(s.at("image.tar")); err == nil {
		s.check(validateImage(s.at, "oci-archive:image.tar"))
	}
	if out := s.ok("cache", "verify"); !strings.Contains(out, " 0 broken") {
		s.Error(out)
	}
	s.ok("-q", "build", "-o", "oci:image", "-o", "oci-archive:image.tar")
	if got := s.digest("oci:image"); want != "" && got != want {
		s.Errorf("index is %s, want %s", got, want)
	}
	left, err := filepath.Glob(s.at("*.tmp"))
	s.check(err)
	hidden, err := filepath.Glob(s.at(".gophersnake-*.tmp"))
	s.check(err)
	if left = append(left, hidden...); len(left) > 0 {
		s.Errorf("left over: %q", left)
	}
}

// TestCancelFetch: the end comes while a package is fetched.
func TestCancelFetch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(make([]byte, 1000)) // the client is told to stop
		w.(http.Flusher).Flush()
		cancel()
		<-done
	}))
	defer server.Close()
	defer close(done)
	s := slowSite(t, server.URL+"/chan")
	for _, args := range [][]string{{"lock"}, {"build", "-o", "oci:image"}, {"build", "--json", "-o", "oci:image"}} {
		var stdout, stderr bytes.Buffer
		start := time.Now()
		if code := s.inProcess(ctx, &stdout, &stderr, append([]string{"-q"}, args...)...); code != 130 {
			t.Errorf("%q: exit %d", args, code)
		}
		if took := time.Since(start); took > soon {
			t.Errorf("%q: took %v", args, took)
		}
		want := "gophersnake: interrupted\n"
		if args[len(args)-1] == "oci:image" && len(args) == 4 {
			want = `{"exit":130,"message":"interrupted"}` + "\n"
		}
		if stdout.String() != "" || stderr.String() != want {
			t.Errorf("%q: standard output %q, error %q", args, stdout.String(), stderr.String())
		}
		s.absent("image", lockName)
	}
}

// TestCancelBuild: the end comes at any time of a build.
func TestCancelBuild(t *testing.T) {
	t.Parallel()
	s := slowSite(t, "")
	s.ok("-q", "build", "-o", "oci:image")
	want := s.digest("oci:image")
	text, _, _ := strings.Cut(s.read(lockName), "[[layer]]")
	ended := 0
	for after := 3 * time.Millisecond; after < 300*time.Millisecond; after *= 3 {
		s.check(os.RemoveAll(s.at(".cache")))
		s.check(os.RemoveAll(s.at("image")))
		s.check(os.RemoveAll(s.at("image.tar")))
		s.write(lockName, text)
		ctx, cancel := context.WithTimeout(t.Context(), after)
		var stderr bytes.Buffer
		code := s.inProcess(ctx, io.Discard, &stderr, "-q", "build", "-o", "oci:image", "-o", "oci-archive:image.tar")
		cancel()
		switch {
		case code == 130 && stderr.String() == "gophersnake: interrupted\n":
			ended++
		case code != 0:
			t.Errorf("after %v: exit %d, %s", after, code, stderr.String())
		}
		s.whole(want)
	}
	if ended < 2 {
		t.Errorf("only %d builds were interrupted", ended)
	}
}

// TestKill: processes are killed, without a word and with one.
func TestKill(t *testing.T) {
	t.Parallel()
	s := slowSite(t, "")
	s.ok("-q", "build", "-o", "oci:image")
	want := s.digest("oci:image")
	text, _, _ := strings.Cut(s.read(lockName), "[[layer]]")
	for _, after := range []time.Duration{30 * time.Millisecond, 90 * time.Millisecond} {
		for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT} {
			s.check(os.RemoveAll(s.at(".cache")))
			s.check(os.RemoveAll(s.at("image")))
			s.write(lockName, text)
			cmd := exec.Command("gophersnake", "-q", "build", "-o", "oci:image", "-o", "oci-archive:image.tar")
			cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
			s.check(cmd.Start())
			time.Sleep(after)
			_ = cmd.Process.Signal(signal) // it may be done
			_ = cmd.Wait()                 // the state tells
			// -1 is a death by the signal, before the program heard of it or by SIGKILL.
			if code := cmd.ProcessState.ExitCode(); code != 0 && code != 130 && code != -1 {
				t.Errorf("%v after %v: exit %d", signal, after, code)
			}
			s.whole(want)
		}
	}
}

// TestCancelPush: an interrupted push leaves no tag of half an image.
func TestCancelPush(t *testing.T) {
	t.Parallel()
	s := slowSite(t, "")
	s.ok("-q", "build", "-o", "oci:image")
	want := s.digest("oci:image")
	for _, at := range []string{"POST ", "PATCH ", "PUT /v2/app/blobs", "HEAD ", "PUT /v2/app/manifests/sha256", "PUT /v2/app/manifests/1"} {
		registry := outputtest.NewRegistry(t)
		ctx, cancel := context.WithCancel(t.Context())
		var ended atomic.Bool
		registry.SetFault(func(_ http.ResponseWriter, r *http.Request) bool {
			if !ended.Load() && strings.HasPrefix(r.Method+" "+r.URL.Path, at) {
				cancel()
			}
			return false
		})
		var stderr bytes.Buffer
		code := s.inProcess(ctx, io.Discard, &stderr, "-q", "build", "-o", "docker://"+registry.Host()+"/app:1")
		if code != 130 && (code != 0 || !strings.HasSuffix(at, "/1")) {
			t.Errorf("%s: exit %d, %s", at, code, stderr.String())
		}
		cancel()
		ended.Store(true)
		ref := "docker://" + registry.Host() + "/app:1"
		if _, err := openIndex(s.at, ref); err == nil {
			s.check(validateImage(s.at, ref))
			if !strings.HasSuffix(at, "/1") {
				t.Errorf("%s: the tag is there", at)
			}
		}
		s.ok("-q", "build", "-o", ref)
		if got := s.digest(ref); got != want {
			t.Errorf("index is %s, want %s", got, want)
		}
	}
}
