package spec

import (
	"strings"
	"testing"
)

// one is a file with one key in one table.
func one(table, line string) string { return "version = 1\n[" + table + "]\n" + line + "\n" }

const (
	repositoryHint = "a repository is HOST[:PORT]/PATH, as in registry.example.com/team/app"
	tagHint        = `tags are at most 128 letters, digits, "_", "." and "-", and begin with none of the last two`
	relativeHint   = "paths are relative to gophersnake.toml"
	outsideHint    = `".." is not allowed: copy the files into the project, or use -C`
	secretHint     = "remove them: credentials come from the container configuration, .netrc or the environment"
	queryHint      = "remove all from ? on: a query may hold a secret"
	elsewhereHint  = "they stand in image.tags, image.labels, image.annotations and ldflags of [[cli]]"
	platformList   = "linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64"
)

func TestImageForms(t *testing.T) {
	for _, b := range []badFile{
		{
			"A06 upper case", one("image", `name = "UPPER/x"`),
			`3:8: image.name: "UPPER/x" is not a repository: "UPPER" is not lower case letters and digits with single ".", "_", "__" or "-" between them`, repositoryHint,
		},
		{"A06 tag", one("image", `name = "r.example.com:5000/x:1"`), `3:8: image.name: "r.example.com:5000/x:1" has a tag`, "tags stand in image.tags"},
		{"A06 URL", one("image", `name = "https://u:secret@r.example.com/x"`), `3:8: image.name: "https://r.example.com/x" is a URL, not a repository`, repositoryHint},
		{"A06 host", one("image", `name = "-r.example.com/x"`), `3:8: image.name: "-r.example.com/x" is not a repository: "-r.example.com" is not a host`, repositoryHint},
		{"A06 empty", one("image", `name = ""`), "3:8: image.name: the string is empty", "remove the key to have its default"},
		{
			"A06 base", one("base", `image = "UPPER/x:1"`),
			`3:9: base.image: "UPPER/x" is not a repository: "UPPER" is not lower case letters and digits with single ".", "_", "__" or "-" between them`, repositoryHint,
		},
		{"base digest", one("base", `image = "x@sha256:12"`), `3:9: base.image: "sha256:12" is not a digest`, "digests are sha256: and 64 hex digits"},
		{"base tag", one("base", `image = "x:-"`), `3:9: base.image: "-" is not a tag`, tagHint},
		{"base place", one("base", `image = "oci:"`), `3:9: base.image: "oci:" names no place`, "write oci:DIR[:TAG] or oci-archive:FILE[:TAG]"},
		{
			"base URL", one("base", `image = "docker://x"`), `3:9: base.image: "docker://x" is a URL, not a reference`,
			"write [HOST[:PORT]/]PATH[:TAG][@DIGEST], oci:DIR or oci-archive:FILE",
		},
		{
			"A07 platform", one("image", `platforms = ["linux/arm64", "linux/amd46"]`),
			`3:29: image.platforms: platform "linux/amd46" is not one of ` + platformList, `did you mean "linux/amd64"?`,
		},
		{
			"A08 not linux", one("image", `platforms = ["darwin/arm64"]`), `3:14: image.platforms: "darwin/arm64" cannot be the platform of an image`,
			"images are linux/amd64 or linux/arm64; programs for other platforms stand in [[cli]]",
		},
		{
			"A08 no subdir", "version = 1\n[[cli]]\npackage = \"./a\"\nplatforms = [\"windows/arm\"]\n",
			`4:14: cli.platforms: platform "windows/arm" is not one of ` + platformList, "conda has no such subdir",
		},
		{"platform twice", one("image", `platforms = ["linux/arm64", "linux/arm64"]`), `3:29: image.platforms: "linux/arm64" is listed twice`, ""},
		{"no platform", one("image", `platforms = []`), "3:13: image.platforms: the list is empty", "remove it for linux/amd64 and linux/arm64"},
		{"tag", one("image", `tags = ["1.4", "a b"]`), `3:16: image.tags: "a b" is not a tag`, tagHint},
		{"tag with a template", one("image", `tags = ["+{{.Version}}"]`), `3:9: image.tags: "+{{.Version}}" does not make a tag`, tagHint},
		{"tag twice", one("image", `tags = ["a", "a"]`), `3:14: image.tags: "a" is listed twice`, ""},
		{"workdir", one("image", `workdir = "work"`), `3:11: image.workdir: path "work" is not absolute`, `write "/work"`},
		{"workdir, not clean", one("image", `workdir = "/a/../b/"`), `3:11: image.workdir: path "/a/../b/" is not clean`, `write "/b"`},
		{
			"PATH", one("image.env", `PATH = "/opt/bin:$PATHS"`), `3:8: image.env.PATH: "/opt/bin:$PATHS" does not contain $PATH`,
			`without it conda and Go are not found: PATH = "/opt/bin:$PATHS:$PATH"`,
		},
		{"variable", one("image.env", `"A B" = "x"`), `3:1: image.env: "A B" is not a variable's name`, ""},
		{
			"user", one("image", `user = "dev"`), `3:8: image.user: "dev" is neither an account nor a number`,
			`add [[accounts]] with name = "dev", or give the number`,
		},
		{
			"user, near", "version = 1\n[image]\nuser = \"devs\"\n[[accounts]]\nname = \"dev\"\nuid = 1000\n",
			`3:8: image.user: "devs" is neither an account nor a number`, `did you mean "dev"?`,
		},
		{"user's number", one("image", `user = -1`), `3:8: image.user: "-1" is neither an account nor a number`, `add [[accounts]] with name = "-1", or give the number`},
	} {
		t.Run(b.name, b.check)
	}
}

