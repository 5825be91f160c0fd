//go:build e2e

package e2e

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDataToolsOnDebian makes the example as it is, from the machine's mirror.
func TestDataToolsOnDebian(t *testing.T) {
	t.Parallel()
	dir := copyDir(t, filepath.Join(repo, "examples", "data-tools"))
	config := filepath.Join(dir, "gophersnake.toml")
	m := mirror(t)
	edit(t, config, `"git"] }`, `"git"], mirror = "`+m+`" }`)
	edit(t, config, "localhost:5000/data-tools", registry+"/on-debian")
	text := readFile(t, config) + "\n[registry.\"channel.example\"]\nmirrors = [\"" + channel.URL + "\"]\n" + plain(m)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := runStore(t)
	s.gs(t, dir, "lock")
	s.gs(t, dir, "lock", "--offline") // nobody is asked twice
	pushed := digest(t, s.gs(t, dir, "push", "--locked"))
	ref := registry + "/on-debian"
	checkIndex(t, ref, pushed)
	t.Run("amd64", func(t *testing.T) {
		root := exported(t, ref+":1.0", "amd64")
		checkTree(t, root)
		runNative(t, root)
		checkBundle(t, filepath.Join(root, "usr/share/askpython"))
		checkSystem(t, root)
	})
	t.Run("arm64", func(t *testing.T) {
		root := exported(t, ref+":1.0", "arm64")
		checkTree(t, root)
		runEmulated(t, root)
		checkBundle(t, filepath.Join(root, "usr/share/askpython"))
		checkEmulated(t, root)
	})
}

// TestAptOnDebian shows that apt and dpkg take a base for their own, whose
// packages are the newest of three suites, those of security updates from
// their own archive.
func TestAptOnDebian(t *testing.T) {
	t.Parallel()
	dir := debianProject(t, `"linux/amd64", "linux/arm64"`, "trixie", []string{"apt", "bash", "ca-certificates", "coreutils"})
	edit(t, filepath.Join(dir, "gophersnake.toml"), `suite = "trixie"`, `suite = "trixie", extra-suites = ["trixie-updates", "trixie-security"]`)
	s := runStore(t)
	s.gs(t, dir, "lock")
	s.gs(t, dir, "build", "--locked", "-o", "rootfs:root")
	amd64, arm64 := filepath.Join(dir, "root", "linux-amd64"), filepath.Join(dir, "root", "linux-arm64")
	checkEmulated(t, arm64)
	emulated(t, arm64, "/usr/bin/apt-get", "check")
	run(t, "chroot", amd64, "apt-get", "check")
	if out := run(t, "chroot", amd64, "dpkg", "--audit"); out != "" {
		t.Errorf("dpkg --audit: %s", out)
	}
	checkNewest(t, amd64)
}

// checkNewest asks a root's own apt whether the three suites have a newer
// version of anything.
func checkNewest(t *testing.T, root string) {
	t.Helper()
	mountSystem(t, root)
	m := mirror(t)
	sources := fmt.Sprintf("deb [trusted=yes] %s trixie main\ndeb [trusted=yes] %s trixie-updates main\ndeb [trusted=yes] %s-security trixie-security main\n", m, m, m)
	for name, text := range map[string]string{"etc/apt/sources.list": sources, "etc/resolv.conf": readFile(t, "/etc/resolv.conf"), "etc/hosts": readFile(t, "/etc/hosts")} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "chroot", root, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "update")
	// It would add Essential packages, which nothing here asks for.
	if out := run(t, "chroot", root, "apt-get", "-s", "dist-upgrade"); !regexp.MustCompile(`\n0 upgraded, \d+ newly installed, 0 to remove and 0 not upgraded\.\n`).MatchString(out) {
		t.Errorf("apt-get says %s", out)
	}
}

// checkSystem asks a root's own programs what they think of it.
func checkSystem(t *testing.T, root string) {
	t.Helper()
	if out := run(t, "chroot", root, "dpkg", "--audit"); out != "" {
		t.Errorf("dpkg --audit: %s", out)
	}
	if out := run(t, "chroot", root, "dpkg", "-l", "bash", "libc6"); strings.Count(out, "\nii  ") != 2 {
		t.Errorf("dpkg -l: %s", out)
	}
	if out := run(t, "chroot", root, "/bin/date", "+%Z"); out != "UTC\n" {
		t.Errorf("the time zone is %q", out)
	}
	const snake = "\U0001F40D"
	if out := run(t, "chroot", root, "env", "LC_ALL=C.UTF-8", "bash", "-c", "x="+snake+"; echo ${#x}"); out != "1\n" {
		t.Errorf("a character of C.UTF-8 has the length %q", out)
	}
	checkCertificates(t, root)
}

