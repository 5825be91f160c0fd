package spec

import (
	"strings"
	"testing"
)

const (
	dirHint    = `name a directory of its own, such as "/srv/go"`
	flagsHint  = `every part is -flag or -flag=value; quote a part with spaces: '-ldflags=-s -w'`
	switchHint = `write "local", "local+path", "auto" or a toolchain's name such as "go1.26.8"`
)

func TestVariableForms(t *testing.T) {
	for _, b := range []badFile{
		{"relative GOPATH", one("go.env", `GOPATH = "go"`), `3:10: go.env.GOPATH: path "go" is not absolute`, `write "/go"`},
		{"second GOPATH", one("go.env", `GOPATH = "/go:/home/dev/go/"`), `3:10: go.env.GOPATH: path "/home/dev/go/" is not clean`, `write "/home/dev/go"`},
		{"empty GOPATH", one("go.env", `GOPATH = ""`), "3:10: go.env.GOPATH: the string is empty", "remove the key to have its default"},
		{"GOPATH of the system", one("go.env", `GOPATH = "/usr/local"`), `3:10: go.env.GOPATH: "/usr/local" belongs to the system, and the group golang would write it`, dirHint},
		{"GOPATH in GOROOT", one("go.env", `GOPATH = "/opt/go/1.26.8"`), `3:10: go.env.GOPATH: "/opt/go/1.26.8" belongs to the system, and the group golang would write it`, dirHint},
		{"GOBIN", one("go.env", `GOBIN = "bin"`), `3:9: go.env.GOBIN: path "bin" is not absolute`, `write "/bin"`},
		{"GOCACHE", one("go.env", `GOCACHE = "off"`), `3:11: go.env.GOCACHE: path "off" is not absolute`, `write "/off"`},
		{"GOMODCACHE", one("go.env", `GOMODCACHE = "/var"`), `3:14: go.env.GOMODCACHE: "/var" belongs to the system, and the group golang would write it`, dirHint},
		{"GOFLAGS", one("go.env", `GOFLAGS = "-mod=mod v"`), `3:11: go.env.GOFLAGS: "v" is not a flag`, flagsHint},
		{"GOFLAGS' quote", one("go.env", `GOFLAGS = "'-ldflags=-s -w"`), `3:11: go.env.GOFLAGS: "'-ldflags=-s -w" has a quote without an end`, ""},
		{"GOPRIVATE", one("go.env", `GOPRIVATE = "https://git.example.com/team"`), `3:13: go.env.GOPRIVATE: "https://git.example.com/team" is not a pattern of module paths`, `write paths without a scheme, such as "git.example.com/team,*.corp.example.com"`},
		{"GONOSUMDB", one("go.env", `GONOSUMDB = "a,["`), `3:13: go.env.GONOSUMDB: "[" is not a pattern of module paths: syntax error in pattern`, ""},
		{"GOTOOLCHAIN", one("go.env", `GOTOOLCHAIN = "1.26.8"`), `3:15: go.env.GOTOOLCHAIN: "1.26.8" is not a choice of toolchains`, switchHint},
		{"CGO_ENABLED", one("go.env", `CGO_ENABLED = "yes"`), `3:15: go.env.CGO_ENABLED: "yes" is neither 0 nor 1`, ""},
		{"GOPROXY's query", one("go.env", `GOPROXY = "https://p.example.com/?token=x,direct"`), "3:11: go.env.GOPROXY: the URL holds a query", queryHint},
		{"GOPROXY", one("go.env", `GOPROXY = "goproxy.example.com,direct"`), `3:11: go.env.GOPROXY: "goproxy.example.com" is not an http or https URL`, ""},
		{"image's GOPROXY", one("image.env", `GOPROXY = "https://u:p@p.example.com"`), "3:11: image.env.GOPROXY: the URL holds credentials", secretHint},
		{"image's GOFLAGS", one("image.env", `GOFLAGS = "v"`), `3:11: image.env.GOFLAGS: "v" is not a flag`, flagsHint},
		{"image's password", one("image.env", `PIP_INDEX_URL = "https://u:p@p.example.com/simple"`), "3:17: image.env.PIP_INDEX_URL: the URL holds credentials", secretHint},
		{"image's token", one("image.env", `CONDA_CHANNELS = "https://c.example.com/t/secret/a"`), "3:18: image.env.CONDA_CHANNELS: the URL holds credentials", secretHint},
		{"image's GOPATH", one("image.env", `GOPATH = "/work"`) + "[go]\nversions = [\"1.26\"]\n", "3:10: image.env.GOPATH: PATH and permissions follow from it", "set it in [go.env]"},
		{"variant's GOFLAGS", one("env.x", `go.env = { GOFLAGS = "v" }`), `3:22: env.x.go.env.GOFLAGS: "v" is not a flag`, flagsHint},
		{"in-prefix", one("go", "versions = [\"1.26\"]\nin-prefix = true"), "4:13: go.in-prefix: there is no conda environment to put Go into", "remove it, or ask for packages in [conda]"},
		{"permissions", one("image", `permissions = "world"`), `3:15: image.permissions: "world" is not readonly, group or root-group`, ""},
		{"permissions, almost", one("image", `permissions = "rootgroup"`), `3:15: image.permissions: "rootgroup" is not readonly, group or root-group`, `did you mean "root-group"?`},
		{"permissions' type", one("image", `permissions = 775`), "3:15: image.permissions: want a string, got a number", `put it in quotes: "775"`},
		{"mode for everybody", "version = 1\n[[files]]\nsrc = \"a\"\ndest = \"/a\"\nmode = \"0666\"\n", `5:8: files.mode: mode "0666" lets everybody write`, `set owner, or write "0664"`},
		{"toolexec's flag", cli(`toolexec = "-v"`), `4:12: cli.toolexec: "-v" begins with a flag, not with a program`, ""},
		{"toolexec outside", cli(`toolexec = "../wrap"`), `4:12: cli.toolexec: path "../wrap" is outside the directory of gophersnake.toml`, outsideHint},
		{"toolexec of this machine", cli(`toolexec = "/usr/bin/wrap x"`), `4:12: cli.toolexec: path "/usr/bin/wrap" is absolute`, relativeHint},
		{"toolexec's quotes", cli(`toolexec = "wrap 'a b'"`), `4:12: cli.toolexec: "wrap 'a b'" has quotes`, "arguments are separated by spaces and cannot hold them; let a program of the project give others"},
		{"overlay outside", cli(`overlay = "../o.json"`), `4:11: cli.overlay: path "../o.json" is outside the directory of gophersnake.toml`, outsideHint},
		{"gocache of this machine", cli(`gocache = "/var/cache/go"`), `4:11: cli.gocache: path "/var/cache/go" is absolute`, relativeHint},
	} {
		t.Run(b.name, b.check)
	}
}

