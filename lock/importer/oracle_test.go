package importer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// locked is a package as py-rattler reads it.
type locked struct {
	Kind, URL, Name, Version, Build, Subdir, SHA256, MD5, Channel string
	Number                                                        uint64
	Size                                                          int64
	Depends, Constrains                                           []string
	Requires                                                      int
}

// oracle is py-rattler's answer to a file.
type oracle struct {
	Error        string
	Environments map[string]map[string][]locked // by environment and platform
}

// ask puts questions to a Python script, of which each is answered.
func ask[Q, A any](t *testing.T, script, needs string, questions []Q) []A {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run " + script + " with")
	}
	var in bytes.Buffer
	for _, q := range questions {
		if err := json.NewEncoder(&in).Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, script)
	cmd.Stdin = &in
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		t.Skip("python3 has no " + needs)
	}
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	var answers []A
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var a A
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%s: %d answers to %d questions", script, len(answers), len(questions))
	}
	return answers
}

// TestRattler compares what we read in real pixi.lock files with what py-rattler
// reads: every field that we have, and that both refuse the same files but for
// old versions and packages that have to be built.
func TestRattler(t *testing.T) {
	files := pixiFiles(t)
	names := slices.Sorted(maps.Keys(files))
	var paths []string
	for _, name := range names {
		p, err := filepath.Abs(filepath.Join(shared, name))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	same, packages := 0, 0
	for n, theirs := range ask[string, oracle](t, "testdata/pixi.py", "py-rattler", paths) {
		name := names[n]
		top, err := parseYAML(name, files[name])
		if err != nil {
			t.Fatal(err)
		}
		if theirs.Error != "" {
			if _, _, err := readPixi(top, PixiOptions{}); err == nil {
				t.Errorf("%s: read here, but rattler says %s", name, theirs.Error)
			}
			continue
		}
		for env, byPlatform := range theirs.Environments {
			for platform, want := range byPlatform {
				p, err := platforms.BySubdir(strings.TrimSuffix(platform, "-foobar"))
				if err != nil {
					continue
				}
				conda, wheels, err := readPixi(top, PixiOptions{Environment: env, Platforms: []platforms.Platform{p}})
				if err != nil {
					if !builds(want) && !strings.Contains(err.Error(), "is too old") {
						t.Errorf("%s: %s %s: %v", name, env, platform, err)
					}
					continue
				}
				if d := gocmp.Diff(sorted(ourWay(want)), sorted(asLocked(conda, wheels))); d != "" {
					t.Errorf("%s: %s %s (-rattler +ours):\n%s", name, env, platform, d)
				}
				same, packages = same+1, packages+len(want)
			}
		}
	}
	t.Logf("%d environments on platforms are the same, with %d packages", same, packages)
	if same < 65 || packages < 4300 {
		t.Errorf("%d environments on platforms with %d packages compared: some are missing", same, packages)
	}
}

// ourWay changes what we mean to read in another way: the subdir of a noarch
// package, which version 4 writes wrongly, and pixi's mark of URLs.
func ourWay(list []locked) []locked {
	for n := range list {
		l := &list[n]
		l.URL = strings.TrimPrefix(l.URL, "direct+")
		if strings.Contains(l.URL, "/noarch/") && l.Kind == "conda" {
			l.Subdir = "noarch"
		}
	}
	return list
}

// builds tells whether something has to be built.
func builds(list []locked) bool {
	return slices.ContainsFunc(list, func(l locked) bool {
		return l.Kind == "source" || l.Kind == "pypi" && !strings.HasSuffix(l.URL, ".whl")
	})
}

func asLocked(conda, wheels []Imported) (all []locked) {
	for _, i := range conda {
		all = append(all, locked{
			Kind: "conda", URL: i.URL, Name: i.Name, Version: i.Version, Build: i.Build, Subdir: i.Subdir, SHA256: i.SHA256, MD5: i.MD5,
			Channel: i.Channel, Number: i.BuildNumber, Size: i.Size, Depends: i.Depends, Constrains: i.Constrains,
		})
	}
	for _, i := range wheels {
		all = append(all, locked{Kind: "pypi", URL: i.URL, Name: i.Name, Version: i.Version, SHA256: i.SHA256, MD5: i.MD5, Requires: len(i.Requires)})
	}
	return all
}

func sorted(list []locked) []locked {
	return slices.SortedFunc(slices.Values(list), func(a, b locked) int { return cmp.Compare(a.URL, b.URL) })
}

// TestPackagingPylock compares the wheels that we offer, ranked by their tags,
// with what packaging selects.
func TestPackagingPylock(t *testing.T) {
	uv, err := os.ReadFile("testdata/pylock.uv.toml")
	if err != nil {
		t.Fatal(err)
	}
	type question struct {
		TOML        string           `json:"toml"`
		Environment pypi.Environment `json:"environment"`
		Tags        []string         `json:"tags"`
		Extras      []string         `json:"extras"`
		Groups      []string         `json:"groups"`
	}
	made := strings.NewReplacer("'Fast'", "'fast'", "'Direct.Link'", "'direct-link'", "hashes = {}", "hashes = {md5 = '"+md5+"'}").Replace(pylock) // packaging wants it so
	var questions []question
	var options []PylockOptions
	for _, python := range []string{"3.8.1", "3.10.4", "3.11.9", "3.12.0"} {
		for _, p := range []platforms.Platform{amd64, arm64} {
			for _, text := range []string{string(uv), made} {
				for _, ask := range []PylockOptions{{}, {Extras: []string{"fast"}}, {Groups: []string{"dev"}}, {Groups: []string{"docs"}}} {
					if text == string(uv) && len(ask.Extras)+len(ask.Groups) > 0 {
						continue // it has none
					}
					ask.Python, ask.Platform = python, p
					target := wheel.Target{Python: python, OS: p.OS, Arch: p.Arch, Glibc: "2.36"}
					q := question{text, pypi.Linux(python, map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[p.Arch]), nil, ask.Extras, ask.Groups}
					for _, tag := range target.Tags() {
						q.Tags = append(q.Tags, tag.String())
					}
					questions, options = append(questions, q), append(options, ask)
				}
			}
		}
	}
	var chosen, refused int
	answers := ask[question, packagingAnswer](t, "testdata/pylock.py", "packaging 26.1 or newer", questions)
	for n, answer := range answers {
		o := options[n]
		wheels, err := Pylock("f", []byte(questions[n].TOML), o)
		best := bestWheels(wheels, wheel.Target{Python: o.Python, OS: o.Platform.OS, Arch: o.Platform.Arch, Glibc: "2.36"})
		want := map[string]string{}
		for name, c := range answer.Chosen {
			want[name] = stripSecrets(strings.TrimSuffix(c[1], "#egg=x"))
			if c[0] == "PackageSdist" {
				want[name] = "" // we offer wheels of which none fits, or none at all
			}
		}
		switch {
		case answer.Error == "" && err == nil:
			chosen++
			if d := gocmp.Diff(want, best); d != "" {
				t.Errorf("%+v (-packaging +ours):\n%s", o, d)
			}
		case answer.Error != "" && err != nil:
			refused++
		case strings.Contains(problem(err), "installs wheels only"):
		default:
			t.Errorf("%+v: %v, packaging %q %v", o, err, answer.Error, answer.Chosen)
		}
	}
	t.Logf("%d selections are the same, %d files are refused by both", chosen, refused)
	if chosen < 15 || refused < 5 {
		t.Errorf("%d selections are the same, %d files refused: some are missing", chosen, refused)
	}
}

type packagingAnswer struct {
	Error  string
	Chosen map[string][2]string // kind and URL by name
}

// bestWheels returns the URL of each package's wheel that fits best, or "".
func bestWheels(list []Imported, target wheel.Target) map[string]string {
	best, ranks := map[string]string{}, map[string]int{}
	for _, i := range list {
		n, err := wheel.ParseName(path.Base(i.URL))
		rank, fits := n.Rank(target)
		if was, have := ranks[i.Name]; err == nil && fits && (!have || rank < was) {
			best[i.Name], ranks[i.Name] = i.URL, rank
		} else if !have {
			best[i.Name] = ""
		}
	}
	return best
}
