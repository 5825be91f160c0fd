package resolve_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
)

const oneCLI = oneImage + "[[cli]]\npackage = \"./cmd/x\"\n"

// TestGoWish checks which Go is asked for.
func TestGoWish(t *testing.T) {
	for _, tc := range []struct{ name, toml, mod, want string }{
		{"a version", oneImage + "[go]\nversions = [\"1.26\"]\n", "", "go 1.26 for [linux/amd64]"},
		{"a range", oneImage + "[go]\nversions = [\">=1.21,<1.22\"]\n", "", "go >=1.21,<1.22 for [linux/amd64]"},
		{"all platforms of the image", "[image]\nname = \"x\"\n[go]\nversions = [\"1.26\"]\n", "", "go 1.26 for [linux/amd64 linux/arm64]"},
		{"a go line", oneImage + "[go]\nversions = [\"go.mod\"]\n", "module x\ngo 1.25.4\n", "go 1.25.4 for [linux/amd64]"},
		{"a toolchain line", oneImage + "[go]\nversions = [\"go.mod\"]\n", "module x\ngo 1.25.4\ntoolchain go1.26.8\n", "go 1.26.8 for [linux/amd64]"},
		{"the default toolchain", oneImage + "[go]\nversions = [\"go.mod\"]\n", "module x\ngo 1.25.4\ntoolchain default\n", "go 1.25.4 for [linux/amd64]"},
		{"a program alone", "[image]\nname = \"x\"\n[[cli]]\npackage = \"./x\"\n", "module x\ngo 1.26\n", "go 1.26 for [linux/amd64]"},
		{"a program and a version", oneCLI + "[go]\nversions = [\"1.27\"]\n", "module x\ngo 1.26\n", "go 1.27 for [linux/amd64]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{files: map[string]string{"sub/go.mod": tc.mod}}
			r := request(t, tc.toml)
			r.GoMod = "sub/go.mod"
			resolved(t, w, r)
			if got := w.questions()[0]; got != tc.want {
				t.Errorf("asked for %q, want %q", got, tc.want)
			}
		})
	}
}

// TestCompileOnly checks that a Go for programs is on hosts, not in images.
func TestCompileOnly(t *testing.T) {
	w := &world{files: map[string]string{"go.mod": "module x\ngo 1.26\n"}}
	r := request(t, oneCLI)
	r.GoMod = "go.mod"
	l, _ := resolved(t, w, r)
	for _, g := range l.Go {
		if g.Image || !g.Host || g.ZipSHA256 != "" || g.Version != "1.26.8" || g.Source != "module" {
			t.Errorf("toolchain %+v", g)
		}
	}
	if len(l.Go) != 4 || l.Activation != nil {
		t.Errorf("%d toolchains, activation %v", len(l.Go), l.Activation)
	}

	// An image with this Go needs the zip's hash, on its platform only.
	w.questions()
	r = request(t, oneCLI+"[go]\nversions = [\"1.26\"]\n")
	r.Old = l
	both, _ := resolved(t, w, r)
	if diff := cmp.Diff([]string{"go 1.26 for [linux/amd64]", "toolchain 1.26.8 linux/amd64 true"}, w.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	r = request(t, oneCLI)
	r.GoMod, r.Old = "go.mod", both
	r.Old.InputHash = r.InputHash
	back, _ := resolved(t, w, r)
	if diff := cmp.Diff(l.Go, back.Go); diff != "" || w.questions() != nil {
		t.Errorf("toolchains without an image's (-want +got):\n%s", diff)
	}
}

// TestMissingToolchain checks a host that has none: it is asked for again only
// where the user asks for Go anew.
func TestMissingToolchain(t *testing.T) {
	w := &world{missing: []platforms.Platform{darwin}}
	r := request(t, oneImage+"[go]\nversions = [\"1.26\"]\n")
	l, _ := resolved(t, w, r)
	w.questions()
	r.Old = l
	if resolved(t, w, r); w.questions() != nil {
		t.Error("asked again without a reason")
	}
	r.Update = func(name string) bool { return name == "go" }
	resolved(t, w, r)
	if got := w.questions(); !slices.Contains(got, "toolchain 1.26.8 darwin/arm64 false") {
		t.Errorf("lock --update go asked %q", got)
	}
}

func TestGoErrors(t *testing.T) {
	for _, tc := range []struct {
		name, toml, mod, goMod string
		want, hint             string
	}{
		{
			"two of conda", oneImage + "[go]\nsource = \"conda\"\nversions = [\"1.26\", \"1.25\"]\n", "", "",
			"go.versions: conda gives an environment one Go, and 2 are asked for", `give each a table [env.X] of its own, or take [go] source = "module"`,
		},
		{"no go.work", oneImage + "[go]\nversions = [\"go.work\"]\n", "", "", "go.versions: no go.work in this directory or above it", `name a version, such as "1.26"`},
		{"no version", oneImage + "[go]\nversions = [\".go-version\"]\n", "", "", ".go-version:1: \"system\" is not a version of Go", `write "1.26.8" or "1.26"`},
		{"no go.mod", oneCLI, "", "", "go.versions: no go.mod in this directory or above it", `name a version, such as "1.26"`},
		{"no go line", oneCLI, "module x\n", "go.mod", "go.mod: no go line", "add one, or set [go] versions"},
		{"unknown directive", oneCLI, "module x\ngo 1.26\nfuture thing\n", "go.mod", "go.mod:3: unknown directive: future", ""},
		{"broken", oneCLI, "module x\ngo 1.26\nrequire (\n", "go.mod", "go.mod:4: syntax error (unterminated block started at go.mod:3:1)", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(t, tc.toml)
			r.GoMod = tc.goMod
			r.GoFiles = map[string]string{".go-version": ".go-version"}
			_, err := resolve.Lock(t.Context(), &world{files: map[string]string{"go.mod": tc.mod, ".go-version": "system\n"}}, r)
			wantError(t, err, fault.Usage, tc.want, tc.hint)
		})
	}
	bad := errors.New("bad")
	for _, what := range []string{"go 1.26 for [linux/amd64]", "toolchain 1.26.8 darwin/amd64 false"} {
		w := &world{fail: map[string]error{what: bad}}
		if _, err := resolve.Lock(t.Context(), w, request(t, oneImage+"[go]\nversions = [\"1.26\"]\n")); !errors.Is(err, bad) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	r := request(t, oneCLI)
	r.GoMod = "gone/go.mod"
	if _, err := resolve.Lock(t.Context(), &world{}, r); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
