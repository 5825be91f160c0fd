package repodata

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestGroups reads records of one name that are sorted or not, have keys that others
// lack, stand in two sections or twice in one, and compares them with what
// encoding/json reads.
func TestGroups(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 5))
		var want []Record // by place
		at := map[string]int{}
		var doc strings.Builder
		for s, section := range []string{"packages", "packages.conda"} {
			ext := []string{extBz2, extConda}[s]
			var stems []string
			for range r.IntN(8) {
				stems = append(stems, fmt.Sprintf("a-%d.%d-%d", r.IntN(3), r.IntN(3), r.IntN(3)))
			}
			if r.IntN(3) > 0 {
				slices.Sort(stems)
			}
			var entries []string
			for _, stem := range stems {
				var rec Record
				text := randomRecord(r, stem)
				if err := json.Unmarshal([]byte(text), &struct {
					Version, Build, License, MD5 *string
					Depends                      *[]string
					Size                         *int64
				}{&rec.Version, &rec.Build, &rec.License, &rec.MD5, &rec.Depends, &rec.Size}); err != nil {
					t.Fatal(err)
				}
				entries = append(entries, fmt.Sprintf("%q:%s", stem+ext, text))
				rec.Name, rec.FileName = "a", stem+ext
				if i, twice := at[rec.FileName]; twice {
					want[i] = rec // the last value counts, at the place of the first
					continue
				}
				at[rec.FileName] = len(want)
				want = append(want, rec)
			}
			fmt.Fprintf(&doc, `,%q:{%s}`, section, strings.Join(entries, ","))
		}
		want = slices.DeleteFunc(want, func(rec Record) bool {
			stem, ext := cutExt(rec.FileName)
			_, better := at[stem+extConda]
			return ext == extBz2 && better
		})
		text := `{"info":{}` + doc.String() + `}`
		data, err := Open([]byte(text), Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for range 2 { // with what was learnt of keys, too
			got, err := data.Records("a")
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d: %s (-want +got):\n%s", seed, text, diff)
			}
		}
	}
}

// randomRecord returns a record with some keys in some order, with blanks.
func randomRecord(r *rand.Rand, stem string) string {
	_, version, _ := strings.Cut(stem, "-")
	version, build, _ := strings.Cut(version, "-")
	fields := []string{`"name":"a"`, fmt.Sprintf(`"version":%q`, version), fmt.Sprintf(`"build": %q`, build)}
	for _, more := range []string{
		`"depends":["b >=1","c"]`, `"depends" : []`, `"license":"MIT}"`, `"size":120`, `"size": 0`, `"unknown":{"x":[1,{}]}`,
		`"md5":"` + strings.Repeat("0f", 16) + `"`, `"md5": "` + strings.Repeat("a1", 16) + `"`,
	} {
		key, _, _ := strings.Cut(more, ":")
		if r.IntN(2) == 0 && !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, strings.TrimSpace(key)) }) {
			fields = append(fields, more)
		}
	}
	if r.IntN(4) == 0 {
		r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	}
	return "{" + strings.Join(fields, []string{",", ", "}[r.IntN(2)]) + "}"
}
