package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const devcontainerFile = `version = 1
[devcontainer]
extensions = ["golang.go"]
settings = { "editor.formatOnSave" = true, "editor.tabSize" = 8, "editor.lineHeight" = 1.5, gopls = { "ui.semanticTokens" = true } }
cap-add = ["CAP_SYS_PTRACE"]
mounts = ["type=volume,source=cache,target=/go/pkg", "type=tmpfs,dst=/scratch"]
init = true
update-remote-user-uid = false
on-create-command = "go mod download"
post-create-command = ["go", "version"]
[devcontainer.post-start-command]
one = "true"
two = ["sleep", "1"]

[env.ci.devcontainer]
extensions = ["Golang.go", "ms-python.python"]
cap-add = ["SYS_PTRACE", "NET_ADMIN"]
mounts = ["type=bind,source=${localWorkspaceFolder}/x,target=/go/pkg"]
remote-user = 0
post-create-command = []
settings = { "editor.tabSize" = 4, gopls = { "formatting.gofumpt" = true }, list = [1, "a", [false]] }
post-start-command.one = "false"
`

func TestDevcontainer(t *testing.T) {
	s, err := Read("gophersnake.toml", []byte(devcontainerFile))
	if err != nil {
		t.Fatal(err)
	}
	no := false
	top := &Devcontainer{
		Extensions: []string{"golang.go"},
		Settings: map[string]Setting{
			"editor.formatOnSave": true, "editor.tabSize": int64(8), "editor.lineHeight": 1.5,
			"gopls": map[string]any{"ui.semanticTokens": true},
		},
		CapAdd: []string{"CAP_SYS_PTRACE"}, Init: true, UpdateRemoteUserUID: &no,
		Mounts:            []string{"type=volume,source=cache,target=/go/pkg", "type=tmpfs,dst=/scratch"},
		OnCreateCommand:   "go mod download",
		PostCreateCommand: []any{"go", "version"},
		PostStartCommand:  map[string]any{"one": "true", "two": []any{"sleep", "1"}},
	}
	ci := *top
	ci.Extensions = []string{"Golang.go", "ms-python.python"}
	ci.CapAdd = []string{"SYS_PTRACE", "NET_ADMIN"}
	ci.Mounts = []string{"type=bind,source=${localWorkspaceFolder}/x,target=/go/pkg", "type=tmpfs,dst=/scratch"}
	ci.RemoteUser = "0"
	ci.PostCreateCommand = []any{}
	ci.PostStartCommand = map[string]any{"one": "false", "two": []any{"sleep", "1"}}
	ci.Settings = map[string]Setting{
		"editor.formatOnSave": true, "editor.tabSize": int64(4), "editor.lineHeight": 1.5,
		"gopls": map[string]any{"ui.semanticTokens": true, "formatting.gofumpt": true},
		"list":  []any{int64(1), "a", []any{false}},
	}
	for name, want := range map[string]*Devcontainer{"": top, "ci": &ci} {
		e, err := s.Environment(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, e.Devcontainer); diff != "" {
			t.Errorf("%q:\n%s", name, diff)
		}
	}
	if s, err = Read("x", []byte("version = 1\n[devcontainer]\n")); err != nil || s.Devcontainer == nil {
		t.Errorf("an empty table: %v, %v", s, err)
	}
	if s, err = Read("x", []byte("version = 1\n")); err != nil || s.Devcontainer != nil {
		t.Errorf("no table: %v, %v", s, err)
	}
}

