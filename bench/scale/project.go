package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// onPlatforms are those of every image.
var onPlatforms = []string{"linux/amd64", "linux/arm64"}

// project writes gophersnake.toml of n environments into a new folder. The top
// level is the first of them.
type project struct {
	dir      string
	n        int
	registry string // host:port
	channel  string // URL
	apart    bool   // a repository for each environment
	home     bool   // with a blob-home
}

// image is the repository of an environment.
func (p *project) image(i int) string {
	if p.apart {
		return fmt.Sprintf("%s/scale/tools-%s", p.registry, envName(i))
	}
	return p.registry + "/scale/tools"
}

func envName(i int) string {
	if i == 0 {
		return "default"
	}
	return fmt.Sprintf("e%03d", i)
}

// tag is the first tag of an environment.
func (p *project) tag(i int) string {
	if i == 0 {
		return "1"
	}
	return "1-" + envName(i)
}

// requests are what an environment asks for besides the core.
func requests(i int) []string {
	python := "lang 3.12.*"
	if i%4 == 3 {
		python = "lang 3.11.*"
	}
	all := []string{python, fmt.Sprintf("family-%d-0", i%families)}
	for k := range 3 {
		all = append(all, fmt.Sprintf("extra-%02d", (i*7+i/families*3+k*31)%extras))
	}
	return all
}

func (p *project) write() error {
	var b strings.Builder
	fmt.Fprintf(&b, "version = 1\n[image]\nname = %q\ntags = [\"1\"]\nplatforms = [%s]\n", p.image(0), list(onPlatforms))
	core := []string{}
	for i := range coreSize {
		core = append(core, fmt.Sprintf("core-%02d", i))
	}
	fmt.Fprintf(&b, "[conda]\nchannels = [%q]\ndependencies = [%s]\n[layers]\nbudget = 24\n", p.channel, list(core))
	if p.home {
		fmt.Fprintf(&b, "[registry.%q]\nblob-home = \"scale/blobs\"\n", p.registry)
	}
	for i := 1; i < p.n; i++ {
		fmt.Fprintf(&b, "[env.%s]\nconda.dependencies = [%s]\n", envName(i), list(requests(i)))
		if p.apart {
			fmt.Fprintf(&b, "image.name = %q\n", p.image(i))
		}
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.dir, "gophersnake.toml"), []byte(b.String()), 0o644)
}

func list(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }
