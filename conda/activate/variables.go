package activate

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// unsetMark is what conda writes into conda-meta/state for a variable that the
// user took out again.
const unsetMark = "***unset***"

// Variables reads a file of etc/conda/env_vars.d, or the env_vars of
// conda-meta/state, and returns "KEY=value" in the file's order. A variable
// that conda marks as unset, there or in an earlier file, is "KEY" alone.
// Values are strings; numbers and truth values are taken as conda prints them.
// Errors are of type *tree.Error, class "verification".
func Variables(name string, text []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	wrong := func(format string, args ...any) error { return tree.NewError(name, format, args...) }
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, wrong("is not a JSON object of variables")
	}
	var all []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, wrong("is not JSON: %w", err)
		}
		variable, _ := key.(string)
		if variable == "" || strings.ContainsAny(variable, "=\x00") {
			return nil, wrong("variable %q has no name that can be set", variable)
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, wrong("is not JSON: %w", err)
		}
		s := ""
		switch v := value.(type) {
		case string:
			s = v
		case json.Number:
			s = v.String()
		case bool:
			s = map[bool]string{false: "False", true: "True"}[v]
		default:
			return nil, wrong("variable %q is not a string", variable)
		}
		switch {
		case strings.Contains(s, "\x00"):
			return nil, wrong("variable %q holds a NUL byte", variable)
		case s == unsetMark:
			all = append(all, variable)
		default:
			all = append(all, variable+"="+s)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, wrong("is not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, wrong("has more than one JSON object")
	}
	return all, nil
}
