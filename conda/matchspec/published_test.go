package matchspec_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/conda/matchspec"
)

// published returns every dependency and constraint of all shared repodata.
func published(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../../shared/data/repodata/*/*.json.zst")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../../../shared/data/repodata/*/*/*.json.zst")
	if err != nil {
		t.Fatal(err)
	}
	distinct := make(map[string]bool)
	for _, file := range slices.Concat(files, deeper) {
		collect(t, file, distinct)
	}
	if len(distinct) == 0 {
		t.Skip("no shared test data")
	}
	specs := make([]string, 0, len(distinct))
	for spec := range distinct {
		specs = append(specs, spec)
	}
	slices.Sort(specs)
	return specs
}

func collect(t *testing.T, file string, into map[string]bool) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	type record struct{ Depends, Constrains []string }
	var repodata struct {
		Packages map[string]record
		Conda    map[string]record `json:"packages.conda"`
	}
	if err := json.NewDecoder(in).Decode(&repodata); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, packages := range []map[string]record{repodata.Packages, repodata.Conda} {
		for _, r := range packages {
			for _, spec := range slices.Concat(r.Depends, r.Constrains) {
				into[spec] = true
			}
		}
	}
}

// TestRattlerPublished compares the meaning of every published dependency with
// what rattler says it means, except where docs/conda-choices.md says why not.
func TestRattlerPublished(t *testing.T) {
	if testing.Short() {
		t.Skip("short: asks rattler for tens of thousands of specs")
	}
	specs := published(t)
	differ := 0
	for i, answer := range oracle(t, specs) {
		if !sameMeaning(specs[i], answer) {
			differ++
			t.Errorf("%q: rattler %q", specs[i], answer)
		}
	}
	t.Logf("%d specs, %d differ", len(specs), differ)
}

func sameMeaning(spec, answer string) bool {
	ours, err := matchspec.Parse(spec)
	if strings.HasPrefix(answer, "error: ") {
		return err != nil
	}
	theirs, errTheirs := matchspec.Parse(answer)
	return err == nil && errTheirs == nil && ours.String() == theirs.String()
}
