//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// devcontainerProject returns a copy of the example with the mirror, the
// registry and the channel of this run; without gopls, which takes minutes to
// compile, unless it is a gate's.
func devcontainerProject(t *testing.T) string {
	t.Helper()
	dir := copyDir(t, filepath.Join(repo, "examples", "devcontainer"))
	file := filepath.Join(dir, "gophersnake.toml")
	m := mirror(t)
	edit(t, file, `"zlib1g"] }`, `"zlib1g"], mirror = "`+m+`" }`)
	edit(t, file, "localhost:5000/examples/devcontainer", registry+"/examples/devcontainer")
	if !gate() {
		edit(t, file, `"golang.org/x/tools/gopls@v0.23.0", `, "")
	}
	text := readFile(t, file) + "\n[registry.\"channel.example\"]\nmirrors = [\"" + channel.URL + "\"]\n" + plain(m)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDevcontainer builds the example, and opens it with the devcontainer CLI
// as two users of the machine: root, and one whose number is not the image's.
func TestDevcontainer(t *testing.T) {
	t.Parallel()
	dir, s := devcontainerProject(t), runStore(t)
	s.gs(t, dir, "lock")
	pushed := digest(t, s.gs(t, dir, "push"))
	ref := registry + "/examples/devcontainer:latest"
	docker := startDaemon(t)
	s.gs(t, dir, "export", "devcontainer")
	file := filepath.Join(dir, ".devcontainer", "devcontainer.json")
	want := readFile(t, file)
	if !strings.Contains(want, `"image": "`+ref+`"`) {
		t.Errorf("devcontainer.json:\n%s", want)
	}

	// The label is read from the registry: nothing is pulled, and for arm64 the
	// CLI believes that it runs there.
	for _, arch := range []string{"arm64", "x64"} {
		c := cli{t, docker, dir, 0}
		checkMerged(t, c.merged("-r", fakeArch(t, arch)))
	}
	if images := dockerAt(t, docker)("images", "--quiet"); images != "" {
		t.Errorf("reading the configuration pulled %s", images)
	}

	for _, uid := range []int{0, 1500} {
		t.Run(strconv.Itoa(uid), func(t *testing.T) { openDevcontainer(t, docker, dir, uid) })
	}
	t.Run("base", func(t *testing.T) { labelledBase(t, s, docker) })
	t.Run("pinned", func(t *testing.T) {
		s.gs(t, dir, "export", "devcontainer", "--pin")
		if got := readFile(t, file); got != strings.Replace(want, ref, registry+"/examples/devcontainer@"+pushed, 1) {
			t.Errorf("devcontainer.json:\n%s", got)
		}
		checkMerged(t, cli{t, docker, dir, 0}.merged())
	})
	t.Run("arm64", func(t *testing.T) {
		root := exported(t, ref, "arm64", "--exclude=opt/go/*/src") // nothing is compiled
		putEmulator(t, root)
		mountSystem(t, root) // gopls looks for itself
		for _, tt := range devcontainerPrograms() {
			if got := inImage(t, root, nil, append([]string{"/qemu"}, tt.args...)...); !strings.Contains(got, strings.ReplaceAll(tt.want, "ARCH", "arm64")) {
				t.Errorf("%q: got %q, want %q", tt.args, got, tt.want)
			}
		}
	})
}

// labelledBase builds on a base with a label, a user and a PATH of its own, and
// on one whose label is broken.
func labelledBase(t *testing.T, s store, docker string) {
	for _, tt := range []struct{ label, capabilities, warning string }{
		{`[{"remoteUser":"somebody","capAdd":["NET_ADMIN"]},{"capAdd":["SYS_NICE"]}]`, `["NET_ADMIN","SYS_NICE","SYS_TIME"]`, ""},
		{`[{"remoteUser":"somebody"`, `["SYS_TIME"]`, "warning: the base's label devcontainer.metadata: not a JSON array of objects: unexpected end of JSON input; the image is made without it\n"},
	} {
		dir := t.TempDir()
		ref := registry + "/examples/labelled"
		text := "version = 1\n[image]\nname = \"" + ref + "\"\ntags = [\"1\"]\nplatforms = [\"linux/amd64\"]\nuser = \"dev\"\n" +
			"[base]\nimage = \"" + relabel(t, tt.label) + "\"\n[[accounts]]\nname = \"dev\"\nuid = 1000\n[devcontainer]\ncap-add = [\"CAP_SYS_TIME\"]\n"
		if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := s.command(t, dir, "push")
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil || !strings.Contains(said.String(), tt.warning) || tt.warning == "" && strings.Contains(said.String(), "warning:") {
			t.Errorf("%v, want %q in %q", err, tt.warning, said.String())
		}
		s.gs(t, dir, "export", "devcontainer")
		var got struct {
			MergedConfiguration struct {
				RemoteUser string
				CapAdd     []string
			}
		}
		if err := json.Unmarshal(cli{t, docker, dir, 0}.merged(), &got); err != nil {
			t.Fatal(err)
		}
		capabilities, _ := json.Marshal(got.MergedConfiguration.CapAdd)
		if got.MergedConfiguration.RemoteUser != "dev" || string(capabilities) != tt.capabilities {
			t.Errorf("merged: %+v, want %s", got.MergedConfiguration, tt.capabilities)
		}
		config := run(t, "crane", "config", "--insecure", ref+":1")
		for _, want := range []string{`"User":"1000"`, `"PATH=/special:/usr/bin"`, `"KEPT=yes"`} {
			if !strings.Contains(config, want) {
				t.Errorf("no %s in %s", want, config)
			}
		}
	}
}

// relabel pushes a base with a label, and returns its reference.
func relabel(t *testing.T, label string) string {
	t.Helper()
	from, err := name.ParseReference(base(t), name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(from, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}))
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.Config.Labels = map[string]string{"devcontainer.metadata": label}
	file.Config.User, file.Config.Env = "1234", []string{"PATH=/special:/usr/bin", "KEPT=yes"}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	to, err := name.NewTag(registry+"/examples/base:"+strconv.Itoa(len(label)), name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, img); err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// sayer is a command line, with absolute paths since an emulator starts it,
// and what it says.
type sayer struct {
	want string
	args []string
}

func devcontainerPrograms() []sayer {
	all := []sayer{
		{"go version go1.26.8 linux/ARCH", []string{"/opt/go/1.26.8/bin/go", "version"}},
		{"go version go1.25.0 linux/ARCH", []string{"/opt/go/1.25.0/bin/go", "version"}},
		{"staticcheck 2026.2.2 (", []string{"/usr/local/bin/staticcheck", "-version"}},
		{"3.11.11", []string{"/opt/conda/bin/python3.11", "-c", "import ssl, platform; print(platform.python_version())"}},
	}
	if gate() {
		all = append(all, sayer{"golang.org/x/tools/gopls v0.23.0", []string{"/usr/local/bin/gopls", "version"}})
	}
	return all
}

// openDevcontainer opens a workspace as one user of the machine, and works in it.
func openDevcontainer(t *testing.T, docker, project string, uid int) {
	dir := copyDir(t, project)
	for name, text := range map[string]string{"go.mod": "module m\ngo 1.25.0\n", "main.go": helloGo} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "chown", "-R", strconv.Itoa(uid)+":"+strconv.Itoa(uid), dir)
	c := cli{t, docker, dir, uid}
	up := c.run("up", "--workspace-folder", dir)
	var result struct{ Outcome, RemoteUser, ContainerID string }
	if err := json.Unmarshal([]byte(up), &result); err != nil || result.Outcome != "success" || result.RemoteUser != "dev" {
		t.Fatalf("up: %v\n%s", err, up)
	}
	defer dockerAt(t, docker)("rm", "--force", "--volumes", result.ContainerID)
	number := uid
	if uid == 0 {
		number = 1000 // nobody becomes root
	}
	programs := append(devcontainerPrograms(),
		sayer{"uid=" + strconv.Itoa(number) + "(dev)", []string{"id"}},
		sayer{"900(conda),901(golang)", []string{"id"}},
		sayer{"go version go1.26.8 linux/ARCH", []string{"go", "version"}},
		sayer{"go version go1.25.0 linux/ARCH", []string{"go1.25.0", "version"}},
		sayer{"", []string{"go", "build", "-o", "/tmp/m", "."}},
		sayer{"hello", []string{"/tmp/m"}},
		sayer{"", []string{"go", "install", "."}},
		sayer{"hello", []string{"m"}},
		sayer{"", []string{"staticcheck", "./..."}},
		sayer{"/opt/conda", []string{"python", "-c", "import sys; print(sys.prefix)"}},
	)
	for _, file := range []string{"/opt/conda/x", "/opt/conda/lib/python3.11/x", "/opt/go/1.26.8/x", "/usr/local/bin/x", "/etc/x"} {
		programs = append(programs, sayer{"Permission denied", []string{"touch", file}})
	}
	for _, file := range []string{"/go/bin/x", "/go/pkg/" + strconv.Itoa(uid), "/home/dev/x", "x"} {
		programs = append(programs, sayer{"", []string{"touch", file}})
	}
	if uid == 0 { // the workspace is root's, and dev is not
		programs[len(programs)-1].want = "Permission denied"
	}
	c.say(programs)
	if got := dockerAt(t, docker)("exec", "--user", "0", result.ContainerID, "sh", "-c", "go version && python -V && which staticcheck"); got != "go version go1.26.8 linux/amd64\nPython 3.11.11\n/usr/local/bin/staticcheck\n" {
		t.Errorf("as root: %q", got)
	}
}

