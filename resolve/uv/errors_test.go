package uv_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/resolve/uv"
)

var testTime = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// scripted returns a uv that is a script of the shell, to answer as no real
// one would when asked.
func scripted(t *testing.T, script string) uv.Options {
	t.Helper()
	file := filepath.Join(t.TempDir(), "uv")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return uv.Options{Path: file, Env: []string{"PATH=" + os.Getenv("PATH"), "UV_DEFAULT_INDEX=https://me:geheim@wheels.example/simple", "UV_INDEX_X_PASSWORD=hunter2"}, Dir: t.TempDir()}
}

func TestErrors(t *testing.T) {
	const pip = "pip for linux/arm64: "
	for name, tt := range map[string]struct {
		script, text, hint string
		class              fault.Class
	}{
		"no python": {
			"echo 'error: No interpreter found for Python 3.11.9 in search path' >&2; exit 2",
			"uv: No interpreter found for Python 3.11.9 in search path", "uv needs a Python of this machine, of any version, on PATH", fault.Usage,
		},
		"too old": {
			"echo \"error: unexpected argument '--format' found\n\nFor more information, try '--help'.\" >&2; exit 2",
			"uv: unexpected argument '--format' found", "use a newer uv: one that knows --format pylock.toml", fault.Usage,
		},
		"secrets": {
			"echo 'error: Failed to fetch: https://me:geheim@wheels.example/simple/a?x=hunter2 for me:geheim' >&2; exit 2",
			pip + "uv: Failed to fetch: https://wheels.example/simple/a?x=*** for ***", "", fault.Network,
		},
		"control characters": {
			`printf 'warning: old\nerror: \033[31mred\302\205\342\200\256 \377\n' >&2; exit 1`,
			pip + `uv: \x1b[31mred\u0085\u202e �`, "", fault.Failed,
		},
		"silent":    {"exit 3", pip + "uv: it failed and says nothing", "", fault.Failed},
		"no answer": {"exit 0", "uv: no answer: no such file or directory", "", fault.Failed},
		"endless":   {"yes 'error: x' | head -c 3000000 >&2; exit 1", "", "", fault.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := uv.Compile(t.Context(), scripted(t, tt.script), question("numpy"))
			if name == "endless" {
				if err == nil || len(err.Error()) > 70<<10 {
					t.Errorf("error of %d bytes", len(err.Error()))
				}
				return
			}
			wantError(t, err, tt.class, tt.text, tt.hint)
		})
	}
}

func wantError(t *testing.T, err error, class fault.Class, text, hint string) {
	t.Helper()
	var h interface{ Hint() string }
	if err == nil || err.Error() != text || fault.ClassOf(err) != class || !errors.As(err, &h) || h.Hint() != hint {
		t.Errorf("%s error %q\nwant %s %q\nhint %v, want %q", fault.ClassOf(err), err, class, text, h, hint)
	}
}

