package resolve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
)

const one = oneImage + "[conda]\nchannels = [\"c\"]\n"

// TestSolved checks the rows of a solved environment: the question, and the
// record's fields, with the channel's hot fixes.
func TestSolved(t *testing.T) {
	w := &world{meta: map[string]*archive.Meta{"app-1.5-h0.conda": {
		Index:   archive.Index{Name: "app", Version: "1.5", Build: "h0", Depends: []string{"before the hot fix"}, Noarch: "python", License: "not asked"},
		Scripts: []string{"bin/.app-post-link.sh"},
	}}}
	w.channel(t, "c", "noarch/app-1.5-h0 t=9: lib >=1 | other", "linux-64/lib-1-0", "linux-64/other-1-0")
	r := request(t, one+"dependencies = [\"App >=1\"]\nscripts = \"skip\"\nchannel-priority = \"flexible\"\n")
	l, _ := resolved(t, w, r)
	want := []lock.Conda{{
		Envs: []string{""}, Platforms: []platforms.Platform{linux}, Name: "app", Version: "1.5", Build: "h0", Subdir: "noarch", Noarch: "python",
		URL: "https://channel.example/c/noarch/app-1.5-h0.conda", Channel: "c", SHA256: l.Conda[0].SHA256, Size: 1000,
		Depends: []string{"lib >=1"}, Constrains: []string{"other"}, Timestamp: 9000, LinkScripts: []string{"bin/.app-post-link.sh"},
	}}
	if diff := cmp.Diff(want, l.Conda[:1]); diff != "" || packages(l, "", linux) != "app-1.5-h0 lib-1-0" {
		t.Errorf("-want +got:\n%s", diff)
	}
	question := []lock.Solve{{
		Envs: []string{""}, Platform: linux, Channels: []string{"c"}, Priority: "flexible", Specs: []string{"App >=1"},
		Virtual: []string{"__archspec=1=x86_64", "__linux=4.18=0", "__unix=0=0"},
	}}
	if diff := cmp.Diff(question, l.Solve); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}
}

// TestStays checks that what the old lock says stays, and who is asked.
func TestStays(t *testing.T) {
	w := &world{}
	w.channel(t, "c", "noarch/app-1-0: lib", "noarch/lib-1-0", "linux-64/tool-1-0: lib")
	r := request(t, both+"dependencies = [\"app\"]\n")
	l, text := resolved(t, w, r)
	first := []string{
		"channel c", "channel c", "package app-1-0.conda", "package app-1-0.conda", "package lib-1-0.conda", "package lib-1-0.conda",
	}
	var asked []string
	for _, q := range w.questions() {
		if !strings.HasPrefix(q, "repodata") {
			asked = append(asked, q)
		}
	}
	if diff := cmp.Diff(first, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}

	// Everything is there in a newer version now.
	w.channel(t, "c", "noarch/app-1-0: lib", "noarch/app-2-0: lib >=2", "noarch/lib-1-0", "noarch/lib-2-0", "noarch/lib-3-0",
		"linux-64/tool-1-0: lib", "linux-aarch64/tool-1-0: lib", "noarch/new-1-0: lib >=3")
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("a second lock asks, or changes\n%s", cmp.Diff(text, again))
	}
	for _, tt := range []struct {
		name   string
		change func(*resolve.Request)
		wish   string
		want   string
	}{
		{"anew", func(r *resolve.Request) { r.Anew = true }, `"app"`, "app-1-0 lib-1-0"},
		{"another dependency", func(*resolve.Request) {}, `"app", "tool"`, "app-1-0 lib-1-0 tool-1-0"},
		{"a dependency that needs more", func(*resolve.Request) {}, `"app", "new"`, "app-1-0 lib-3-0 new-1-0"},
		{"a narrower request", func(*resolve.Request) {}, `"app >1"`, "app-2-0 lib-3-0"},
		{"update of one", func(r *resolve.Request) { r.Update = only("lib") }, `"app"`, "app-1-0 lib-3-0"},
		{"update of one that needs another", func(r *resolve.Request) { r.Update = only("app") }, `"app"`, "app-2-0 lib-3-0"},
		{"update of another kind", func(r *resolve.Request) { r.Update = only("go", "base") }, `"app"`, "app-1-0 lib-1-0"},
		{"update of all", func(r *resolve.Request) { r.Update = func(string) bool { return true } }, `"app"`, "app-2-0 lib-3-0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, both+"dependencies = ["+tt.wish+"]\n")
			r.Old = l
			tt.change(&r)
			got, _ := resolved(t, w, r)
			if a, b := packages(got, "", linux), packages(got, "", arm); a != tt.want || b != tt.want {
				t.Errorf("amd64 %s, arm64 %s, want %s", a, b, tt.want)
			}
		})
	}
}

