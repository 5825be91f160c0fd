package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gophersnake/gophersnake/conda/solver/solvertest"
)

// hardOnes counts how many hard problems each decides within the limit.
func (b *bench) hardOnes(ctx context.Context) error {
	if b.hard == 0 {
		return nil
	}
	dir := filepath.Join(b.work, "hard")
	if err := os.MkdirAll(filepath.Join(dir, "linux-64"), 0o700); err != nil {
		return err
	}
	var oursTimes, peerTimes times
	decided := map[string]int{}
	answers, disagree := 0, 0
	for seed := range uint64(b.hard) {
		p := solvertest.Hard(seed)
		data, err := solvertest.Repodata(p.Records, "linux-64")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "linux-64", "repodata.json"), data, 0o600); err != nil {
			return err
		}
		j := job{
			Channels: []channel{{solvertest.Channel, dir}}, Subdirs: []string{"linux-64"}, Specs: p.Specs,
			Virtual: [][3]string{}, Repeat: 1, Seconds: b.limit.Seconds(),
		}
		ours, err := b.ours.run(ctx, j)
		if err != nil {
			return err
		}
		peer, err := b.peer.run(ctx, j)
		if err != nil {
			return err
		}
		oursTimes, peerTimes = append(oursTimes, ours.Solve[0]), append(peerTimes, peer.Solve[0])
		if ours.Failed == "" {
			decided["ours"]++
			answers += min(ours.Packages, 1)
		}
		if peer.Failed == "" {
			decided["peer"]++
			if ours.Failed == "" && (ours.Packages == 0) != (peer.Packages == 0) {
				disagree++
			}
		}
	}
	fmt.Fprintf(b.out, "%d hard problems, %s each; median (min) in ms\n", b.hard, b.limit)
	b.row("", "decided", "time")
	b.row("---", "---", "---")
	b.row("ours", fmt.Sprint(decided["ours"]), oursTimes.String())
	b.row("py-rattler", fmt.Sprint(decided["peer"]), peerTimes.String())
	fmt.Fprintf(b.out, "\n%d of ours have an answer; both decided %d differently\n", answers, disagree)
	if disagree > 0 {
		return fmt.Errorf("%d hard problems are decided differently", disagree)
	}
	return nil
}
