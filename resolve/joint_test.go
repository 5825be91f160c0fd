package resolve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
)

const both = "[image]\nname = \"x\"\n[conda]\nchannels = [\"c\"]\n"

// TestJoint solves for two platforms, whose answers agree wherever they can.
func TestJoint(t *testing.T) {
	for _, tt := range []struct {
		name, wish string
		channel    []string
		amd64      string
		arm64      string
		differs    []string // amd64's, then arm64's
		note       string
		alone      string // amd64's answer by itself, which must be another
	}{
		{
			name: "a common version", wish: `["numpy"]`,
			channel: []string{"linux-64/numpy-1-0", "linux-64/numpy-2-0", "linux-64/numpy-10-0", "linux-aarch64/numpy-1-0", "linux-aarch64/numpy-2-0"},
			amd64:   "numpy-2-0", arm64: "numpy-2-0", alone: "numpy-10-0",
		},
		{
			name: "versions compare by number", wish: `["numpy"]`,
			channel: []string{"linux-64/numpy-9-0", "linux-64/numpy-10-0", "linux-aarch64/numpy-9-0", "linux-aarch64/numpy-1.0-0"},
			amd64:   "numpy-9-0", arm64: "numpy-9-0", alone: "numpy-10-0",
		},
		{
			name: "a lower version than either platform's", wish: `["numpy"]`,
			channel: []string{
				"linux-64/numpy-1-0", "linux-64/numpy-3-0", "linux-64/numpy-5-0",
				"linux-aarch64/numpy-1-0", "linux-aarch64/numpy-2-0", "linux-aarch64/numpy-4-0",
			},
			amd64: "numpy-1-0", arm64: "numpy-1-0", alone: "numpy-5-0",
		},
		{
			name: "two coupled packages", wish: `["app"]`,
			channel: []string{
				"noarch/app-1-0: lib", "linux-64/lib-1-0: core 1", "linux-64/lib-2-0: core 2", "linux-64/lib-3-0: core 3",
				"linux-64/core-1-0", "linux-64/core-2-0", "linux-64/core-3-0",
				"linux-aarch64/lib-1-0: core 1", "linux-aarch64/lib-2-0: core 2", "linux-aarch64/core-1-0", "linux-aarch64/core-2-0",
			},
			amd64: "app-1-0 core-2-0 lib-2-0", arm64: "app-1-0 core-2-0 lib-2-0", alone: "app-1-0 core-3-0 lib-3-0",
		},
		{
			name: "requests in the user's order", wish: `["b", "a"]`, // b 2 needs a 1; a 2 needs b 1
			channel: []string{
				"linux-64/a-1-0", "linux-64/a-2-0: b 1", "linux-64/b-1-0", "linux-64/b-2-0: a 1", "linux-64/b-3-0: a 1",
				"linux-aarch64/a-1-0", "linux-aarch64/a-2-0: b 1", "linux-aarch64/b-1-0", "linux-aarch64/b-2-0: a 1",
			},
			amd64: "a-1-0 b-2-0", arm64: "a-1-0 b-2-0", alone: "a-1-0 b-3-0",
		},
		{
			name: "no common version", wish: `["a", "numpy"]`,
			channel: []string{"noarch/a-1-0", "linux-64/numpy-1-0", "linux-64/numpy-3-0", "linux-aarch64/numpy-2-0", "linux-aarch64/numpy-4-0"},
			amd64:   "a-1-0 numpy-3-0", arm64: "a-1-0 numpy-4-0", differs: []string{"numpy 3", "numpy 4"},
			note: "numpy: no version suits all platforms: 3 on linux/amd64, 4 on linux/arm64",
		},
		{
			name: "what is asked for is not made older for what is not", wish: `["app"]`,
			channel: []string{
				"linux-64/app-2-0: lib 2", "linux-aarch64/app-2-0: lib 3", "noarch/app-1-0: lib 1",
				"noarch/lib-1-0", "noarch/lib-2-0", "noarch/lib-3-0",
			},
			amd64: "app-2-0 lib-2-0", arm64: "app-2-0 lib-3-0", differs: []string{"lib 2", "lib 3"},
			note: "lib: no version suits all platforms: 2 on linux/amd64, 3 on linux/arm64",
		},
		{
			name: "a common version that no platform would choose", wish: `["app", "tool"]`, // arm's app 1 prefers lib 1 over 2 for its feature
			channel: []string{
				"linux-64/app-1-0: lib 2", "linux-64/lib-2-0", "noarch/tool-1-0",
				"linux-aarch64/app-1-0: lib; core", "linux-aarch64/core-2-0: lib 1", "linux-aarch64/core-1-0: lib 2",
				"linux-aarch64/lib-1-0", "linux-aarch64/lib-2-0",
			},
			amd64: "app-1-0 lib-2-0 tool-1-0", arm64: "app-1-0 core-1-0 lib-2-0 tool-1-0",
		},
		{
			name: "what agrees already stays", wish: `["app"]`,
			channel: []string{
				"noarch/app-1-0: lib; core", "noarch/core-9-0", "noarch/core-8-0",
				"linux-64/lib-3-0: core 9", "linux-64/lib-2-0: core 8", "linux-64/lib-1-0: core 9",
				"linux-aarch64/lib-2.5-0: core 9", "linux-aarch64/lib-2-0: core 8", "linux-aarch64/lib-1-0: core 9",
			},
			amd64: "app-1-0 core-9-0 lib-1-0", arm64: "app-1-0 core-9-0 lib-1-0", alone: "app-1-0 core-9-0 lib-3-0",
		},
		{
			name: "what agrees changes where nothing else helps", wish: `["app"]`,
			channel: []string{
				"noarch/app-1-0: lib; core", "noarch/core-9-0", "noarch/core-8-0",
				"linux-64/lib-3-0: core 9", "linux-64/lib-2-0: core 8", "linux-aarch64/lib-2.5-0: core 9", "linux-aarch64/lib-2-0: core 8",
			},
			amd64: "app-1-0 core-8-0 lib-2-0", arm64: "app-1-0 core-8-0 lib-2-0", alone: "app-1-0 core-9-0 lib-3-0",
		},
		{
			name: "a package of one platform alone", wish: `["app"]`,
			channel: []string{"linux-64/app-1-0: mkl", "linux-aarch64/app-1-0", "linux-64/mkl-3-0"},
			amd64:   "app-1-0 mkl-3-0", arm64: "app-1-0",
		},
		{
			name: "builds may differ, and spellings of a version", wish: `["app"]`,
			channel: []string{"linux-64/app-1.0-h1", "linux-aarch64/app-1.0.0-h2"},
			amd64:   "app-1.0-h1", arm64: "app-1.0.0-h2",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{}
			w.channel(t, "c", tt.channel...)
			r := request(t, both+"dependencies = "+tt.wish+"\n")
			var notes []string
			r.Note = func(text string) { notes = append(notes, text) }
			l, text := resolved(t, w, r)
			if a, b := packages(l, "", linux), packages(l, "", arm); a != tt.amd64 || b != tt.arm64 {
				t.Errorf("amd64 %s, arm64 %s", a, b)
			}
			differs := slices.Concat(l.For("", linux).Solve.Differs, l.For("", arm).Solve.Differs)
			if diff := cmp.Diff(tt.differs, differs); diff != "" || strings.Join(notes, "\n") != tt.note {
				t.Errorf("differs %s, notes %q", diff, notes)
			}
			if tt.alone != "" {
				alone, _ := resolved(t, w, request(t, strings.Replace(both, "[conda]", "platforms = [\"linux/amd64\"]\n[conda]", 1)+"dependencies = "+tt.wish+"\n"))
				if got := packages(alone, "", linux); got != tt.alone {
					t.Errorf("alone %s", got)
				}
			}
			r.Old, r.Anew, r.Note = l, true, nil // what was chosen stays, also when all is solved again
			if _, again := resolved(t, w, r); again != text {
				t.Errorf("again (-was +is):\n%s", cmp.Diff(text, again))
			}
		})
	}
}

