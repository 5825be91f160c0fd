package arch

// A folder is a row of the architecture.
type folder struct {
	path    string   // "x", or "x/..." for x and all below that has no row of its own
	is      string   // its sole responsibility
	imports []string // of this module, in the same spelling; "..." is anything
}

// folders is the architecture, from the ground up. Rows of folders that do not
// exist yet are the place that is reserved for them.
var folders = []folder{
	// Ground: these know of nothing else.
	{"platforms", "a platform in the spellings of OCI, Go, conda and Debian", nil},
	{"tree", "the files of a layer; the only writer of layer tar", nil},
	{"tree/zipfile", "zip archives that mean the same to every reader", []string{"tree"}},
	{"internal/fault", "the error type of the packages above the engines", nil},
	{"internal/durable", "locks that are files, and names that last after a crash", nil},
	{"internal/near", "which known word an unknown one may mean", nil},
	{"internal/yamltree", "other tools' YAML as a tree with lines", []string{"internal/fault"}},
	{"shell", "a shell's environment: what a script has to change, and to give back", nil},

	// Engines: libraries that stand alone.
	{"conda/...", "the conda engine: versions, specs, channels, solver, archives, linking", []string{"conda/...", "tree", "tree/zipfile"}},
	{"golang/...", "which Go toolchains and tools exist, their verified bytes, hermetic builds", []string{"golang/...", "platforms"}},
	{"debian", "a base from Debian packages", []string{"tree", "platforms"}},
	{"wheel/...", "the wheel engine: names, tags, installing", []string{"wheel/...", "tree", "tree/zipfile"}},
	{"wheel/pypi", "Python's names, versions, requirements and markers", nil},

	// The wish, the fact, and the way from one to the other.
	{"spec", "read gophersnake.toml strictly", []string{"platforms", "conda/matchspec", "internal/fault", "internal/near"}},
	{"spec/envfile", "read environment.yml", []string{"spec", "platforms", "internal/fault", "internal/near", "internal/yamltree"}},
	{"lock", "gophersnake.lock: every byte by digest", []string{"platforms", "internal/fault"}},
	{"lock/importer", "read other tools' locks", []string{"platforms", "wheel", "wheel/pypi", "internal/fault", "internal/yamltree"}},
	{"lock/exporter", "write other tools' locks", []string{"lock", "platforms", "internal/fault"}},
	{"plan", "which packages share a layer", []string{"lock"}},
	{"resolve/...", "spec and World to lock", []string{
		"spec", "spec/envfile", "lock", "lock/importer", "plan", "platforms", "conda/...", "golang/...", "debian", "wheel", "wheel/pypi", "internal/fault", "resolve/...",
	}},

	// From the fact to bytes.
	{"layers", "what all kinds of layers have in common: key, directories, fragments", []string{"lock", "tree"}},
	{"layers/condaenv", "layers of a conda environment", []string{
		"layers", "layers/files", "lock", "platforms", "tree", "conda/...", "internal/fault",
	}},
	{"layers/gotool", "the layer of a Go toolchain", []string{"layers", "lock", "platforms", "tree", "golang/release", "internal/fault"}},
	{"layers/gotools", "the layer of Go tools", []string{"layers", "lock", "platforms", "tree", "internal/fault"}},
	{"layers/cli", "the layer of a program compiled from the user's sources", []string{"layers", "lock", "platforms", "tree", "internal/fault"}},
	{"layers/activation", "what login shells and the entry point find the environment by", []string{"layers", "layers/files", "lock", "tree"}},
	{"layers/files", "layers of the user's files, accounts and small generated files", []string{"layers", "lock", "platforms", "tree", "internal/fault"}},
	{"layers/wheels", "the layer of an environment's wheels", []string{
		"layers", "layers/condaenv", "lock", "platforms", "tree", "conda/...", "wheel/...", "internal/fault",
	}},
	{"layers/debbase", "the layer of a base of Debian packages", []string{"layers", "lock", "platforms", "tree", "debian"}},
	{"layers/...", "one kind of layer each", []string{"layers", "lock", "platforms", "tree", "conda/...", "golang/...", "debian", "internal/fault"}},
	{"devcontainer", "what tools of development containers read: the label and devcontainer.json", []string{"internal/fault"}},
	{"builder", "lock to layers to images to index", []string{
		"layers/...", "devcontainer", "lock", "platforms", "shell", "tree", "conda/link", "internal/store", "internal/fault",
	}},

	{"install", "a locked environment on this machine's disk", []string{
		"golang/release", "layers", "layers/condaenv", "layers/files", "layers/wheels", "lock", "output/rootfs", "platforms", "shell", "tree", "internal/fault",
	}},

	// From bytes to others.
	{"output/...", "registry, OCI layout, archives, daemon, root file systems", []string{"output/...", "internal/durable"}},
	{"attest", "SBOM, provenance and signatures, from lock and index alone", []string{"lock"}},

	// The world: whatever leaves the process.
	{"internal/store", "the digest-keyed cache on disk", []string{"internal/durable", "internal/fault"}},
	{"internal/fetch", "HTTP with retry, resume and verification", []string{"internal/store", "internal/fault"}},
	{"internal/condarc", "where conda's configuration says that channels are", []string{"internal/fault", "internal/yamltree"}},
	{"base", "read someone else's base image and its facts", []string{"lock", "platforms", "internal/fault"}},
	{"doctor", "what disagrees on a machine or in an image, judged from facts", []string{"lock", "conda/matchspec", "conda/version"}},
	{"internal/world", "the real World of resolve, and what layers open", []string{
		"base", "conda/...", "golang/...", "debian", "wheel", "internal/condarc", "internal/fetch", "internal/store", "internal/fault", "internal/near",
		"layers", "layers/cli", "layers/debbase", "layers/gotools", "lock", "lock/importer", "platforms", "tree",
	}},

	// The programs and the tests.
	{"cmd/gophersnake", "flags, environment, clock, exit codes, printing", []string{"..."}},
	{"internal/channeltest", "a conda channel for tests, made from text", []string{"conda/...", "tree"}},
	{"internal/repofile", "hooks of pre-commit and a workflow of GitHub for a project's repository", []string{"internal/fault", "internal/yamltree"}},
	{"internal/debiantest", "an archive of Debian packages for tests, made from text", nil},
	{"bench/...", "programs that compare our speed with that of others; not part of a release", []string{"conda/...", "internal/channeltest"}},
	{"internal/arch", "this", nil},
}

