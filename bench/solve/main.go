// Command solve compares the speed of the conda engine with py-rattler's.
//
//	go run ./bench/solve [-data ../shared/data] [-rounds 5] [-hard 15] [-limit 4s] [-big 12]
//
// # What is compared
//
// Both solve the same requests over the same files, in turns, so that what else
// the machine does meets both:
//
//   - as whole processes, from the start to the answer;
//   - solving only, in a process that has the channel open: finding the records
//     that the request leads to, and choosing among them. The first answer of a
//     process does not count;
//   - on many renamed copies of one channel, as large as conda-forge's: ours from
//     the .json.zst (cold), and from its own cache (warm), which py-rattler lacks;
//   - on hard problems (package conda/solver/solvertest): how many are decided
//     within the limit.
//
// Each process tells its own peak memory. The table has medians and, in brackets,
// minima, which other work on the machine disturbs less, as it does processor time,
// that of all threads (ours collects garbage in others). A ratio is py-rattler's
// figure divided by ours.
//
// The program fails if python3 has no py-rattler, or if the two do not agree on
// whether a request has an answer. It measures; whether the figures are good is
// not for it to say.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/solve:", err)
		os.Exit(1)
	}
}

// bench is one run of the program.
type bench struct {
	data   string
	work   string // a folder for what is made
	rounds int
	hard   int
	limit  time.Duration
	copies int
	out    io.Writer
	peer   tool
	ours   tool
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 1 && args[0] == workerArg {
		return worker(ctx, in, out)
	}
	b := bench{out: out}
	flags := flag.NewFlagSet("solve", flag.ContinueOnError)
	flags.StringVar(&b.data, "data", filepath.Join("..", "shared", "data"), "folder with the shared data")
	flags.IntVar(&b.rounds, "rounds", 5, "how often each request is solved by each")
	flags.IntVar(&b.hard, "hard", 15, "hard problems")
	flags.DurationVar(&b.limit, "limit", 4*time.Second, "time for a hard problem")
	flags.IntVar(&b.copies, "big", 12, "renamed copies in the large channel; 0 leaves it out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := b.tools(ctx); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "bench-solve-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b.work = work
	for _, part := range []func(context.Context) error{b.usual, b.large, b.hardOnes} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tools finds both programs and prints their versions.
func (b *bench) tools(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.ours = tool{name: "ours", argv: []string{self, workerArg}}
	_, file, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(file), "peer.py")
	b.peer = tool{name: "py-rattler", argv: []string{"python3", script}}
	version, err := b.peer.run(ctx, job{})
	if err != nil {
		return fmt.Errorf("no py-rattler to compare with: %w", err)
	}
	if version.Version == "" {
		return errors.New("no py-rattler to compare with: it does not tell its version")
	}
	fmt.Fprintf(b.out, "%s %s/%s, %d cpus; py-rattler %s; %d rounds\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), version.Version, b.rounds)
	fmt.Fprintf(b.out, "Ours with GOGC=%d and GOMEMLIMIT=%dMiB, as in gophersnake\n\n", gcPercent, memoryLimit>>20)
	return nil
}

// row prints a line of a table.
func (b *bench) row(cells ...string) {
	fmt.Fprintf(b.out, "| %s |\n", strings.Join(cells, " | "))
}