const helloGo = "package main\n\nfunc main() { println(\"hello\") }\n"

// cli is the devcontainer CLI as a user of this machine.
type cli struct {
	t      *testing.T
	docker string
	dir    string
	uid    int
}

func (c cli) command(args ...string) *exec.Cmd { return c.node(nil, args...) }

// node returns a command with flags for node itself.
func (c cli) node(flags []string, args ...string) *exec.Cmd {
	c.t.Helper()
	program, err := exec.LookPath("devcontainer")
	if err != nil {
		c.t.Fatal(err)
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		c.t.Fatal(err)
	}
	args = slices.Concat([]string{"node"}, flags, []string{program}, args)
	cmd := exec.CommandContext(c.t.Context(), args[0], args[1:]...)
	if c.uid != 0 {
		cmd = exec.CommandContext(c.t.Context(), "unshare", slices.Concat([]string{"--mount", "sh", "-c", become, "sh", c.passwd(), strconv.Itoa(c.uid)}, args)...)
	}
	cmd.Dir = c.dir
	home := filepath.Join(work, "home-"+strconv.Itoa(c.uid))
	if err := os.MkdirAll(home, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Chown(home, c.uid, c.uid); err != nil {
		c.t.Fatal(err)
	}
	socket := strings.TrimPrefix(c.docker, "unix://")
	if err := os.Chmod(socket, 0o666); err != nil {
		c.t.Fatal(err)
	}
	for _, file := range []string{socket, c.dir} { // the testing package's directories are its user's alone
		if err := os.Chmod(filepath.Join(os.TempDir(), strings.Split(strings.TrimPrefix(file, os.TempDir()+"/"), "/")[0]), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "DOCKER_HOST=" + c.docker, "DOCKER_BUILDKIT=0"}
	return cmd
}

// become starts a program as a user of another /etc/passwd, which is there for
// this process alone: the CLI asks for the user's name.
const become = `mount --bind "$1" /etc/passwd && uid=$2 && shift 2 && exec setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"`

func (c cli) passwd() string {
	file := filepath.Join(c.t.TempDir(), "passwd")
	text := readFile(c.t, "/etc/passwd") + "somebody:x:" + strconv.Itoa(c.uid) + ":" + strconv.Itoa(c.uid) + "::/:/bin/sh\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
	return file
}

func (c cli) run(args ...string) string {
	c.t.Helper()
	return runCmd(c.t, c.command(args...))
}

// say runs programs in the container and wants what they say; nothing, and no
// failure, where that is "". They share one process of the CLI.
func (c cli) say(programs []sayer) {
	c.t.Helper()
	script := "exec 2>&1\n"
	for _, p := range programs {
		for _, arg := range p.args {
			script += "'" + strings.ReplaceAll(arg, "'", `'\''`) + "' "
		}
		script += "|| echo failed\nprintf '\\036'\n"
	}
	said := strings.Split(c.run("exec", "--workspace-folder", c.dir, "sh", "-c", script), "\x1e")
	for i, p := range programs {
		want := strings.ReplaceAll(p.want, "ARCH", "amd64")
		if i >= len(said) || !strings.Contains(said[i], want) || want == "" && said[i] != "" {
			c.t.Errorf("%q: got %q, want %q", p.args, said[min(i, len(said)-1)], want)
		}
	}
}

// merged returns what the CLI makes of devcontainer.json and the label.
func (c cli) merged(flags ...string) []byte {
	c.t.Helper()
	return []byte(runCmd(c.t, c.node(flags, "read-configuration", "--workspace-folder", c.dir, "--include-merged-configuration")))
}

// fakeArch returns a script that lets node believe in another processor.
func fakeArch(t *testing.T, arch string) string {
	file := filepath.Join(t.TempDir(), "arch.js")
	text := "Object.defineProperty(process, 'arch', { value: '" + arch + "' });\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkMerged wants what the example's label says.
func checkMerged(t *testing.T, text []byte) {
	t.Helper()
	var got struct {
		MergedConfiguration struct {
			RemoteUser         string
			CapAdd             []string
			Mounts             []string
			PostCreateCommands []any
			Customizations     struct {
				VSCode []struct {
					Extensions []string
					Settings   map[string]any
				}
			}
		}
	}
	if err := json.Unmarshal(bytes.TrimSpace(text), &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	m := got.MergedConfiguration
	tools := map[string]any{"go": "/opt/go/1.26.8/bin/go", "staticcheck": "/usr/local/bin/staticcheck"}
	if gate() {
		tools["gopls"] = "/usr/local/bin/gopls"
	}
	settings := map[string]any{
		"editor.formatOnSave": true, "gopls": map[string]any{"ui.semanticTokens": true}, "go.alternateTools": tools,
		"go.toolsManagement.checkForUpdates": "local", "go.toolsManagement.autoUpdate": false, "python.defaultInterpreterPath": "/opt/conda/bin/python",
	}
	if m.RemoteUser != "dev" || m.CapAdd != nil || len(m.Customizations.VSCode) != 1 {
		t.Fatalf("%s", text)
	}
	for _, pair := range [][2]any{
		{settings, m.Customizations.VSCode[0].Settings},
		{[]string{"golang.go", "ms-python.python"}, m.Customizations.VSCode[0].Extensions},
		{[]string{"type=volume,source=gophersnake-go-pkg,target=/go/pkg"}, m.Mounts},
		{[]any{[]any{"go", "version"}}, m.PostCreateCommands},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s", diff)
		}
	}
}