// checkCertificates shows that a root's OpenSSL finds every certificate by its
// hash, and that the bundle holds all. Of certificates that differ by their
// numbers alone it may find the other one.
func checkCertificates(t *testing.T, root string) {
	t.Helper()
	certs, err := filepath.Glob(filepath.Join(root, "usr/share/ca-certificates/mozilla/*.crt"))
	if err != nil || len(certs) < 100 {
		t.Fatalf("%d certificates: %v", len(certs), err)
	}
	if out := run(t, "chroot", root, "/bin/bash", "-c", verifyAll); strings.Count(out, ": OK\n") < len(certs)-1 {
		t.Errorf("openssl verify says\n%s", out)
	}
	bundle := readFile(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if n := strings.Count(bundle, "BEGIN CERTIFICATE"); n != len(certs) {
		t.Errorf("the bundle has %d certificates, not %d", n, len(certs))
	}
}

// verifyAll verifies all certificates by their hashes, whatever the date.
const verifyAll = "openssl verify -no_check_time -CApath /etc/ssl/certs /usr/share/ca-certificates/mozilla/*.crt 2>&1 || true"

// checkTLS shows that a root's OpenSSL takes its certificates as one that
// debootstrap made does, and believes a server once its certificate is added
// with the root's own update-ca-certificates, and not before.
func checkTLS(t *testing.T, ours, theirs string) {
	t.Helper()
	mountSystem(t, ours)
	got, want := run(t, "chroot", ours, "bash", "-c", verifyAll), run(t, "chroot", theirs, "bash", "-c", verifyAll)
	if got != want || strings.Count(got, ": OK\n") < 100 {
		t.Errorf("openssl verify says\n%s\nin debootstrap's root\n%s", got, want)
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	connect := []string{"chroot", ours, "openssl", "s_client", "-brief", "-verify_return_error", "-CApath", "/etc/ssl/certs", "-connect", server.Listener.Addr().String()}
	if out, err := exec.Command(connect[0], connect[1:]...).CombinedOutput(); err == nil {
		t.Errorf("an unknown server is believed: %s", out)
	}
	added := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(ours, "usr/local/share/ca-certificates/test.crt"), added, 0o644); err != nil {
		t.Fatal(err)
	}
	if out := run(t, "chroot", ours, "update-ca-certificates"); !strings.Contains(out, "1 added, 0 removed") {
		t.Errorf("update-ca-certificates says %s", out)
	}
	run(t, connect[0], connect[1:]...)
}

// emulated runs a program of an arm64 root that has an emulator.
func emulated(t *testing.T, root string, args ...string) string {
	t.Helper()
	return run(t, "chroot", append([]string{root, "/qemu"}, args...)...)
}

// checkEmulated asks the programs of an arm64 root one by one.
func checkEmulated(t *testing.T, root string) {
	t.Helper()
	putEmulator(t, root)
	if out := emulated(t, root, "/usr/bin/dpkg", "--audit"); out != "" {
		t.Errorf("dpkg --audit: %s", out)
	}
	if out := emulated(t, root, "/usr/bin/dpkg-query", "-W", "-f", "${Architecture} ${Status}", "libc6"); out != "arm64 install ok installed" {
		t.Errorf("dpkg-query: %s", out)
	}
	if out := emulated(t, root, "/bin/date", "+%Z"); out != "UTC\n" {
		t.Errorf("the time zone is %q", out)
	}
}

// TestGlibcPreset runs a conda environment on the smallest base.
func TestGlibcPreset(t *testing.T) {
	t.Parallel()
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			dir := debianProject(t, `"linux/amd64", "linux/arm64"`, suite, nil)
			config := filepath.Join(dir, "gophersnake.toml")
			edit(t, config, `packages = [""]`, `preset = "glibc"`)
			text := readFile(t, config) + "[registry.\"channel.example\"]\nmirrors = [\"" + channel.URL + "\"]\n" +
				"[conda]\nchannels = [\"https://channel.example/cpython\"]\ndependencies = [\"python\"]\n"
			if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			s := runStore(t)
			s.gs(t, dir, "lock")
			line, _, _ := strings.Cut(s.gs(t, dir, "build", "--locked", "-o", "oci:image", "-o", "rootfs:root"), "\n")
			built := digest(t, line)
			if again := digest(t, coldStore(t).gs(t, dir, "build", "--locked", "-o", "oci:again")); again != built {
				t.Errorf("%s, and %s from an empty store", built, again)
			}
			if libc := map[string]string{"bookworm": `libc = "glibc 2.36"`, "trixie": `libc = "glibc 2.41"`}[suite]; !strings.Contains(readFile(t, filepath.Join(dir, "gophersnake.lock")), libc) {
				t.Errorf("the lock lacks %s", libc)
			}
			const program = `import ctypes, os, ssl
ctypes.CDLL("/usr/lib/%s-linux-gnu/libstdc++.so.6")
context = ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt")
print(len(context.get_ca_certs()) > 100, os.path.exists("/bin/sh"))`
			for _, arch := range []string{"amd64", "arm64"} {
				root := filepath.Join(dir, "root", "linux-"+arch)
				mountSystem(t, root)
				args := []string{root, "/opt/conda/bin/python3.11", "-c", fmt.Sprintf(program, "x86_64")}
				if arch == "arm64" {
					putEmulator(t, root)
					args = []string{root, "/qemu", "/opt/conda/bin/python3.11", "-c", fmt.Sprintf(program, "aarch64")}
				}
				if out := run(t, "chroot", args...); out != "True False\n" {
					t.Errorf("%s: python says %q", arch, out)
				}
			}
		})
	}
}
