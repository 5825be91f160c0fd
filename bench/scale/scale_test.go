package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMain lets the test's binary be what fills a channel.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == fillArg {
		if err := write(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestRun measures a project of three environments by each case, and looks at
// what has to be so on every machine.
func TestRun(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("it takes half a minute, and minutes with the race detector")
	}
	t.Parallel()
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "figures.json")
	if err := run(t.Context(), []string{"-envs", "3", "-workers", "1,2", "-registry", "memory", "-json", file}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var f figures
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	if n := len(f.Growth); n != 2 || f.Growth[1].Cell <= 0 || f.Growth[1].Requests == 0 || f.Growth[1].LockSize == 0 {
		t.Errorf("growth: %+v", f.Growth)
	}
	var names []string
	layers := f.Runs[0].Layers
	for _, r := range f.Runs {
		names = append(names, fmt.Sprint(r.Case, r.Workers))
		switch r.Case {
		case "known":
			if r.Cells.Made+r.Downloads+r.Layers > 0 || r.Traffic.Sent > 0 {
				t.Errorf("a fresh machine made, downloaded or sent something: %+v", r)
			}
		case "changed":
			if r.Layers == 0 || r.Layers >= layers || r.Downloads > 2*2 || r.Traffic.Sent == 0 {
				t.Errorf("one package changed: %+v", r)
			}
		default:
			if r.Layers == 0 || r.Cells.Made < r.Layers || r.Downloads-r.Again != f.Runs[0].Downloads {
				t.Errorf("%s: %+v", r.Case, r)
			}
		}
		if r.Traffic.Requests == 0 || r.MergeRequests == 0 || r.Cells.CPU < r.Busiest {
			t.Errorf("%s: %+v", r.Case, r)
		}
	}
	if diff := cmp.Diff(strings.Fields("own1 own2 shared1 shared2 fresh2 grouped2 known2 changed2 home2 apart2"), names); diff != "" {
		t.Error(diff)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`-workers: "0" is no number of workers`:                                              {"-workers", "4,0"},
		`-cases: "x" is not one of own, shared, fresh, grouped, known, changed, home, apart`: {"-cases", "own,x"},
		`-envs is 2 or more, -registry docker-registry or memory`:                            {"-registry", "x"},
	} {
		if err := run(t.Context(), args, &bytes.Buffer{}); err == nil || err.Error() != want {
			t.Errorf("%v: got %v, want %s", args, err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"0", "4", "5", "6", "9"}, numbers("0,4-6,9")); diff != "" {
		t.Error(diff)
	}
}
