package pypi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Requirement is one requirement of PEP 508.
type Requirement struct {
	Name       string     // normalised
	Extras     []string   // normalised
	Specifiers Specifiers // of a requirement without URL
	URL        string     // of "NAME @ URL"
	marker     node       // nil: always
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`)

// ParseRequirement reads a requirement.
func ParseRequirement(s string) (Requirement, error) {
	bad := func(why string) (Requirement, error) {
		return Requirement{}, fmt.Errorf("%q is not a requirement (PEP 508): %s", s, why)
	}
	if len(s) > maxLength {
		return Requirement{}, fmt.Errorf("requirement of %d bytes is too long", len(s))
	}
	if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return bad("it holds a control character")
	}
	rest := strings.TrimSpace(s)
	name := nameForm.FindString(rest)
	if name == "" {
		return bad("it does not begin with a name")
	}
	r := Requirement{Name: Normalize(name)}
	rest = strings.TrimSpace(rest[len(name):])
	if inner, ok := strings.CutPrefix(rest, "["); ok {
		list, after, ok := strings.Cut(inner, "]")
		if !ok {
			return bad("the extras do not end")
		}
		for extra := range strings.SplitSeq(list, ",") {
			extra = strings.TrimSpace(extra)
			if extra == "" && strings.TrimSpace(list) == "" {
				break
			}
			if nameForm.FindString(extra) != extra || extra == "" {
				return bad(fmt.Sprintf("%q is not the name of an extra", extra))
			}
			r.Extras = append(r.Extras, Normalize(extra))
		}
		rest = strings.TrimSpace(after)
	}
	var err error
	if rest, err = r.target(rest); err != nil {
		return bad(err.Error())
	}
	if rest != "" {
		if r.marker, err = parseMarker(rest[1:]); err != nil {
			return bad(err.Error())
		}
	}
	return r, nil
}

// target reads the specifiers or the URL, and returns what is left: nothing, or
// a semicolon and a marker.
func (r *Requirement) target(rest string) (string, error) {
	if url, ok := strings.CutPrefix(rest, "@"); ok {
		// In a URL a semicolon may stand; before a marker there is a space.
		url = strings.TrimSpace(url)
		end := strings.IndexAny(url, " \t")
		if end < 0 {
			end = len(url)
		}
		r.URL, rest = url[:end], strings.TrimSpace(url[end:])
		if r.URL == "" {
			return "", fmt.Errorf("no URL after @")
		}
		if rest != "" && rest[0] != ';' {
			return "", fmt.Errorf("%q follows the URL", rest)
		}
		return rest, nil
	}
	list, marker, marked := strings.Cut(rest, ";")
	list = strings.TrimSpace(list)
	if inner, ok := strings.CutPrefix(list, "("); ok {
		if list, ok = strings.CutSuffix(inner, ")"); !ok {
			return "", fmt.Errorf("the parenthesis is not closed")
		}
	}
	var err error
	if r.Specifiers, err = ParseSpecifiers(list); err != nil || !marked {
		return "", err
	}
	return ";" + marker, nil
}

// Applies reports whether the requirement holds in an environment for a package
// that was asked for with these extras (normalised).
func (r Requirement) Applies(env Environment, extras ...string) bool {
	if r.marker == nil {
		return true
	}
	return r.marker.eval(env, "") || slices.ContainsFunc(extras, func(x string) bool { return r.marker.eval(env, x) })
}