// cli is a file with a program that has one more key.
func cli(line string) string { return "version = 1\n[[cli]]\npackage = \"./cmd/x\"\n" + line + "\n" }

// TestGoodVariables checks what must not be refused.
func TestGoodVariables(t *testing.T) {
	for _, line := range []string{
		`GOPATH = "/work/go:/go"`, `GOBIN = "/work/bin"`, `GOBIN = ""`, `GOFLAGS = "-mod=mod '-ldflags=-s -w' --tags=x"`, `GOFLAGS = ""`,
		`GOPROXY = "https://p.example.com|https://q.example.com/a,direct"`, `GOPRIVATE = "git.example.com/team,*.corp.example.com"`,
		`GOTOOLCHAIN = "go1.26.8+path"`, `GOTOOLCHAIN = "local+auto"`, `GOTOOLCHAIN = "auto"`, `CGO_ENABLED = "0"`, `PS1 = "[\\t:\\u@\\h] "`,
	} {
		for _, table := range []string{"go.env", "image.env"} {
			if strings.HasPrefix(line, "PS1") && table == "go.env" {
				continue // every value is looked at as a list of URLs there
			}
			if _, err := Read("gophersnake.toml", []byte(one(table, line))); err != nil {
				t.Errorf("[%s] %s: %v", table, line, err)
			}
		}
	}
}

func TestCheckVariable(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"GOROOT", "/usr/local/go", "GOROOT is never exported"},
		{"GOPROXY", "https://u:p@p.example.com", "the URL holds credentials"},
		{"DATABASE_URL", "postgres://u:p@db.example.com/x", "the URL holds credentials"},
		{"CGO_ENABLED", "true", `"true" is neither 0 nor 1`},
		{"A", "a\x00", `"a\x00" holds a NUL`},
		{"A", "user@host.example.com:dir", ""},
	} {
		got := ""
		if err := CheckVariable(tt.name, tt.value); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s=%s: %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}