// TestNewPlatform checks that a platform which is added gets the versions that
// the others have.
func TestNewPlatform(t *testing.T) {
	w := &world{}
	w.channel(t, "c", "linux-64/app-1-0", "linux-aarch64/app-1-0")
	l, _ := resolved(t, w, request(t, one+"dependencies = [\"app\"]\n"))
	w.channel(t, "c", "linux-64/app-1-0", "linux-aarch64/app-1-0", "linux-64/app-2-0", "linux-aarch64/app-2-0")
	r := request(t, both+"dependencies = [\"app\"]\n")
	r.Old = l
	l, _ = resolved(t, w, r)
	if a, b := packages(l, "", linux), packages(l, "", arm); a != "app-1-0" || b != a {
		t.Errorf("amd64 %s, arm64 %s", a, b)
	}
}

// TestTargets checks additions for one platform, a platform without any package,
// and an environment without Python.
func TestTargets(t *testing.T) {
	w := &world{}
	w.channel(t, "c", "noarch/a-1-0", "noarch/b-1-0", "noarch/a-2-0", "linux-64/go-1.21.5-0", "linux-64/go-1.21.13-0", "linux-64/go-1.22.0-0")
	l, _ := resolved(t, w, request(t, both+`dependencies = ["a"]
[conda.target.linux-64]
dependencies = ["a <2", "b", "go >=1.21.0,<1.22.0"]
[env.only]
image.platforms = ["linux/arm64"]
`))
	if a, b, c := packages(l, "", linux), packages(l, "", arm), packages(l, "only", arm); a != "a-1-0 b-1-0 go-1.21.13-0" || b != "a-1-0" || c != "a-2-0" {
		t.Errorf("amd64 %s, arm64 %s, only %s", a, b, c)
	}
	l, _ = resolved(t, w, request(t, both+"[conda.target.linux-64]\ndependencies = [\"b\"]\n"))
	if a, b := packages(l, "", linux), packages(l, "", arm); a != "b-1-0" || b != "" || len(l.Solve) != 1 {
		t.Errorf("amd64 %s, arm64 %s", a, b)
	}
}

// TestPriority checks which channel packages come from.
func TestPriority(t *testing.T) {
	w := &world{}
	w.channel(t, "a", "noarch/app-1-0", "noarch/own-1-0")
	w.channel(t, "b", "noarch/app-2-0", "noarch/own-3-0", "noarch/other-1-0")
	for _, tt := range []struct{ toml, want, note string }{
		{`dependencies = ["app", "other"]`, "app-1-0 other-1-0", "app is in a and b; taken from a"},
		{`dependencies = ["own", "app"]`, "app-1-0 own-1-0", "app and own are in a and b; taken from a"},
		{`dependencies = ["app >1"]` + "\nchannel-priority = \"flexible\"", "app-2-0", "app is in a and b; taken from b"},
		{`dependencies = ["app"]` + "\nchannel-priority = \"flexible\"", "app-1-0", "app is in a and b; taken from a"},
		{`dependencies = ["app"]` + "\nchannel-priority = \"disabled\"", "app-2-0", "app is in a and b; taken from b"},
		{`dependencies = ["b::app"]`, "app-2-0", ""},
		{`dependencies = ["other"]`, "other-1-0", ""},
	} {
		r := request(t, oneImage+"[conda]\nchannels = [\"a\", \"b\"]\n"+tt.toml+"\n")
		var notes []string
		r.Note = func(text string) { notes = append(notes, text) }
		l, _ := resolved(t, w, r)
		if got := packages(l, "", linux); got != tt.want || strings.Join(notes, "\n") != tt.note {
			t.Errorf("%s: %s, notes %q", tt.toml, got, notes)
		}
		r.Old, r.FailOnShadow = l, true
		_, err := resolve.Lock(t.Context(), w, r)
		if tt.note == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		name, _, _ := strings.Cut(tt.note, " ")
		wantError(t, err, fault.Policy, "conda: --fail-on-shadow: "+tt.note, "say which channel is meant: ask for CHANNEL::"+name)
	}
	// A request can name a channel that is not listed.
	l, _ := resolved(t, w, request(t, oneImage+"[conda]\nchannels = [\"a\"]\ndependencies = [\"app\", \"b::other\"]\n"))
	if got := packages(l, "", linux); got != "app-1-0 other-1-0" || strings.Join(l.Solve[0].Channels, " ") != "a b" {
		t.Errorf("%s from %q", got, l.Solve[0].Channels)
	}
}

