package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Names of the cases of programs.
const (
	casePrograms = "six programs, source unchanged"
	caseEdited   = "six programs, source edited"
)

// maker is a tool that makes programs of Go sources for several platforms, and
// what carries them: archives, an image or nothing.
type maker struct {
	name string
	dir  string   // of the module
	env  []string // besides that of all
	argv []string
	made string // a pattern of files, six of which must be there; "" is an image's repository
}

// programSource serves HTTP, so that it holds as much of the standard library
// as programs that people ship.
const programSource = `package main

import (
	"fmt"
	"net/http"
	"os"
)

const edit = %q

func main() {
	if len(os.Args) < 2 {
		fmt.Println("usage: hello ADDRESS", edit)
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello", edit) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], nil))
}
`

const goreleaserConfig = `version: 2
project_name: hello
builds:
  - env: [CGO_ENABLED=0]
    goos: [linux, darwin, windows]
    goarch: [amd64, arm64]
    flags: [-trimpath]
    ldflags: ["-s -w"]
`

const buildLoop = `for os in linux darwin windows; do for arch in amd64 arm64; do
GOOS=$os GOARCH=$arch go build -trimpath -ldflags "-s -w" -o "dist/hello-$os-$arch" . || exit 1
done; done`

// programs is the cases of a Go program for six platforms. All tools compile
// with the same Go and the same build cache, which begins with the standard
// library in it; no two get the same source after an edit.
func (b *bench) programs(ctx context.Context) error {
	if !b.only.MatchString(casePrograms) && !b.only.MatchString(caseEdited) {
		return nil
	}
	makers, err := b.makers(ctx)
	if err != nil {
		return err
	}
	for _, m := range makers {
		if err := m.edit(m.name); err != nil {
			return err
		}
		if _, err := b.make(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if err := b.run(ctx, "crane", "validate", "--insecure", "--remote", b.registry.host+"/programs/ours:1"); err != nil {
		return err
	}
	for round := range b.rounds {
		for _, c := range []string{casePrograms, caseEdited} {
			if !b.only.MatchString(c) {
				continue
			}
			for _, m := range makers {
				if c == caseEdited {
					err = m.edit(fmt.Sprint(m.name, " ", round))
				}
				cost, err2 := b.make(ctx, m)
				if err := errors.Join(err, err2); err != nil {
					return fmt.Errorf("%s: %s: %w", c, m.name, err)
				}
				b.note(c, m.name, cost)
				b.tell(c, round, m.name, cost)
			}
		}
	}
	return nil
}

func (m *maker) edit(text string) error {
	return writeFile(filepath.Join(m.dir, "main.go"), fmt.Appendf(nil, programSource, text))
}

// make makes the programs, and looks whether they are there.
func (b *bench) make(ctx context.Context, m *maker) (cost, error) {
	env := append([]string{
		"CGO_ENABLED=0", "GOTOOLCHAIN=go" + b.goVersion, "GOFLAGS=-buildvcs=false", "GOCACHE=" + filepath.Join(b.keep, "build"),
		"GOPROXY=http://" + b.upstream.host + "/go",
	}, m.env...)
	c, err := b.registry.count(func() (cost, error) {
		c, _, err := b.command(ctx, m.dir, 0, env, m.argv...)
		return c, err
	})
	if err != nil {
		return c, err
	}
	if m.made == "" {
		_, err := b.registry.digest(ctx, "programs/"+filepath.Base(m.dir))
		return c, err
	}
	files, err := filepath.Glob(filepath.Join(m.dir, m.made))
	if err == nil && len(files) != 6 {
		err = fmt.Errorf("%d programs in %s, want 6", len(files), m.dir)
	}
	return c, err
}

// makers makes a module for each tool.
func (b *bench) makers(ctx context.Context) ([]*maker, error) {
	ko, err := b.tool(ctx, "ko", "github.com/google/ko@latest")
	if err != nil {
		return nil, err
	}
	goreleaser, err := b.tool(ctx, "goreleaser", "github.com/goreleaser/goreleaser/v2@v2.16.0")
	if err != nil {
		return nil, err
	}
	if err := b.pushBase(); err != nil {
		return nil, err
	}
	dir := func(name string) string { return filepath.Join(b.work, "programs", name) }
	all := []*maker{
		{name: b.ours.name(), dir: dir("ours"), argv: []string{b.ours.program, "--quiet", "push"}, env: []string{"GOPHERSNAKE_CACHE_DIR=" + filepath.Join(b.work, "programs", "cache")}},
		{name: "goreleaser", dir: dir("goreleaser"), argv: []string{goreleaser, "release", "--snapshot", "--clean"}, made: "dist/hello_*_*.*z*"},
		{name: "ko", dir: dir("ko"), argv: []string{ko, "build", "--bare", "--tags=1", "--sbom=none", "--insecure-registry", "--platform=linux/amd64,linux/arm64", "."}, env: []string{
			"KO_DOCKER_REPO=" + b.registry.host + "/programs/ko", "KO_DEFAULTBASEIMAGE=" + b.registry.host + "/programs/base:1",
		}},
		{name: "go build loop", dir: dir("loop"), argv: []string{"sh", "-c", buildLoop}, made: "dist/hello-*"},
	}
	for _, m := range all {
		if err := b.module(ctx, m); err != nil {
			return nil, err
		}
	}
	return all, b.tellMakers(ctx, ko, goreleaser)
}

func (b *bench) tellMakers(ctx context.Context, ko, goreleaser string) error {
	version, err := output(ctx, ko, "version")
	if err != nil {
		return err
	}
	if version == "" || strings.Contains(version, "could not") {
		version = moduleVersion(ctx, ko)
	}
	h := &b.report.Head
	from := len(*h)
	h.add("ko", version)
	h.add("goreleaser", moduleVersion(ctx, goreleaser))
	fmt.Fprint(b.out, (*h)[from:].text())
	return nil
}

// moduleVersion returns the version that is written into a Go program.
func moduleVersion(ctx context.Context, program string) string {
	out, err := exec.CommandContext(ctx, "go", "version", "-m", program).Output()
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "mod" {
			return f[2]
		}
	}
	return "unknown"
}

// module writes a module and what configures the tool. Goreleaser wants a
// repository.
func (b *bench) module(ctx context.Context, m *maker) error {
	cache, err := filepath.Rel(m.dir, filepath.Join(b.keep, "build"))
	if err != nil {
		return err
	}
	config := fmt.Sprintf("version = 1\n[image]\nname = \"%s/programs/ours\"\ntags = [\"1\"]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\nentrypoint = [\"/usr/local/bin/hello\"]\n"+
		"[[cli]]\npackage = \".\"\nname = \"hello\"\nldflags = \"-s -w\"\nbundle = \"/usr/share/hello\"\ngocache = %q\n"+
		"platforms = [\"linux/amd64\", \"linux/arm64\", \"darwin/amd64\", \"darwin/arm64\", \"windows/amd64\", \"windows/arm64\"]\n", b.registry.host, filepath.ToSlash(cache))
	for name, text := range map[string]string{
		"go.mod": "module bench.example/hello\n\ngo " + b.goVersion + "\n", ".goreleaser.yaml": goreleaserConfig, ".gitignore": "dist/\n",
		".ko.yaml": "defaultLdflags: [\"-s -w\"]\n", "gophersnake.toml": config,
	} {
		if err := writeFile(filepath.Join(m.dir, name), []byte(text)); err != nil {
			return err
		}
	}
	if err := m.edit(""); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "--message=hello"}} {
		if _, _, err := b.command(ctx, m.dir, 0, nil, slices.Concat([]string{"git"}, args)...); err != nil {
			return err
		}
	}
	return nil
}

// tool returns a program that is on PATH, or else is compiled from a module
// and kept.
func (b *bench) tool(ctx context.Context, program, module string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	bin := filepath.Join(b.keep, "bin")
	path := filepath.Join(bin, program)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(b.out, "compiling %s, which takes minutes\n", module)
	_, _, err := b.command(ctx, b.work, 0, []string{"GOBIN=" + bin, "GOFLAGS="}, "go", "install", module)
	if err != nil {
		return "", fmt.Errorf("something to compare with is missing: %w", err)
	}
	return path, nil
}

// pushBase pushes an empty image for both platforms, which ko builds on.
func (b *bench) pushBase() error {
	ref, err := name.ParseReference(b.registry.host+"/programs/base:1", name.Insecure)
	if err != nil {
		return err
	}
	index := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"amd64", "arm64"} {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{Architecture: arch, OS: "linux", RootFS: v1.RootFS{Type: "layers"}})
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	return remote.WriteIndex(ref, index)
}
