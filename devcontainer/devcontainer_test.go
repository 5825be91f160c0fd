package devcontainer

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var image = Facts{
	User: "dev", Go: "/opt/go/1.26.8/bin/go", Python: "/opt/conda/bin/python",
	Tools: map[string]string{"gopls": "/usr/local/bin/gopls", "staticcheck": "/usr/local/bin/staticcheck", "dlv": "/usr/local/bin/dlv", "gofumpt": "/usr/local/bin/gofumpt"},
}

func TestLabel(t *testing.T) {
	no := false
	for _, tt := range []struct {
		name  string
		base  string
		entry Entry
		facts Facts
		want  string
	}{
		{"nothing", "", Entry{}, Facts{}, `[{}]`},
		{
			"all that follows", "",
			Entry{},
			image,
			`[{"capAdd":["SYS_PTRACE"],"remoteUser":"dev","customizations":{"vscode":{"settings":{` +
				`"go.alternateTools":{"dlv":"/usr/local/bin/dlv","go":"/opt/go/1.26.8/bin/go","gopls":"/usr/local/bin/gopls","staticcheck":"/usr/local/bin/staticcheck"},` +
				`"go.toolsManagement.autoUpdate":false,"go.toolsManagement.checkForUpdates":"local","python.defaultInterpreterPath":"/opt/conda/bin/python"}}}}]`,
		},
		{
			"all that is configured", `[ {"id": "x", "capAdd": ["A"], "z": 1e400}, {} ]`,
			Entry{
				Init: true, CapAdd: []string{"SYS_PTRACE", "NET_ADMIN"}, SecurityOpt: []string{"seccomp=unconfined"},
				Mounts: []string{"type=volume,source=c,target=/c"}, ContainerEnv: map[string]string{"B": "1", "A": "<&>"}, RemoteUser: "root",
				UpdateRemoteUserUID: &no, RemoteEnv: map[string]string{"P": "${containerEnv:PATH}:/x"},
				OnCreateCommand: "a && b", UpdateContentCommand: []any{"c", "d e"}, PostCreateCommand: map[string]any{"y": "1", "x": []any{"2"}},
				PostStartCommand: "é", PostAttachCommand: "\"'\n",
				Customizations: Customizations{VSCode{
					Extensions: []string{"golang.go", "ms-python.python@1.2"},
					Settings: map[string]any{
						"go.alternateTools": map[string]any{"gopls": "/x/gopls", "customFormatter": "/x/fmt"}, "go.toolsManagement.autoUpdate": true,
						"python.defaultInterpreterPath": map[string]any{}, "n": []any{int64(1), 1.5, nil},
					},
				}},
			},
			image,
			`[{"id":"x","capAdd":["A"],"z":1e400},{},{"init":true,"capAdd":["SYS_PTRACE","NET_ADMIN"],"securityOpt":["seccomp=unconfined"],` +
				`"mounts":["type=volume,source=c,target=/c"],"containerEnv":{"A":"<&>","B":"1"},"remoteUser":"root","updateRemoteUserUID":false,` +
				`"remoteEnv":{"P":"${containerEnv:PATH}:/x"},"onCreateCommand":"a && b","updateContentCommand":["c","d e"],"postCreateCommand":{"x":["2"],"y":"1"},` +
				`"postStartCommand":"é","postAttachCommand":"\"'\n","customizations":{"vscode":{"extensions":["golang.go","ms-python.python@1.2"],"settings":{` +
				`"go.alternateTools":{"customFormatter":"/x/fmt","dlv":"/usr/local/bin/dlv","go":"/opt/go/1.26.8/bin/go","gopls":"/x/gopls","staticcheck":"/usr/local/bin/staticcheck"},` +
				`"go.toolsManagement.autoUpdate":true,"go.toolsManagement.checkForUpdates":"local","n":[1,1.5,null],"python.defaultInterpreterPath":{}}}}}]`,
		},
		{"python alone", "{\"remoteUser\":\"vscode\"}\n", Entry{}, Facts{User: "1000", Python: "/p"}, `[{"remoteUser":"vscode"},{"remoteUser":"1000","customizations":{"vscode":{"settings":{"python.defaultInterpreterPath":"/p"}}}}]`},
	} {
		base, err := Entries(tt.base)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got, err := Label(base, tt.entry.With(tt.facts))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestWithCopies shows that the entry of one platform is not changed for the
// next one.
func TestWithCopies(t *testing.T) {
	e := Entry{CapAdd: make([]string, 0, 4), Customizations: Customizations{VSCode{Settings: map[string]any{"go.alternateTools": map[string]any{"go": "x"}}}}}
	e.With(image)
	if diff := cmp.Diff(map[string]any{"go.alternateTools": map[string]any{"go": "x"}}, e.Customizations.VSCode.Settings); diff != "" || len(e.CapAdd[:1][0]) > 0 {
		t.Errorf("the entry changed: %v %s", e.CapAdd[:1], diff)
	}
}

func TestBadEntries(t *testing.T) {
	for label, want := range map[string]string{
		`[{"a":1}`:       "devcontainer.metadata: not a JSON array of objects: unexpected end of JSON input",
		`"x"`:            "devcontainer.metadata: not a JSON array of objects: json: cannot unmarshal string into Go value of type []json.RawMessage",
		`[{}, 1]`:        "devcontainer.metadata: entry 2 is not an object",
		`[{}, [{}]]`:     "devcontainer.metadata: entry 2 is not an object",
		`[null]`:         "devcontainer.metadata: entry 1 is not an object",
		`{"a":1},{}`:     "devcontainer.metadata: not a JSON array of objects: invalid character ',' after top-level value",
		`{"a":1}]`:       "devcontainer.metadata: not a JSON array of objects: invalid character ']' after top-level value",
		"[ \\\n {}]":     `devcontainer.metadata: not a JSON array of objects: invalid character '\\' looking for beginning of value`,
		"\x00":           `devcontainer.metadata: not a JSON array of objects: invalid character '\x00' looking for beginning of value`,
		" ":              "devcontainer.metadata: not a JSON array of objects: unexpected end of JSON input",
		"null":           "",
		"[]":             "",
		`[{"a":"\ud8"}]`: "devcontainer.metadata: not a JSON array of objects: invalid character '\"' in \\u hexadecimal character escape",
	} {
		_, err := Entries(label)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", label, got, want)
		}
	}
}

// FuzzEntries shows that what is read of a base gives a label that is read.
func FuzzEntries(f *testing.F) {
	for _, seed := range []string{"", "{}", `[{"a":[1,{"b":null}]}]`, `[{}`, "[1]", "{},{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, label string) {
		base, err := Entries(label)
		if err != nil {
			return
		}
		text, err := Label(base, Entry{Init: true})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Entries(text)
		if err != nil || len(again) != len(base)+1 || !json.Valid([]byte(text)) {
			t.Fatalf("%q became %q: %v", label, text, err)
		}
	})
}
