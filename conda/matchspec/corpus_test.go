package matchspec_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

func shared(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(name)))
	if err != nil {
		tb.Skipf("no shared test data: %v", err)
	}
	return data
}

// union returns the records of the shared linux-64 repodata by name.
var union = sync.OnceValues(func() (map[string][]*matchspec.Record, error) {
	data, err := os.ReadFile("../../../shared/data/repodata/union-linux-64/repodata.json.zst")
	if err != nil {
		return nil, err
	}
	in, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	type record struct {
		Name, Version, Build, MD5, SHA256, License string
		Number                                     uint64 `json:"build_number"`
	}
	var repodata struct {
		Packages map[string]record
		Conda    map[string]record `json:"packages.conda"`
	}
	if err := json.NewDecoder(in).Decode(&repodata); err != nil {
		return nil, err
	}
	records := make(map[string][]*matchspec.Record)
	for _, packages := range []map[string]record{repodata.Packages, repodata.Conda} {
		for file, r := range packages {
			v, err := version.Parse(r.Version)
			if err != nil {
				return nil, err
			}
			records[r.Name] = append(records[r.Name], &matchspec.Record{
				Name: r.Name, Version: v, Build: r.Build, BuildNumber: r.Number, FileName: file,
				MD5: r.MD5, SHA256: r.SHA256, License: r.License, Subdir: "linux-64", Channel: "https://example.org/conda-forge",
			})
		}
	}
	return records, nil
})

func records(tb testing.TB) map[string][]*matchspec.Record {
	tb.Helper()
	all, err := union()
	if os.IsNotExist(err) {
		tb.Skipf("no shared test data: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// matched returns the sorted name-version-build of all records that match.
func matched(all map[string][]*matchspec.Record, spec *matchspec.MatchSpec) []string {
	var found []string
	for _, r := range all[spec.Name] {
		if spec.Matches(r) {
			found = append(found, r.Name+"-"+r.Version.String()+"-"+r.Build)
		}
	}
	slices.Sort(found)
	return slices.Compact(found) // some exist as .tar.bz2 and as .conda
}

// TestShared checks the specs that rattler and conda agree on: the number of
// records they match and the hash of the list of them.
func TestShared(t *testing.T) {
	all := records(t)
	n := 0
	for in := bufio.NewScanner(bytes.NewReader(shared(t, "vectors/matchspec-shared-1500.jsonl"))); in.Scan(); n++ {
		var want struct {
			Spec string
			N    int
			SHA  string
		}
		if err := json.Unmarshal(in.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		spec, err := matchspec.Parse(want.Spec)
		if err != nil {
			t.Error(err)
			continue
		}
		found := matched(all, spec)
		sum := sha256.Sum256([]byte(strings.Join(found, "\n")))
		if len(found) != want.N || hex.EncodeToString(sum[:])[:16] != want.SHA {
			t.Errorf("%q matches %d records, want %d", want.Spec, len(found), want.N)
		}
	}
	if n != 1500 {
		t.Errorf("%d specs, want 1500", n)
	}
}

// choices are the specs of the shared file that rattler and conda read
// differently, with the number of records that ours matches (-1: an error)
// and whose reading that is. docs/conda-choices.md has the reasons.
var choices = map[string]struct {
	n     int
	whose string
}{
	"numpy (>=1.18,<1.19)|(1.20.*)": {19, "rattler"},
	"numpy (>=1.18|<1.10),!=1.18.1": {136, "rattler"},
	"python !=3.7*":                 {207, "rattler"},
	`numpy ^1\.1[89].*$`:            {18, "CEP 29"},
	"numpy * ^py3[78]h.*$":          {39, "CEP 29"},
	"*":                             {-1, "rattler"},
	"numpy ===1.19.2":               {-1, "rattler"},
	"libstdcxx-ng >=7.3.0;python":   {-1, "conda"},
}

func TestTricky(t *testing.T) {
	all := records(t)
	var cases []struct {
		Spec           string
		Rattler, Conda any // a number or an error
		Same           bool
	}
	if err := json.Unmarshal(shared(t, "vectors/matchspec_tricky.json"), &cases); err != nil {
		t.Fatal(err)
	}
	differ := 0
	for _, c := range cases {
		want := count(c.Rattler)
		if !c.Same {
			differ++
			choice, ok := choices[c.Spec]
			if !ok {
				t.Errorf("%q: no choice", c.Spec)
			}
			want = choice.n
			if said, isTool := map[string]any{"rattler": c.Rattler, "conda": c.Conda}[choice.whose]; isTool && count(said) != want {
				t.Errorf("%q: %s says %v, not %d", c.Spec, choice.whose, said, want)
			}
		}
		n := -1
		if spec, err := matchspec.Parse(c.Spec); err == nil {
			n = len(matched(all, spec))
		}
		if n != want {
			t.Errorf("%q matches %d records, want %d", c.Spec, n, want)
		}
	}
	if len(cases) != 107 || differ != len(choices) {
		t.Errorf("%d cases, %d differ", len(cases), differ)
	}
}

// count returns the number of records of an answer, -1 for an error.
func count(answer any) int {
	if n, isNumber := answer.(float64); isNumber {
		return int(n)
	}
	return -1
}

// TestSharedRoundTrip writes the shared specs and reads them back.
func TestSharedRoundTrip(t *testing.T) {
	all := records(t)
	lines := bufio.NewScanner(bytes.NewReader(shared(t, "vectors/matchspec-shared-1500.jsonl")))
	for lines.Scan() {
		var c struct{ Spec string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		spec, err := matchspec.Parse(c.Spec)
		if err != nil {
			t.Fatal(err)
		}
		again, err := matchspec.Parse(spec.String())
		if err != nil {
			t.Errorf("%q: written as %q: %v", c.Spec, spec, err)
			continue
		}
		if again.String() != spec.String() || !slices.Equal(matched(all, again), matched(all, spec)) {
			t.Errorf("%q: written as %q, then as %q", c.Spec, spec, again)
		}
	}
}
