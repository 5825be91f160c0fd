package world

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// goScript stands for the go command. Its environment has no PATH, so it is
// made of what the shell itself can do. It keeps a log of its arguments.
const goScript = `#!/bin/sh
echo "$*" >> "$GOCACHE.log"
if [ "$1" = build ]; then
	while [ "$1" != -o ]; do shift; done
	echo "program for $GOOS/$GOARCH" > "$2"
fi
if [ -e fail-$1 ]; then echo "cannot $1" >&2; exit 1; fi
`

// compiler returns a world with a toolchain that is goScript.
func compiler(t *testing.T) (*World, []lock.Toolchain) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	w, s := newWorld(t)
	w.use("https://a.example")
	tc, data := toolchain(t, here(), goScript)
	s.files["https://a.example/"+release.Zip("1.26.8", here())] = data
	write(t, w.Dir, "go.mod", "module x\n")
	other := tc
	other.Platform = platforms.Platform{OS: "windows", Arch: "arm64"}
	return w, []lock.Toolchain{other, tc}
}

// log returns what the go command was called for since the last call.
func (w *World) log(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(w.Scratch, "build.log")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	must(t, err)
	must(t, os.Remove(file))
	var all []string
	for line := range strings.Lines(string(text)) {
		all = append(all, strings.Join(strings.Fields(line)[:2], " "))
	}
	return all
}

func hello() *cli.Binary {
	return &cli.Binary{Name: "hello", Package: "./cmd/hello", Dir: ".", Source: "sha256:0", GoVersion: "1.26.8", GoModule: "m", GoH1: "h1:x"}
}

func TestCompile(t *testing.T) {
	w, hosts := compiler(t)
	var notes []string
	w.Note = func(text string) { notes = append(notes, text) }
	arm64 := platforms.Platform{OS: "linux", Arch: "arm64"}
	darwin := platforms.Platform{OS: "darwin", Arch: "arm64"}
	moved := hello() // goes elsewhere in the image, and is the same program
	moved.Name, moved.Path, moved.Bundle, moved.Platforms = "hi", "/bin", "/srv", platforms.All()
	changed := hello()
	changed.Source = "sha256:1"
	for _, tc := range []struct {
		name string
		b    *cli.Binary
		p    platforms.Platform
		want string
		log  []string
	}{
		{"first", hello(), arm64, "program for linux/arm64\n", []string{"mod verify", "build -trimpath"}},
		{"again", hello(), arm64, "program for linux/arm64\n", nil},
		{"moved", moved, arm64, "program for linux/arm64\n", nil},
		{"another platform", hello(), darwin, "program for darwin/arm64\n", []string{"build -trimpath"}},
		{"another source", changed, darwin, "program for darwin/arm64\n", []string{"build -trimpath"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file, err := w.Compile(t.Context(), hosts, tc.b, tc.p)
			must(t, err)
			got, err := os.ReadFile(file)
			must(t, err)
			if diff := cmp.Diff(tc.log, w.log(t)); diff != "" || string(got) != tc.want {
				t.Errorf("program %q; go was called for (-want +got):\n%s", got, diff)
			}
		})
	}
	if diff := cmp.Diff([]string{"compiling hello for linux/arm64", "compiling hello for darwin/arm64", "compiling hello for darwin/arm64"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	file, err := w.Compile(t.Context(), hosts, hello(), arm64)
	must(t, err)
	must(t, os.Chmod(file, 0o600))
	must(t, os.WriteFile(file, []byte("spoiled"), 0o600))
	file, err = w.Compile(t.Context(), hosts, hello(), arm64)
	must(t, err)
	if got, err := os.ReadFile(file); string(got) != "program for linux/arm64\n" || err != nil {
		t.Errorf("a spoiled program became %q, %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(w.Scratch, "build-*"))
	if err != nil || left != nil {
		t.Errorf("left: %q, %v", left, err)
	}
}

// TestCompileOnce asks for one program from many goroutines.
func TestCompileOnce(t *testing.T) {
	w, hosts := compiler(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.Compile(t.Context(), hosts, hello(), here()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"mod verify", "build -trimpath"}, w.log(t)); diff != "" {
		t.Errorf("go was called for (-want +got):\n%s", diff)
	}
}

// TestCompileBroken: a toolchain that changed on the disk compiles nothing.
func TestCompileBroken(t *testing.T) {
	w, hosts := compiler(t)
	root, err := w.GoRoot(t.Context(), &hosts[1])
	must(t, err)
	gobin := filepath.Join(root, "bin", "go")
	must(t, os.WriteFile(gobin, []byte(strings.Replace(goScript, "program for", "program f\x0fr", 1)), 0o755))
	file, err := w.Compile(t.Context(), hosts, hello(), here())
	must(t, err)
	if got, err := os.ReadFile(file); err != nil || string(got) != "program for "+here().String()+"\n" {
		t.Errorf("program %q, %v", got, err)
	}
	if got, err := os.ReadFile(gobin); err != nil || string(got) != goScript {
		t.Errorf("the toolchain is not made again: %v", err)
	}
}

func TestCompileErrors(t *testing.T) {
	w, hosts := compiler(t)
	_, err := w.Compile(t.Context(), hosts[:1], hello(), here())
	wantError(t, err, fault.Usage, "go: the lock has no Go toolchain for this machine ("+here().String()+")", "programs are compiled on linux and darwin, amd64 and arm64")

	write(t, w.Dir, "fail-mod", "")
	if _, err := w.Compile(t.Context(), hosts, hello(), here()); err == nil || !strings.Contains(err.Error(), "cannot mod") {
		t.Errorf("error %v", err)
	}
	must(t, os.Remove(filepath.Join(w.Dir, "fail-mod")))
	b := hello()
	b.Package = "./..."
	if _, err := w.Compile(t.Context(), hosts, b, here()); fault.ClassOf(err) != fault.Usage {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Compile(ctx, hosts, hello(), here()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	_, err = w.keep(t.Context(), filepath.Join(w.Dir, "gone"), "key")
	wantError(t, err, fault.Disk, filepath.Join(w.Dir, "gone")+": no such file or directory", "")
}
