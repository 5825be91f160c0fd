package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
)

// sample is a file of a real package.
type sample struct {
	name        string // without its directory
	body        string
	mode        int64
	placeholder string
	binary      bool
}

// samples are the files that packages are cut from: those of packages for one
// platform, and those of packages for all.
type samples struct {
	own, noarch []sample
}

// readSamples reads the packages of a channel on disk.
func readSamples(ctx context.Context, channel, subdir string) (samples, error) {
	own, err := readPackages(ctx, filepath.Join(channel, subdir))
	if err != nil {
		return samples{}, err
	}
	noarch, err := readPackages(ctx, filepath.Join(channel, "noarch"))
	return samples{own, noarch}, err
}

func readPackages(ctx context.Context, dir string) ([]sample, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []sample
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".conda") && !strings.HasSuffix(e.Name(), ".tar.bz2") {
			continue
		}
		if all, err = readPackage(ctx, filepath.Join(dir, e.Name()), all); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no packages", dir)
	}
	return all, nil
}

func readPackage(ctx context.Context, name string, all []sample) ([]sample, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), filepath.Base(name), archive.Limits{})
	if err != nil {
		return nil, err
	}
	meta, err := p.Meta(ctx)
	if err != nil {
		return nil, err
	}
	paths := map[string]archive.Path{}
	for _, f := range meta.Paths {
		paths[f.Path] = f
	}
	err = p.Walk(ctx, func(m archive.Member) error {
		f, ok := paths[m.Path]
		if !ok || m.Content == nil {
			return nil
		}
		body, err := io.ReadAll(m.Content)
		all = append(all, sample{path.Base(m.Path), string(body), m.Mode & 0o755, f.Placeholder, f.FileMode == "binary"})
		return err
	})
	return all, err
}
