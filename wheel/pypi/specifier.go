package pypi

import (
	"fmt"
	"regexp"
	"strings"
)

// Specifiers is a list of clauses that a version must fulfil, all of them.
type Specifiers []clause

type clause struct {
	op      string
	version Version
	prefix  bool   // of ==1.2.* and !=1.2.*
	text    string // of ===
}

var clauseForm = regexp.MustCompile(`^(===|~=|==|!=|<=|>=|<|>)\s*(\S+)$`)

// ParseSpecifiers reads a list of clauses with commas between them.
func ParseSpecifiers(s string) (Specifiers, error) {
	var all Specifiers
	for text := range strings.SplitSeq(s, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue // a comma at the end is usual in old metadata
		}
		c, err := parseClause(text)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func parseClause(s string) (clause, error) {
	bad := fmt.Errorf("%q is not a version specifier (PEP 440)", s)
	m := clauseForm.FindStringSubmatch(s)
	if m == nil || len(s) > maxLength {
		return clause{}, bad
	}
	c := clause{op: m[1], text: m[2]}
	if c.op == "===" {
		return c, nil
	}
	text := m[2]
	if c.op == "==" || c.op == "!=" {
		text, c.prefix = strings.CutSuffix(text, ".*")
	}
	var err error
	if c.version, err = ParseVersion(text); err != nil {
		return clause{}, bad
	}
	v := c.version
	switch {
	case c.prefix && (v.pre != "" || v.post != "" || v.dev != "" || v.local != nil),
		v.local != nil && c.op != "==" && c.op != "!=",
		c.op == "~=" && len(v.release) < 2:
		return clause{}, bad
	}
	return c, nil
}

// Contains reports whether a version fulfils all clauses.
func (s Specifiers) Contains(v Version) bool {
	for _, c := range s {
		if !c.contains(v) {
			return false
		}
	}
	return true
}

// contains follows PEP 440, "Version specifiers": a clause without a local part
// looks at the public version, and an exclusive bound leaves out the pre- or
// post-releases of the bound itself.
func (c clause) contains(v Version) bool {
	w := c.version
	switch c.op {
	case "===":
		return strings.EqualFold(v.String(), c.text)
	case "==":
		return c.equal(v)
	case "!=":
		return !c.equal(v)
	case "<=":
		return v.public().Compare(w) <= 0
	case ">=":
		return v.public().Compare(w) >= 0
	case "<":
		return v.Compare(w) < 0 && !v.isPreOf(w)
	case ">":
		return v.Compare(w) > 0 && !v.isPostOf(w) && v.public().Compare(w) != 0
	default: // ~=
		return v.public().Compare(w) >= 0 && v.hasPrefix(w.epoch, w.release[:len(w.release)-1])
	}
}

func (c clause) equal(v Version) bool {
	switch {
	case c.prefix:
		return v.hasPrefix(c.version.epoch, c.version.release)
	case c.version.local == nil:
		return v.public().Compare(c.version) == 0
	}
	return v.Compare(c.version) == 0
}

// isPreOf reports whether v is a pre-release of w, which is none itself.
func (v Version) isPreOf(w Version) bool {
	switch {
	case w.pre != "" || w.dev != "" || !v.sameBase(w):
		return false
	case w.post != "":
		return v.dev != "" && v.pre == "" && v.post == w.post
	}
	return v.pre != "" || v.dev != ""
}

// isPostOf reports whether v is a post-release of w, which is none itself.
func (v Version) isPostOf(w Version) bool {
	return v.post != "" && w.post == "" && w.dev == "" && v.sameBase(w) && v.pre == w.pre && v.preN == w.preN
}

func (v Version) hasPrefix(epoch string, release []string) bool {
	if v.epoch != epoch {
		return false
	}
	for i, n := range release {
		if part(v.release, i) != n {
			return false
		}
	}
	return true
}
