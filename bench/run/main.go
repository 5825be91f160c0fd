// Command run compares the making and pushing of images with other tools.
//
//	go run ./bench/run [-short] [-rounds 5] [-cases REGEXP] [-data ../shared/data]
//	                   [-json FILE] [-markdown FILE] [-svg DIR] [-from FILE]
//
// # What is compared
//
// An image of a Go toolchain and an environment of 102 packages, 700 MB in
// 28,000 files or, with -short, a tenth of it. The packages are made by a
// generator with a seed from the files of real ones, so that anyone can make
// them again. Gophersnake starts from the packages and the toolchain's zip, which
// it downloads from this machine; the others get both as installed files, because
// they cannot install them, which favours them. Only py-rattler installs first.
//
//   - cold: from nothing to an OCI layout or archive;
//   - nothing changed: build and push, after a build and a push;
//   - one package changed: likewise, for the smallest and for five large ones;
//   - second platform: linux/arm64, whose packages are others, after linux/amd64;
//   - fresh machine: the store is gone, the lock is complete, and the registry
//     has the layers;
//   - six programs: a Go program for six platforms, its source unchanged and
//     edited, beside goreleaser, ko (two platforms) and go build in a loop;
//   - plots only: more packages, larger ones, and fewer cores.
//
// # How
//
// Actions of all tools come in turns, so that what else the machine does meets
// all. Processor time is that of the client, its children and its daemon, and is
// what other work disturbs least. Memory is the client's largest process and its
// daemon together. Bytes are what a proxy before docker-registry counted in
// bodies. Every action begins in the state that its case names, which is made
// outside of the measured time, and what it made is looked for afterwards. A
// ratio is the peer's median divided by ours.
//
// The table says beside each figure what the project wants to reach. The program
// measures: a goal that is missed is no error, a peer that is missing is. It
// wants Linux and root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/run:", err)
		os.Exit(1)
	}
}

// bench is one run of the program.
type bench struct {
	goVersion string
	data      string
	rounds    int
	short     bool
	only      *regexp.Regexp // the cases
	seed      uint64
	out       io.Writer

	self     string // this program
	work     string // a folder for all that is made
	keep     string // a folder for what further runs can use
	cores    int    // that programs may use; 0 is all
	samples  map[string]samples
	registry *registry
	upstream *upstream
	ours     *ours
	kit      *buildkit
	peers    []contender // ours first
	main     *site
	primed   map[string]bool // the tools whose last push is of the image before the next change

	report report
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	if len(args) == 1 && args[0] == workerArg {
		return worker(in, out)
	}
	b := &bench{out: out, seed: 1, samples: map[string]samples{}, primed: map[string]bool{}}
	var to files
	var only, from string
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&b.data, "data", filepath.Join("..", "shared", "data"), "folder with the shared data")
	flags.StringVar(&b.goVersion, "go", "1.26.8", "Go toolchain of the image, and of all that compile")
	flags.IntVar(&b.rounds, "rounds", 5, "how often each action is done by each tool")
	flags.BoolVar(&b.short, "short", false, "a tenth of the packages")
	flags.StringVar(&only, "cases", "", "only cases whose name matches this regular expression")
	flags.StringVar(&to.json, "json", "", "write all figures to this file")
	flags.StringVar(&to.markdown, "markdown", "", "write the table into this file, between the lines of comments that name the figures")
	flags.StringVar(&to.svg, "svg", "", "write plots into this folder")
	flags.StringVar(&from, "from", "", "measure nothing: take the figures that -json wrote into this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if from != "" {
		if err := b.report.read(from); err != nil {
			return err
		}
		b.report.print(out)
		return b.report.write(to)
	}
	if b.only, err = regexp.Compile(only); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	b.report.print(out)
	return b.report.write(to)
}

