package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// site is an image that tools make: a project of ours, and the installed files
// that the others pack.
type site struct {
	b         *bench
	name      string // of the folder, and of the repositories
	toolchain bool
	payloads  []*payload // for linux-64, and for linux-aarch64 if the image has a second platform
}

// newSite makes the packages of an image, its lock and the installed files.
func (b *bench) newSite(ctx context.Context, name string, toolchain bool, sizes []int64, subdirs ...string) (*site, error) {
	s := &site{b: b, name: name, toolchain: toolchain}
	for _, subdir := range subdirs {
		p, err := newPayload(s.channel(), subdir, b.seed, b.samples[subdir], sizes)
		if err != nil {
			return nil, err
		}
		s.payloads = append(s.payloads, p)
	}
	if err := s.writeProject(); err != nil {
		return nil, err
	}
	if _, err := s.lock(ctx); err != nil {
		return nil, err
	}
	return s, s.install(ctx)
}

func (s *site) dir(names ...string) string {
	return filepath.Join(append([]string{s.b.work, s.name}, names...)...)
}

func (s *site) channel() string   { return s.dir("channel") }
func (s *site) project() string   { return s.dir("project") }
func (s *site) installed() string { return s.dir("installed") }
func (s *site) cache() string     { return s.dir("cache") }

// image returns the name of a tool's image in the registry.
func (s *site) image(tool string) string { return s.name + "/" + tool }

// writeProject writes what a user writes.
func (s *site) writeProject() error {
	platforms, targets, golang := "", "", ""
	for _, p := range s.payloads {
		platform := map[string]string{"linux-64": "linux/amd64", "linux-aarch64": "linux/arm64"}[p.subdir]
		platforms += fmt.Sprintf("%q, ", platform)
		targets += fmt.Sprintf("%s.lock = \"%s.txt\"\n", p.subdir, p.subdir)
	}
	if s.toolchain {
		golang = fmt.Sprintf("[go]\nversions = [%q]\n", s.b.goVersion)
	}
	text := fmt.Sprintf("version = 1\n[image]\nname = \"%s/%s\"\ntags = [\"1\"]\nplatforms = [%s]\n[conda.target]\n%s%s",
		s.b.registry.host, s.image(s.b.ours.repository()), platforms, targets, golang)
	return writeFile(filepath.Join(s.project(), "gophersnake.toml"), []byte(text))
}

// lock locks the packages as they are now.
func (s *site) lock(ctx context.Context) (cost, error) {
	for _, p := range s.payloads {
		text := p.explicit("http://" + s.b.upstream.host + "/files/" + s.name + "/channel")
		if err := writeFile(filepath.Join(s.project(), p.subdir+".txt"), []byte(text)); err != nil {
			return cost{}, err
		}
	}
	return s.b.ours.run(ctx, s, "lock")
}

// install makes the installed files: DIR/go, DIR/env and a Dockerfile as users
// of BuildKit and buildah write it.
func (s *site) install(ctx context.Context) error {
	root := s.dir("root")
	if _, err := s.b.ours.run(ctx, s, "build", "--platform", "linux/amd64", "-o", "rootfs:"+root); err != nil {
		return err
	}
	if err := os.Mkdir(s.installed(), 0o755); err != nil {
		return err
	}
	dockerfile := "FROM scratch\n"
	if s.toolchain {
		dockerfile += "COPY go /usr/local/go\n"
		if err := os.Rename(filepath.Join(root, "usr", "local", "go"), filepath.Join(s.installed(), "go")); err != nil {
			return err
		}
	}
	if err := os.Rename(filepath.Join(root, "opt", "conda"), filepath.Join(s.installed(), "env")); err != nil {
		return err
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.installed(), "Dockerfile"), []byte(dockerfile+"COPY env /opt/conda\n"), 0o644)
}

// change makes a new version of a package for all tools: ours gets a package and
// locks it, which is what it returns the cost of; the others get an installed
// file that differs.
func (s *site) change(ctx context.Context, i int) (cost, error) {
	p := s.payloads[0]
	if err := p.change(s.channel(), i); err != nil {
		return cost{}, err
	}
	k := p.packages[i]
	f, err := os.OpenFile(filepath.Join(s.installed(), "env", filepath.FromSlash(k.first)), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return cost{}, err
	}
	_, err = fmt.Fprintf(f, "# %d\n", k.version)
	if err := errors.Join(err, f.Close()); err != nil {
		return cost{}, err
	}
	return s.lock(ctx)
}

// checkSize checks that an image of so many compressed bytes can hold the
// packages: that no figure is one of a failure.
func (s *site) checkSize(what string, size int64) error {
	if _, want := s.payloads[0].totals(); size < want/10 {
		return fmt.Errorf("%s: an image of %d bytes cannot hold files of %d", what, size, want)
	}
	return nil
}

// checkInstalled checks that all files of the packages were installed.
func (s *site) checkInstalled(prefix string) error {
	want, _ := s.payloads[0].totals()
	got := 0
	err := filepath.WalkDir(filepath.Join(prefix, "lib"), func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			got++
		}
		return err
	})
	if err == nil && got != want {
		err = fmt.Errorf("%s: %d files were installed, want %d", prefix, got, want)
	}
	return err
}
