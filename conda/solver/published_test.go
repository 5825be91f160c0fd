package solver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// words is a string or a list of them.
type words []string

func (w *words) UnmarshalYAML(data []byte) error {
	var list []string
	if err := yaml.Unmarshal(data, &list); err == nil {
		*w = list
		return nil
	}
	var one string
	if err := yaml.Unmarshal(data, &one); err != nil {
		return err
	}
	if one != "" {
		*w = words{one}
	}
	return nil
}

// published is a case of the corpus pytest-conda-solvers.
type published struct {
	ID    string
	Name  string
	Kind  string
	Only  words `yaml:"solvers"` // that the case is for, if not for all
	Input struct {
		Channels   words
		Specs      words   `yaml:"specs_to_add"`
		Prefix     words   // what is installed
		History    words   `yaml:"history_specs"` // what was requested before
		Pins       words   `yaml:"pinned_packages"`
		IgnorePins bool    `yaml:"ignore_pinned"`
		AddPip     bool    `yaml:"add_pip"`
		Aggressive words   `yaml:"aggressive_update_packages"`
		Modifier   string  `yaml:"update_modifier"`
		Priority   string  `yaml:"channel_priority"`
		Cuda       *string `yaml:"override_cuda"`
		Glibc      *string `yaml:"override_glibc"`
	}
	Output struct {
		Final  words `yaml:"final_state"`
		Unlink words `yaml:"unlink_precs"`
		Link   words `yaml:"link_precs"`
	}
	Error struct {
		Includes words `yaml:"message_includes"`
		Excludes words `yaml:"message_excludes"`
	}
}

// dist returns CHANNEL::NAME-VERSION-BUILD of a record as the corpus writes it.
func dist(r Record) string {
	stem := strings.TrimSuffix(strings.TrimSuffix(r.FileName, ".conda"), ".tar.bz2")
	subdir := "${{ arch }}"
	if r.Subdir == "noarch" {
		subdir = "noarch"
	}
	return r.Channel + "/" + subdir + "::" + stem
}

