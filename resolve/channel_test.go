package resolve_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

var arm = platforms.Platform{OS: "linux", Arch: "arm64"}

// channel gives the world a channel of records, one a line:
//
//	SUBDIR/NAME-VERSION-BUILD[.tar.bz2] [t=MILLISECONDS] [nohash] [: DEPENDS; …] [| CONSTRAINS; …]
func (w *world) channel(t *testing.T, written string, lines ...string) {
	t.Helper()
	type records = map[string]map[string]any
	subdirs := map[string]map[string]records{"noarch": {"packages": {}, "packages.conda": {}}}
	for _, line := range lines {
		head, constrains, _ := strings.Cut(line, " | ")
		head, depends, _ := strings.Cut(head, ": ")
		words := strings.Fields(strings.TrimSuffix(head, ":"))
		subdir, file, _ := strings.Cut(words[0], "/")
		kind, ext := "packages.conda", ".conda"
		if stem, ok := strings.CutSuffix(file, ".tar.bz2"); ok {
			file, kind, ext = stem, "packages", ".tar.bz2"
		}
		parts := strings.Split(file, "-")
		n := len(parts)
		r := map[string]any{
			"name": strings.Join(parts[:n-2], "-"), "version": parts[n-2], "build": parts[n-1], "build_number": 0, "subdir": subdir,
			"depends": specs(depends), "constrains": specs(constrains), "size": 1000,
			"sha256": fmt.Sprintf("%x", sha256.Sum256([]byte(written+words[0]))),
		}
		for _, word := range words[1:] {
			if ms, ok := strings.CutPrefix(word, "t="); ok {
				r["timestamp"], _ = strconv.ParseInt(ms, 10, 64)
			}
			if word == "nohash" {
				delete(r, "sha256")
			}
		}
		if subdirs[subdir] == nil {
			subdirs[subdir] = map[string]records{"packages": {}, "packages.conda": {}}
		}
		subdirs[subdir][kind][file+ext] = r
	}
	dir := filepath.Join(t.TempDir(), strings.NewReplacer("/", "_", ":", "_").Replace(written))
	for subdir, content := range subdirs {
		text, err := json.Marshal(content)
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, subdir), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, subdir, "repodata.json"), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if w.channels == nil {
		w.channels = map[string]string{}
	}
	w.channels[written] = dir
}

func specs(text string) []string {
	all := []string{}
	for spec := range strings.SplitSeq(text, ";") {
		if spec = strings.TrimSpace(spec); spec != "" {
			all = append(all, spec)
		}
	}
	return all
}

// packages returns the packages of an environment on a platform:
// "name-version-build …".
func packages(l *lock.Lock, env string, p platforms.Platform) string {
	var all []string
	for _, c := range l.For(env, p).Conda {
		all = append(all, c.Name+"-"+c.Version+"-"+c.Build)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
