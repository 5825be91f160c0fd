package spec

import (
	"math"
	"path"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Setting is a value of JSON: string, bool, int64, float64, []any or
// map[string]any of these. TOML's dates, infinities and NaN have no place in
// JSON and are refused.
type Setting any

// Command is a command of a container's life: a string, which a shell reads, a
// []any of strings, which is run without a shell, or a map[string]any of both,
// whose commands run side by side (containers.dev, "lifecycle scripts"). nil
// and an empty list are none.
type Command any

// metadataLabel is the label that [devcontainer] makes (containers.dev,
// "image metadata").
const metadataLabel = "devcontainer.metadata"

var (
	capabilityForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	variableForm   = regexp.MustCompile(`^\$\{[^}]+\}`)
)

// decodeFree fills a Setting or a Command.
func (r *report) decodeFree(path string, n *node, v reflect.Value) {
	var value any
	if v.Type() == reflect.TypeFor[Command]() {
		value = r.command(path, n, true)
	} else {
		value = r.setting(path, n)
	}
	if value != nil {
		v.Set(reflect.ValueOf(value))
	}
}

// setting returns a node as a value of JSON.
func (r *report) setting(path string, n *node) any {
	switch n.kind {
	case tableKind:
		m := make(map[string]any, len(n.keys))
		for _, key := range n.keys {
			m[key] = r.setting(joinKey(path, key), n.table[key])
		}
		return m
	case listKind:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = r.setting(path, item)
		}
		return list
	case booleanKind:
		return n.text == "true"
	case integerKind:
		i, _ := strconv.ParseInt(n.text, 0, 64) // the TOML library refuses larger ones
		return i
	case floatKind:
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			r.add(n.value, flawf("%s: JSON has no number %s", path, n.text))
		}
		return f
	case dateKind:
		r.add(n.value, flawf("%s: JSON has no dates", path).hinted("put it in quotes"))
		return nil
	}
	r.add(n.value, named(path, checkNoCredentials(n.text, path)))
	return n.text
}

// command returns a node as a command; side tells whether it may be a table of
// commands.
func (r *report) command(path string, n *node, side bool) any {
	switch {
	case n.kind == stringKind:
		r.add(n.value, named(path, checkCommand(n.text, path)))
		return n.text
	case n.kind == listKind:
		args := make([]any, len(n.items))
		for i, item := range n.items {
			if item.kind != stringKind {
				r.add(item.value, flawf("%s: want strings, got %s", path, item.article()))
				continue
			}
			r.add(item.value, named(path, checkArgument(item.text, path)))
			args[i] = item.text
		}
		return args
	case n.kind == tableKind && side:
		m := make(map[string]any, len(n.keys))
		for _, key := range n.keys {
			m[key] = r.command(joinKey(path, key), n.table[key], false)
		}
		return m
	}
	r.add(n.value, flawf("%s: want a string or a list of strings, got %s", path, n.article()))
	return nil
}

// named puts a dotted key before a flaw, if there is one.
func named(path string, f flaw) flaw {
	if f.problem != "" {
		f.problem = path + ": " + f.problem
	}
	return f
}

// checkCommand wants a line for a shell.
func checkCommand(s, subject string) flaw {
	if strings.TrimSpace(s) == "" {
		return flawf("the command is empty").hinted("[] is none")
	}
	return checkArgument(s, subject)
}

// checkArgument wants what a process can be started with.
func checkArgument(s, subject string) flaw {
	if f := checkNoCredentials(s, subject); f.problem != "" {
		return f
	}
	return noNUL(s, subject)
}

// checkCapability wants the name of a Linux capability, with or without CAP_.
func checkCapability(s, _ string) flaw {
	if !capabilityForm.MatchString(s) {
		f := flawf("%q is not a capability", s)
		if up := strings.ToUpper(s); capabilityForm.MatchString(up) {
			return f.hinted("write %q", up)
		}
		return f.hinted(`capabilities are written as in "SYS_PTRACE"`)
	}
	return flaw{}
}

// Capability returns the name of a Linux capability without CAP_, which may
// stand before it.
func Capability(s string) string { return strings.TrimPrefix(s, "CAP_") }

// checkMount wants what docker run --mount takes: KEY=VALUE by commas, with a
// target in the container. A path may begin with a variable, as in
// ${localWorkspaceFolder}.
func checkMount(s, _ string) flaw {
	if f := checkLine(s, ""); f.problem != "" {
		return f
	}
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(part, "=")
		if key == "type" && value != "bind" && value != "volume" && value != "tmpfs" {
			return flawf("type %q is not bind, volume or tmpfs", value)
		}
	}
	switch target := mountTarget(s); {
	case target == s:
		return flawf("%q has no target", s).hinted(`write it as in "type=volume,source=go-cache,target=/go/pkg"`)
	case !path.IsAbs(target) && !variableForm.MatchString(target):
		return flawf("target %q is not absolute", target)
	}
	return flaw{}
}

// mountTarget returns the target of a mount, or the mount where it has none.
func mountTarget(s string) string {
	for part := range strings.SplitSeq(s, ",") {
		switch key, value, _ := strings.Cut(part, "="); key {
		case "target", "destination", "dst":
			return value
		}
	}
	return s
}

// checkSetting wants the name of a setting. It refuses two that do harm or
// nothing in an image with a locked Go, and what TOML makes of dotted names
// without quotes.
func checkSetting(s, _ string) flaw {
	const instead = `the paths of go and gopls are in "go.alternateTools"`
	switch s {
	case "":
		return flawf("the name is empty")
	case "go.goroot":
		return flawf("go.goroot is never set: it breaks every toolchain but one").hinted("remove it: %s", instead)
	case "go.goplsPath":
		return flawf("there is no setting go.goplsPath").hinted("remove it: %s", instead)
	case "go", "python", "editor", "files", "terminal":
		return flawf("%q is no setting, but the beginning of many", s).hinted(`quote the whole name, as in "%s.NAME" = true`, s)
	}
	return flaw{}
}

// metadataLabel refuses the label that [devcontainer] makes.
func (r *report) metadataLabel(root *node) {
	if n := root.get("image", "labels", metadataLabel); n != nil && root.get("devcontainer") != nil {
		r.add(n.key, flawf("image.labels: %s is made of [devcontainer]", metadataLabel).hinted("keep one of the two"))
	}
}
