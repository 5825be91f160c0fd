// Package lock holds gophersnake.lock: every byte an image is made of, by
// digest (design.md §4).
//
// The resolved part is canonical: one set of inputs has one text. The layer
// part is a sum file in the way of go.sum, filled by builds.
package lock

import (
	"path"
	"regexp"
	"slices"

	"github.com/gophersnake/gophersnake/platforms"
)

// Version is the version of the lock file's schema that this package writes.
const Version = 1

// LayerFormat is the version of the layer bytes that this tool makes
// (design.md §6).
const LayerFormat = 1

// Lock is the content of gophersnake.lock.
type Lock struct {
	Version     int          `toml:"version"`
	LayerFormat int          `toml:"layer-format"`
	InputHash   string       `toml:"input-hash"` // "sha256:<hex>" of all that resolving depends on
	Base        []Base       `toml:"base"`
	Deb         []Deb        `toml:"deb"`
	Solve       []Solve      `toml:"solve"`
	Conda       []Conda      `toml:"conda"`
	Wheel       []Wheel      `toml:"wheel"`
	Go          []Toolchain  `toml:"go"`
	Tool        []Tool       `toml:"tool"`
	Activation  []Activation `toml:"activation"`
	Plan        []Group      `toml:"plan"`
	Layer       []Layer      `toml:"layer"`
}

// Base is the base of one platform, an image or Debian packages, with the facts
// that the layers above it need. A lock without a Base for a platform means
// scratch.
type Base struct {
	Envs     []string           `toml:"envs"`
	Platform platforms.Platform `toml:"platform"`
	Image    string             `toml:"image,omitempty"`    // as configured: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG]
	Manifest string             `toml:"manifest,omitempty"` // "sha256:<hex>"
	Config   string             `toml:"config,omitempty"`   // "sha256:<hex>"
	Debian
	Layers []Blob `toml:"layers"`
	Facts
}

// Debian is what a base of Debian packages was resolved from; the packages
// themselves are Debs.
type Debian struct {
	Suite       string   `toml:"suite,omitempty"`        // "bookworm"; "" for an image
	ExtraSuites []string `toml:"extra-suites,omitempty"` // as configured
	Snapshot    string   `toml:"snapshot,omitempty"`     // of the archives, "20261101T000000Z"
	Components  []string `toml:"components,omitempty"`   // of the archives
	Packages    []string `toml:"packages,omitempty"`     // as configured
	Preset      string   `toml:"preset,omitempty"`       // likewise
	Release     string   `toml:"release,omitempty"`      // version and date of the suites, for people
	SignedBy    string   `toml:"signed-by,omitempty"`    // fingerprints of the keys that signed the indexes
}

// Deb is one Debian package of a base.
type Deb struct {
	Envs         []string           `toml:"envs"`
	Platform     platforms.Platform `toml:"platform"`
	Name         string             `toml:"name"`
	Version      string             `toml:"version"`
	Architecture string             `toml:"architecture"`       // "amd64", "arm64" or "all"
	Security     bool               `toml:"security,omitempty"` // the archive is that of security updates
	Path         string             `toml:"path"`               // relative to the archive: "pool/main/…"
	SHA256       string             `toml:"sha256"`             // hex
	Size         int64              `toml:"size"`               // bytes
}

// Blob is a base layer.
type Blob struct {
	Digest    string `toml:"digest"`  // "sha256:<hex>" of the compressed bytes
	DiffID    string `toml:"diff-id"` // "sha256:<hex>" of the tar
	Size      int64  `toml:"size"`    // of the compressed bytes
	MediaType string `toml:"media-type"`
}

// Facts are what layers need to know of the file system below them.
type Facts struct {
	Env       []string `toml:"env,omitempty"`        // "KEY=value", in the base's order
	User      string   `toml:"user,omitempty"`       // the base's own USER
	Libc      string   `toml:"libc,omitempty"`       // "glibc 2.36", "musl 1.2.4"; "" where there is none
	OSRelease string   `toml:"os-release,omitempty"` // text of /etc/os-release
	Passwd    string   `toml:"passwd,omitempty"`     // text of /etc/passwd
	Group     string   `toml:"group,omitempty"`      // text of /etc/group
	Links     []Link   `toml:"links,omitempty"`      // directories that are symbolic links
	Dirs      []Dir    `toml:"dirs,omitempty"`       // directories that are not 0755 root:root
	Sh        bool     `toml:"sh"`                   // /bin/sh exists
	Bash      bool     `toml:"bash"`                 // /bin/bash exists
	UsrBinEnv bool     `toml:"usr-bin-env"`          // /usr/bin/env exists
	Compiler  bool     `toml:"compiler,omitempty"`   // a C compiler exists: gcc, cc or clang
}

// Link is a symbolic link whose target is a directory. Both paths are relative
// to the root, without a leading slash, the target fully resolved.
type Link struct {
	Path   string `toml:"path"`
	Target string `toml:"target"`
}

