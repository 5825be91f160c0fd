package release

import (
	"path"

	"github.com/gophersnake/gophersnake/platforms"
)

// Place says where the toolchains of an image or an environment lie. The zero
// Place is that of an image with one.
type Place struct {
	Platform platforms.Platform // whose spelling paths have
	Several  bool               // each toolchain has a directory of its own
	Prefix   string             // of the conda environment that they lie inside of; "": not in one
}

// Root returns the GOROOT of a toolchain:
//
//	                  one             several
//	                  /usr/local/go   /opt/go/VERSION
//	in a prefix       PREFIX/go       PREFIX/go/VERSION
//	there on windows  PREFIX\go\root  PREFIX\go\root\VERSION
//
// A prefix is written as it is, so that it may be $CONDA_PREFIX or
// %CONDA_PREFIX%. Where conda's own go package lies on windows, in PREFIX\go,
// its root is below go too.
func (p Place) Root(version string) string {
	root, last := "/usr/local/go", ""
	switch {
	case p.windows():
		root = p.Prefix + `\go\root`
	case p.Prefix != "":
		root = p.Prefix + "/go"
	case p.Several:
		root = "/opt/go"
	}
	if p.Several {
		last = version
	}
	return p.join(root, last)
}

// Bin returns the directory of a toolchain's own go command, for PATH.
func (p Place) Bin(version string) string { return p.join(p.Root(version), "bin") }

// Command returns the file that calls one of several toolchains by its name,
// which is how another one finds it on PATH (Go Toolchains, "Go toolchain
// selection").
func (p Place) Command(version string) string {
	dir := "/usr/local/bin"
	switch {
	case p.windows():
		return p.join(p.join(p.Prefix, "Scripts"), "go"+version+".exe")
	case p.Prefix != "":
		dir = p.Prefix + "/bin"
	}
	return path.Join(dir, "go"+version)
}

func (p Place) windows() bool { return p.Platform.OS == "windows" && p.Prefix != "" }

func (p Place) join(dir, name string) string {
	switch {
	case name == "":
		return dir
	case p.windows():
		return dir + `\` + name
	}
	return path.Join(dir, name)
}
