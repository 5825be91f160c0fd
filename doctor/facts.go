package doctor

import (
	"cmp"
	"path"
	"strings"
)

// Facts are what was found on a machine or in an image. Paths have forward
// slashes on every system. What could not be found out is the zero value, and
// is not judged.
type Facts struct {
	OS   string            // GOOS: linux, darwin or windows
	User User              // who works here
	Env  map[string]string // variables that are set; an image's are those of its config
	Path []string          // the elements of PATH, in order

	Gos      []Go              // each "go" on PATH, in order: the first wins
	Named    []string          // versions that PATH has as "go1.26.8"
	GoEnv    map[string]string // what the first go's "go env" says, GOTOOLCHAIN being "local"; nil where it does not run
	GoError  string            // why it does not
	GoFile   map[string]string // what "go env -w" wrote
	GoFileAt string            // where
	GoOwn    map[string]string // go.env of the first go's GOROOT
	GoMod    GoMod             // of the project
	Dirs     []Dir             // what go and gophersnake write to, and the home
	Startup  []Startup         // start-up files of shells
	Exists   map[string]bool   // whether the compiler that cgo asks for, the directory of SDKROOT and programs of go install are there

	PrefixMeta bool     // CONDA_PREFIX has a conda-meta
	Prefixes   []string // conda environments whose programs PATH has, in its order
	Condas     []string // roots of the conda installations whose "conda" or "mamba" PATH has
	Libraries  []string // directories of LD_LIBRARY_PATH, or of macOS's DYLD_LIBRARY_PATH, that hold shared libraries
	Libc       string   // as in lock.Facts; "none" where it was looked for and there is none
	Needs      []Need   // of packages that are installed in an image

	Image *Image // nil for a machine
}

// User is who works on a machine, or whom an image runs as.
type User struct {
	ID     int // -1 where the system has no such numbers
	Groups []int
}

// Go is a go command on PATH.
type Go struct {
	Path    string // as PATH has it
	Real    string // with links followed
	Root    string // its GOROOT; "" where that is not told by its place
	Version string // "1.26.8"; "" where it cannot be known without running it
	Origin  string // as Origin returns it
}

// GoMod is what a project's go.mod asks for.
type GoMod struct {
	File          string // with the line: "go.mod:3"; "" without one
	Go, Toolchain string // "1.26.0"; "" where there is no such line
}

// Dir is a directory that somebody wants to write to.
type Dir struct {
	Name     string // "GOPATH"
	Path     string
	At       string // where attributes are from: Path, or the nearest directory above it that exists; "" where unknown
	Mode     int64  // with setuid 04000, setgid 02000, sticky 01000
	UID, GID int
	Denied   bool // the system says no, whatever the mode
}

// Startup is a file that a shell reads when it starts.
type Startup struct {
	Path string
	Text string
}

// Need is what a conda package depends on besides other packages.
type Need struct {
	Package string // "numpy 2.1.0 py312_0"
	Spec    string // "__glibc >=2.17"
}

// Image is what an image has besides what a machine has.
type Image struct {
	User      string // as the config says it
	Passwd    string // text of /etc/passwd
	Command   string // the first word of ENTRYPOINT, else of CMD
	Found     bool   // Command is a file that can be executed
	Shell     bool   // /bin/sh exists
	Labels    map[string]string
	Layers    []Layer // bottom to top
	Special   []File  // setuid or setgid files above the base
	Open      []File  // files and directories above the base that everyone may write
	GoRootDir Dir     // the root of the first go; At is "" without one
}

// Layer is a layer of an image.
type Layer struct {
	Digest string // "sha256:<hex>"
	Name   string // what its history says of it
}

// File is a file of an image.
type File struct {
	Path string
	Mode int64
}

// writable reports whether the user may make files in a directory.
func (d Dir) writable(u User) bool {
	switch {
	case d.Denied:
		return false
	case u.ID <= 0: // root, and systems without numbers
		return true
	case u.ID == d.UID:
		return d.Mode&0o300 == 0o300
	}
	for _, g := range u.Groups {
		if g == d.GID {
			return d.Mode&0o030 == 0o030
		}
	}
	return d.Mode&0o003 == 0o003
}

// has reports whether PATH has a directory.
func (f *Facts) has(dir string) bool { return f.at(dir) >= 0 }

// at returns the place of a directory on PATH, or -1.
func (f *Facts) at(dir string) int {
	for i, p := range f.Path {
		if path.Clean(p) == path.Clean(dir) {
			return i
		}
	}
	return -1
}

// version returns the version of the go that wins.
func (f *Facts) version() string {
	if len(f.Gos) == 0 {
		return ""
	}
	return cmp.Or(strings.TrimPrefix(f.GoEnv["GOVERSION"], "go"), f.Gos[0].Version)
}

// setting returns a variable of go's, and where it is set: the environment, the
// file of "go env -w", the GOROOT's go.env, or nowhere (cmd/go, "Environment
// variables").
func (f *Facts) setting(key string) (value, where string) {
	for _, in := range []struct {
		vars map[string]string
		name string
	}{{f.Env, f.environment()}, {f.GoFile, f.GoFileAt}, {f.GoOwn, "go.env of GOROOT"}} {
		if v := in.vars[key]; v != "" {
			return v, in.name
		}
	}
	return "", ""
}

// environment is what variables that are set come from.
func (f *Facts) environment() string {
	if f.Image != nil {
		return "ENV"
	}
	return "the environment"
}
