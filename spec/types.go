package spec

import "github.com/gophersnake/gophersnake/platforms"

// The doc comments of this file are the descriptions of the JSON Schema, so
// they are written for whoever edits gophersnake.toml.

// Spec is the content of gophersnake.toml: the wish that the lock fulfils.
type Spec struct {
	// Version of this file's schema.
	Version int `toml:"version" jsonschema:"required,enum=1"`
	Variant
	// Variants of the image, by name. Each inherits everything above.
	Env map[string]Variant `toml:"env"`

	file string // as given to Read, for errors
	root *node  // with positions, for merging

	merged map[string]*node // the environments: see merge
}

// Variant is what the top level and each [env.X] may set.
type Variant struct {
	// What the image is called and how it starts.
	Image Image `toml:"image"`
	// What lies below our layers. No table means nothing.
	Base Base `toml:"base"`
	// The conda environment.
	Conda Conda `toml:"conda"`
	// Go toolchains and tools.
	Go Go `toml:"go"`
	// Go programs that are compiled into the image.
	CLI []CLI `toml:"cli"`
	// Files and directories that are copied into the image.
	Files []Files `toml:"files"`
	// Users of the image.
	Accounts []Account `toml:"accounts"`
	// What tools of development containers read from the image. No table means no label.
	Devcontainer *Devcontainer `toml:"devcontainer"`
	// How content is cut into layers.
	Layers Layers `toml:"layers"`
	// How hosts are reached, by HOST or HOST:PORT; channels too.
	Registry map[string]Registry `toml:"registry"`
}

// Image is the image's name and its config.
type Image struct {
	// Repository to push to: HOST[:PORT]/PATH, without a tag.
	Name string `toml:"name"`
	// Tags to push. Templates are allowed.
	Tags []string `toml:"tags"`
	// Platforms of the image. Default: linux/amd64 and linux/arm64.
	Platforms []platforms.Platform `toml:"platforms"`
	// User the image runs as: an account below, root, or a number. Default: account nonroot, 65532, with a home.
	User Owner `toml:"user"`
	// Directory that commands start in, an absolute path.
	Workdir string `toml:"workdir"`
	// Entrypoint. Absent: the base's; an empty list: none.
	Entrypoint []string `toml:"entrypoint"`
	// Command, or the entrypoint's arguments. Absent: the base's; an empty list: none.
	Cmd []string `toml:"cmd"`
	// Labels of the image config, over the base's. Templates are allowed.
	Labels map[string]string `toml:"labels"`
	// Annotations of the index and its manifests. Templates are allowed.
	Annotations map[string]string `toml:"annotations"`
	// Variables of the image, over the base's and over activation. A PATH must contain $PATH.
	Env map[string]string `toml:"env"`
	// Who may write: readonly (GOPATH alone, by group golang), group (the conda environment too, by group conda), root-group (both, and homes and workdir, by group 0: any user of OpenShift). Default: readonly.
	Permissions string `toml:"permissions" jsonschema:"enum=readonly,enum=group,enum=root-group"`
}

// Base is what lies below our layers: an image or Debian packages.
type Base struct {
	// A registry reference, oci:DIR[:TAG], oci-archive:FILE[:TAG], or scratch.
	Image string `toml:"image"`
	// Debian packages to make the base of.
	Debian *Debian `toml:"debian"`
}

// Debian is a base made of Debian packages.
type Debian struct {
	// Release, such as bookworm. Default, with a preset: trixie.
	Suite string `toml:"suite"`
	// Suites whose newer packages count too, such as bookworm-updates and bookworm-security.
	ExtraSuites []string `toml:"extra-suites"`
	// Time of the archive's snapshot, such as 20261101T000000Z.
	Snapshot string `toml:"snapshot"`
	// Components of the archive. Default: main.
	Components []string `toml:"components"`
	// Packages, NAME or NAME=VERSION; what they depend on is added.
	Packages []string `toml:"packages"`
	// URL of the archive to take packages from. Default: snapshot.debian.org.
	Mirror string `toml:"mirror"`
	// URL of the archive of suites that end in -security. Default: beside mirror, with -security at its end.
	SecurityMirror string `toml:"security-mirror"`
	// File with the OpenPGP keys that may sign the archive. Default: Debian's own.
	Keyring string `toml:"keyring"`
	// A ready list of packages.
	Preset string `toml:"preset" jsonschema:"enum=glibc"`
}

