package importer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
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

func askRattler(t *testing.T, files []string) []oracle {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run py-rattler with")
	}
	var in bytes.Buffer
	for _, f := range files {
		abs, err := filepath.Abs(filepath.Join(shared, f))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&in).Encode(abs); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "testdata/oracle.py")
	cmd.Stdin = &in
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		t.Skip("python3 has no py-rattler")
	}
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	var answers []oracle
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var a oracle
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(files) {
		t.Fatalf("oracle: %d answers to %d questions", len(answers), len(files))
	}
	return answers
}

// TestRattler compares what we read in real pixi.lock files with what py-rattler
// reads: every field that we have, and that both refuse the same files but for
// old versions and packages that have to be built.
func TestRattler(t *testing.T) {
	files := pixiFiles(t)
	names := slices.Sorted(maps.Keys(files))
	same, packages := 0, 0
	for n, theirs := range askRattler(t, names) {
		name, data := names[n], files[names[n]]
		if theirs.Error != "" {
			if _, _, err := Pixi(name, data, PixiOptions{}); err == nil {
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
				conda, wheels, err := Pixi(name, data, PixiOptions{Environment: env, Platforms: []platforms.Platform{p}})
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
