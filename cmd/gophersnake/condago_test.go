package main

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// TestCondaGo locks and builds an image whose Go is the package of a channel, with
// an activation of its own: there is no layer of a toolchain, and GOROOT is not
// set, whatever the package's script says.
func TestCondaGo(t *testing.T) {
	t.Parallel()
	s := newSite(t, imageTable+"[base]\nimage = \"scratch\"\n[conda]\nchannels = [\"./chan\"]\n[go]\nsource = \"auto\"\nversions = [\"1.26\"]\n[registry.\"go.dev\"]\nmirrors = [\""+
		newDownloads(t, "1.25.0").server.URL+"\"]\n")
	pkg := func(name, version string, depends []string, files ...archivetest.Entry) channeltest.Package {
		return channeltest.Package{Package: archivetest.Package{Name: name, Version: version, Subdir: "linux-64", Depends: depends, Files: files}}
	}
	s.channel("chan", channeltest.Options{},
		pkg("go", "1.26.7", nil, archivetest.File("bin/go", "old")),
		pkg("go", "1.26.8", []string{"go-activation"}, archivetest.File("bin/go", "go")),
		pkg("go", "1.27.0", nil, archivetest.File("bin/go", "new")),
		pkg("go-activation", "1", nil, archivetest.File("etc/conda/activate.d/go.sh", "export GOROOT=\"${CONDA_PREFIX}/go\"\nexport CONDA_GO=1\n")),
	)
	got := s.run("lock")
	for _, want := range []string{
		"go 1.26 is conda's: the download index has no such release for linux/amd64\n",
		"1.26.8  linux/amd64  conda   image  the channel's repodata\n",
		"not as module and release: the download index has no such release for linux/amd64\n",
	} {
		if got.Code != 0 || !strings.Contains(got.Stderr, want) {
			t.Errorf("exit %d, no %q in\n%s", got.Code, want, got.Stderr)
		}
	}
	s.ok("build", "--locked", "-o", "oci:image")
	s.digest("oci:image")
	for _, line := range s.layers("oci:image") {
		if strings.Contains(line, "toolchain") || strings.Contains(line, " 1.26.8") {
			t.Errorf("layer %s", line)
		}
	}
	env := configOf(t, s.index("oci:image")).Config.Env
	text := strings.Join(env, "\n") + "\n"
	for _, want := range []string{"GOPATH=/go\n", "GOTOOLCHAIN=local\n", "CONDA_GO=1\n", "PATH=/opt/conda/bin:/go/bin:"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, env)
		}
	}
	if strings.Contains(text, "GOROOT=") {
		t.Errorf("GOROOT is set: %q", env)
	}
}

// configOf returns the config of an index's only image.
func configOf(t *testing.T, idx v1.ImageIndex) *v1.ConfigFile {
	t.Helper()
	m, err := idx.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := idx.Image(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
