package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Starter returns the text of a commented gophersnake.toml for what was found
// in a project. Read takes it.
func Starter(found Found) []byte {
	var b strings.Builder
	name := programName(found)
	fmt.Fprintf(&b, `#:schema ./gophersnake.schema.json
version = 1

[image]
name      = %s   # where push goes
tags      = ["latest"]
platforms = ["linux/amd64", "linux/arm64"]
# user    = "dev"                       # an account below, or a number; default: nonroot, 65532
# workdir = "/workspace"
# cmd     = ["bash"]

[base]
image = "debian:12-slim"                # or oci:DIR, oci-archive:FILE, scratch
`, quote("registry.example.com/team/"+name))
	starterConda(&b, found)
	starterGo(&b, found)
	starterPrograms(&b, found, name)
	b.WriteString(`
# [[files]]                             # a file or directory to copy
# src  = "app/"
# dest = "/app"
`)
	if found.Devcontainer != "" {
		fmt.Fprintf(&b, `
# For %s: a user that editors can be
[[accounts]]
name   = "dev"
uid    = 1000
groups = ["conda", "golang"]

[devcontainer]
extensions = %s
`, found.Devcontainer, list(extensions(found)))
	} else {
		b.WriteString(`
# [[accounts]]
# name   = "dev"
# uid    = 1000
# groups = ["conda", "golang"]
`)
	}
	return []byte(b.String())
}

func starterConda(b *strings.Builder, found Found) {
	b.WriteString("\n[conda]\n")
	switch {
	case found.CondaLock != "":
		fmt.Fprintf(b, "lock = %s                   # every package is named there\n", quote(found.CondaLock))
	case len(found.Explicit) > 0:
		for _, subdir := range slices.Sorted(maps.Keys(found.Explicit)) {
			fmt.Fprintf(b, "target.%s.lock = %s\n", subdir, quote(found.Explicit[subdir]))
		}
	case found.Environment != "":
		fmt.Fprintf(b, "file = %s             # channels and dependencies\n", quote(found.Environment))
	case found.PixiToml != "":
		b.WriteString("# lock = \"pixi.lock\"                  # pixi lock writes it from pixi.toml\n")
	default:
		b.WriteString("channels     = [\"conda-forge\"]\ndependencies = []                       # such as \"python 3.12.*\", \"numpy\"\n")
	}
}

func starterGo(b *strings.Builder, found Found) {
	b.WriteString("\n[go]\n")
	switch {
	case found.GoFile != "":
		written := "versions = [" + quote(found.GoFile) + "]"
		fmt.Fprintf(b, "%-38s# go %s\n", written, found.GoVersion)
	default:
		b.WriteString("versions = []                           # such as \"1.26\", \">=1.21.0,<1.22.0\"; the first is the default\n")
	}
	b.WriteString("# tools  = [\"golang.org/x/tools/gopls@latest\"]\n")
}

func starterPrograms(b *strings.Builder, found Found, name string) {
	for _, p := range found.Programs {
		if p == "." && slices.Contains(found.Programs, "./cmd/"+name) {
			continue // two programs of one name
		}
		fmt.Fprintf(b, "\n[[cli]]\npackage = %s\n", quote(p))
		if p == "." {
			fmt.Fprintf(b, "name    = %s\n", quote(name))
		}
		b.WriteString("ldflags = \"-s -w\"                       # such as -X main.version={{.Version}}\n")
	}
	if len(found.Programs) == 0 {
		b.WriteString("\n# [[cli]]                               # a Go program to compile\n# package = \"./cmd/hello\"\n")
	}
}

// programName returns a name for the project: the module's last element that
// is no major version, as repositories want it.
func programName(found Found) string {
	dir, name := path.Split(found.Module)
	if strings.HasPrefix(name, "v") && strings.Trim(name[1:], "0123456789") == "" && dir != "" {
		name = path.Base(dir)
	}
	name = strings.ToLower(name)
	if !partForm.MatchString(name) {
		return "app"
	}
	return name
}

func extensions(found Found) []string {
	var ids []string
	if found.Module != "" || found.GoFile != "" {
		ids = append(ids, "golang.go")
	}
	if found.CondaLock != "" || found.Environment != "" || len(found.Explicit) > 0 {
		ids = append(ids, "ms-python.python")
	}
	return ids
}

// quote writes a TOML string. JSON's escapes are TOML's.
func quote(s string) string {
	text, _ := json.Marshal(s) // of a string never fails
	return string(text)
}

func list(items []string) string {
	var quoted []string
	for _, s := range items {
		quoted = append(quoted, quote(s))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
