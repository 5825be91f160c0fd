package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// site is a project in a directory of its own, with a store of its own.
type site struct {
	testing.TB
	dir string
	env []string // over the test's
}

// newSite makes a project of one platform that has this gophersnake.toml.
func newSite(t testing.TB, config string) *site {
	t.Helper()
	s := &site{TB: t, dir: t.TempDir()}
	s.env = []string{"HOME=" + s.dir, "XDG_CACHE_HOME=" + s.at(".cache"), "GOPROXY=off", "GIT_CEILING_DIRECTORIES=" + filepath.Dir(s.dir)}
	s.write("gophersnake.toml", config)
	return s
}

// at returns a path of the project.
func (s *site) at(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

func (s *site) write(name, text string) {
	s.Helper()
	s.check(os.MkdirAll(filepath.Dir(s.at(name)), 0o755))
	s.check(os.WriteFile(s.at(name), []byte(text), 0o644))
}

func (s *site) read(name string) string {
	s.Helper()
	data, err := os.ReadFile(s.at(name))
	s.check(err)
	return string(data)
}

func (s *site) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// channel writes a channel with its lock files.
func (s *site) channel(dir string, o channeltest.Options, packages ...channeltest.Package) []channeltest.File {
	s.Helper()
	files := channeltest.Pack(packages...)
	s.check(channeltest.Write(s.at(dir), o, files...))
	return files
}

// simple is a noarch package of one file.
func simple(name, version, body string) channeltest.Package {
	return channeltest.Package{Package: archivetest.Package{
		Name: name, Version: version, Noarch: "generic",
		Files: []archivetest.Entry{archivetest.File("share/"+name, body)},
	}}
}

// outcome is what a run of the program left.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// run runs the program as a process in the project's directory.
func (s *site) run(args ...string) outcome {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "gophersnake", args...) // testscript.Main put it into PATH
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), s.env...)
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		s.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ok runs the program, which must succeed, and returns its standard output.
func (s *site) ok(args ...string) string {
	s.Helper()
	got := s.run(args...)
	if got.Code != 0 {
		s.Fatalf("gophersnake %s: exit %d\n%s", strings.Join(args, " "), got.Code, got.Stderr)
	}
	return got.Stdout
}

// fails runs the program, which must fail soon with these words and print no
// result. The directory of the project is called DIR.
func (s *site) fails(code int, stderr string, args ...string) {
	s.Helper()
	start := time.Now()
	got := s.run(append([]string{"--quiet"}, args...)...)
	if took := time.Since(start); took > soon {
		s.Errorf("took %v", took)
	}
	got.Stderr = strings.ReplaceAll(got.Stderr, s.dir, "DIR")
	if got.Code != code || got.Stderr != stderr || got.Stdout != "" {
		s.Errorf("gophersnake %s: exit %d, want %d\n got %q\nwant %q\nstandard output %q", strings.Join(args, " "), got.Code, code, got.Stderr, stderr, got.Stdout)
	}
}

// absent checks that an output was not written, not even a part that readers
// would take for one.
func (s *site) absent(names ...string) {
	s.Helper()
	for _, name := range names {
		if _, err := os.Lstat(s.at(name)); err == nil {
			s.Errorf("%s is there", name)
		}
	}
}

// inProcess runs the program in this process, which a context can end.
func (s *site) inProcess(ctx context.Context, stdout, stderr io.Writer, args ...string) int {
	env := map[string]string{}
	for _, kv := range s.env {
		key, value, _ := strings.Cut(kv, "=")
		env[key] = value
	}
	return run(ctx, process{
		args: append([]string{"-C", s.dir}, args...), stdin: strings.NewReader(""), stdout: stdout, stderr: stderr,
		lookupenv: func(key string) (string, bool) { value, ok := env[key]; return value, ok }, now: time.Now,
	})
}

// index opens an image of the project.
func (s *site) index(ref string) v1.ImageIndex {
	s.Helper()
	idx, err := openIndex(s.at, ref)
	s.check(err)
	return idx
}

// digest returns the digest of an image's index, after a look at all of it.
func (s *site) digest(ref string) string {
	s.Helper()
	s.check(validateImage(s.at, ref))
	h, err := s.index(ref).Digest()
	s.check(err)
	return h.String()
}

// layers returns the layers of all platforms, a line each.
func (s *site) layers(ref string) []string {
	s.Helper()
	var b strings.Builder
	s.check(printLayers(&b, s.index(ref)))
	return strings.Split(strings.TrimSpace(b.String()), "\n")
}
