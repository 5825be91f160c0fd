package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// contender is a tool that makes the image: the toolchain, and the environment
// above it.
type contender interface {
	name() string
	repository() string // the last element of its images' names
	version(ctx context.Context) (string, error)
	cold(ctx context.Context, s *site) (cost, error) // from nothing to an OCI layout or archive
	forget(ctx context.Context) error                // what was made before
	push(ctx context.Context, s *site) (cost, error) // build and push, with what was made before
}

// output returns the first line that a program prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, nil
}

// buildkit is buildkitd and buildctl.
type buildkit struct {
	b      *bench
	addr   string
	daemon int
}

func newBuildkit(ctx context.Context, b *bench) (*buildkit, error) {
	k := &buildkit{b: b, addr: "unix://" + filepath.Join(b.work, "bk.sock")}
	config := filepath.Join(b.work, "buildkitd.toml")
	text := fmt.Sprintf("[worker.containerd]\nenabled = false\n[registry.%q]\nhttp = true\n", b.registry.host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	var err error
	k.daemon, err = startDaemon(ctx, b.work, "buildkitd", "--addr", k.addr, "--root", filepath.Join(b.work, "buildkit"), "--config", config,
		"--oci-worker-snapshotter=overlayfs", "--oci-worker-net=host")
	if err != nil {
		return nil, err
	}
	err = waitFor(ctx, func() error { return exec.CommandContext(ctx, "buildctl", "--addr", k.addr, "debug", "workers").Run() })
	if err != nil {
		return nil, fmt.Errorf("buildkitd does not answer; its log is in %s: %w", b.work, err)
	}
	return k, nil
}

func (k *buildkit) name() string { return "BuildKit" }

func (k *buildkit) repository() string { return "buildkit" }

func (k *buildkit) version(ctx context.Context) (string, error) {
	return output(ctx, "buildkitd", "--version")
}

func (k *buildkit) build(ctx context.Context, s *site, out string) (cost, error) {
	c, _, err := k.b.command(ctx, k.b.work, k.daemon, nil, "buildctl", "--addr", k.addr, "build", "--progress=plain", "--frontend", "dockerfile.v0",
		"--local", "context="+s.installed(), "--local", "dockerfile="+s.installed(), "--output", out)
	return c, err
}

func (k *buildkit) forget(ctx context.Context) error {
	return k.b.run(ctx, "buildctl", "--addr", k.addr, "prune", "--all")
}

func (k *buildkit) cold(ctx context.Context, s *site) (cost, error) {
	if err := k.forget(ctx); err != nil {
		return cost{}, err
	}
	file := s.dir("buildkit.tar")
	c, err := k.build(ctx, s, "type=oci,dest="+file)
	if err != nil {
		return c, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return c, err
	}
	return c, s.checkSize(file, info.Size())
}

func (k *buildkit) push(ctx context.Context, s *site) (cost, error) {
	return k.b.registry.count(func() (cost, error) {
		return k.build(ctx, s, "type=image,push=true,name="+k.b.registry.host+"/"+s.image(k.repository())+":1")
	})
}

// pin keeps the daemon on so many cores.
func (k *buildkit) pin(ctx context.Context, cores int) error {
	return k.b.run(ctx, "taskset", "-a", "-c", "-p", coreList(cores), strconv.Itoa(k.daemon))
}

// buildah is buildah bud.
type buildah struct{ b *bench }

func (a *buildah) name() string { return "buildah" }

func (a *buildah) repository() string { return "buildah" }

func (a *buildah) version(ctx context.Context) (string, error) {
	return output(ctx, "buildah", "--version")
}

func (a *buildah) run(ctx context.Context, dir string, args ...string) (cost, error) {
	root := filepath.Join(a.b.work, "buildah")
	argv := append([]string{"buildah", "--root", root, "--runroot", root + ".run", "--storage-driver", "overlay"}, args...)
	c, _, err := a.b.command(ctx, dir, 0, nil, argv...)
	return c, err
}

func (a *buildah) bud(ctx context.Context, s *site) (cost, error) {
	return a.run(ctx, s.installed(), "bud", "--layers", "--isolation", "chroot", "-t", s.name, ".")
}

func (a *buildah) forget(ctx context.Context) error {
	_, err := a.run(ctx, a.b.work, "rmi", "--all", "--force")
	return err
}

func (a *buildah) cold(ctx context.Context, s *site) (cost, error) {
	if err := a.forget(ctx); err != nil {
		return cost{}, err
	}
	dir := s.dir("buildah.oci")
	if err := os.RemoveAll(dir); err != nil {
		return cost{}, err
	}
	made, err := a.bud(ctx, s)
	if err != nil {
		return made, err
	}
	written, err := a.run(ctx, a.b.work, "push", s.name, "oci:"+dir)
	if err != nil {
		return written, err
	}
	return made.plus(written), checkLayout(dir, s)
}

func (a *buildah) push(ctx context.Context, s *site) (cost, error) {
	return a.b.registry.count(func() (cost, error) {
		made, err := a.bud(ctx, s)
		if err != nil {
			return made, err
		}
		sent, err := a.run(ctx, a.b.work, "push", "--tls-verify=false", s.name, "docker://"+a.b.registry.host+"/"+s.image(a.repository())+":1")
		return made.plus(sent), err
	})
}

// umoci puts two layers into a layout. It keeps nothing between runs.
type umoci struct{ b *bench }

func (u *umoci) name() string { return "umoci insert" }

func (u *umoci) repository() string { return "umoci" }

func (u *umoci) version(ctx context.Context) (string, error) {
	return output(ctx, "umoci", "--version")
}

func (u *umoci) forget(context.Context) error { return nil }

func (u *umoci) cold(ctx context.Context, s *site) (cost, error) {
	return u.insert(ctx, s, filepath.Join(s.installed(), "env"))
}

// insert packs an environment.
func (u *umoci) insert(ctx context.Context, s *site, env string) (total cost, err error) {
	layout := s.dir("umoci.oci")
	if err := os.RemoveAll(layout); err != nil {
		return total, err
	}
	image := layout + ":1"
	steps := [][]string{{"umoci", "init", "--layout", layout}, {"umoci", "new", "--image", image}}
	if s.toolchain {
		steps = append(steps, []string{"umoci", "insert", "--image", image, filepath.Join(s.installed(), "go"), "/usr/local/go"})
	}
	for _, argv := range append(steps, []string{"umoci", "insert", "--image", image, env, "/opt/conda"}) {
		c, _, err := u.b.command(ctx, u.b.work, 0, nil, argv...)
		if err != nil {
			return total, err
		}
		total = total.plus(c)
	}
	return total, checkLayout(layout, s)
}

func (u *umoci) push(ctx context.Context, s *site) (cost, error) {
	return u.b.registry.count(func() (cost, error) {
		made, err := u.cold(ctx, s)
		if err != nil {
			return made, err
		}
		sent, _, err := u.b.command(ctx, u.b.work, 0, nil, "skopeo", "copy", "-q", "--dest-tls-verify=false",
			"oci:"+s.dir("umoci.oci")+":1", "docker://"+u.b.registry.host+"/"+s.image(u.repository())+":1")
		return made.plus(sent), err
	})
}

// rattler installs the packages with py-rattler and then packs with umoci.
type rattler struct{ umoci }

func (r *rattler) name() string { return "py-rattler + umoci" }

func (r *rattler) version(ctx context.Context) (string, error) {
	return output(ctx, "python3", "-c", "import rattler; print('py-rattler', rattler.__version__)")
}

func (r *rattler) cold(ctx context.Context, s *site) (cost, error) {
	target, cache := s.dir("rattler"), s.dir("rattler.cache")
	for _, dir := range []string{target, cache} {
		if err := os.RemoveAll(dir); err != nil {
			return cost{}, err
		}
	}
	script := filepath.Join(sourceDir(), "bench", "run", "install.py")
	channel := "http://" + r.b.upstream.host + "/files/" + s.name + "/channel"
	installed, _, err := r.b.command(ctx, r.b.work, 0, nil, "python3", script, filepath.Join(s.channel(), "linux-64", "repodata.json"), channel, target, cache)
	if err != nil {
		return installed, err
	}
	if err := s.checkInstalled(target); err != nil {
		return installed, err
	}
	packed, err := r.insert(ctx, s, target)
	return installed.plus(packed), err
}