// TestJointAmongMany has a common version behind many that each platform alone
// could have, or none at all.
func TestJointAmongMany(t *testing.T) {
	for _, tt := range []struct {
		amd64, arm64 int // the version that each could have, beside 0 that arm64 prefers
		want         string
	}{
		{5, 5, "5 5"}, {150, 150, "150 150"}, {400, 400, "400 400"}, {7, 6, "7 0"},
	} {
		channel := []string{
			"noarch/lib-0-0", fmt.Sprintf("linux-64/app-1-0: lib %d", tt.amd64),
			"linux-aarch64/app-1-0: core; lib", "linux-aarch64/core-2-0: lib 0", fmt.Sprintf("linux-aarch64/core-1-0: lib %d", tt.arm64),
		}
		for v := range 400 {
			channel = append(channel, fmt.Sprintf("noarch/lib-%d-0", v+1))
		}
		w := &world{}
		w.channel(t, "c", channel...)
		l, _ := resolved(t, w, request(t, both+"dependencies = [\"app\"]\n"))
		got := make([]string, 2)
		for i, p := range []platforms.Platform{linux, arm} {
			_, lib, _ := strings.Cut(packages(l, "", p), "lib-")
			got[i] = strings.TrimSuffix(lib, "-0")
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%d and %d: %s, want %s", tt.amd64, tt.arm64, got, tt.want)
		}
	}
}