func specName(text string) string {
	return strings.TrimSpace(text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz0123456789-_."))])
}

// problem says a case as a client of this package would: what was requested
// before is requested again, what is installed and not requested now is kept if
// that is possible.
func (c *published) problem(t *testing.T, channels map[string][]Record) Problem {
	t.Helper()
	p := Problem{AddPip: c.Input.AddPip, Channels: c.Input.Channels, Virtual: virtual("linux-64"), Priority: Flexible}
	if c.Input.Priority == "disabled" {
		p.Priority = Disabled
	}
	for _, name := range c.Input.Channels {
		if channels[name] == nil {
			channels[name] = publishedChannel(t, name)
		}
		p.Records = append(p.Records, channels[name]...)
	}
	if v := c.Input.Cuda; v != nil && *v != "" {
		p.Virtual = append(p.Virtual, Record{Name: "__cuda", Version: *v, Build: "0"})
	}
	if v := c.Input.Glibc; v != nil {
		i := slices.IndexFunc(p.Virtual, func(r Record) bool { return r.Name == "__glibc" })
		p.Virtual[i].Version = *v
	}
	p.Specs = slices.Clone(c.Input.Specs)
	asked := map[string]bool{}
	for _, s := range p.Specs {
		asked[specName(s)] = true
	}
	for _, s := range c.Input.History {
		name := specName(s)
		if asked[name] {
			continue
		}
		asked[name] = true
		if c.update(name) {
			s = name
		}
		p.Specs = append(p.Specs, s)
	}
	if !c.Input.IgnorePins {
		p.Constraints = c.Input.Pins
	}
	for _, text := range c.Input.Prefix {
		i := slices.IndexFunc(p.Records, func(r Record) bool { return dist(r) == text })
		if i < 0 {
			t.Fatalf("%s: no record for %s", c.ID, text)
		}
		r := p.Records[i]
		if r.Name == "python" && !asked[r.Name] { // conda keeps to its minor version
			part := strings.Split(r.Version, ".")
			p.Constraints = append(slices.Clone(p.Constraints), "python "+part[0]+"."+part[1]+".*")
		}
		if !c.update(r.Name) && !slices.ContainsFunc(c.Input.Specs, func(s string) bool { return specName(s) == r.Name }) {
			p.Favored = append(p.Favored, r)
		}
	}
	return p
}

// update reports whether a client would update an installed package that is not
// requested now.
func (c *published) update(name string) bool {
	return c.Input.Modifier == "update_all" || slices.Contains(c.Input.Aggressive, name)
}

func publishedChannel(t *testing.T, name string) []Record {
	t.Helper()
	var out []Record
	for subdir, file := range map[string]string{"linux-64": "non-noarch", "noarch": "noarch"} {
		data, err := os.ReadFile(sharedData(t, "vectors", "pytest-conda-solvers", name+"_"+file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]jsonRecord
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		for file, j := range doc {
			out = append(out, j.record(repo{name, subdir, ""}, file))
		}
	}
	slices.SortFunc(out, func(a, b Record) int { return strings.Compare(a.FileName, b.FileName) })
	return out
}

func publishedCases(t *testing.T) []published {
	t.Helper()
	var out []published
	for _, file := range []string{"basic", "cuda", "integration", "constricting_specs"} {
		data, err := os.ReadFile(sharedData(t, "vectors", "pytest-conda-solvers", file+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Tests []published }
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		out = append(out, doc.Tests...)
	}
	return out
}

func TestPublishedCases(t *testing.T) {
	channels := map[string][]Record{}
	cases := publishedCases(t)
	excused := 0
	for _, c := range cases {
		diff := c.run(t, channels)
		why, ok := publishedExcuses[c.ID]
		switch {
		case ok:
			excused++
			if diff == "" {
				t.Errorf("%s %s passes, though the table says why not: %s", c.ID, c.Name, why)
			}
		case diff != "":
			t.Errorf("%s %s (-want +got):\n%s", c.ID, c.Name, diff)
		}
	}
	t.Logf("%d cases, %d of them not for a solver", len(cases), excused)
	if len(cases) != 80 || excused != len(publishedExcuses) {
		t.Errorf("%d cases and %d excuses, want 80 and %d", len(cases), excused, len(publishedExcuses))
	}
}

// run returns how the answer differs from the published one, or "".
func (c *published) run(t *testing.T, channels map[string][]Record) string {
	if c.Kind == "determine_constricting_specs" {
		return "a function of a client, not a solve"
	}
	p := c.problem(t, channels)
	s, err := answer(t, p)
	if c.Kind == "unsatisfiable" {
		if err == nil {
			return "an answer"
		}
		for _, text := range c.Error.Excludes {
			if strings.Contains(err.Error(), text) {
				return "the error names " + text + ": " + err.Error()
			}
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	var got []string
	for _, r := range s.Records {
		got = append(got, dist(r))
	}
	slices.Sort(got)
	if c.Kind == "solve_for_diff" {
		minus := func(a, b []string) words {
			return slices.DeleteFunc(slices.Sorted(slices.Values(a)), func(x string) bool { return slices.Contains(b, x) })
		}
		return cmp.Diff([]words{sorted(c.Output.Unlink), sorted(c.Output.Link)}, []words{minus(c.Input.Prefix, got), minus(got, c.Input.Prefix)})
	}
	if c.Output.Final == nil {
		return ""
	}
	return cmp.Diff(sorted(c.Output.Final), words(got))
}

func sorted(w words) words { return append(words{}, slices.Sorted(slices.Values(w))...) }

// publishedExcuses says which cases test something else than a solver, and what.
var publishedExcuses = map[string]string{
	"B017": "client flag auto_update_conda",
	// TestPublishedTies and TestPublishedTiesWithRattler prove what these three say.
	"B019": "a tie: of one version, without priority, libsolv and conda take the first channel's build, rattler and ours the higher build number; " +
		"all versions are the published ones",
	"B022":  "for the solver classic alone, as the corpus says: B179 has the same input and another answer for libmamba; rattler has a third, which is ours",
	"B179":  "for the solver libmamba alone, as the corpus says: B022 has the same input and another answer for classic; rattler has a third, which is ours",
	"B024b": "client flag force_reinstall",
	"B027":  "client flag update_modifier: update_all keeps what was requested before, and may move python",
	"B031":  "client flag update_modifier: update_deps",
	"B032":  "client flags update_modifier: update_deps and deps_modifier: only_deps",
	"B035":  "client flag update_modifier: update_deps",
	"B038":  "client flag deps_modifier: no_deps",
	"B043":  "client flag deps_modifier: only_deps",
	"B045":  "client flag deps_modifier: only_deps",
	"B047":  "client flag deps_modifier: only_deps",
	"I006":  "client flag update_modifier: update_deps",
	"S001":  constricting, "S002": constricting, "S003": constricting, "S004": constricting,
	"S005": constricting, "S006": constricting, "S007": constricting,
}

const constricting = "a client's function that reads installed packages and chooses nothing"

// TestPublishedTies proves what publishedExcuses says of the answers that are
// those of other solvers.
func TestPublishedTies(t *testing.T) {
	channels, byID := map[string][]Record{}, map[string]published{}
	for _, c := range publishedCases(t) {
		byID[c.ID] = c
		if _, excused := publishedExcuses[c.ID]; len(c.Only) > 0 && !excused {
			t.Logf("%s is for %q alone, and passes", c.ID, c.Only)
		}
	}
	classic, mamba := byID["B022"], byID["B179"]
	if diff := cmp.Diff([]words{{"classic"}, {"libmamba"}}, []words{classic.Only, mamba.Only}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(classic.Input, mamba.Input); diff != "" {
		t.Errorf("B022 and B179 have not the same input: %s", diff)
	}
	if cmp.Equal(sorted(classic.Output.Link), sorted(mamba.Output.Link)) {
		t.Error("B022 and B179 have the same answer")
	}

	tie := byID["B019"]
	versions := func(dists []string) (out []string) { // name-version
		for _, d := range dists {
			_, stem, _ := strings.Cut(d, "::")
			out = append(out, stem[:strings.LastIndexByte(stem, '-')])
		}
		slices.Sort(out)
		return out
	}
	p := tie.problem(t, channels)
	all := p.Records
	s, err := answer(t, p)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Records {
		got = append(got, dist(r))
		if slices.Contains(tie.Output.Final, dist(r)) {
			continue
		}
		i := slices.IndexFunc(all, func(x Record) bool { return x.Name == r.Name && slices.Contains(tie.Output.Final, dist(x)) })
		if i < 0 || all[i].BuildNumber >= r.BuildNumber || all[i].Channel != tie.Input.Channels[0] {
			t.Errorf("B019: %s is no higher build than the first channel's", dist(r))
		}
	}
	if diff := cmp.Diff(versions(tie.Output.Final), versions(got)); diff != "" {
		t.Errorf("B019 (-published +ours):\n%s", diff)
	}
}

// TestPublishedTiesWithRattler asks rattler where the published answers are those of other
// solvers.
func TestPublishedTiesWithRattler(t *testing.T) {
	o := newOracle(t)
	channels := map[string][]Record{}
	for _, c := range publishedCases(t) {
		if c.ID != "B019" && c.ID != "B022" && c.ID != "B179" {
			continue
		}
		p := c.problem(t, channels)
		var repos []repo
		for _, name := range c.Input.Channels {
			for _, subdir := range []string{"linux-64", "noarch"} {
				of := slices.DeleteFunc(slices.Clone(channels[name]), func(r Record) bool { return r.Subdir != subdir })
				repos = append(repos, repo{name, subdir, writeRepo(t, subdir, of)})
			}
		}
		v := o.solve(t, repos, p)
		if diff := cmp.Diff(v.lines(), lines(answer(t, p))); diff != "" {
			t.Errorf("%s %s (-rattler +ours):\n%s", c.ID, v.Failed, diff)
		}
	}
}

// writeRepo writes records as a repodata.json.
func writeRepo(t *testing.T, subdir string, records []Record) string {
	t.Helper()
	packages := map[string]any{}
	for _, r := range records {
		packages[r.FileName] = map[string]any{
			"name": r.Name, "version": r.Version, "build": r.Build, "build_number": r.BuildNumber, "subdir": r.Subdir,
			"depends": append([]string{}, r.Depends...), "constrains": append([]string{}, r.Constrains...),
			"track_features": strings.Join(r.TrackFeatures, " "), "timestamp": r.Timestamp, "md5": strings.Repeat("0", 32),
		}
	}
	data, err := json.Marshal(map[string]any{"info": map[string]string{"subdir": subdir}, "packages": packages, "packages.conda": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "repodata.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