// TestRelated shows that a channel's base (CEP 42) is asked too, before it, and
// that the lock records the user's channel alone.
func TestRelated(t *testing.T) {
	const team, main = "https://channel.example/team", "https://channel.example/main"
	w := &world{}
	w.channel(t, team, "noarch/tool-1-0: lib", "noarch/lib-9-0")
	w.channel(t, main, "noarch/lib-2-0")
	file := filepath.Join(w.channels[team], "noarch", "repodata.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	related := `{"info": {"subdir": "noarch", "channel_relations": {"base": "../main"}}, ` + string(text[1:])
	if err := os.WriteFile(file, []byte(related), 0o644); err != nil {
		t.Fatal(err)
	}
	l, _ := resolved(t, w, request(t, oneImage+"[conda]\nchannels = [\""+team+"\"]\ndependencies = [\"tool\"]\n"))
	if got := packages(l, "", linux); got != "lib-2-0 tool-1-0" {
		t.Errorf("locked %s: the base's lib comes first", got)
	}
	if got := l.Solve[0].Channels; !slices.Equal(got, []string{team}) {
		t.Errorf("the lock records %q", got)
	}
}

// TestCutoff checks that an age counts from the first lock, until packages are
// updated or another age is asked for.
func TestCutoff(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 5, time.UTC)
	day := func(n int) string { return fmt.Sprint("t=", now.AddDate(0, 0, -n).UnixMilli()) }
	w := &world{}
	w.channel(t, "c", "noarch/app-1-0 "+day(20), "noarch/app-2-0 "+day(9), "noarch/app-3-0 "+day(5),
		"noarch/fmt-1-0 "+day(5), "noarch/fmt-1-0.tar.bz2 "+day(30), "noarch/undated-1-0 "+day(30), "noarch/undated-2-0")
	toml := one + "dependencies = [\"app\", \"fmt\", \"undated\"]\nexclude-newer = \"7d\"\n"
	r := request(t, toml)
	r.Now = now
	l, text := resolved(t, w, r)
	row := l.Solve[0]
	if got := packages(l, "", linux); got != "app-2-0 fmt-1-0 undated-1-0" || row.ExcludeNewer != "7d" || row.Cutoff != "2026-11-13T12:00:00Z" {
		t.Errorf("%s, %q since %q", got, row.ExcludeNewer, row.Cutoff)
	}
	if u := l.Conda[1].URL; !strings.HasSuffix(u, "fmt-1-0.tar.bz2") {
		t.Errorf("of two formats, %s", u)
	}
	r.Old, r.Now, r.Anew = l, now.AddDate(0, 0, 30), true
	if _, again := resolved(t, w, r); again != text {
		t.Errorf("later (-was +is):\n%s", cmp.Diff(text, again))
	}
	r.Update = only("app")
	updated, _ := resolved(t, w, r)
	if got, row := packages(updated, "", linux), updated.Solve[0]; got != "app-3-0 fmt-1-0 undated-1-0" || row.Cutoff != "2026-12-13T12:00:00Z" {
		t.Errorf("updated: %s since %q", got, row.Cutoff)
	}
	r = request(t, strings.Replace(toml, `"7d"`, "2026-11-12", 1))
	r.Old, r.Now = l, now
	dated, _ := resolved(t, w, r)
	if got, row := packages(dated, "", linux), dated.Solve[0]; got != "app-2-0 fmt-1-0 undated-1-0" || row.Cutoff != "2026-11-12T00:00:00Z" {
		t.Errorf("another date: %s since %q", got, row.Cutoff)
	}
}

// TestOtherRules checks that packages of the old lock do not outlive the
// channels, the priority or the date that let them in.
func TestOtherRules(t *testing.T) {
	w := &world{}
	w.channel(t, "b", "noarch/app-2-0 t=1780000000000: lib", "noarch/lib-1-0 t=1700000000000", "noarch/lib-2-0 t=1780000000000", "noarch/old-1-0 t=1600000000000")
	toml := oneImage + "[conda]\nchannels = [\"b\"]\ndependencies = [\"app\"]\n"
	l, _ := resolved(t, w, request(t, toml))
	w.channel(t, "a", "noarch/app-1-0: lib")
	w.channel(t, "b", "noarch/app-2-0 t=1780000000000: lib", "noarch/app-1.5-0 t=1700000000000: lib", "noarch/lib-1-0 t=1700000000000", "noarch/lib-2-0 t=1780000000000", "noarch/lib-3-0 t=1780000000000")
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing", "", "", "app-2-0 lib-2-0"},
		{"a channel before", `["b"]`, `["a", "b"]`, "app-1-0 lib-2-0"},
		{"a channel behind", `["b"]`, `["b", "a"]`, "app-2-0 lib-2-0"},
		{"a channel before, of equal rank", `["b"]`, `["a", "b"]` + "\nchannel-priority = \"disabled\"", "app-2-0 lib-2-0"},
		{"a channel before, and a request that names the other", `["b"]` + "\ndependencies = [\"app\"]", `["a", "b"]` + "\ndependencies = [\"b::app\"]", "app-2-0 lib-2-0"},
		{"a date", "dependencies", "exclude-newer = 2024-01-01\ndependencies", "app-1.5-0 lib-1-0"},
	} {
		r := request(t, strings.Replace(toml, tt.old, tt.new, 1))
		r.Old, r.Anew = l, true
		if got, _ := resolved(t, w, r); packages(got, "", linux) != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, packages(got, "", linux), tt.want)
		}
	}
	// A channel that is not listed any more.
	w.channel(t, "c", "noarch/app-1-0: lib", "noarch/lib-2-0")
	r := request(t, strings.Replace(toml, `["b"]`, `["c"]`, 1))
	r.Old = l
	got, _ := resolved(t, w, r)
	for _, c := range got.Conda {
		if c.Channel != "c" {
			t.Errorf("%s is from %s", c.Name, c.Channel)
		}
	}
}
