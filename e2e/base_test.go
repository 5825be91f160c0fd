//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// basePackages are enough of Debian for a shell, Python and Go. Nothing runs
// while they are unpacked.
var basePackages = []string{
	"base-files", "bash", "coreutils", "dash", "debianutils", "gcc-12-base", "libacl1", "libattr1", "libc6", "libcrypt1",
	"libgcc-s1", "libgmp10", "libpcre2-8-0", "libselinux1", "libssl3", "libstdc++6", "libtinfo6", "ncurses-base", "zlib1g",
}

var baseOnce = sync.OnceValues(makeBase)

// base returns the reference of an image of real Debian packages for both
// platforms, in the registry.
func base(t *testing.T) string {
	t.Helper()
	ref, err := baseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func makeBase() (string, error) {
	idx := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"amd64", "arm64"} {
		img, err := debian(arch)
		if err != nil {
			return "", err
		}
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	ref, err := name.NewTag(registry+"/base:bookworm", name.Insecure)
	if err != nil {
		return "", err
	}
	return ref.String(), remote.WriteIndex(ref, idx)
}

// debian unpacks the packages of one architecture onto merged /usr and makes
// an image of them.
func debian(arch string) (v1.Image, error) {
	dir := filepath.Join(work, "debian-"+arch)
	script := `set -e
mkdir -p "$D/lists/partial" "$D/cache/archives/partial" "$D/debs" "$D/root"
apt="-o Dir::State::Lists=$D/lists -o Dir::Cache=$D/cache -o Dir::State::status=/dev/null -o APT::Architecture=$ARCH -o APT::Architectures=$ARCH -o APT::Sandbox::User=root"
apt-get -qq $apt -o Dir::Etc::sourceparts=- -o Dir::Etc::sourcelist="$SOURCES" update
cd "$D/debs"
apt-get -qq $apt -o Dir::Etc::sourceparts=- -o Dir::Etc::sourcelist="$SOURCES" download $PACKAGES
cd "$D/root"
mkdir -p usr/bin usr/sbin usr/lib usr/lib64 tmp root etc
ln -s usr/bin bin; ln -s usr/sbin sbin; ln -s usr/lib lib; ln -s usr/lib64 lib64
for deb in "$D"/debs/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$D/root"; done
chmod 1777 tmp; chmod 700 root
printf 'root:x:0:0:root:/root:/bin/bash\n' > etc/passwd; printf 'root:x:0:\n' > etc/group
tar --sort=name --numeric-owner --owner=0 --group=0 -cf "$D/root.tar" .`
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	sources, err := debianSources(dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "D="+dir, "ARCH="+arch, "SOURCES="+sources, "PACKAGES="+strings.Join(basePackages, " "))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, &exec.Error{Name: "base image of " + arch + ": " + string(out), Err: err}
	}
	layer, err := tarball.LayerFromFile(filepath.Join(dir, "root.tar"))
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file.OS, file.Architecture = "linux", arch
	file.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	file.Config.Cmd = []string{"bash"}
	return mutate.ConfigFile(img, file)
}

// debianSources writes a sources file with Debian's own archive, as this
// machine's apt has it: other sources have no arm64.
func debianSources(dir string) (string, error) {
	files, err := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	if err != nil {
		return "", err
	}
	for _, f := range append(files, "/etc/apt/sources.list") {
		data, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(data), "debian-archive-keyring") && !strings.HasSuffix(f, "sources.list") {
			continue
		}
		file := filepath.Join(dir, filepath.Base(f))
		return file, os.WriteFile(file, data, 0o644)
	}
	return "", os.ErrNotExist
}
