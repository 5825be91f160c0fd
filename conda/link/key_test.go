package link_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/link"
)

func keys(t *testing.T, env link.Environment, packages ...testPackage) map[string]string {
	t.Helper()
	plan, _, err := describe(t, env, packages...)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, d := range plan.Descriptions {
		m[d.Record.Name] = d.Key()
	}
	return m
}

// TestKeyGolden fails when descriptions change: then the rules have a new
// version, and every layer that was made is made anew.
func TestKeyGolden(t *testing.T) {
	in := testPackage{name: "a", entries: []testEntry{{path: "bin/a", content: "#!" + placeholder + "/bin/sh\n", fileMode: "text"}, file("share/a"), {path: "l", target: "share"}}}.input(t)
	in.Record.SHA256, in.Record.Size = strings.Repeat("0", 64), 1 // the archive's bytes depend on the compressor
	plan, err := link.Describe(t.Context(), condaEnv(), []link.Package{in.Package})
	if err != nil {
		t.Fatal(err)
	}
	const want = "sha256:fa2353481f1bc6bf2b3cd29a5a81b96a1dd43c3e45494d4a1101f3addc3c4996"
	if got := plan.Descriptions[0].Key(); got != want {
		t.Errorf("key is %s, want %s", got, want)
	}
}

// TestKeyDependsOn says what of an environment changes a package's bytes.
func TestKeyDependsOn(t *testing.T) {
	n := testPackage{name: "n", noarch: "python", points: []string{"tool = n:main"}, entries: []testEntry{file("site-packages/n.py"), file("share/n")}}
	g := testPackage{name: "g", noarch: "generic", entries: []testEntry{file("share/g")}}
	base := []testPackage{python312, n, g}
	for _, c := range []struct {
		name     string
		env      link.Environment
		packages []testPackage
		changed  []string // of python, n and g
	}{
		{name: "another package", packages: append(base, testPackage{name: "other", entries: []testEntry{file("share/o")}})},
		{name: "another architecture", env: link.Environment{Subdir: "linux-aarch64", Prefix: "/opt/conda"}, packages: base},
		{name: "patch release of python", packages: []testPackage{{name: "python", version: "3.12.9", entries: python312.entries}, n, g}, changed: []string{"python"}},
		{name: "minor release of python", packages: []testPackage{{name: "python", version: "3.13.0", entries: python312.entries}, n, g}, changed: []string{"n", "python"}},
		{name: "clobbered", packages: append(base, testPackage{name: "a", entries: []testEntry{file("share/g")}}), changed: []string{"g"}},
		{name: "clobbering", packages: append(base, testPackage{name: "z", entries: []testEntry{file("share/g")}})},
		{name: "prefix", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/other"}, packages: base, changed: []string{"g", "n", "python"}},
		{name: "root", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/conda", Root: "usr/opt/conda"}, packages: base, changed: []string{"g", "n", "python"}},
		{name: "modes", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/conda", ClearGroupWrite: true}, packages: base, changed: []string{"g", "n", "python"}},
		{name: "group's modes", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/conda", GroupAsUser: true}, packages: base, changed: []string{"g", "n", "python"}},
		{name: "no .pyc anyway", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/conda", DropPyc: true}, packages: base},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.env.Subdir == "" {
				c.env = condaEnv()
			}
			before, after := keys(t, condaEnv(), base...), keys(t, c.env, c.packages...)
			var changed []string
			for _, name := range slices.Sorted(maps.Keys(before)) {
				if before[name] != after[name] {
					changed = append(changed, name)
				}
			}
			if diff := cmp.Diff(c.changed, changed); diff != "" {
				t.Errorf("changed (-want +got)\n%s", diff)
			}
		})
	}
}
