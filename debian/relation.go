package debian

import (
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Relation is one alternative of a dependency (Debian policy §7.1).
type Relation struct {
	Name    string
	Any     bool   // "name:any": a package of another architecture would do
	Op      string // "<<", "<=", "=", ">=", ">>" or ""
	Version string
}

// String returns the relation as control data has it.
func (r Relation) String() string {
	s := r.Name
	if r.Any {
		s += ":any"
	}
	if r.Op != "" {
		s += " (" + r.Op + " " + r.Version + ")"
	}
	return s
}

// fulfilled reports whether a version is one of the relation's.
func (r Relation) fulfilled(version string) bool {
	c := 0
	if r.Op != "" {
		c = CompareVersions(version, r.Version)
	}
	switch r.Op {
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case ">=":
		return c >= 0
	case ">>":
		return c > 0
	}
	return c == 0
}

// ParseRelations reads a field such as Depends: all of the outer list are
// needed, any of an inner one. What is for another architecture is left out.
func ParseRelations(field, arch string) ([][]Relation, error) {
	var all [][]Relation
	for part := range strings.SplitSeq(field, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var any []Relation
		for alternative := range strings.SplitSeq(part, "|") {
			r, wanted, err := parseRelation(strings.TrimSpace(alternative), arch)
			if err != nil {
				return nil, err
			}
			if wanted {
				any = append(any, r)
			}
		}
		if any != nil {
			all = append(all, any)
		}
	}
	return all, nil
}

func parseRelation(text, arch string) (r Relation, wanted bool, err error) {
	bad := func() (Relation, bool, error) {
		return Relation{}, false, tree.NewError("", "%q is no relation between packages", text)
	}
	rest, wanted, ok := cutArch(text, arch)
	if !ok {
		return bad()
	}
	name, version, versioned := strings.Cut(rest, "(")
	name = strings.TrimSpace(name)
	if versioned {
		version, ok = strings.CutSuffix(strings.TrimSpace(version), ")")
		if r.Op, r.Version = cutOp(version); !ok || r.Op == "" || CheckVersion(r.Version) != nil {
			return bad()
		}
	}
	name, qualifier, qualified := strings.Cut(name, ":")
	if r.Name, r.Any = name, qualifier == "any"; !isName(name) || qualified && qualifier == "" {
		return bad()
	}
	return r, wanted, nil
}

// cutArch takes "[amd64 !arm64]" off the end. Build profiles ("<…>") are for
// source packages alone, and so no relation here.
func cutArch(text, arch string) (rest string, wanted, ok bool) {
	wanted = true
	rest, list, found := strings.Cut(text, "[")
	if !found {
		return text, true, true
	}
	list, ok = strings.CutSuffix(strings.TrimSpace(list), "]")
	if !ok {
		return "", false, false
	}
	named, negated := false, false
	for a := range strings.FieldsSeq(list) {
		not, is := strings.CutPrefix(a, "!")
		negated = negated || is
		named = named || not == arch || not == "any" || not == "linux-any"
	}
	return strings.TrimSpace(rest), named != negated, true
}

// cutOp splits ">= 1.0". The old "<" and ">" mean "<=" and ">=" (policy §7.1).
func cutOp(s string) (op, version string) {
	s = strings.TrimSpace(s)
	for _, o := range []string{"<<", "<=", ">=", ">>", "=", "<", ">"} {
		if rest, ok := strings.CutPrefix(s, o); ok {
			if o == "<" || o == ">" {
				o += "="
			}
			return o, strings.TrimSpace(rest)
		}
	}
	return "", ""
}

// isName reports whether a string is a package's name (policy §5.6.1).
func isName(s string) bool {
	if len(s) < 2 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		lower := 'a' <= s[i] && s[i] <= 'z'
		if !lower && !isDigit(s[i]) && (i == 0 || !strings.ContainsRune("+-.", rune(s[i]))) {
			return false
		}
	}
	return true
}