// Conda is the conda environment.
type Conda struct {
	// An environment.yml that adds to the keys below.
	File string `toml:"file"`
	// A conda-lock.yml, pixi.lock or @EXPLICIT file, instead of file, channels and dependencies.
	Lock string `toml:"lock"`
	// Which environment of a pixi.lock.
	Environment string `toml:"environment"`
	// Which categories of a conda-lock.yml.
	Categories []string `toml:"categories"`
	// A pylock.toml with the wheels that come on top of the conda packages.
	Wheels string `toml:"wheels"`
	// Channels, the most important first: names, URLs, file://, oci://, paths relative to this file.
	Channels []string `toml:"channels"`
	// Match specs of the packages wanted.
	Dependencies []string `toml:"dependencies"`
	// Where the environment lies in the image. Default: /opt/conda.
	Prefix string `toml:"prefix"`
	// Which channel a package may come from. Default: strict.
	ChannelPriority string `toml:"channel-priority" jsonschema:"enum=strict,enum=flexible,enum=disabled"`
	// Versions of virtual packages, over those of the target and its base.
	VirtualPackages map[string]string `toml:"virtual-packages"`
	// Ignore packages younger than this: a duration (7d, 12h, 2w) or a date.
	ExcludeNewer Cutoff `toml:"exclude-newer"`
	// What a package with link scripts means; none is ever run. Default: deny.
	Scripts string `toml:"scripts" jsonschema:"enum=deny,enum=skip,enum=known"`
	// Whether packaged .pyc files stay. Default: keep.
	Pyc string `toml:"pyc" jsonschema:"enum=keep,enum=drop"`
	// Additions for one conda subdir, such as linux-aarch64.
	Target map[string]Target `toml:"target"`
}

// Target is what one conda subdir adds to the environment.
type Target struct {
	// Match specs of packages wanted on this subdir too.
	Dependencies []string `toml:"dependencies"`
	// The @EXPLICIT lock file of this subdir.
	Lock string `toml:"lock"`
}

// Go is the Go toolchains and tools of the image.
type Go struct {
	// Versions (1.26, 1.26.8), ranges (>=1.21.0,<1.22.0), or files that say it: go.mod, go.work, .go-version, .tool-versions. The first is the default.
	Versions []string `toml:"versions"`
	// Where toolchains come from: the module proxy, the archives of go.dev/dl, conda's package go, or the first that has them. Default: module.
	Source string `toml:"source" jsonschema:"enum=module,enum=release,enum=conda,enum=auto"`
	// Module proxy for lock and build, never in the image; one for all environments. Default: GOPROXY.
	Proxy string `toml:"proxy"`
	// Programs to install, PACKAGE@VERSION.
	Tools []string `toml:"tools"`
	// Variables of the image.
	Env map[string]string `toml:"env"`
	// Whether toolchains lie inside the conda environment, in $CONDA_PREFIX/go. Default: false.
	InPrefix bool `toml:"in-prefix"`
}

// CLI is a Go program that is compiled into the image.
type CLI struct {
	// The main package, such as ./cmd/hello.
	Package string `toml:"package" jsonschema:"required"`
	// File name of the program. Default: the package's last element.
	Name string `toml:"name"`
	// Directory of the program in the image. Default: /usr/local/bin.
	Path string `toml:"path"`
	// Platforms to compile for. Default: the image's.
	Platforms []platforms.Platform `toml:"platforms"`
	// Flags of the linker. Templates are allowed.
	Ldflags string `toml:"ldflags"`
	// Directory of the image that holds the archives of all platforms. Default: none.
	Bundle string `toml:"bundle"`
	// Command that runs the compiler and the linker, as for go build: a program of the project (tools/wrap -v), or one on PATH. Default: none.
	Toolexec string `toml:"toolexec"`
	// JSON file of the project that replaces source files, as for go build. Default: none.
	Overlay string `toml:"overlay"`
	// Directory of the go command's build cache, relative to this file. Default: one in the store.
	Gocache string `toml:"gocache"`
	// Directory of the go command's module cache, relative to this file. Default: one in the store.
	Gomodcache string `toml:"gomodcache"`
}

