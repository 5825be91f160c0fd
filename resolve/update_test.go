package resolve_test

import (
	"strings"
	"testing"
)

// TestUpdateChangesLittle checks that an update changes what was named and what
// that needs, and others only where there is no other answer.
func TestUpdateChangesLittle(t *testing.T) {
	for _, tt := range []struct {
		name, wish       string
		before, after    []string // the channel
		update           string
		locked, solution string
	}{
		{
			name: "what needs the same stays, though the request before it would move it", wish: `["tool", "app"]`,
			before: []string{"noarch/tool-1-0: lib", "noarch/app-1-0: lib 1", "noarch/lib-1-0"},
			after:  []string{"noarch/tool-2-0: lib 2", "noarch/app-2-0: lib 2", "noarch/lib-2-0"},
			update: "tool", locked: "app-1-0 lib-1-0 tool-1-0", solution: "app-1-0 lib-1-0 tool-1-0",
		},
		{
			name: "what it needs follows", wish: `["tool", "app"]`,
			before: []string{"noarch/tool-1-0: lib 1", "noarch/app-1-0: lib", "noarch/lib-1-0"},
			after:  []string{"noarch/tool-2-0: lib 2", "noarch/app-2-0: lib", "noarch/lib-2-0"},
			update: "tool", locked: "app-1-0 lib-1-0 tool-1-0", solution: "app-1-0 lib-2-0 tool-2-0",
		},
		{
			name: "what it needs no more goes, what it needs now comes", wish: `["tool"]`,
			before: []string{"noarch/tool-1-0: lib", "noarch/lib-1-0"},
			after:  []string{"noarch/tool-2-0: core", "noarch/core-1-0", "noarch/lib-2-0"},
			update: "tool", locked: "lib-1-0 tool-1-0", solution: "core-1-0 tool-2-0",
		},
		{
			name: "two that need each other's versions", wish: `["tool", "app"]`,
			before: []string{"noarch/tool-1-0: lib", "noarch/app-1-0: lib 1", "noarch/lib-1-0"},
			after:  []string{"noarch/tool-2-0: lib 2", "noarch/app-2-0: lib 2", "noarch/lib-2-0"},
			update: "tool app", locked: "app-1-0 lib-1-0 tool-1-0", solution: "app-2-0 lib-2-0 tool-2-0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{}
			w.channel(t, "c", tt.before...)
			r := request(t, one+"dependencies = "+tt.wish+"\n")
			l, _ := resolved(t, w, r)
			if got := packages(l, "", linux); got != tt.locked {
				t.Fatalf("locked %s", got)
			}
			w.channel(t, "c", append(tt.before, tt.after...)...)
			r.Old, r.Update = l, only(strings.Fields(tt.update)...)
			l, _ = resolved(t, w, r)
			if got := packages(l, "", linux); got != tt.solution {
				t.Errorf("updated: %s, want %s", got, tt.solution)
			}
		})
	}

	// The old tool is gone, and the new one fits no old app.
	w := &world{}
	w.channel(t, "c", "noarch/tool-1-0: lib", "noarch/app-1-0: lib 1", "noarch/lib-1-0")
	r := request(t, one+"dependencies = [\"tool\", \"app\"]\n")
	l, _ := resolved(t, w, r)
	w.channel(t, "c", "noarch/tool-2-0: lib 2", "noarch/app-1-0: lib 1", "noarch/lib-1-0", "noarch/app-2-0: lib 2", "noarch/lib-2-0")
	r.Old, r.Update = l, only("tool")
	l, _ = resolved(t, w, r)
	if got := packages(l, "", linux); got != "app-2-0 lib-2-0 tool-2-0" {
		t.Errorf("with no other answer: %s", got)
	}
}
