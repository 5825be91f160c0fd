package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// TestWarnDefaults checks the warning about a default that is not the oldest Go
// that switches to others.
func TestWarnDefaults(t *testing.T) {
	s, err := spec.Read("gophersnake.toml", []byte("version = 1\n[image]\nplatforms = [\"linux/amd64\"]\n[go]\nversions = [\"1.26\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := s.Environment("")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ versions, first, want string }{
		{"1.20.14 1.25.0 1.26.8", "1.26.8", "warning: go 1.26.8 is the default of default, and go.mod files choose newer ones only: for them to choose among all, name \"1.25.0\" first in [go] versions\n"},
		{"1.20.14 1.25.0 1.26.8", "1.25.0", ""},
		{"1.20.14 1.25.0", "1.20.14", "warning: go 1.20.14 is the default of default, and go.mod files choose newer ones only: for them to choose among all, name \"1.25.0\" first in [go] versions\n"},
		{"1.19.13 1.20.14", "1.19.13", ""},
		{"1.26.8", "", ""},
	} {
		l := &lock.Lock{}
		for v := range strings.FieldsSeq(tc.versions) {
			l.Go = append(l.Go, lock.Toolchain{Envs: []string{""}, Platform: env.Image.Platforms[0], Version: v, Image: true, Default: v == tc.first})
		}
		var out bytes.Buffer
		p := &project{app: &app{process: process{stderr: &out}, globals: globals{logLevel: "info", progress: "plain"}}, envs: []*spec.Environment{env}}
		if p.warnDefaults(l); out.String() != tc.want {
			t.Errorf("%s, default %s: %q, want %q", tc.versions, tc.first, out.String(), tc.want)
		}
	}
}

// TestGoFilesAreInputs checks that a file which [go] versions names makes a lock
// stale when it changes, appears or goes, and one that is not named does not.
func TestGoFilesAreInputs(t *testing.T) {
	for _, name := range []string{"go.mod", "go.work", ".go-version", ".tool-versions"} {
		above := t.TempDir()
		dir := filepath.Join(above, "sub")
		write := func(file, text string) {
			t.Helper()
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write(filepath.Join(dir, "gophersnake.toml"), "version = 1\n[image]\nname = \"x\"\n[go]\nversions = [\"1.26\", \""+name+"\"]\n")
		hash := func() string {
			t.Helper()
			p, err := (&app{process: process{lookupenv: func(string) (string, bool) { return "", false }}, globals: globals{file: "gophersnake.toml", dir: dir}}).project()
			if err != nil {
				t.Fatal(err)
			}
			h, err := p.inputHash()
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		seen := map[string]string{hash(): "without the file"}
		other := map[string]string{".go-version": ".tool-versions"}[name]
		for _, step := range []struct{ what, file, text string }{
			{"above", filepath.Join(above, name), "1"},
			{"changed", filepath.Join(above, name), "2"},
			{"nearer", filepath.Join(dir, name), "2"},
		} {
			write(step.file, step.text)
			h := hash()
			if before, ok := seen[h]; ok {
				t.Errorf("%s %s: the hash is that of the file %s", name, step.what, before)
			}
			seen[h] = step.what
		}
		if last := hash(); other != "" {
			write(filepath.Join(dir, other), "3")
			if hash() != last {
				t.Errorf("%s is an input, but nothing names it", other)
			}
		}
	}
}
