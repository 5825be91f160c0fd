package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// job is a request for a process of either tool. Without channels it only asks
// for the version.
type job struct {
	Channels []channel   `json:"channels"`
	Subdirs  []string    `json:"subdirs"`
	Specs    []string    `json:"specs"`
	Virtual  [][3]string `json:"virtual"`
	Repeat   int         `json:"repeat"`  // how often to solve
	Seconds  float64     `json:"seconds"` // most time for each
	Cache    string      `json:"cache"`   // folder, of ours
}

// channel is a folder with a repodata.json for each subdir.
type channel struct {
	Name string `json:"name"`
	Dir  string `json:"dir"`
}

// report is what a process says of a job.
type report struct {
	Version  string    `json:"version"`
	Packages int       `json:"packages"` // of the answer; 0 if there is none
	Failed   string    `json:"failed"`   // no decision, and why
	Open     float64   `json:"open"`     // seconds
	Solve    []float64 `json:"solve"`    // seconds each
	CPU      float64   `json:"cpu"`      // seconds of all threads for each solve after the first, on average
	Peak     int64     `json:"peak"`     // bytes of memory

	wall float64 // of the process; seconds
}

// tool is a program that does jobs.
type tool struct {
	name string
	argv []string
}

// run starts a process for a job.
func (t tool) run(ctx context.Context, j job) (report, error) {
	in, err := json.Marshal(j)
	if err != nil {
		return report{}, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, t.argv[0], t.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, os.Stderr
	begin := time.Now()
	if err := cmd.Run(); err != nil && out.Len() == 0 { // some versions crash when they end
		return report{}, fmt.Errorf("%s: %w", t.name, err)
	}
	r := report{wall: time.Since(begin).Seconds()}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return report{}, fmt.Errorf("%s: %w", t.name, err)
	}
	return r, nil
}
