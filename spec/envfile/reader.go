package envfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gophersnake/gophersnake/internal/near"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// reader reads a file for one platform.
type reader struct {
	file     yamltree.File
	platform platforms.Platform
	lines    []string

	name     string
	part     Part
	warnings []string
}

func (r *reader) warn(line int, format string, args ...any) {
	r.warnings = append(r.warnings, r.file.At(line)+": "+fmt.Sprintf(format, args...))
}

func (r *reader) read(text string) error {
	body, err := yamltree.Parse(r.file, []byte(text))
	if err != nil {
		return err
	}
	top, err := yamltree.AsMapping(r.file, "the file", body)
	if err != nil {
		return err
	}
	for _, key := range top.Keys {
		if err := r.key(top, key); err != nil {
			return err
		}
	}
	return r.platforms(top)
}

// keys returns the keys that a file can have.
func keys() []string {
	return []string{"name", "prefix", "channels", "dependencies", "variables", "platforms", "category"}
}

func (r *reader) key(top yamltree.Mapping, key string) (err error) {
	value := top.At[key]
	line := top.LineOf(key)
	switch key {
	case "name":
		r.name, err = top.Optional("the file", key)
	case "prefix":
		r.warn(line, "prefix is not used: [conda] prefix of gophersnake.toml says where the environment lies in the image")
	case "channels":
		err = r.channels(value)
	case "dependencies":
		err = r.dependencies(value)
	case "variables":
		err = r.variables(value)
	case "platforms":
	case "category":
		var category string
		if category, err = top.Optional("the file", key); category != "" && category != "main" {
			r.warn(line, "category %q is not used: all dependencies are taken", category)
		}
	default:
		hint := "known keys: " + strings.Join(keys(), ", ")
		if meant := near.Word(key, keys()); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		r.warn(line, "key %q is unknown and not used; %s", key, hint)
	}
	return err
}

// texts calls each for the texts of a list, and other for whatever else it
// holds.
func (r *reader) texts(what string, n ast.Node, each func(text string, line int) error, other func(n ast.Node) error) error {
	if yamltree.IsNull(n) {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.file.Usage(yamltree.LineOf(n), "%s is not a list", what)
	}
	for _, v := range list.Values {
		text, ok := yamltree.Scalar(v)
		line := yamltree.LineOf(v)
		var err error
		switch {
		case yamltree.IsNull(v) || ok && strings.TrimSpace(text) == "":
			err = r.file.Usage(line, "%s holds an empty item", what)
		case ok:
			err = each(strings.TrimSpace(text), line)
		default:
			err = other(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) notText(what string) func(ast.Node) error {
	return func(n ast.Node) error {
		return r.file.Usage(yamltree.LineOf(n), "%s holds something that is not text", what)
	}
}

func (r *reader) channels(n ast.Node) error {
	err := r.texts("channels", n, func(text string, _ int) error {
		if text == "nodefaults" {
			r.part.NoDefaults = true
		} else {
			r.part.Channels = append(r.part.Channels, text)
		}
		return nil
	}, r.notText("channels"))
	if r.part.NoDefaults {
		r.part.Channels = slices.DeleteFunc(r.part.Channels, func(c string) bool { return c == "defaults" })
	}
	return err
}

func (r *reader) dependencies(n ast.Node) error {
	return r.texts("dependencies", n, r.spec, func(n ast.Node) error {
		m, err := yamltree.AsMapping(r.file, "an item of dependencies", n)
		if err != nil {
			return err
		}
		for _, key := range m.Keys {
			if err := r.item(m, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// spec takes a match specification.
func (r *reader) spec(text string, line int) error {
	if strings.Contains(text, " - ") {
		return r.file.Usage(line, "%q is one item of dependencies", text).
			WithHint("items stand one below the other; a list of requirements for pip stands below \"- pip:\"")
	}
	r.part.Dependencies = append(r.part.Dependencies, Dependency{text, r.file.At(line)})
	return nil
}

// item takes an entry of a mapping in dependencies.
func (r *reader) item(m yamltree.Mapping, key string) error {
	name, selected := strings.CutPrefix(key, "sel(")
	name, closed := strings.CutSuffix(name, ")")
	switch line := m.LineOf(key); {
	case key == "pip":
		return r.texts("pip", m.At[key], r.requirement, r.notText("pip"))
	case selected && closed && slices.Contains([]string{"unix", "linux", "osx", "win"}, name):
		text, err := m.Optional("dependencies", key)
		switch {
		case err != nil || !named(name, r.platform):
			return err
		case text == "":
			return r.file.Usage(line, "%s holds an empty item", key)
		}
		return r.spec(text, line)
	case selected:
		return r.file.Usage(line, "%q in dependencies: the selector is not one of unix, linux, osx and win", key)
	default:
		return r.file.Usage(line, "key %q in dependencies is neither pip nor sel(…)", key).
			WithHint("a specification with a colon and a space needs quotes")
	}
}

// requirement takes a requirement for pip.
func (r *reader) requirement(text string, line int) error {
	option := text
	if i := strings.Index(text, " --"); i >= 0 && text[0] != '-' {
		option = text[i+1:]
	}
	if option[0] == '-' {
		err := r.file.Usage(line, "%q is an option of pip, not a requirement", option)
		switch {
		case strings.HasPrefix(option, "-r") || strings.HasPrefix(option, "--requirement"):
			return err.WithHint("write the file's requirements here")
		case strings.HasPrefix(option, "-e") || strings.HasPrefix(option, "--editable"):
			return err.WithHint("only wheels are installed; a directory of your own belongs in [[files]]")
		}
		return err.WithHint("options belong in pip's configuration; hashes are written to gophersnake.lock")
	}
	r.part.Pip = append(r.part.Pip, Dependency{text, r.file.At(line)})
	return nil
}

func (r *reader) variables(n ast.Node) error {
	if yamltree.IsNull(n) {
		return nil
	}
	m, err := yamltree.AsMapping(r.file, "variables", n)
	if err != nil {
		return err
	}
	r.part.Variables = map[string]string{}
	for _, key := range m.Keys {
		text, ok := yamltree.Scalar(m.At[key])
		switch {
		case key == "" || strings.ContainsAny(key, "=\x00"):
			return r.file.Usage(m.LineOf(key), "variables: %q is not a name of a variable", key)
		case yamltree.IsNull(m.At[key]):
			return r.file.Usage(m.LineOf(key), "variables: %s has no value", key).WithHint(`write %s: "" for an empty one`, key)
		case !ok:
			return r.file.Usage(m.LineOf(key), "variables: %s is not text", key)
		}
		if err := spec.CheckVariable(key, text); err != nil {
			return r.file.Usage(m.LineOf(key), "variables.%s: %w", key, err).WithHint("%s", hintOf(err))
		}
		r.part.Variables[key] = text
	}
	return nil
}

// hintOf returns the hint of an error that has one, or "".
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// platforms checks that the file is for the reader's platform.
func (r *reader) platforms(top yamltree.Mapping) error {
	var subdirs []string
	err := r.texts("platforms", top.At["platforms"], func(text string, _ int) error {
		subdirs = append(subdirs, text)
		return nil
	}, r.notText("platforms"))
	if own := r.platform.Subdir(); err == nil && len(subdirs) > 0 && !slices.Contains(subdirs, own) {
		return r.file.Usage(top.LineOf("platforms"), "platforms has %s, not %s", strings.Join(subdirs, ", "), own).
			WithHint("add %s to platforms, or take it out of [image] platforms", own)
	}
	return err
}
