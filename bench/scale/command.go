package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// spent is what processes took.
type spent struct {
	mu      sync.Mutex
	Seconds float64 `json:"seconds"`   // of the wall clock, from the first to the last
	CPU     float64 `json:"processor"` // seconds, user and system
	Peak    int64   `json:"peak"`      // bytes of memory, of the largest process
	Made    int     `json:"made"`      // layers
}

func (s *spent) add(cpu float64, peak int64, made int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.CPU += cpu
	s.Peak = max(s.Peak, peak)
	s.Made += made
}

// gophersnake runs the program in a project with a store, and returns its
// standard output.
func (b *bench) gophersnake(ctx context.Context, s *spent, dir, store string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, b.binary, append(args, "-C", dir, "--cache-dir", store, "--log-level", "debug", "--progress", "plain")...)
	cmd.Env = append(os.Environ(), "GOPROXY=off", "DOCKER_CONFIG="+b.work)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("gophersnake %.200s: %w\n%s", strings.Join(args, " "), err, tail(errs.String()))
	}
	p := cmd.ProcessState
	s.add((p.UserTime() + p.SystemTime()).Seconds(), peak(p), strings.Count(errs.String(), "debug: making layer "))
	return out.Bytes(), nil
}

// tail returns the end of a log.
func tail(text string) string { return text[max(0, len(text)-2000):] }

// timed adds the time that a function takes.
func (s *spent) timed(do func() error) error {
	start := time.Now()
	err := do()
	s.Seconds += time.Since(start).Seconds()
	return err
}