// pure names what a folder must not reach, directly or through packages of this
// module.
var pure = []struct {
	why    string
	from   []string
	beyond []string // folders, or import paths of others
}{
	{
		"right of the lock, everything is a function of the lock",
		[]string{"builder", "layers/...", "attest", "plan", "lock/..."},
		append([]string{"spec", "resolve/...", "internal/fetch", "internal/world", "base"}, network...),
	},
	{
		"an engine asks through interfaces that it declares",
		[]string{"conda/...", "golang/...", "debian", "wheel/...", "tree", "platforms"},
		network,
	},
	{
		"reading a wish asks nobody",
		[]string{"spec", "spec/..."},
		append([]string{"resolve/...", "internal/fetch", "internal/world"}, network...),
	},
	{
		"resolving makes no bytes, and asks the world through its World interface",
		[]string{"resolve/..."},
		append([]string{"layers/...", "builder", "output/...", "internal/fetch", "internal/world", "base"}, network...),
	},
}

// network is what opens connections.
var network = []string{
	"net",
	"net/http",
	"github.com/google/go-containerregistry/pkg/v1/remote",
}

// importers says who alone may import a package that is not of this module.
var importers = []struct {
	path string // "x/..." as above
	by   []string
	why  string
}{
	{"os/exec", []string{"bench/...", "cmd/...", "golang/compile", "resolve/uv"}, "no code of any package is run"},
	{"log", []string{"bench/...", "cmd/...", "output/outputtest"}, "libraries report events"},
	{"log/slog", []string{"cmd/..."}, "libraries report events"},
	{"github.com/sirupsen/logrus", []string{"cmd/..."}, "libraries report events"},
	{"github.com/spf13/...", []string{"cmd/..."}, "flags are the command's"},
	{"github.com/docker/docker/...", []string{"output/daemon"}, "one package speaks to Docker's daemon"},
	{"github.com/google/go-containerregistry/pkg/v1/daemon", nil, "it brings a second Docker client"},
	{"unsafe", nil, "nothing here needs it"},
}
