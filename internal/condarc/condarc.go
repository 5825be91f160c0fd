// Package condarc reads what conda's configuration files say of where channels
// are.
//
// # Keys
//
// A .condarc is a YAML mapping. Of its keys these are read, and all others are
// left to conda:
//
//   - channel_alias: the URL that channels given by name stand below;
//   - custom_channels: NAME: URL, a channel at URL/NAME instead. It is also
//     that of NAME/label/…;
//   - default_channels: the channels that "defaults" stands for;
//   - custom_multichannels: NAME: [CHANNEL, …], several under one name;
//   - mirrored_channels (mamba's): NAME: [URL, …], asked before the channel.
//
// channels and channel_priority are not read, and that is the point: which
// channels an environment comes from stands in the project. A lock must not
// depend on the habits of the machine that makes it.
//
// # Values
//
// $NAME and ${NAME} stand for variables of the environment; what is not set
// stays as written. URLs may hold a user, a password and a token (/t/TOKEN/):
// a Config must not be printed, and no error of this package quotes a value.
//
// Of several files a later one wins: mappings are joined by key, lists and
// texts replaced.
package condarc

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gophersnake/gophersnake/internal/yamltree"
)

// Config is where channels are. The zero value is conda's own.
type Config struct {
	Alias    string              // URL; "": DefaultAlias
	Defaults []string            // names or URLs; nil: conda's
	Custom   map[string]string   // URL that the channel of a name stands below
	Multi    map[string][]string // names or URLs
	Mirrors  map[string][]string // URLs of the same channel, by a channel as users write it
}

// DefaultAlias is where channels given by name are.
const DefaultAlias = "https://conda.anaconda.org"

// defaultsName is the name of several channels that nothing else can have.
const defaultsName = "defaults"

// Read reads a file; the name is for errors, whose class is usage and which
// come with the zero Config. Variables come from lookup; nil knows none.
func Read(name string, text []byte, lookup func(string) (string, bool)) (Config, error) {
	r := reader{yamltree.File(name), lookup}
	if isEmpty(text) {
		return Config{}, nil
	}
	root, err := yamltree.Parse(r.file, text)
	if err != nil || yamltree.IsNull(root) {
		return Config{}, err
	}
	const file = "the file"
	m, err := yamltree.AsMapping(r.file, file, root)
	if err != nil {
		return Config{}, err
	}
	c, err := r.config(file, m)
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// config reads the keys of a file, and may return half a Config with an error.
func (r reader) config(file string, m yamltree.Mapping) (Config, error) {
	var (
		c   Config
		err error
	)
	if c.Alias, err = m.Optional(file, "channel_alias"); err != nil {
		return c, err
	}
	if c.Alias = r.expand(c.Alias); c.Alias != "" && !strings.Contains(c.Alias, "://") {
		c.Alias = "https://" + c.Alias
	}
	if c.Alias != "" && !isURL(c.Alias) {
		return c, r.file.Usage(m.LineOf("channel_alias"), "channel_alias is no URL")
	}
	if c.Defaults, err = m.List(file, "default_channels"); err != nil {
		return c, err
	}
	if c.Defaults == nil && m.At["default_channels"] != nil && !yamltree.IsNull(m.At["default_channels"]) {
		c.Defaults = []string{} // none is something else than conda's
	}
	r.expandAll(c.Defaults)
	if c.Custom, err = r.texts(m.At["custom_channels"]); err != nil {
		return c, err
	}
	if c.Multi, err = r.lists("custom_multichannels", m.At["custom_multichannels"]); err != nil {
		return c, err
	}
	c.Mirrors, err = r.lists("mirrored_channels", m.At["mirrored_channels"])
	return c, err
}

// isURL reports whether a text is a scheme with something behind it.
func isURL(s string) bool {
	return strings.Contains(s, "://") && !strings.HasSuffix(strings.TrimRight(s, "/"), ":")
}

// isEmpty reports whether a file holds comments and blanks alone.
func isEmpty(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// Merge returns c with what a later file says instead.
func (c Config) Merge(later Config) Config {
	if later.Alias != "" {
		c.Alias = later.Alias
	}
	if later.Defaults != nil {
		c.Defaults = later.Defaults
	}
	c.Custom = joined(c.Custom, later.Custom)
	c.Multi = joined(c.Multi, later.Multi)
	c.Mirrors = joined(c.Mirrors, later.Mirrors)
	return c
}

func joined[V any](a, b map[string]V) map[string]V {
	if len(a) == 0 {
		return b
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// reader reads one file.
type reader struct {
	file   yamltree.File
	lookup func(string) (string, bool)
}

// texts reads custom_channels.
func (r reader) texts(n ast.Node) (map[string]string, error) {
	if yamltree.IsNull(n) {
		return nil, nil
	}
	const what = "custom_channels"
	m, err := yamltree.AsMapping(r.file, what, n)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range m.Keys {
		value, err := m.Optional(what, name)
		if err != nil {
			return nil, err
		}
		if all[name] = r.expand(value); !isURL(all[name]) {
			return nil, r.file.Usage(yamltree.LineOf(m.At[name]), "%s: %q is given no URL", what, name)
		}
	}
	return all, nil
}

// lists reads a mapping of lists.
func (r reader) lists(what string, n ast.Node) (map[string][]string, error) {
	if yamltree.IsNull(n) {
		return nil, nil
	}
	m, err := yamltree.AsMapping(r.file, what, n)
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, name := range m.Keys {
		list, err := m.List(what, name)
		if err != nil {
			return nil, err
		}
		r.expandAll(list)
		all[name] = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	}
	return all, nil
}

// variable is what Python's os.path.expandvars replaces, which conda uses.
var variable = regexp.MustCompile(`\$(\w+|\{[^}]*\})`)

func (r reader) expand(s string) string {
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		if r.lookup != nil {
			if value, ok := r.lookup(strings.Trim(v[1:], "{}")); ok {
				return value
			}
		}
		return v
	})
}

func (r reader) expandAll(list []string) {
	for i := range list {
		list[i] = r.expand(strings.TrimSpace(list[i]))
	}
}
