package world

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/platforms"
)

// TestCompileBy checks what programs are compiled with that have a toolexec, an
// overlay or caches of their own, and that a cache has no part in their keys.
func TestCompileBy(t *testing.T) {
	w, hosts := compiler(t)
	own := filepath.Join(t.TempDir(), "cache")
	by := func(change func(*cli.Binary)) *cli.Binary {
		b := hello()
		change(b)
		return b
	}
	args := func(b *cli.Binary, dir string) string {
		t.Helper()
		_, err := w.Compile(t.Context(), hosts, b, platforms.Platform{OS: "linux", Arch: "arm64"})
		must(t, err)
		logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
		must(t, err)
		nested, err := filepath.Glob(filepath.Join(dir, "build", "*.log"))
		must(t, err)
		var all []string
		for _, log := range append(logs, nested...) {
			text, err := os.ReadFile(log)
			must(t, err)
			must(t, os.Remove(log))
			all = append(all, filepath.Base(log)+": "+string(text))
		}
		slices.Sort(all)
		return strings.Join(all, "")
	}
	must(t, os.MkdirAll(filepath.Join(w.Scratch, "build"), 0o700))
	plain := args(hello(), w.Scratch)
	if !strings.HasPrefix(plain, "build.log: mod verify\nbuild -trimpath") || strings.Contains(plain, "-toolexec") {
		t.Errorf("without anything: %s", plain)
	}
	wrapped := args(by(func(b *cli.Binary) {
		b.ToolExec, b.ToolHash, b.Local.ToolExec = "./wrap -v", "sha256:1", "/project/wrap"
	}), w.Scratch)
	if !strings.Contains(wrapped, " -toolexec=/project/wrap -v ") || !strings.HasPrefix(wrapped, "toolexec-") {
		t.Errorf("a toolexec: %s", wrapped)
	}
	again := args(by(func(b *cli.Binary) {
		b.ToolExec, b.ToolHash, b.Local.ToolExec = "./wrap -v", "sha256:2", "/project/wrap"
	}), w.Scratch)
	if !strings.Contains(again, "build -trimpath") || strings.Split(again, ":")[0] == strings.Split(wrapped, ":")[0] {
		t.Errorf("another program of this name: %s, before %s", again, wrapped)
	}
	over := args(by(func(b *cli.Binary) { b.Overlay, b.Replaced = "o.json", "sha256:3" }), w.Scratch)
	if !strings.Contains(over, " -overlay=o.json ") || !strings.HasPrefix(over, "build.log: ") {
		t.Errorf("an overlay: %s", over)
	}
	cached := args(by(func(b *cli.Binary) { b.Source, b.Local.Cache = "sha256:4", own }), filepath.Dir(own))
	if !strings.HasPrefix(cached, "cache.log: build -trimpath") {
		t.Errorf("a build cache: %s", cached)
	}
	modules := args(by(func(b *cli.Binary) { b.Source, b.Local.Cache, b.Local.ModCache = "sha256:5", own, own }), filepath.Dir(own))
	if !strings.HasPrefix(modules, "cache.log: mod verify\nbuild -trimpath") {
		t.Errorf("another module cache is not verified: %s", modules)
	}
	if made := args(by(func(b *cli.Binary) { b.Local.Cache, b.Local.ModCache = own, own }), filepath.Dir(own)); made != "" {
		t.Errorf("a program is compiled again for another cache: %s", made)
	}
}
