// Command scale measures a project of many environments, built by many machines
// that share nothing but a registry.
//
//	go run ./bench/scale [-envs 200] [-workers 1,4,16] [-cases own,…] [-json FILE]
//
// # What is measured
//
// The project is made up from a seed: -envs environments × 2 platforms. All have
// a core of packages, on one of two versions of a language; each belongs to one
// of eight families and has three packages of its own choice. Packages are small
// (5 to 200 kB), so that what counts is the work around them.
//
// Workers take the shares of plan --json --shards and run
// push --by-digest --locked --cell for each cell; push --merge then writes all
// indexes. The cases:
//
//   - own: a store for each worker, kept from cell to cell: as many machines;
//   - shared: one store for all workers: as many processes on one machine;
//   - fresh: an empty store for each cell: a CI runner that keeps nothing;
//   - grouped: an empty store for each share, whose cells are one command: a CI
//     matrix of as many jobs;
//   - known: as fresh, with a lock that has all layer rows, and a registry that has
//     all layers;
//   - changed: as known, after one package of the core changed: the lock has rows
//     for what stayed;
//   - home: as own, with a repository for each environment and a blob-home;
//   - apart: as home without the blob-home.
//
// Each run has a registry of its own, which a proxy counts requests and bytes at.
// A layer is made twice if its digest was made on two machines, and sent twice if
// the registry got its bytes twice; a package is downloaded twice if the channel
// gave it twice. "One cell" is the processor time of one push of the first cell on
// a machine that has everything, and of the same project with one environment.
//
// The program fails if an index of any run differs from those of the first, or if
// the registry does not have all tags. Whether the figures are good is not for it
// to say.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/scale:", err)
		os.Exit(1)
	}
}

// bench is one run of the program.
type bench struct {
	envs    int
	workers []int
	cases   []string
	memory  bool // the registry is one of this process
	work    string
	out     io.Writer

	binary   string
	packages string // folder of the channel
	channel  *channel
	digests  map[string]string // of the indexes, by environment, as the first run made them
}

// allCases in their order: later ones use what earlier ones left.
var allCases = []string{"own", "shared", "fresh", "grouped", "known", "changed", "home", "apart"}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 3 && args[0] == fillArg {
		return write(args[1], args[2])
	}
	b := bench{out: out}
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.IntVar(&b.envs, "envs", 200, "environments")
	workers := flags.String("workers", "1,4,16", "how many workers, by commas")
	cases := flags.String("cases", strings.Join(allCases, ","), "which cases")
	file := flags.String("json", "", "file for the figures as JSON")
	kind := flags.String("registry", "docker-registry", "docker-registry, or memory: one in this process, for tests")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for text := range strings.SplitSeq(*workers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-workers: %q is no number of workers", text)
		}
		b.workers = append(b.workers, n)
	}
	b.cases = strings.Split(*cases, ",")
	for _, name := range b.cases {
		if !slices.Contains(allCases, name) {
			return fmt.Errorf("-cases: %q is not one of %s", name, strings.Join(allCases, ", "))
		}
	}
	if b.envs < 2 || *kind != "docker-registry" && *kind != "memory" {
		return errors.New("-envs is 2 or more, -registry docker-registry or memory")
	}
	b.memory = *kind == "memory"
	figures, err := b.run(ctx)
	if err != nil || *file == "" {
		return err
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(*file, append(text, '\n'), 0o644)
}

func (b *bench) run(ctx context.Context) (*figures, error) {
	work, err := os.MkdirTemp("", "bench-scale-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	b.work = work
	if err := b.compile(ctx); err != nil {
		return nil, err
	}
	b.packages = filepath.Join(work, "channel")
	if err := b.fill(ctx, "1.0"); err != nil {
		return nil, err
	}
	b.channel = newChannel(b.packages)
	defer b.channel.Close()
	files, err := filepath.Glob(filepath.Join(b.packages, "*", "*.conda"))
	if err != nil {
		return nil, err
	}
	f := &figures{Envs: b.envs, Platforms: len(onPlatforms), Packages: len(files), Go: runtime.Version(), CPUs: runtime.NumCPU()}
	fmt.Fprintf(b.out, "%s %s/%s, %d cpus; %d environments × %d platforms of %d packages\n\n", f.Go, runtime.GOOS, runtime.GOARCH, f.CPUs, f.Envs, f.Platforms, f.Packages)
	return f, b.measure(ctx, f)
}

// compile makes the program that is measured.
func (b *bench) compile(ctx context.Context) error {
	b.binary = filepath.Join(b.work, "gophersnake")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "github.com/gophersnake/gophersnake/cmd/gophersnake")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