// Dir is a directory of the base with its own mode or owner.
type Dir struct {
	Path string `toml:"path"` // relative to the root
	Mode int64  `toml:"mode"` // permission bits with setuid 04000, setgid 02000, sticky 01000
	UID  int    `toml:"uid"`
	GID  int    `toml:"gid"`
}

// Solve is what the packages of an environment on one platform answer: the
// question, as the configuration and its files put it for this platform. While
// the question stays, so does the answer.
type Solve struct {
	Envs         []string           `toml:"envs"`
	Platform     platforms.Platform `toml:"platform"`
	From         string             `toml:"from,omitempty"`             // lock file that the packages were taken from, relative to gophersnake.toml
	Channels     []string           `toml:"channels,omitempty"`         // URLs without secrets, or paths, the first one first
	Priority     string             `toml:"channel-priority,omitempty"` // "strict", "flexible" or "disabled"
	Specs        []string           `toml:"specs,omitempty"`            // match specs, as the user wrote them, in their order
	Pip          []string           `toml:"pip,omitempty"`              // requirements (PEP 508), likewise
	Virtual      []string           `toml:"virtual-packages,omitempty"` // "__glibc=2.36=0", sorted
	ExcludeNewer string             `toml:"exclude-newer,omitempty"`    // as configured
	Cutoff       string             `toml:"cutoff,omitempty"`           // what that came to: RFC 3339, UTC
	Variables    []string           `toml:"variables,omitempty"`        // "KEY=value", of environment.yml, sorted
	Differs      []string           `toml:"differs,omitempty"`          // packages whose versions on other platforms no solution could give here: "NAME VERSION", sorted
}

// Conda is one conda package: where it is, what it must be, and the fields of
// its repodata record (CEP 36) that an installed prefix needs.
type Conda struct {
	Envs          []string             `toml:"envs"`
	Platforms     []platforms.Platform `toml:"platforms"` // several for a noarch package
	Name          string               `toml:"name"`
	Version       string               `toml:"version"`
	Build         string               `toml:"build"`
	BuildNumber   uint64               `toml:"build-number"`
	Subdir        string               `toml:"subdir"`
	URL           string               `toml:"url"` // https://…, or a path relative to gophersnake.toml
	Channel       string               `toml:"channel,omitempty"`
	SHA256        string               `toml:"sha256"` // hex
	MD5           string               `toml:"md5,omitempty"`
	Size          int64                `toml:"size"` // bytes
	Depends       []string             `toml:"depends,omitempty"`
	Constrains    []string             `toml:"constrains,omitempty"`
	TrackFeatures []string             `toml:"track-features,omitempty"`
	Features      string               `toml:"features,omitempty"`
	Noarch        string               `toml:"noarch,omitempty"` // "python", "generic" or ""
	SitePackages  string               `toml:"python-site-packages-path,omitempty"`
	License       string               `toml:"license,omitempty"`
	LicenseFamily string               `toml:"license-family,omitempty"`
	Timestamp     int64                `toml:"timestamp,omitempty"`                      // milliseconds since the epoch
	LinkScripts   []string             `toml:"link-scripts,omitempty"`                   // scripts that installers would run and we never do
	IdleScripts   []string             `toml:"idle-scripts,omitempty" json:",omitempty"` // those of LinkScripts that are known to change nothing in an image
	Activation    []string             `toml:"activation,omitempty" json:",omitempty"`   // files that take part in activating: etc/conda/activate.d/*.sh, etc/conda/env_vars.d/*.json
}

// MayAct returns the link scripts that are not known to change nothing.
func (c *Conda) MayAct() []string {
	return slices.DeleteFunc(slices.Clone(c.LinkScripts), func(script string) bool { return slices.Contains(c.IdleScripts, script) })
}

// Wheel is one Python package in wheel format (PEP 427).
type Wheel struct {
	Envs           []string             `toml:"envs"`
	Platforms      []platforms.Platform `toml:"platforms"`                 // several for a pure wheel
	Name           string               `toml:"name"`                      // normalised (PEP 503)
	Version        string               `toml:"version"`                   // as in the file's name
	URL            string               `toml:"url"`                       // https://…, or a path relative to gophersnake.toml
	SHA256         string               `toml:"sha256"`                    // hex
	Size           int64                `toml:"size"`                      // bytes
	Requires       []string             `toml:"requires,omitempty"`        // Requires-Dist (PEP 508)
	RequiresPython string               `toml:"requires-python,omitempty"` // PEP 440
	Requested      bool                 `toml:"requested,omitempty"`       // the user asked for it by name
}

