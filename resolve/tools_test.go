package resolve_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

const (
	withTools = oneImage + "[go]\ntools = [\"tools.example/m/vet@v1.0.0\", \"tools.example/m/fmt@latest\"]\n"
	newTool   = oneImage + "[go]\nversions = [\"1.26\"]\ntools = [\"tools.example/needs/1.27/new@v1.0.0\", \"tools.example/m/vet@v1.0.0\"]\n"
)

// toolRows returns the tools of a lock as "NAME VERSION by GO", and the versions of Go
// that images have and lack.
func toolRows(l *lock.Lock) (tools, in, out []string) {
	for _, t := range l.Tool {
		tools = append(tools, t.Name()+" "+t.Version+" by "+t.Go)
	}
	for _, g := range l.Go {
		switch {
		case g.Image:
			in = append(in, g.Version)
		case g.Host:
			out = append(out, g.Version)
		}
	}
	return tools, slices.Compact(in), slices.Compact(out)
}

func TestTools(t *testing.T) {
	for _, tc := range []struct {
		name, toml     string
		tools, in, out []string
		notes          []string
	}{
		{
			"without a Go", withTools,
			[]string{"fmt v1.2.3 by 1.27.0", "vet v1.0.0 by 1.27.0"},
			nil,
			[]string{"1.27.0"},
			[]string{"go 1.27.0 compiles vet, which needs Go 1.21; it is not in the image"},
		},
		{
			"with a Go", oneImage + "[go]\nversions = [\"1.25.4\"]\ntools = [\"tools.example/m/vet@v1.0.0\"]\n",
			[]string{"vet v1.0.0 by 1.25.4"},
			[]string{"1.25.4"},
			[]string{"1.25.4"},
			nil,
		},
		{
			"with several", oneImage + "[go]\nversions = [\"1.25.4\", \"1.26\"]\ntools = [\"tools.example/needs/1.25.0/x@v1.0.0\"]\n",
			[]string{"x v1.0.0 by 1.26.8"},
			[]string{"1.25.4", "1.26.8"},
			[]string{"1.26.8"},
			nil,
		},
		{
			"a newer Go", newTool,
			[]string{"vet v1.0.0 by 1.27.0", "new v1.0.0 by 1.27.0"},
			[]string{"1.26.8"},
			[]string{"1.26.8", "1.27.0"},
			[]string{"go 1.27.0 compiles new, which needs Go 1.27; it is not in the image"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{}
			var notes []string
			r := request(t, tc.toml)
			r.Note = func(text string) { notes = append(notes, text) }
			l, _ := resolved(t, w, r)
			tools, in, out := toolRows(l)
			if diff := cmp.Diff([][]string{tc.tools, tc.in, tc.out, tc.notes}, [][]string{tools, in, out, notes}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			// Nobody is asked again, and the answer is the same.
			w.questions()
			r.Old = l
			again, _ := resolved(t, w, r)
			if asked := w.questions(); asked != nil || again.Digest() != l.Digest() {
				t.Errorf("asked again: %v; another lock: %v", asked, lock.Diff(l, again))
			}
		})
	}
}

// TestToolsUpdate checks what a changed wish and --update ask for.
func TestToolsUpdate(t *testing.T) {
	w := &world{}
	old, _ := resolved(t, w, request(t, withTools))
	for _, tc := range []struct {
		name, update, toml string
		want               []string
	}{
		{"nothing", "", withTools, nil},
		{"a tool by name", "fmt", withTools, []string{"tool tools.example/m/fmt@latest"}},
		{"a tool by package", "tools.example/m/vet", withTools, []string{"tool tools.example/m/vet@v1.0.0"}},
		{"another version", "", oneImage + "[go]\ntools = [\"tools.example/m/vet@v1.1.0\"]\n", []string{"tool tools.example/m/vet@v1.1.0"}},
		{"a beginning that holds", "", oneImage + "[go]\ntools = [\"tools.example/m/fmt@v1.2\"]\n", nil},
		{"a beginning that does not", "", oneImage + "[go]\ntools = [\"tools.example/m/fmt@v1.3\"]\n", []string{"tool tools.example/m/fmt@v1.3"}},
	} {
		w.questions()
		r := request(t, tc.toml)
		r.Old, r.Update = old, func(name string) bool { return name == tc.update }
		if _, err := resolve.Lock(t.Context(), w, r); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(tc.want, w.questions()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestToolsErrors(t *testing.T) {
	const needs = oneImage + "[go]\ntools = [\"tools.example/needs/1.99.0/x@v1.0.0\"]\n"
	none := &release.Error{Place: "go >=1.99.0", Problem: "the module proxy has no such release", Type: "usage"}
	for _, tc := range []struct {
		name, toml string
		goError    error
		class      fault.Class
		text, hint string
	}{
		{
			"two of one name", oneImage + "[go]\ntools = [\"tools.example/m/vet@v1.0.0\", \"other.example/vet@latest\"]\n", nil,
			fault.Usage, `go.tools: "tools.example/m/vet" and "other.example/vet" are both called vet`, "leave one of them out",
		},
		{
			"newer than any", needs, none,
			fault.Usage, "tools.example/needs/1.99.0@v1.0.0: needs Go 1.99.0, and there is none so new", "choose an older version of the tool",
		},
		{
			"no proxy", needs, fault.New(fault.Usage, "go.proxy", "no module proxy in %q", "off").WithHint("set one"),
			fault.Usage, `go.proxy: no module proxy in "off"`, "set one",
		},
		{"cancelled", needs, context.Canceled, "", "context canceled", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{fail: map[string]error{"go >=1.99.0 for [linux/amd64 linux/arm64]": tc.goError}}
			_, err := resolve.Lock(t.Context(), w, request(t, tc.toml))
			h, _ := err.(interface{ Hint() string })
			hint := ""
			if h != nil {
				hint = h.Hint()
			}
			if err == nil || err.Error() != tc.text || tc.class != "" && fault.ClassOf(err) != tc.class || hint != tc.hint {
				t.Errorf("got %v | %s, want %s | %s", err, hint, tc.text, tc.hint)
			}
		})
	}
}