func TestRefused(t *testing.T) {
	const build = "give the URL of a file that ends in .whl, or take the package from a conda channel"
	const form = "write NAME, NAME>=1.2,<2 or NAME @ URL of a wheel"
	for _, tt := range []struct{ requirement, text, hint string }{
		{"-r other.txt", `"-r other.txt" is not a requirement (PEP 508): it does not begin with a name`, form},
		{"--index-url=https://wheels.example", `"--index-url=https://wheels.example" is not a requirement (PEP 508): it does not begin with a name`, form},
		{"./a.whl", `"./a.whl" is not a requirement (PEP 508): it does not begin with a name`, form},
		{"a\n-e .", `"a\n-e ." is not a requirement (PEP 508): it holds a control character`, form},
		{"a @ git+https://git.example/a", `requirement "a @ git+https://git.example/a" is not for a wheel: gophersnake never builds packages`, build},
		{"a @ https://wheels.example/a-1.tar.gz", `requirement "a @ https://wheels.example/a-1.tar.gz" is not for a wheel: gophersnake never builds packages`, build},
		{"a @ file:///a-1-py3-none-any.whl", `requirement "a @ file:///a-1-py3-none-any.whl" is not for a wheel: gophersnake never builds packages`, build},
		{"a @ https://wheels.example/${TOKEN}/a.whl", `requirement "a @ https://wheels.example/${TOKEN}/a.whl" holds a variable, which is not expanded`, ""},
		{"a @ https://me:geheim@wheels.example/a.whl", `requirement of "a": its URL holds a user name or password`, "credentials belong in the netrc file"},
	} {
		_, err := uv.Compile(t.Context(), uv.Options{}, question(tt.requirement))
		wantError(t, err, fault.Usage, "environment.yml:7: "+tt.text, tt.hint)
	}
	_, err := uv.Compile(t.Context(), uv.Options{}, question("numpy", "pandas"))
	wantError(t, err, fault.Usage, `environment.yml:7: requirement "numpy": there is no uv on PATH to resolve it`,
		"install uv, take the package from a conda channel, or lock wheels with pixi, conda-lock or uv export --format pylock.toml")
	q := question("numpy")
	q.Glibc = "2.12"
	_, err = uv.Compile(t.Context(), uv.Options{Path: "uv"}, q)
	wantError(t, err, fault.Usage, `pip for linux/arm64: wheels are resolved for glibc 2.17 or newer on amd64 and arm64, not for glibc "2.12" on "arm64"`, "")
	_, err = uv.Compile(t.Context(), uv.Options{Path: filepath.Join(t.TempDir(), "uv"), Dir: t.TempDir()}, question("numpy"))
	wantError(t, err, fault.Usage, "uv: cannot be run: no such file or directory", "check the uv that is on PATH")
	q = question("numpy")
	q.Python = "three"
	_, err = uv.Compile(t.Context(), uv.Options{Path: "uv"}, q)
	wantError(t, err, fault.Usage, `pip for linux/arm64: python's "three" is not a version (PEP 440)`, "")
}

// TestCancel checks that a uv that hangs ends with the context.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := uv.Compile(ctx, scripted(t, "exec sleep 60"), question("numpy")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// TestCommand checks the files and the environment that uv gets.
func TestCommand(t *testing.T) {
	o := scripted(t, `(cat requirements.in conda.txt pylock.toml; env | grep -v -e ^PWD -e ^OLDPWD -e ^_ -e ^SHLVL -e ^PATH | sort; echo "$@") > seen; mv seen pylock.toml`)
	q := question(" numpy >=1 ", "b")
	q.Provided, q.Preferred, q.Cutoff = []uv.Package{{"typing-extensions", "4.0"}}, []uv.Package{{"b", "1"}}, "2024-01-01T00:00:00Z"
	data, err := uv.Compile(t.Context(), o, q)
	if err != nil {
		t.Fatal(err)
	}
	want := `numpy >=1
b
typing-extensions @ ./typing_extensions-4.0-py3-none-any.whl
lock-version = "1.0"
created-by = "gophersnake"

[[packages]]
name = "b"
version = "1"
UV_DEFAULT_INDEX=https://me:geheim@wheels.example/simple
UV_INDEX_X_PASSWORD=hunter2
UV_PYTHON_DOWNLOADS=never
pip compile requirements.in --constraints conda.txt --output-file pylock.toml --format pylock.toml --generate-hashes --no-header --only-binary :all: --python-version 3.11.9 --python-platform aarch64-manylinux_2_36 --no-config --no-progress --color never --quiet --cache-dir ../cache --exclude-newer 2024-01-01T00:00:00Z --no-emit-package typing-extensions
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEnviron(t *testing.T) {
	got := uv.Environ([]string{
		"PATH=/bin", "VIRTUAL_ENV=/v", "UV_CONFIG_FILE=/c", "UV_PYTHON=3.9", "UV_INDEX_X_PASSWORD=p", "UV_DEFAULT_INDEX=",
		"PIP_INDEX_URL=https://wheels.example/pip", "PIP_EXTRA_INDEX_URL=https://wheels.example/more", "PIP_FIND_LINKS=/w", "SSL_CERT_FILE=/ca", "SECRET=x",
	})
	want := []string{
		"PATH=/bin", "UV_INDEX_X_PASSWORD=p", "SSL_CERT_FILE=/ca",
		"UV_DEFAULT_INDEX=https://wheels.example/pip", "UV_INDEX=https://wheels.example/more",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = uv.Environ([]string{"PIP_INDEX_URL=https://wheels.example/pip", "UV_INDEX_URL=https://wheels.example/uv"})
	if strings.Join(got, " ") != "UV_INDEX_URL=https://wheels.example/uv" {
		t.Errorf("%v", got)
	}
}
