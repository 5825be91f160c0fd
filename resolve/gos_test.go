package resolve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

// goRows tells what a lock says of the toolchains of linux/amd64 and of a host.
func goRows(l *lock.Lock, on ...string) []string {
	var all []string
	for _, t := range l.Go {
		if !slices.Contains(on, t.Platform.String()) {
			continue
		}
		text := fmt.Sprintf("%s %s %s", strings.Join(t.Envs, ","), t.Version, t.Platform)
		for _, word := range []struct {
			is   bool
			text string
		}{{t.Image, " image"}, {t.Host, " host"}, {t.Default, " default"}} {
			if word.is {
				text += word.text
			}
		}
		all = append(all, text)
	}
	return all
}

// TestSeveralGos checks what is locked of an image with several toolchains, and
// that variants with another default share them.
func TestSeveralGos(t *testing.T) {
	r := request(t, oneImage+`[go]
versions = ["1.25.0", "1.20", "1.26"]
[env.new]
go.versions = ["1.26", "1.25.0"]
[env.one]
go.versions = [">=1.25.0,<1.25.1", "1.25.0"]
[env.own]
go.env = { GOTOOLCHAIN = "auto", CGO_ENABLED = "0" }
`)
	w := &world{}
	l, text := resolved(t, w, r)
	want := []string{
		",own 1.20.14 linux/amd64 image",
		",own 1.25.0 linux/amd64 image default",
		"new 1.25.0 linux/amd64 image",
		"one 1.25.0 linux/amd64 image host",
		"one 1.25.0 darwin/arm64 host",
		",own 1.26.8 linux/amd64 image host",
		"new 1.26.8 linux/amd64 image host default",
		",new,own 1.26.8 darwin/arm64 host",
	}
	if diff := cmp.Diff(want, goRows(l, "linux/amd64", "darwin/arm64")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for env, want := range map[string][]string{
		"":    {"PATH=/go/bin:/opt/go/1.25.0/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local+path", "CGO_ENABLED=0"},
		"new": {"PATH=/go/bin:/opt/go/1.26.8/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local+path", "CGO_ENABLED=0"},
		"one": {"PATH=/go/bin:/usr/local/go/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local", "CGO_ENABLED=0"},
		"own": {"PATH=/go/bin:/opt/go/1.25.0/bin:$PATH", "GOPATH=/go", "CGO_ENABLED=0", "GOTOOLCHAIN=auto"},
	} {
		if diff := cmp.Diff(want, l.For(env, linux).Activation.Env); diff != "" {
			t.Errorf("variables of %q (-want +got):\n%s", env, diff)
		}
	}

	// The same question asks nobody, and has the same answer.
	w.questions()
	r.Old = l
	again, same := resolved(t, w, r)
	if diff := cmp.Diff(l, again); diff != "" || w.questions() != nil || same != text {
		t.Errorf("locked again (-want +got):\n%s", diff)
	}
}

// TestGoFiles checks which versions files ask for.
func TestGoFiles(t *testing.T) {
	files := map[string]string{
		"../go.mod": "module x\ngo 1.25.4\n", "../go.work": "go 1.25.0\ntoolchain go1.27.0\n",
		".go-version": "1.26\n", ".tool-versions": "python 3.12\ngolang 1.21.6 1.20.14\n",
	}
	for wish, want := range map[string]string{
		`"go.mod"`:                    "1.25.4",
		`"go.work"`:                   "1.27.0",
		`".go-version"`:               "1.26.8",
		`".tool-versions"`:            "1.21.6 default 1.20.14",
		`".tool-versions", "go.mod"`:  "1.21.6 default 1.20.14 1.25.4",
		`"go.mod", ".tool-versions"`:  "1.25.4 default 1.21.6 1.20.14",
		`"1.26", ".go-version"`:       "1.26.8",
		`"1.27", "go.work", "1.26.8"`: "1.27.0 default 1.26.8",
	} {
		t.Run(wish, func(t *testing.T) {
			r := request(t, oneImage+"[go]\nversions = ["+wish+"]\n")
			r.GoMod = "../go.mod"
			r.GoFiles = map[string]string{"go.work": "../go.work", ".go-version": ".go-version", ".tool-versions": ".tool-versions"}
			l, _ := resolved(t, &world{files: files}, r)
			var got, first []string
			for _, g := range l.Go {
				switch {
				case g.Default:
					first = []string{g.Version, "default"}
				case g.Image:
					got = append(got, g.Version)
				}
			}
			got = append(first, got...)
			wanted := strings.Fields(want)
			slices.Sort(got)
			slices.Sort(wanted)
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if first != nil && !strings.HasPrefix(want, first[0]+" default") {
				t.Errorf("default %q, want %s", first, want)
			}
		})
	}
}