// Files is a file or directory that is copied into the image.
type Files struct {
	// File or directory, relative to this file.
	Src string `toml:"src" jsonschema:"required"`
	// Absolute path in the image.
	Dest string `toml:"dest" jsonschema:"required"`
	// Permission bits in octal, such as 0644. Default: 0644, or 0755 where the file can be executed.
	Mode string `toml:"mode"`
	// Owner: root, an account, or a number. Default: root.
	Owner Owner `toml:"owner"`
	// Patterns to leave out, as in .dockerignore.
	Ignore []string `toml:"ignore"`
}

// Account is a user of the image. Its group has the same name and number, its
// home is /home/NAME.
type Account struct {
	// Name, such as dev.
	Name string `toml:"name" jsonschema:"required"`
	// Number of the user and of its group.
	UID int `toml:"uid" jsonschema:"required,minimum=1,maximum=2147483647"`
	// More groups: conda (900), golang (901), another account, or a group of the base.
	Groups []string `toml:"groups"`
}

// Devcontainer is what tools of development containers read from the image, in
// its label devcontainer.metadata.
type Devcontainer struct {
	// Extensions of VS Code to install, PUBLISHER.NAME.
	Extensions []string `toml:"extensions"`
	// Settings of VS Code, over those that follow from the lock. Quote their names: "editor.formatOnSave" = true.
	Settings map[string]Setting `toml:"settings"`
	// User that editors and commands work as: root, an account, or a number. Default: the image's user.
	RemoteUser Owner `toml:"remote-user"`
	// Whether that user gets the number of whoever starts the container, on Linux. Absent: for the tool to say, which does it.
	UpdateRemoteUserUID *bool `toml:"update-remote-user-uid"`
	// Variables of the container. Those of the image stand in [image.env].
	ContainerEnv map[string]string `toml:"container-env"`
	// Variables of what editors and commands start.
	RemoteEnv map[string]string `toml:"remote-env"`
	// Capabilities of the container, such as NET_ADMIN. SYS_PTRACE is there where delve is among the tools.
	CapAdd []string `toml:"cap-add"`
	// Security options of the container, such as seccomp=unconfined.
	SecurityOpt []string `toml:"security-opt"`
	// Mounts of the container, as docker run --mount takes them.
	Mounts []string `toml:"mounts"`
	// Whether a small init is the container's first process.
	Init bool `toml:"init"`
	// Command to run once, when the container was made: a line for a shell, a list of arguments, or a table of either that run side by side; [] is none.
	OnCreateCommand Command `toml:"on-create-command"`
	// Command to run after that, and when the workspace has new content.
	UpdateContentCommand Command `toml:"update-content-command"`
	// Command to run after that, once a user has the container.
	PostCreateCommand Command `toml:"post-create-command"`
	// Command to run each time the container was started.
	PostStartCommand Command `toml:"post-start-command"`
	// Command to run each time an editor attaches.
	PostAttachCommand Command `toml:"post-attach-command"`
}

// Layers is how content is cut into layers.
type Layers struct {
	// Most layers to make above the base. Default: 40.
	Budget int `toml:"budget" jsonschema:"minimum=1,maximum=126"`
	// Compression of layers. Default: gzip.
	Compression string `toml:"compression" jsonschema:"enum=gzip,enum=zstd"`
}

// Registry is how one host is reached.
type Registry struct {
	// File with certificates to trust, relative to this file.
	CA string `toml:"ca"`
	// URLs or hosts to ask first, in this order.
	Mirrors []string `toml:"mirrors"`
	// Whether the host speaks HTTP without TLS.
	PlainHTTP bool `toml:"plain-http"`
	// Repository of the host that blobs of all images are shared from.
	BlobHome string `toml:"blob-home"`
}
