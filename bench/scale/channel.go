package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// What the packages of a project are.
const (
	coreSize   = 12 // packages that all environments have
	families   = 8
	familySize = 8
	extras     = 100 // packages of which each environment has three
)

// channel is a conda channel of made up packages, served and counted.
type channel struct {
	*httptest.Server

	mu   sync.Mutex
	gets map[string]int // by path
}

func newChannel(dir string) *channel {
	c := &channel{gets: map[string]int{}}
	files := http.FileServer(http.Dir(dir))
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".conda") {
			c.mu.Lock()
			c.gets[r.URL.Path]++
			c.mu.Unlock()
		}
		files.ServeHTTP(w, r)
	}))
	return c
}

// taken returns how many packages were downloaded since the last call, and how
// many of these downloads were not the first of their package.
func (c *channel) taken() (all, again int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.gets {
		all += n
		again += n - 1
	}
	clear(c.gets)
	return all, again
}

// fillArg makes this program write a channel. It is a process of its own: the
// system counts the memory that a process had among that of those it starts.
const fillArg = "fill"

// fill writes the channel. changed is the newest version of the package that the
// changed case changes; the channel has 1.0 of it, too.
func (b *bench) fill(ctx context.Context, changed string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, fillArg, b.packages, changed)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// write writes the packages, the same for the same seed.
func write(dir, changed string) error {
	var all []channeltest.Package
	for _, subdir := range []string{"linux-64", "linux-aarch64"} {
		for _, version := range []string{"3.11.9", "3.12.4"} {
			all = append(all, made("lang", version, subdir))
		}
		for i := range coreSize {
			p := made(fmt.Sprintf("core-%02d", i), "1.0", subdir)
			if i > 0 {
				p.Depends = []string{fmt.Sprintf("core-%02d >=1.0", i/2)}
			}
			all = append(all, p)
			if i == coreSize-1 && changed != "1.0" {
				p = made(p.Name, changed, subdir)
				p.Depends = []string{fmt.Sprintf("core-%02d >=1.0", i/2)}
				all = append(all, p)
			}
		}
		for f := range families {
			for i := range familySize {
				p := made(fmt.Sprintf("family-%d-%d", f, i), "1.0", subdir)
				p.Depends = []string{"lang", "core-01"}
				for j := 1; i == 0 && j < familySize; j++ {
					p.Depends = append(p.Depends, fmt.Sprintf("family-%d-%d", f, j))
				}
				all = append(all, p)
			}
		}
	}
	for i := range extras {
		p := made(fmt.Sprintf("extra-%02d", i), "1.0", "")
		p.Noarch, p.Depends = "generic", []string{"lang"}
		all = append(all, p)
	}
	return channeltest.Write(dir, channeltest.Options{}, channeltest.Pack(all...)...)
}

// made returns a package of some files, whose names and content follow from the
// package's name, version and subdir.
func made(name, version, subdir string) channeltest.Package {
	var seed [32]byte
	copy(seed[:], name+" "+version+" "+subdir)
	random := rand.New(rand.NewChaCha8(seed))
	p := channeltest.Package{}
	p.Name, p.Version, p.Subdir = name, version, subdir
	p.Index = map[string]any{"timestamp": 1_600_000_000_000 + int64(random.IntN(1e9))*100}
	count := 3 + random.IntN(15)
	for i := range count {
		e := archivetest.File(fmt.Sprintf("share/%s/%02d.txt", name, i), words(random, 1_500+random.IntN(20_000)))
		if i == 0 {
			e = archivetest.File("bin/"+name, "#!"+channeltest.Placeholder+"/bin/sh\n"+e.Body)
			e.Mode, e.Placeholder = 0o755, channeltest.Placeholder
		}
		p.Files = append(p.Files, e)
	}
	return p
}

// words returns text that can be compressed about as well as a program's.
func words(random *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%x ", random.Uint32N(1<<uint(4+random.IntN(28))))
	}
	return b.String()
}