func TestCondaAndGoForms(t *testing.T) {
	for _, b := range []badFile{
		{"prefix", one("conda", `prefix = "opt/conda"`), `3:10: conda.prefix: path "opt/conda" is not absolute`, `write "/opt/conda"`},
		{"prefix too long", one("conda", `prefix = "/`+strings.Repeat("p", 200)+`"`), "3:10: conda.prefix: 201 bytes; at most 200 fit into packages", ""},
		{"prefix is the root", one("conda", `prefix = "/"`), "3:10: conda.prefix: the environment cannot be the root", `write "/opt/conda"`},
		{"prefix with a space", one("conda", `prefix = "/a b"`), `3:10: conda.prefix: "/a b" holds a space or a colon`, "a space breaks #! lines, a colon breaks PATH"},
		{"absolute file", one("conda", `file = "/home/x/environment.yml"`), `3:8: conda.file: path "/home/x/environment.yml" is absolute`, relativeHint},
		{"wheels", one("conda", `wheels = "/pylock.toml"`), `3:10: conda.wheels: path "/pylock.toml" is absolute`, relativeHint},
		{"drive", one("conda", `lock = "C:/x.lock"`), `3:8: conda.lock: path "C:/x.lock" is absolute`, relativeHint},
		{
			"channel's path", one("conda", `channels = ["/srv/c"]`), `3:13: conda.channels: path "/srv/c" is absolute`,
			relativeHint + "; a channel of this machine alone is file:///srv/c",
		},
		{
			"channel's scheme", one("conda", `channels = ["ftp://c.example.com"]`), `3:13: conda.channels: channel "ftp://c.example.com": unknown scheme "ftp"`,
			"https, http, file and oci are known",
		},
		{"channel's password", one("conda", `channels = ["https://u:secret@c.example.com/a"]`), "3:13: conda.channels: the URL holds credentials", secretHint},
		{"channel's token", one("conda", `channels = ["https://c.example.com/t/secret/a"]`), "3:13: conda.channels: the URL holds credentials", secretHint},
		{"channel's query", one("conda", `channels = ["https://c.example.com/a?token=secret"]`), "3:13: conda.channels: the URL holds a query", queryHint},
		{
			"target", one("conda.target.linux-64k", ``), `2:15: conda.target: subdir "linux-64k" is not one of linux-64, linux-aarch64, osx-64, osx-arm64, win-64, win-arm64`,
			`did you mean "linux-64"?`,
		},
		{
			"virtual", one("conda.virtual-packages", `cuda = "12"`), `3:1: conda.virtual-packages: "cuda" is not a virtual package`,
			`their names begin with "__", as in "__cuda"`,
		},
		{
			"cutoff", one("conda", `exclude-newer = "7 days"`), `3:17: conda.exclude-newer: "7 days" is neither an age nor a date`,
			`write "7d", "12h", "2w", "2026-11-01" or a time with its zone`,
		},
		{"go version", one("go", `versions = ["go1.26"]`), `3:13: go.versions: "go1.26" is not a Go version`, `write "1.26"`},
		{
			"go range", one("go", `versions = [">=1.21 <1.22"]`), `3:13: go.versions: ">=1.21 <1.22" is not a Go version`,
			`write "1.26", "1.26.8", ">=1.21.0,<1.22.0" or "go.mod"`,
		},
		{
			"tool", one("go", `tools = ["golang.org/x/tools/gopls"]`), `3:10: go.tools: "golang.org/x/tools/gopls" has no version`,
			`write "golang.org/x/tools/gopls@latest", or an exact version`,
		},
		{"tool's path", one("go", `tools = ["../gopls@v1.0.0"]`), `3:10: go.tools: "../gopls" is not an import path`, ""},
		{"tool's version", one("go", `tools = ["example.com/x@1.0"]`), `3:10: go.tools: "1.0" is not a version`, "write vMAJOR.MINOR.PATCH or latest"},
		{"GOROOT", one("go.env", `GOROOT = "/x"`), "3:1: go.env: GOROOT is never exported", "each toolchain finds its own: remove it"},
		{"image's GOROOT", one("image.env", `GOROOT = "/x"`), "3:1: image.env: GOROOT is never exported", "each toolchain finds its own: remove it"},
		{"go file", one("go", `versions = ["go.sum"]`), `3:13: go.versions: "go.sum" is not a Go version`, `write "1.26", "1.26.8", ">=1.21.0,<1.22.0" or "go.mod"`},
		{"proxy's password", one("go", `proxy = "direct,https://u:p@s/w@p.example.com"`), "3:9: go.proxy: the URL holds credentials", secretHint},
		{"proxy's user", one("go", `proxy = "https://secret@p.example.com"`), "3:9: go.proxy: the URL holds credentials", secretHint},
		{"proxy", one("go", `proxy = "p.example.com"`), `3:9: go.proxy: "p.example.com" is not an http or https URL`, ""},
		{"GOPROXY's password", one("go.env", `GOPROXY = "https://u:p@p.example.com,direct"`), "3:11: go.env.GOPROXY: the URL holds credentials", secretHint},
		{"any variable's password", one("go.env", `X = "https://u:p@p.example.com"`), "3:5: go.env.X: the URL holds credentials", secretHint},
		{"Debian", one("base.debian", `packages = ["bash"]`), "2:7: base.debian: suite is missing", `set suite = "bookworm", or preset = "glibc"`},
		{"Debian package", one("base.debian", "suite = \"bookworm\"\npackages = [\"Bash\"]"), `4:13: base.debian.packages: "Bash" is not a Debian package's name`, ""},
		{
			"Debian version", one("base.debian", "suite = \"bookworm\"\npackages = [\"curl=\"]"),
			`4:13: base.debian.packages: "" is not a version of Debian package curl`, `write NAME=VERSION, as in "curl=7.88.1-10+deb12u14"`,
		},
		{"Debian security mirror", one("base.debian", "suite = \"bookworm\"\nsecurity-mirror = \"updates\""), `4:19: base.debian.security-mirror: "updates" is not an http or https URL`, ""},
		{
			"Debian snapshot", one("base.debian", "suite = \"bookworm\"\nsnapshot = \"2026\""), `4:12: base.debian.snapshot: "2026" is not a snapshot's time`,
			`write YYYYMMDDTHHMMSSZ, as in "20261101T000000Z"`,
		},
		{"Debian mirror", one("base.debian", "suite = \"bookworm\"\nmirror = \"https://u:p@d.example.com\""), "4:10: base.debian.mirror: the URL holds credentials", secretHint},
	} {
		t.Run(b.name, b.check)
	}
}

