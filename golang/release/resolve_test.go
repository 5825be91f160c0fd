package release_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/platforms"
)

// memProxy is a Proxy in memory.
type memProxy map[string]string

func (m memProxy) Get(_ context.Context, path string) (io.ReadCloser, error) {
	text, ok := m[path]
	if !ok {
		return nil, fmt.Errorf("404 Not Found: %w", fs.ErrNotExist)
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

const list = "golang.org/toolchain/@v/list"

// toolchains makes a proxy of versions such as "1.26.8.linux-amd64"; one with
// a "!" is listed but refused.
func toolchains(versions ...string) memProxy {
	m := memProxy{}
	for _, v := range versions {
		v, refused := strings.CutPrefix(v, "!")
		m[list] += "v0.0.1-go" + v + "\n"
		if !refused {
			m["golang.org/toolchain/@v/v0.0.1-go"+v+".info"] = "{}"
		}
	}
	return m
}

// both returns versions for linux on both architectures.
func both(versions ...string) []string {
	var all []string
	for _, v := range versions {
		all = append(all, v+".linux-amd64", v+".linux-arm64")
	}
	return all
}

func world() memProxy {
	return toolchains(append(both("1.20", "1.20.14", "1.21.0", "1.21.13", "1.26.7", "1.26.8", "1.27rc1", "1.27.0"),
		"1.26.9.linux-amd64", "!1.26.10.linux-amd64", "!1.26.10.linux-arm64", "1.22.1.linux-amd64", "1.28.0.plan9-386", "nonsense")...)
}

func TestResolve(t *testing.T) {
	const newer = "1.26.10 [linux/amd64 linux/arm64];1.26.9 [linux/arm64]"
	for _, tc := range []struct{ wish, want, skipped string }{
		{"1.26", "1.26.8", newer},
		{"go1.26", "1.26.8", newer},
		{"1.26.7", "1.26.7", ""},
		{"go1.26.7", "1.26.7", ""},
		{"1.27rc1", "1.27rc1", ""},
		{"1.27", "1.27.0", ""},
		{"1.20", "1.20.14", ""},
		{">=1.21.0,<1.22.0", "1.21.13", ""},
		{" >= 1.21.0, <1.21.13 ", "1.21.0", ""},
		{">=1.21", "1.27.0", ""},
		{"<1.21", "1.20.14", ""},
		{"<=1.21", "1.21.13", ""},
		{">1.21,!=1.27,<1.26.8", "1.26.7", ""},
		{"=1.26,<1.26.9", "1.26.8", ""},
	} {
		t.Run(tc.wish, func(t *testing.T) {
			got, skipped, err := resolve(t, world(), tc.wish)
			if err != nil || got != tc.want || skipped != tc.skipped {
				t.Errorf("%q, %v; want %q\nskipped %q\nwant    %q", got, err, tc.want, skipped, tc.skipped)
			}
		})
	}
}

func resolve(t *testing.T, p release.Proxy, wish string) (version, skipped string, err error) {
	t.Helper()
	var all []string
	r := release.Releases{Proxy: p, Skipped: func(v string, missing []platforms.Platform) {
		all = append(all, fmt.Sprint(v, " ", missing))
	}}
	version, err = r.Resolve(t.Context(), wish, []platforms.Platform{amd64, arm64})
	return version, strings.Join(all, ";"), err
}

// TestResolveWithoutList searches proxies that give no list.
func TestResolveWithoutList(t *testing.T) {
	proxy := toolchains(append(both("1.20", "1.20.1", "1.20.2", "1.21.0", "1.21.1", "1.24.0", "1.24.2", "1.26.0", "1.26.3"), "1.26.4.linux-amd64")...)
	delete(proxy, list)
	for _, tc := range []struct{ wish, want, skipped string }{
		{"1.20", "1.20.2", ""},
		{"1.26", "1.26.3", "1.26.4 [linux/arm64]"},
		{">=1.21.0,<1.22.0", "1.21.1", ""},
		{">=1.20,<1.26", "1.24.2", ""},
		{">=1.21", "1.26.3", "1.26.4 [linux/arm64]"},
		{"<1.24", "1.21.1", ""},
		{"1.24.0", "1.24.0", ""},
	} {
		got, skipped, err := resolve(t, proxy, tc.wish)
		if err != nil || got != tc.want || skipped != tc.skipped {
			t.Errorf("%s: %q skipped %q, %v; want %q, %q", tc.wish, got, skipped, err, tc.want, tc.skipped)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	for _, tc := range []struct{ wish, want, hint string }{
		{"1.99.9", "go 1.99.9: the module proxy has no such release", "the nearest release for linux/amd64 and linux/arm64 is 1.27.0"},
		{"1.26.99", "go 1.26.99: the module proxy has no such release", "the nearest release for linux/amd64 and linux/arm64 is 1.26.8"},
		{"1.26.1", "go 1.26.1: the module proxy has no such release", "the nearest release for linux/amd64 and linux/arm64 is 1.26.7"},
		{"1.26.9", "go 1.26.9: the module proxy has no toolchain for linux/arm64", "the nearest release for linux/amd64 and linux/arm64 is 1.26.8"},
		{"1.26.10", "go 1.26.10: the module proxy has no toolchain for linux/amd64 and linux/arm64", "the nearest release for linux/amd64 and linux/arm64 is 1.26.8"},
		{"1.22", "go 1.22: the module proxy has no such release for linux/amd64 and linux/arm64", "the nearest release for linux/amd64 and linux/arm64 is 1.21.13"},
		{">=1.30,<1.40", "go >=1.30,<1.40: the module proxy has no such release for linux/amd64 and linux/arm64", "the nearest release for linux/amd64 and linux/arm64 is 1.27.0"},
		{"", `go version "" is neither a version nor a range`, `write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`},
		{"latest", `go version "latest" is neither a version nor a range`, `write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`},
		{"1", `go version "1" is neither a version nor a range`, `write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`},
		{"1.26.8-x", `go version "1.26.8-x" is neither a version nor a range`, `write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`},
		{"1.026", `go version "1.026" is neither a version nor a range`, `write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`},
		{">=1.21,", `go version ">=1.21," is neither a version nor a range`, `write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`},
	} {
		t.Run(tc.wish, func(t *testing.T) {
			_, _, err := resolve(t, world(), tc.wish)
			var e *release.Error
			if !errors.As(err, &e) || e.Error() != tc.want || e.Hint() != tc.hint || e.Class() != "usage" {
				t.Errorf("error %+v\nwant %s\nhint %s", err, tc.want, tc.hint)
			}
		})
	}
}

// broken is a Proxy that does not answer.
type broken struct{ memProxy }

func (b broken) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	if strings.HasSuffix(path, ".info") {
		return nil, errors.New("503 Service Unavailable")
	}
	return b.memProxy.Get(ctx, path)
}

// TestResolveNetwork says that no answer is not taken for "no such version".
func TestResolveNetwork(t *testing.T) {
	_, _, err := resolve(t, broken{world()}, "1.26")
	const want = "golang.org/toolchain/@v/v0.0.1-go1.26.10.linux-amd64.info: 503 Service Unavailable"
	if err == nil || err.Error() != want || release.ClassOf(err) != "network" {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestModule(t *testing.T) {
	path, v := release.Module("1.26.8", arm64)
	if path != "golang.org/toolchain" || v != "v0.0.1-go1.26.8.linux-arm64" {
		t.Errorf("Module is %q, %q", path, v)
	}
	if got := release.Zip("1.26.8", arm64); got != "golang.org/toolchain/@v/v0.0.1-go1.26.8.linux-arm64.zip" {
		t.Errorf("Zip is %q", got)
	}
}

func FuzzWish(f *testing.F) {
	for _, s := range []string{"1.26", "go1.26.8", ">=1.21.0,<1.22.0", "1.27rc1", "!=1.2, <=go1.3.4", ",", ">=", "1.26.8.linux"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := release.ParseWish(s)
		if err != nil {
			if release.ClassOf(err) != "usage" {
				t.Errorf("class %q", release.ClassOf(err))
			}
			return
		}
		if v, ok := w.Exact(); ok && !w.Match(v) {
			t.Errorf("%q does not match its own version %q", s, v)
		}
		if w.String() != s {
			t.Errorf("String is %q, not %q", w.String(), s)
		}
	})
}

func FuzzList(f *testing.F) {
	f.Add("v0.0.1-go1.26.8.linux-amd64\nv0.0.1-go1.27rc1.darwin-arm64\n")
	f.Fuzz(func(_ *testing.T, s string) { release.ParseList(s) })
}
