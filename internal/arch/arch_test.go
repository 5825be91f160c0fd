package arch

import (
	"slices"
	"strings"
	"testing"
)

// row returns the row of folders for a package: the most exact one.
func row(p string) (folder, bool) {
	var best folder
	for _, f := range folders {
		if match(f.path, p) && len(f.path) > len(best.path) {
			best = f
		}
	}
	for _, f := range folders { // an exact row wins over "x/..." of the same x
		if f.path == p {
			best = f
		}
	}
	return best, best.path != ""
}

// TestArrows checks every import of a package of this module.
func TestArrows(t *testing.T) {
	for _, p := range packages(t).packages {
		f, ok := row(p.path)
		if !ok {
			t.Errorf("%s: the architecture has no such folder; add a row to folders", p.path)
			continue
		}
		for _, file := range p.files {
			for _, imported := range file.imports {
				own, ok := strings.CutPrefix(imported, "./")
				if ok && !matchAny(f.imports, own) {
					t.Errorf("%s: imports %s, but %s (%s) may import only %v", file.name, own, f.path, f.is, f.imports)
				}
			}
		}
	}
}

// TestPure follows imports from the folders of pure.
func TestPure(t *testing.T) {
	s := packages(t)
	for _, rule := range pure {
		for _, p := range s.packages {
			if !matchAny(rule.from, p.path) || isTestHelper(p.path) {
				continue
			}
			if way := s.reach(p, rule.beyond, map[string]bool{}); way != nil {
				t.Errorf("%s: %s", strings.Join(way, " imports "), rule.why)
			}
		}
	}
}

// reach returns a way from a package to one of the patterns, by its files, or
// nil. What was seen once leads nowhere.
func (s *sources) reach(p *pkg, beyond []string, seen map[string]bool) []string {
	seen[p.path] = true
	for _, f := range p.files {
		for _, imported := range f.imports {
			own, ok := strings.CutPrefix(imported, "./")
			if matchAny(beyond, own) && own != p.path {
				return []string{f.name, own}
			}
			next := s.find(own)
			if !ok || next == nil || seen[own] {
				continue
			}
			if way := s.reach(next, beyond, seen); way != nil {
				return append([]string{f.name}, way...)
			}
		}
	}
	return nil
}

// TestImporters checks who imports what is not of this module.
func TestImporters(t *testing.T) {
	for _, p := range packages(t).packages {
		for _, f := range p.files {
			for _, rule := range importers {
				imports := slices.ContainsFunc(f.imports, func(i string) bool { return match(rule.path, i) })
				if imports && !matchAny(rule.by, p.path) {
					t.Errorf("%s: imports %s, which only %v may: %s", f.name, rule.path, rule.by, rule.why)
				}
			}
		}
	}
}

// TestHelpers checks that packages for tests stay out of the program. What is
// measured is made with them too.
func TestHelpers(t *testing.T) {
	for _, p := range packages(t).packages {
		for _, f := range p.files {
			for _, imported := range f.imports {
				if isTestHelper(imported) && !isTestHelper(p.path) && !match("bench/...", p.path) {
					t.Errorf("%s: imports %s, which is for tests", f.name, imported)
				}
			}
		}
	}
}

// isTestHelper goes by the name, as in net/http/httptest.
func isTestHelper(p string) bool { return strings.HasSuffix(p, "test") && p != "test" }

// TestRow checks the tables themselves: which row a package has.
func TestRow(t *testing.T) {
	for p, want := range map[string]string{
		"layers": "layers", "layers/cli": "layers/cli", "layers/new": "layers/...",
		"conda": "conda/...", "conda/link": "conda/...", "condax": "", "lock/importer": "lock/importer", "lock/other": "",
		"output": "output/...", "output/outputtest": "output/...", "cmd/other": "",
	} {
		if got, _ := row(p); got.path != want {
			t.Errorf("row(%q) = %q, want %q", p, got.path, want)
		}
	}
	seen := map[string]bool{}
	for _, f := range folders {
		if seen[f.path] {
			t.Errorf("folders has two rows %q", f.path)
		}
		if f.is == "" {
			t.Errorf("row %q says nothing", f.path)
		}
		seen[f.path] = true
	}
}