func TestOtherForms(t *testing.T) {
	for _, b := range []badFile{
		{"A10 source", one("[files]", "src = \"a/../../b\"\ndest = \"/b\""), `3:7: files.src: path "a/../../b" is outside the directory of gophersnake.toml`, outsideHint},
		{"A10 absolute source", one("[files]", "src = \"/etc/passwd\"\ndest = \"/b\""), `3:7: files.src: path "/etc/passwd" is absolute`, relativeHint},
		{"destination", one("[files]", "src = \"a\"\ndest = \"/b/../etc\""), `4:8: files.dest: path "/b/../etc" is not clean`, `write "/etc"`},
		{"mode", one("[files]", "src = \"a\"\ndest = \"/a\"\nmode = \"rw\""), `5:8: files.mode: mode "rw" is not octal permission bits`, `write "0644", "0755" or the like`},
		{
			"mode with setuid", one("[files]", "src = \"a\"\ndest = \"/a\"\nmode = \"4755\""), `5:8: files.mode: mode "4755" is not octal permission bits`,
			"setuid, setgid and sticky bits are never set",
		},
		{"mode without quotes", one("[files]", "src = \"a\"\ndest = \"/a\"\nmode = 0o644"), "5:8: files.mode: want a string, got a number", `put it in quotes: "0o644"`},
		{"owner", one("[files]", "src = \"a\"\ndest = \"/a\"\nowner = \"a:b\""), `5:9: files.owner: "a:b" is neither an account nor a number`, ""},
		{"package", one("[cli]", `package = "./..."`), `3:11: cli.package: "./..." is not one package`, "write ./DIR or an import path, without a version"},
		{"package that is a flag", one("[cli]", `package = "-x"`), `3:11: cli.package: "-x" is not one package`, "write ./DIR or an import path, without a version"},
		{"package without a name", one("[cli]", `package = "."`), `3:11: cli.package: "." gives no name to the program`, "set name"},
		{
			"program's name", one("[cli]", "package = \"./a\"\nname = \"../a\""), `4:8: cli.name: "../a" is not a file name`,
			`names begin with a letter, a digit or "_" and go on with those, ".", "+" and "-"`,
		},
		{"program's path", one("[cli]", "package = \"./a\"\npath = \"bin\""), `4:8: cli.path: path "bin" is not absolute`, `write "/bin"`},
		{"extension", one("devcontainer", `extensions = ["go"]`), `3:15: devcontainer.extensions: "go" is not an extension`, "write PUBLISHER.NAME"},
		{
			"account's name", one("[accounts]", "name = \"Dev\"\nuid = 1000"), `3:8: accounts.name: "Dev" is not a user's name`,
			`names are at most 32 lower case letters, digits, "_" and "-", and begin with a letter or "_"`,
		},
		{
			"host", one(`registry."https://u:secret@r.example.com"`, `ca = "x"`), `2:11: registry: "https://r.example.com" is not a host`,
			`write HOST or HOST:PORT in quotes, without a scheme: [registry."registry.example.com"]`,
		},
		{"control character", one("[files]", "src = \"a\"\ndest = \"/a\\u0007\""), `4:8: files.dest: path "/a\a" holds a control character`, ""},
		{"control character in a source", one("[files]", "src = \"a\\nb\"\ndest = \"/a\""), `3:7: files.src: path "a\nb" holds a control character or a backslash`, ""},
		{"control character in a pattern", one("[files]", "src = \"a\"\ndest = \"/a\"\nignore = [\"a\\n\"]"), `5:11: files.ignore: "a\n" holds a control character`, ""},
		{"NUL", one("image.env", `A = "a\u0000"`), `3:5: image.env.A: "a\x00" holds a NUL`, ""},
		{"group", one("[accounts]", "name = \"dev\"\nuid = 1000\ngroups = [\"A\"]"), `5:11: accounts.groups: "A" is not a group's name`, ""},
		{"category", one("conda", "lock = \"l\"\ncategories = [\"a b\"]"), `4:15: conda.categories: "a b" is not a name`, `names are letters, digits and "_", ".", "/", "+", "-"`},
		{"form in a variant", one("env.x.conda", `prefix = "opt"`), `3:10: env.x.conda.prefix: path "opt" is not absolute`, `write "/opt"`},
		{
			"key in a variant", one("env.x.conda.virtual-packages", `a = "1"`), `3:1: env.x.conda.virtual-packages: "a" is not a virtual package`,
			`their names begin with "__", as in "__cuda"`,
		},
		{
			"dotted host", one(`registry.r.example`, `plain-http = true`), `2:13: unknown key "example" in registry.r`,
			"known keys: blob-home, ca, mirrors, plain-http",
		},
		{"mirror", one(`registry."r.example.com"`, `mirrors = ["a b"]`), `3:12: registry."r.example.com".mirrors: "a b" is neither a URL nor HOST[:PORT][/PATH]`, ""},
		{"variant's name", one(`env."a.b"`, ""), `2:6: env: "a.b" is not a name for a variant`, `names end tags: at most 64 letters, digits, "_" and "-"`},
		{
			"match spec", one("conda", `dependencies = ["a", "numpy >=1,>>2"]`), `3:22: conda.dependencies: match spec "numpy >=1,>>2": column 11: unknown operator ">>"`,
			"operators are ==, !=, <, <=, >, >=, = and ~=",
		},
		{"match spec of a target", one("conda.target.linux-64", `dependencies = ["a["]`), `3:17: conda.target.linux-64.dependencies: match spec "a[": column 2: a package name cannot have '['`, ""},
		{"match spec without a name", one("conda", `dependencies = ["*"]`), `3:17: conda.dependencies: match spec "*": column 1: "*" is a pattern, only one package can be asked for`, ""},
		{"template elsewhere", one("image", `cmd = ["{{.Version}}"]`), "3:8: image.cmd: templates are not read here", elsewhereHint},
		{"template in a variant", one("env.x.conda", `dependencies = ["a {{.Version}}"]`), "3:17: env.x.conda.dependencies: templates are not read here", elsewhereHint},
		{"unknown template", one("image.labels", `a = "{{.Versoin}}"`), "3:5: image.labels.a: unknown template {{.Versoin}}", templateHint},
		{"open template", one("image", `tags = ["{{.Version"]`), "3:9: image.tags: template {{.Version: }} is missing", templateHint},
	} {
		t.Run(b.name, b.check)
	}
}

