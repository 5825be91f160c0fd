// Package devcontainer writes what tools of development containers read of an
// image and of a project (containers.dev, "Dev Container metadata reference"):
// the image's label, and devcontainer.json.
//
// # The label
//
// The label devcontainer.metadata holds a JSON array of entries. Tools merge
// them in order, the project's devcontainer.json last: of single values the
// last wins, capabilities, security options, mounts (by target) and variables
// add up, init is set where any entry sets it, every entry's commands run, and
// settings of VS Code replace each other by name. So an image keeps the entries
// of its base and adds one of its own at the end; our entry repeats nothing
// that a base's has.
//
// A label that tools cannot read counts for nothing: they say so and go on
// without it. [Entries] tells, so that an image on such a base can have a
// label that is read.
//
// # Our entry
//
// It holds what the configuration says, and what follows from the lock
// ([Entry.With]); the configuration's settings win:
//
//	remoteUser                           name of the image's user: tools that renumber it look for a name
//	capAdd SYS_PTRACE                    where dlv is among the tools
//	go.alternateTools                    paths of go, gopls, dlv and staticcheck
//	go.toolsManagement.checkForUpdates   "local": the extension says when a tool is too old for it, and asks nobody
//	go.toolsManagement.autoUpdate        false: tools are those of the lock
//	python.defaultInterpreterPath        python of the conda environment
//
// Those are names that the extensions golang.go and ms-python.python have
// today. go.goroot is not among them: it would bind every toolchain to one.
//
// # devcontainer.json
//
// [Update] says which image a project's devcontainer.json starts, and leaves all
// else of it as it is: keys, comments, order and layout.
package devcontainer

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// LabelName is the label's name.
const LabelName = "devcontainer.metadata"

// Entry is one entry of the label. Names of JSON are the reference's. A command
// is a string, a []any of strings, or a map[string]any of both; nil is none.
type Entry struct {
	Init                 bool              `json:"init,omitempty"`
	CapAdd               []string          `json:"capAdd,omitempty"`
	SecurityOpt          []string          `json:"securityOpt,omitempty"`
	Mounts               []string          `json:"mounts,omitempty"` // as docker run --mount takes them
	ContainerEnv         map[string]string `json:"containerEnv,omitempty"`
	RemoteUser           string            `json:"remoteUser,omitempty"`
	UpdateRemoteUserUID  *bool             `json:"updateRemoteUserUID,omitempty"`
	RemoteEnv            map[string]string `json:"remoteEnv,omitempty"`
	OnCreateCommand      any               `json:"onCreateCommand,omitempty"`
	UpdateContentCommand any               `json:"updateContentCommand,omitempty"`
	PostCreateCommand    any               `json:"postCreateCommand,omitempty"`
	PostStartCommand     any               `json:"postStartCommand,omitempty"`
	PostAttachCommand    any               `json:"postAttachCommand,omitempty"`
	Customizations       Customizations    `json:"customizations,omitzero"`
}

// Customizations are what editors read, by editor.
type Customizations struct {
	VSCode VSCode `json:"vscode,omitzero"`
}

// VSCode is what VS Code reads.
type VSCode struct {
	Extensions []string       `json:"extensions,omitempty"`
	Settings   map[string]any `json:"settings,omitempty"`
}

// Facts are what an entry says of an image by itself. Paths are absolute; ""
// is none.
type Facts struct {
	User   string            // name, or a number where it has none
	Go     string            // the default go command
	Tools  map[string]string // path of each Go tool, by file name
	Python string            // python of the conda environment
}

// With returns the entry with what follows from an image. It shares nothing
// with e that it changes.
func (e Entry) With(f Facts) Entry {
	if e.RemoteUser == "" {
		e.RemoteUser = f.User
	}
	if f.Tools["dlv"] != "" && !slices.Contains(e.CapAdd, "SYS_PTRACE") {
		e.CapAdd = append(slices.Clone(e.CapAdd), "SYS_PTRACE")
	}
	if all := over(settings(f), e.Customizations.VSCode.Settings); len(all) > 0 {
		e.Customizations.VSCode.Settings = all
	}
	return e
}

// settings are those that follow from an image.
func settings(f Facts) map[string]any {
	s := map[string]any{}
	tools := map[string]any{}
	if f.Go != "" {
		tools["go"] = f.Go
	}
	for _, name := range []string{"gopls", "dlv", "staticcheck"} {
		if f.Tools[name] != "" {
			tools[name] = f.Tools[name]
		}
	}
	if len(tools) > 0 {
		s["go.alternateTools"] = tools
		s["go.toolsManagement.checkForUpdates"] = "local"
		s["go.toolsManagement.autoUpdate"] = false
	}
	if f.Python != "" {
		s["python.defaultInterpreterPath"] = f.Python
	}
	return s
}

// over returns what values over others make: objects merge by name, all else
// is replaced.
func over(under, values map[string]any) map[string]any {
	merged := maps.Clone(under)
	for name, value := range values {
		below, ok1 := under[name].(map[string]any)
		above, ok2 := value.(map[string]any)
		if ok1 && ok2 {
			merged[name] = over(below, above)
		} else {
			merged[name] = value
		}
	}
	return merged
}

// Entries returns the entries of a label, "" being none; a single object
// counts as an array of itself. Errors are of class usage.
func Entries(label string) ([]json.RawMessage, error) {
	if label == "" {
		return nil, nil
	}
	text := bytes.TrimSpace([]byte(label))
	if len(text) > 0 && text[0] == '{' && json.Valid(text) {
		text = append(append([]byte("["), text...), ']')
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fault.New(fault.Usage, LabelName, "not a JSON array of objects: %w", err)
	}
	for i, entry := range entries {
		if entry[0] != '{' {
			return nil, fault.New(fault.Usage, LabelName, "entry %d is not an object", i+1)
		}
	}
	return entries, nil
}

// Label returns the text of a label: the entries of the base, and e. The same
// input gives the same text: names of objects are sorted, or in the order of
// [Entry], or as the base has them.
func Label(base []json.RawMessage, e Entry) (string, error) {
	own, err := encode(e)
	if err != nil {
		return "", err
	}
	label, err := encode(append(slices.Clone(base), own))
	return string(label), err
}

// encode returns a value's JSON in one line, with characters of HTML as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fault.New(fault.Usage, LabelName, "%w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
