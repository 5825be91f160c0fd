package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// ours is gophersnake. It starts from the packages and the toolchain's zip, as
// users do; the others get the installed files, since they cannot install them.
type ours struct {
	b       *bench
	program string
}

// newOurs builds the program.
func newOurs(ctx context.Context, b *bench) (*ours, error) {
	o := &ours{b: b, program: filepath.Join(b.work, "gophersnake")}
	_, _, err := b.command(ctx, sourceDir(), 0, nil, "go", "build", "-trimpath", "-o", o.program, "./cmd/gophersnake")
	return o, err
}

// sourceDir returns the folder of the module.
func sourceDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// oursName is how tables call it.
const oursName = "gophersnake"

func (o *ours) name() string { return oursName }

func (o *ours) repository() string { return "ours" }

func (o *ours) version(ctx context.Context) (string, error) {
	out, err := output(ctx, o.program, "version")
	if err != nil {
		return "", err
	}
	version := strings.TrimPrefix(out, "gophersnake ")
	if revision, err := output(ctx, "git", "-C", sourceDir(), "rev-parse", "--short=12", "HEAD"); err == nil { // else there is none
		version += ", revision " + revision
	}
	return version, nil
}

func (o *ours) run(ctx context.Context, s *site, args ...string) (cost, error) {
	env := []string{"GOPROXY=http://" + o.b.upstream.host + "/go", "GOPHERSNAKE_CACHE_DIR=" + s.cache()}
	return o.b.upstream.count(func() (cost, error) {
		c, _, err := o.b.command(ctx, s.project(), 0, env, append([]string{o.program, "--quiet"}, args...)...)
		return c, err
	})
}

// empty forgets all that earlier runs left, but for the resolved lock.
func (o *ours) empty(s *site) error {
	lock := filepath.Join(s.project(), "gophersnake.lock")
	text, err := os.ReadFile(lock)
	if err != nil {
		return err
	}
	text, _, found := bytes.Cut(text, []byte("\n[[layer]]"))
	if found {
		text = append(text, '\n')
	}
	if err := os.WriteFile(lock, text, 0o644); err != nil {
		return err
	}
	return o.freshMachine(s)
}

// freshMachine forgets the store; the lock has its rows.
func (o *ours) freshMachine(s *site) error {
	if err := os.RemoveAll(s.dir("ours.oci")); err != nil {
		return err
	}
	return os.RemoveAll(s.cache())
}

func (o *ours) cold(ctx context.Context, s *site) (cost, error) {
	if err := o.empty(s); err != nil {
		return cost{}, err
	}
	c, err := o.build(ctx, s, "linux/amd64")
	if err != nil {
		return c, err
	}
	return c, checkLayout(s.dir("ours.oci"), s)
}

func (o *ours) build(ctx context.Context, s *site, platform string) (cost, error) {
	return o.run(ctx, s, "build", "--platform", platform, "-o", "oci:"+s.dir("ours.oci")+":"+filepath.Base(platform))
}

func (o *ours) forget(context.Context) error { return nil } // the store is the state before a push

func (o *ours) push(ctx context.Context, s *site) (cost, error) {
	return o.b.registry.count(func() (cost, error) { return o.run(ctx, s, "push", "--platform", "linux/amd64") })
}

// blobBytes returns the bytes of all blobs of a layout.
func blobBytes(layout string) (total int64, err error) {
	entries, err := os.ReadDir(filepath.Join(layout, "blobs", "sha256"))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, err
}

// checkLayout checks that a layout has an index and the bytes of an image.
func checkLayout(dir string, s *site) error {
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return err
	}
	var index struct{ Manifests []struct{ Digest string } }
	if err := json.Unmarshal(text, &index); err != nil {
		return err
	}
	if len(index.Manifests) == 0 {
		return fmt.Errorf("%s: no image", dir)
	}
	n, err := blobBytes(dir)
	if err != nil {
		return err
	}
	return s.checkSize(dir, n)
}
