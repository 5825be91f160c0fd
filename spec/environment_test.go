package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gophersnake/gophersnake/platforms"
)

func mustRead(t testing.TB, text string) *Spec {
	t.Helper()
	s, err := Read("gophersnake.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func environment(t *testing.T, s *Spec, name string) *Environment {
	t.Helper()
	e, err := s.Environment(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// full has every key of design.md §3.
const full = `#:schema ./gophersnake.schema.json
version = 1

[image]
name      = "registry.example.com/team/data-tools"
tags      = ["1.4", "latest"]
platforms = ["linux/amd64", "linux/arm64"]
user      = "dev"
workdir   = "/workspace"
entrypoint = []
cmd       = ["bash"]
labels    = { "org.opencontainers.image.source" = "https://git.example.com/team/data-tools", version = "{{ .Version }}" }
annotations = {}
[image.env]
LANG = "C.UTF-8"
PATH = "/x:$PATH"

[base]
image  = "debian:12-slim"

[conda]
file     = "environment.yml"
channels = ["conda-forge", "file:///srv/c", "../channel", "oci://r.example.com/c", "https://c.example.com/a"]
dependencies = ["python 3.12.*", "numpy"]
prefix   = "/opt/conda"
channel-priority = "strict"
virtual-packages = { "__cuda" = "12.4" }
exclude-newer = 2026-11-01
scripts  = "deny"
pyc      = "keep"
[conda.target.linux-aarch64]
dependencies = ["numpy 1.*", "libfoo"]

[go]
versions = ["1.26", "1.26.8", ">=1.21.0,<1.22.0", "go.mod", "1.27rc1"]
source   = "module"
proxy    = "https://goproxy.example.com|direct"
tools    = ["golang.org/x/tools/gopls@v0.23.0", "honnef.co/go/tools/cmd/staticcheck@latest"]
[go.env]
GOPROXY  = "https://goproxy.example.com,direct"

[[cli]]
package   = "./cmd/hello"
platforms = ["linux/amd64", "darwin/arm64", "windows/arm64"]
ldflags   = "-X main.version={{.Version}} -X main.PythonPath={{.CondaPrefix}}/bin/python -X main.by={{.Env.BUILDER}}"
bundle    = "/usr/share/hello"

[[files]]
src    = "app/"
dest   = "/app"
mode   = "0644"
owner  = 1000
ignore = ["**/__pycache__"]

[[accounts]]
name   = "dev"
uid    = 1_000
groups = ["conda", "golang"]

[devcontainer]
extensions = ["golang.go", "ms-python.python"]

[layers]
budget      = 30
compression = "zstd"

[registry."registry.example.com:5000"]
ca         = "ca.pem"
mirrors    = ["https://mirror.example.com", "mirror.example.com/x"]
plain-http = true
blob-home  = "team/blobs"

[env.k8s]
go.versions = ["1.25"]
conda.dependencies = ["pyyaml", "conda-forge::Python 3.13.*"]
`

func TestReadAll(t *testing.T) {
	linux := []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
	want := Variant{
		Image: Image{
			Name: "registry.example.com/team/data-tools", Tags: []string{"1.4", "latest"}, Platforms: linux,
			User: "dev", Workdir: "/workspace", Entrypoint: []string{}, Cmd: []string{"bash"},
			Labels:      map[string]string{"org.opencontainers.image.source": "https://git.example.com/team/data-tools", "version": "{{ .Version }}"},
			Annotations: map[string]string{},
			Env:         map[string]string{"LANG": "C.UTF-8", "PATH": "/x:$PATH"},
			Permissions: "readonly",
		},
		Base: Base{Image: "debian:12-slim"},
		Conda: Conda{
			File:         "environment.yml",
			Channels:     []string{"conda-forge", "file:///srv/c", "../channel", "oci://r.example.com/c", "https://c.example.com/a"},
			Dependencies: []string{"python 3.12.*", "numpy"}, Prefix: "/opt/conda", ChannelPriority: "strict",
			VirtualPackages: map[string]string{"__cuda": "12.4"}, ExcludeNewer: "2026-11-01", Scripts: "deny", Pyc: "keep",
			Target: map[string]Target{"linux-aarch64": {Dependencies: []string{"numpy 1.*", "libfoo"}}},
		},
		Go: Go{
			Versions: []string{"1.26", "1.26.8", ">=1.21.0,<1.22.0", "go.mod", "1.27rc1"}, Source: "module", Proxy: "https://goproxy.example.com|direct",
			Tools: []string{"golang.org/x/tools/gopls@v0.23.0", "honnef.co/go/tools/cmd/staticcheck@latest"},
			Env:   map[string]string{"GOPROXY": "https://goproxy.example.com,direct"},
		},
		CLI: []CLI{{
			Package: "./cmd/hello", Name: "hello", Path: "/usr/local/bin", Bundle: "/usr/share/hello",
			Platforms: []platforms.Platform{linux[0], {OS: "darwin", Arch: "arm64"}, {OS: "windows", Arch: "arm64"}},
			Ldflags:   "-X main.version={{.Version}} -X main.PythonPath={{.CondaPrefix}}/bin/python -X main.by={{.Env.BUILDER}}",
		}},
		Files:        []Files{{Src: "app/", Dest: "/app", Mode: "0644", Owner: "1000", Ignore: []string{"**/__pycache__"}}},
		Accounts:     []Account{{Name: "dev", UID: 1000, Groups: []string{"conda", "golang"}}},
		Devcontainer: &Devcontainer{Extensions: []string{"golang.go", "ms-python.python"}},
		Layers:       Layers{Budget: 30, Compression: "zstd"},
		Registry: map[string]Registry{"registry.example.com:5000": {
			CA: "ca.pem", Mirrors: []string{"https://mirror.example.com", "mirror.example.com/x"}, PlainHTTP: true, BlobHome: "team/blobs",
		}},
	}
	s := mustRead(t, full)
	if diff := cmp.Diff(&Environment{Variant: want}, environment(t, s, ""), cmpopts.IgnoreUnexported(Environment{})); diff != "" {
		t.Error(diff)
	}

	want.Image.Tags = []string{"1.4-k8s", "latest-k8s"}
	want.Go.Versions = []string{"1.25"}
	want.Conda.Dependencies = []string{"conda-forge::Python 3.13.*", "numpy", "pyyaml"}
	if diff := cmp.Diff(&Environment{Name: "k8s", Variant: want}, environment(t, s, "k8s"), cmpopts.IgnoreUnexported(Environment{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "k8s"}, s.Environments()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"BUILDER"}, s.EnvNames()); diff != "" {
		t.Error(diff)
	}
}

func TestLine(t *testing.T) {
	s := mustRead(t, "version = 1\n[conda]\ndependencies = [\n\"a\",\n\"b\"]\n[conda.target.linux-64]\ndependencies = [\"c\"]\n[env.x.conda]\ndependencies = [\"a 1\"]\n")
	var got []string
	for _, text := range []string{"a", "a 1", "b", "c", "d"} {
		got = append(got, environment(t, s, "").Line(text)+" "+environment(t, s, "x").Line(text))
	}
	f := "gophersnake.toml"
	if diff := cmp.Diff([]string{f + ":4 ", " " + f + ":9", f + ":5 " + f + ":5", f + ":7 " + f + ":7", " "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	s := mustRead(t, "version = 1\n[[cli]]\npackage = \"./cmd/x\"\n[[files]]\nsrc = \"a\"\ndest = \"/a\"\n[base]\nimage = \"scratch\"\n")
	linux := []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
	want := &Environment{Variant: Variant{
		Image:  Image{Platforms: linux, Permissions: "readonly"},
		Conda:  Conda{Prefix: "/opt/conda", ChannelPriority: "strict", Scripts: "deny", Pyc: "keep"},
		Go:     Go{Source: "module"},
		CLI:    []CLI{{Package: "./cmd/x", Name: "x", Path: "/usr/local/bin", Platforms: linux}},
		Files:  []Files{{Src: "a", Dest: "/a", Owner: "root"}},
		Layers: Layers{Budget: 40, Compression: "gzip"},
	}}
	got := environment(t, s, "")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Environment{})); diff != "" {
		t.Error(diff)
	}
	if !got.Base.Scratch() || got.Conda.Used() || got.CLI[0].Target() != "/usr/local/bin/x" {
		t.Errorf("scratch %v, conda used %v, target %s", got.Base.Scratch(), got.Conda.Used(), got.CLI[0].Target())
	}
	if got.Image.Entrypoint != nil {
		t.Error("an absent entrypoint is not nil")
	}
}

func TestMerging(t *testing.T) {
	s := mustRead(t, `version = 1
[image]
tags = ["1"]
cmd = ["bash"]
labels = { a = "1", b = "2" }
[base]
image = "debian:12"
[conda]
channels = ["a"]
dependencies = ["x >=1", "x <3", "y", "https://c.example.com/z-1-0.conda"]
[go]
versions = ["1.26"]
tools = ["a.example/x@v1.0.0", "a.example/y@v1.0.0"]
[devcontainer]
extensions = ["golang.go"]
[[cli]]
package = "./cmd/hello"
ldflags = "-s"
[[files]]
src = "a"
dest = "/a"
[[accounts]]
name = "dev"
uid = 1000

[env.all]
image = { tags = ["2"], cmd = [], labels = { b = "3" } }
base.debian = { suite = "bookworm", packages = ["bash"] }
conda = { channels = ["b"], dependencies = ["x 2.*", "w"] }
go = { versions = ["1.25"], tools = ["a.example/y@v1.1.0"] }
devcontainer.extensions = ["Golang.go", "ms.p"]
cli = [{ package = "./other/hello", path = "/bin" }, { package = "./cmd/more" }]
files = [{ src = "a", dest = "/a", mode = "0600" }, { src = "b", dest = "/a" }]
accounts = [{ name = "dev", uid = 1001 }, { name = "ops", uid = 1002 }]

[env.lock]
conda.lock = "pixi.lock"
`)
	all := environment(t, s, "all")
	want := Variant{
		Image:        Image{Tags: []string{"2"}, Cmd: []string{}, Labels: map[string]string{"a": "1", "b": "3"}, Permissions: "readonly"},
		Base:         Base{Debian: &Debian{Suite: "bookworm", Packages: []string{"bash"}, Components: []string{"main"}}},
		Go:           Go{Versions: []string{"1.25"}, Source: "module", Tools: []string{"a.example/x@v1.0.0", "a.example/y@v1.1.0"}},
		CLI:          []CLI{{Package: "./other/hello", Name: "hello", Path: "/bin", Ldflags: "-s"}, {Package: "./cmd/more", Name: "more", Path: "/usr/local/bin"}},
		Files:        []Files{{Src: "a", Dest: "/a", Mode: "0600", Owner: "root"}, {Src: "b", Dest: "/a", Owner: "root"}},
		Accounts:     []Account{{Name: "dev", UID: 1001}, {Name: "ops", UID: 1002}},
		Devcontainer: &Devcontainer{Extensions: []string{"Golang.go", "ms.p"}},
	}
	ignored := cmpopts.IgnoreFields(Variant{}, "Conda", "Layers")
	if diff := cmp.Diff(want, all.Variant, ignored, cmpopts.IgnoreFields(Image{}, "Platforms"), cmpopts.IgnoreFields(CLI{}, "Platforms")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x 2.*", "y", "https://c.example.com/z-1-0.conda", "w"}, all.Conda.Dependencies); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b"}, all.Conda.Channels); diff != "" {
		t.Error(diff)
	}
	if c := environment(t, s, "lock").Conda; c.Lock != "pixi.lock" || c.Channels != nil || c.Dependencies != nil {
		t.Errorf("[env.lock]: %+v", c)
	}
	if top := environment(t, s, ""); top.Accounts[0].UID != 1000 || top.Base.Image != "debian:12" {
		t.Errorf("the top level was changed: %+v", top)
	}
}

func TestNoSuchVariant(t *testing.T) {
	s := mustRead(t, "version = 1\n[env.prod]\n[env.test]\n")
	for name, want := range map[string]string{"prd": `did you mean "prod"?`, "zzzzzz": "variants: prod, test"} {
		_, err := s.Environment(name)
		if err == nil || err.Error() != "gophersnake.toml: no variant [env."+name+"]" {
			t.Errorf("%s: %v", name, err)
		}
		if h, ok := err.(interface{ Hint() string }); !ok || h.Hint() != want {
			t.Errorf("%s: hint of %v, want %s", name, err, want)
		}
	}
}

func TestCondaFor(t *testing.T) {
	s := mustRead(t, full)
	deps, lock := environment(t, s, "").Conda.For("linux-aarch64")
	if diff := cmp.Diff([]string{"python 3.12.*", "numpy 1.*", "libfoo"}, deps); diff != "" || lock != "" {
		t.Error(diff, lock)
	}
	s = mustRead(t, "version = 1\n[conda]\nlock = \"a.txt\"\ntarget.linux-aarch64.lock = \"b.txt\"\n")
	c := environment(t, s, "").Conda
	if _, lock := c.For("linux-64"); lock != "a.txt" {
		t.Error(lock)
	}
	if _, lock := c.For("linux-aarch64"); lock != "b.txt" || !c.Used() {
		t.Error(lock)
	}
}

func TestSpecName(t *testing.T) {
	for spec, want := range map[string]string{
		"python 3.12.*": "python", "Numpy>=1": "numpy", "conda-forge::x": "x", "conda-forge/linux-64::x=1": "x",
		"x[version='>=1']": "x", " a ": "a", "https://c.example.com/x-1-0.conda": "https://c.example.com/x-1-0.conda",
		"https://c.example.com/a::x 1": "x", "x ~=1": "x",
	} {
		if got := specName(spec); got != want {
			t.Errorf("specName(%q) = %q, want %q", spec, got, want)
		}
	}
}