// Toolchain is a Go toolchain for one platform. Which fields a row has depends
// on its source:
//
//   - module: Module and H1; H1 is "" where the toolchain is not available. Where
//     Image, ZipSHA256 and Size of the zip too.
//   - release: File, SHA256 and Size as the download index has them; where Image,
//     SignedBy too.
//   - conda: File, SHA256 and Size of the package "go", whose own row is a [Conda].
type Toolchain struct {
	Envs       []string           `toml:"envs"`
	Platform   platforms.Platform `toml:"platform"`
	Version    string             `toml:"version"`               // "1.26.8"
	Source     string             `toml:"source"`                // SourceModule, SourceRelease or SourceConda
	Module     string             `toml:"module,omitempty"`      // "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"
	H1         string             `toml:"h1,omitempty"`          // "h1:…" from the checksum database
	ZipSHA256  string             `toml:"zip-sha256,omitempty"`  // hex; h1 does not cover the zip's own bytes
	File       string             `toml:"file,omitempty"`        // "go1.26.8.linux-amd64.tar.gz", "go-1.26.8-h1234567_0.conda"
	SHA256     string             `toml:"sha256,omitempty"`      // hex, of File
	SignedBy   string             `toml:"signed-by,omitempty"`   // fingerprint of the OpenPGP key that made File's signature; "" where it was not looked at
	Size       int64              `toml:"size,omitempty"`        // of the zip or File, in bytes
	PassedOver []string           `toml:"passed-over,omitempty"` // "SOURCE: why", of sources that come before this one, for [go] source = "auto"
	Image      bool               `toml:"image"`                 // lies in images of this platform
	Host       bool               `toml:"host"`                  // may compile on a machine of this platform
	Default    bool               `toml:"default,omitempty"`     // is "go" in images that have several
}

// Sources of toolchains.
const (
	SourceModule  = "module"  // the module golang.org/toolchain
	SourceRelease = "release" // an archive of the download site
	SourceConda   = "conda"   // a conda package
)

// Name returns what a toolchain is called at its source: the module's path and
// version, or the file.
func (t Toolchain) Name() string {
	if t.Source == SourceModule {
		return t.Module
	}
	return t.File
}

// Hash returns what names the bytes of a toolchain: "h1:…" of a module, else
// "sha256:…" of its file. It is "" for a toolchain that is not available.
func (t Toolchain) Hash() string {
	if t.SHA256 == "" {
		return t.H1
	}
	return "sha256:" + t.SHA256
}

// Tool is a command of a Go module, compiled for every platform of the image.
// H1 is all that it is made of: the module's go.sum, which H1 covers, has the
// hashes of its dependencies.
type Tool struct {
	Envs    []string `toml:"envs"`
	Package string   `toml:"package"`         // import path: "honnef.co/go/tools/cmd/staticcheck"
	Module  string   `toml:"module"`          // "honnef.co/go/tools"
	Version string   `toml:"version"`         // "v0.8.2"
	H1      string   `toml:"h1"`              // "h1:…" from the checksum database
	Needs   string   `toml:"needs,omitempty"` // the oldest Go that compiles it, of its go.mod: "1.26.0"
	Go      string   `toml:"go"`              // the Go that does: a Toolchain's Version
}

// Name returns the file name of a tool, that of go install: the last element of
// its package, or the one before it where that is a major version.
func (t Tool) Name() string {
	dir, name := path.Split(t.Package)
	if dir != "" && majorVersion.MatchString(name) {
		return path.Base(dir)
	}
	return name
}

// majorVersion is the last element of the paths of modules from v2 on.
var majorVersion = regexp.MustCompile(`^v([2-9]|[1-9][0-9]+)$`)

// Activation is the environment that activating the conda environment and Go
// gives in images of one platform.
type Activation struct {
	Envs     []string           `toml:"envs"`
	Platform platforms.Platform `toml:"platform"`
	Inputs   string             `toml:"inputs,omitempty"` // "sha256:<hex>" of what evaluating the packages' activation files depends on; "" where there are none
	Env      []string           `toml:"env"`              // "KEY=value"; PATH holds $PATH where the base's goes
	Unset    []string           `toml:"unset,omitempty"`  // variables of the base that must not be set, sorted
	Dynamic  []Dynamic          `toml:"dynamic"`
}

// Dynamic is an activation script whose result depends on more than the lock: a
// shell has to source it. The scripts of an environment are in the order in
// which they are sourced.
type Dynamic struct {
	Script  string `toml:"script"`  // path below the prefix: "etc/conda/activate.d/x.sh"
	Package string `toml:"package"` // that has it
	Reason  string `toml:"reason"`  // why, for people
}

// Group is one conda layer of the plan: the packages that share it, by name,
// for all platforms. Groups are listed bottom to top.
type Group struct {
	Envs     []string `toml:"envs"`
	Packages []string `toml:"packages"`
}

// Layer is one row of the layer part: what a layer's key was found to make.
type Layer struct {
	Key    string `toml:"key"`     // "sha256:<hex>" of the layer's complete description
	DiffID string `toml:"diff-id"` // "sha256:<hex>" of the tar
	Digest string `toml:"digest"`  // "sha256:<hex>" of the compressed bytes
	Size   int64  `toml:"size"`    // of the compressed bytes
}