func TestTogether(t *testing.T) {
	account := func(name, uid string) string { return "[[accounts]]\nname = \"" + name + "\"\nuid = " + uid + "\n" }
	for _, b := range []badFile{
		{"account twice", "version = 1\n" + account("dev", "1000") + account("dev", "1001"), `6:8: accounts.name: "dev" is listed twice, first on line 3`, ""},
		{"uid twice", "version = 1\n" + account("dev", "1000") + account("ops", "1000"), `7:7: accounts.uid: 1000 is "dev" already, on line 4`, ""},
		{"reserved name", "version = 1\n" + account("root", "1000"), `3:8: accounts.name: "root" is 0 already`, "choose another name"},
		{"reserved uid", "version = 1\n" + account("dev", "900"), `4:7: accounts.uid: 900 is "conda" already`, "choose another number"},
		{
			"uid of a variant", "version = 1\n" + account("dev", "1000") + "[[env.x.accounts]]\nname = \"ops\"\nuid = 1000\n",
			`7:7: accounts.uid: 1000 is "dev" already, on line 4`, "",
		},
		{
			"program twice", "version = 1\n[[cli]]\npackage = \"./a/x\"\n[[cli]]\npackage = \"./b\"\nname = \"x\"\n",
			`4:3: cli: "x" is the name of two programs, first on line 2`, "set name",
		},
		{"base twice", one("base", "image = \"x\"\ndebian = { suite = \"bookworm\" }"), "4:1: base: image and debian exclude each other", "keep one of the two"},
		{"lock and file", one("conda", "lock = \"pixi.lock\"\nfile = \"environment.yml\""), "4:1: conda: lock and file exclude each other", "a lock file names every package: remove file"},
		{
			"lock and dependencies of a target", one("conda", "lock = \"pixi.lock\"\ntarget.linux-64.dependencies = [\"a\"]"),
			"4:17: conda.target.linux-64: lock and dependencies exclude each other", "",
		},
		{"categories alone", one("conda", `categories = ["main"]`), "3:1: conda: categories is read with lock only", ""},
		{
			"categories and environment", one("conda", "lock = \"l\"\nenvironment = \"e\"\ncategories = [\"main\"]"), "5:1: conda: environment and categories exclude each other",
			"environment is for a pixi.lock, categories are for a conda-lock.yml",
		},
		{"proxy of a variant", "version = 1\n[go]\nproxy = \"https://a.example\"\n[env.x]\ngo.proxy = \"https://b.example\"\n", `5:12: env.x.go.proxy: one module proxy serves all environments, which share toolchains and tools`, "set go.proxy at the top level"},
		{"tag of two images", "version = 1\n[image]\ntags = [\"1\"]\n[env.x]\nimage.tags = [\"1\"]\n", `5:15: image.tags: "1" is a tag of the top level and of [env.x]`, "set image.tags of [env.x]"},
		{
			"tag too long for a variant", "version = 1\n[image]\ntags = [\"" + strings.Repeat("a", 127) + "\"]\n[env.x]\n",
			`3:9: image.tags of [env.x]: "` + strings.Repeat("a", 127) + `-x" is not a tag`, tagHint,
		},
	} {
		t.Run(b.name, b.check)
	}
}