func TestBadDevcontainer(t *testing.T) {
	in := func(line string) string { return "version = 1\n[devcontainer]\n" + line + "\n" }
	const goTools = `remove it: the paths of go and gopls are in "go.alternateTools"`
	for _, b := range []badFile{
		{"key", in(`post-create = "x"`), `3:1: unknown key "post-create" in devcontainer`, "known keys: cap-add, container-env, extensions, init, mounts, on-create-command, post-attach-command, post-create-command, post-start-command, remote-env, remote-user, security-opt, settings, update-content-command, update-remote-user-uid"},
		{"near key", in(`capadd = ["X"]`), `3:1: unknown key "capadd" in devcontainer`, `did you mean "cap-add"?`},
		{"command", in(`post-create-command = 1`), "3:23: devcontainer.post-create-command: want a string, a list of strings or a table of these, got a number", ""},
		{"empty command", in(`post-create-command = " "`), "3:23: devcontainer.post-create-command: the command is empty", "[] is none"},
		{"argument", in(`post-create-command = ["go", 1]`), "3:30: devcontainer.post-create-command: want strings, got a number", ""},
		{"deep command", in(`post-create-command = { a = { b = "c" } }`), "3:29: devcontainer.post-create-command.a: want a string or a list of strings, got a table", ""},
		{"credentials", in(`post-create-command = ["git", "clone", "https://u:p@git.example.com/x"]`), "3:40: devcontainer.post-create-command: the URL holds credentials", "remove them: credentials come from the container configuration, .netrc or the environment"},
		{"credentials in a setting", in(`settings = { a = ["https://u:p@git.example.com/x"] }`), "3:19: devcontainer.settings.a: the URL holds credentials", "remove them: credentials come from the container configuration, .netrc or the environment"},
		{"date", in(`settings = { "a.b" = 2026-01-01 }`), `3:22: devcontainer.settings."a.b": want what JSON can hold, got a date`, ""},
		{"deep date", in(`settings = { "a.b" = [2026-01-01] }`), `3:23: devcontainer.settings."a.b": JSON has no dates`, "put it in quotes"},
		{"infinity", in(`settings = { "a.b" = inf }`), `3:22: devcontainer.settings."a.b": JSON has no number inf`, ""},
		{"large number", in(`settings = { "a.b" = 99999999999999999999 }`), "3:22: not TOML: decimal number is too large to fit in a 64-bit signed integer", ""},
		{"goroot", in(`settings = { "go.goroot" = "/usr/local/go" }`), "3:14: devcontainer.settings: go.goroot is never set: it breaks every toolchain but one", goTools},
		{"goplsPath", in(`settings = { "go.goplsPath" = "/x" }`), "3:14: devcontainer.settings: there is no setting go.goplsPath", goTools},
		{"dots", in(`settings.go.lintTool = "x"`), `3:10: devcontainer.settings: "go" is no setting, but the beginning of many`, `quote the whole name, as in "go.NAME" = true`},
		{"capability", in(`cap-add = ["sys_ptrace"]`), `3:12: devcontainer.cap-add: "sys_ptrace" is not a capability`, `write "SYS_PTRACE"`},
		{"odd capability", in(`cap-add = ["-"]`), `3:12: devcontainer.cap-add: "-" is not a capability`, `capabilities are written as in "SYS_PTRACE"`},
		{"mount", in(`mounts = ["/a:/b"]`), `3:11: devcontainer.mounts: "/a:/b" has no target`, `write it as in "type=volume,source=go-cache,target=/go/pkg"`},
		{"mount type", in(`mounts = ["type=nfs,target=/x"]`), `3:11: devcontainer.mounts: type "nfs" is not bind, volume or tmpfs`, ""},
		{"mount target", in(`mounts = ["type=tmpfs,target=x"]`), `3:11: devcontainer.mounts: target "x" is not absolute`, ""},
		{"user", in(`remote-user = "nobodyy"`), `3:15: devcontainer.remote-user: "nobodyy" is neither an account nor a number`, `add [[accounts]] with name = "nobodyy", or give the number`},
		{"variable", in(`remote-env = { GOROOT = "/x" }`), "3:16: devcontainer.remote-env: GOROOT is never exported", "each toolchain finds its own: remove it"},
		{"bool", in(`init = "yes"`), "3:8: devcontainer.init: want true or false, got a string", "write true or false without quotes"},
		{"label", "version = 1\n[image]\nlabels = { \"devcontainer.metadata\" = \"[]\" }\n[devcontainer]\n", "3:12: image.labels: devcontainer.metadata is made of [devcontainer]", "keep one of the two"},
		{"variant", "version = 1\n[env.x.devcontainer]\npost-start-command = {a = 1}\n", "3:27: env.x.devcontainer.post-start-command.a: want a string or a list of strings, got a number", ""},
	} {
		t.Run(b.name, b.check)
	}
}
