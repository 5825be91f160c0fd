package solver_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/conda/solver"
)

var update = flag.Bool("update", false, "write the golden files")

// folder is a channel on disk.
type folder string

func (f folder) Get(_ context.Context, ref string, _ repodata.Want) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(ref)))
	if err != nil {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

// TestSevenPlatforms solves one request for every platform of a channel, from
// the files of the channel to the list of what to install.
func TestSevenPlatforms(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "data", "repodata", "conda-forge-py39-2024-05")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	channel := &repodata.Channel{Name: "forge", URL: "https://channel.example/forge", Source: folder(root)}
	for subdir, problem := range map[string]solver.Problem{
		"linux-64":      {Virtual: unix("__linux=4.18", "__glibc=2.28", "__archspec=1=x86_64")},
		"linux-aarch64": {Virtual: unix("__linux=4.18", "__glibc=2.28", "__archspec=1=aarch64")},
		"linux-ppc64le": {Virtual: unix("__linux=4.18", "__glibc=2.28", "__archspec=1=ppc64le")},
		"osx-64":        {Virtual: unix("__osx=13.0", "__archspec=1=x86_64")},
		"osx-arm64":     {Virtual: unix("__osx=13.0", "__archspec=1=m1")},
		"win-64":        {Virtual: virtualPackages("__win=10.0", "__archspec=1=x86_64")},
		"win-arm64":     {Virtual: virtualPackages("__win=10.0", "__archspec=1=arm64")},
	} {
		t.Run(subdir, func(t *testing.T) {
			specs, names := []string{"python 3.9.*", "pip", "curl"}, []string{"python", "pip", "curl"}
			if subdir == "win-arm64" {
				specs = []string{"zstd", "bzip2", "tzdata"} // the channel has no Python for it
				names = specs
			}
			set, err := repodata.Closure(t.Context(), []*repodata.Channel{channel}, []string{subdir, "noarch"}, names, repodata.Options{})
			if err != nil {
				t.Fatal(err)
			}
			problem.Specs, problem.Records = specs, solver.FromSet(set)
			s, err := solver.Solve(t.Context(), problem)
			if err != nil {
				t.Fatal(err)
			}
			if err := solver.Check(&problem, s); err != nil {
				t.Error(err)
			}
			var got strings.Builder
			for _, r := range s.Records {
				fmt.Fprintf(&got, "%s-%s-%s\n", r.Name, r.Version, r.Build)
			}
			golden(t, subdir, got.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "forge-"+name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func unix(texts ...string) []solver.Record {
	return virtualPackages(append(texts, "__unix=0")...)
}

// virtualPackages reads name=version[=build].
func virtualPackages(texts ...string) []solver.Record {
	var out []solver.Record
	for _, text := range texts {
		part := append(strings.Split(text, "="), "0")
		out = append(out, solver.Record{Name: part[0], Version: part[1], Build: part[2]})
	}
	return out
}