// measure does all cases.
func (b *bench) measure(parent context.Context) (err error) {
	if b.work, err = os.MkdirTemp("", "bench-run-"); err != nil {
		return err
	}
	ctx, end := context.WithCancel(parent)
	defer func() {
		end()
		err = errors.Join(err, removeAll(b.work))
	}()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{b.cold, b.unchanged, b.changed, b.platforms, b.fresh, b.programs, b.scale} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// total returns the size of the payload.
func (b *bench) total() int64 {
	if b.short {
		return fullSize / 10
	}
	return fullSize
}

// prepare starts all that is compared.
func (b *bench) prepare(ctx context.Context) (err error) {
	if err := b.needs(); err != nil {
		return err
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	b.keep = filepath.Join(cache, "gophersnake-bench")
	for _, subdir := range []string{"linux-64", "linux-aarch64"} {
		if b.samples[subdir], err = readSamples(ctx, filepath.Join(b.data, "channels", "cpython"), subdir); err != nil {
			return err
		}
	}
	if b.registry, err = startRegistry(ctx, b.work); err != nil {
		return err
	}
	proxy, err := moduleProxy(ctx)
	if err != nil {
		return err
	}
	if b.upstream, err = startUpstream(ctx, b.work, filepath.Join(b.keep, "proxy"), proxy); err != nil {
		return err
	}
	if b.ours, err = newOurs(ctx, b); err != nil {
		return err
	}
	if b.kit, err = newBuildkit(ctx, b); err != nil {
		return err
	}
	b.peers = []contender{b.ours, b.kit, &buildah{b}, &umoci{b}, &rattler{umoci{b}}}
	if slices.ContainsFunc(b.imageCases(), b.only.MatchString) {
		if b.main, err = b.newSite(ctx, "image", true, standard(b.seed, b.total()), "linux-64", "linux-aarch64"); err != nil {
			return err
		}
	}
	return b.head(ctx)
}

// needs fails if a peer is missing.
func (b *bench) needs() error {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return errors.New("wants Linux and root, which buildkitd and buildah want")
	}
	err := missing("buildkitd", "buildctl", "buildah", "umoci", "skopeo", "docker-registry", "crane", "python3", "taskset", "go", "git")
	if missing("runc") != nil && missing("crun") != nil {
		err = errors.Join(err, errors.New("neither runc nor crun, which buildkitd wants"))
	}
	if err != nil {
		return fmt.Errorf("something to compare with is missing:\n%w", err)
	}
	return nil
}

// moduleProxy returns the first of GOPROXY's proxies.
func moduleProxy(ctx context.Context) (string, error) {
	list, err := output(ctx, "go", "env", "GOPROXY")
	if err != nil {
		return "", err
	}
	for _, p := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == '|' }) {
		if strings.HasPrefix(p, "http") {
			return p, nil
		}
	}
	return "", fmt.Errorf("GOPROXY %q names no proxy", list)
}

// head tells what is compared.
func (b *bench) head(ctx context.Context) error {
	h := &b.report.Head
	h.add("machine", fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()))
	h.add("rounds", fmt.Sprint(b.rounds))
	if b.main != nil {
		p := b.main.payloads[0]
		count, bytes := p.totals()
		archives := int64(0)
		for _, k := range p.packages {
			archives += k.packed
		}
		h.add("payload", fmt.Sprintf("Go %s, and %d packages: %d files, %d MB, %d MB as archives", b.goVersion, len(p.packages), count, bytes/1e6, archives/1e6))
	}
	for _, p := range b.peers {
		version, err := p.version(ctx)
		if err != nil {
			return fmt.Errorf("something to compare with is missing: %w", err)
		}
		h.add(p.name(), version)
	}
	for _, t := range [][]string{{"skopeo", "--version"}, {"docker-registry", "--version"}, {"crane", "version"}} {
		version, err := output(ctx, t[0], t[1:]...)
		if err != nil {
			return err
		}
		h.add(t[0], version)
	}
	if _, err := exec.LookPath("runc"); err == nil {
		version, err := output(ctx, "runc", "--version")
		if err != nil {
			return err
		}
		h.add("runc", version)
	}
	fmt.Fprint(b.out, h.text())
	return nil
}
