package release

import (
	"fmt"
	"go/version"
	"strings"
)

// Wish says which versions of Go are wanted. Its text is one of
//
//	1.26.8, go1.26.8, 1.27rc1    that version
//	1.26, go1.26                 any release 1.26.x
//	>=1.21.0,<1.22.0             any release for which all comparisons hold
//
// The operators are >=, >, <=, <, = and !=. A version of two parts stands for
// the whole series: "<=1.26" and "=1.26" hold for 1.26.8, ">1.26" does not.
// Release candidates and betas fulfil only a wish that names them exactly. The
// order is that of package go/version.
type Wish struct {
	text  string
	exact string // of a wish for one version
	terms []term
}

type term struct {
	op     string
	v      string // with "go"
	series bool   // v has two parts
}

// ParseWish reads a wish. Errors are of class "usage".
func ParseWish(text string) (Wish, error) {
	w := Wish{text: text}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		op := operator(part)
		t := term{op: op, v: goVersion(strings.TrimSpace(part[len(op):]))}
		if t.v == "" {
			return Wish{}, badWish(text)
		}
		t.series = version.Lang(t.v) == t.v
		w.terms = append(w.terms, t)
	}
	if len(w.terms) == 1 && w.terms[0].op == "" && !w.terms[0].series {
		w.exact = strings.TrimPrefix(w.terms[0].v, "go")
	}
	return w, nil
}

func badWish(text string) *Error {
	return newError("usage", "", "go version %q is neither a version nor a range", text).
		advise(`write "1.26.8", "1.26" or ">=1.21.0,<1.22.0"`)
}

func operator(s string) string {
	for _, op := range []string{">=", "<=", "!=", ">", "<", "="} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

// goVersion returns "go1.26.8" for "1.26.8" and "go1.26.8", and "" for what is
// not a version of Go with two or three parts. Suffixes that package
// go/version ignores ("go1.26.8-custom") are not versions here.
func goVersion(s string) string {
	v := "go" + strings.TrimPrefix(s, "go")
	if !version.IsValid(v) || !strings.Contains(v, ".") || strings.Contains(v, "-") {
		return ""
	}
	return v
}

// Exact returns the version of a wish for exactly one.
func (w Wish) Exact() (v string, ok bool) { return w.exact, w.exact != "" }

// Conda returns the wish as the version part of a conda match spec (CEP 29): a
// series is "1.26.*", ">1.26" is ">=1.27", "<=1.26" is "<1.27".
func (w Wish) Conda() string {
	if w.exact != "" {
		return "==" + w.exact
	}
	var terms []string
	for _, t := range w.terms {
		terms = append(terms, t.conda())
	}
	return strings.Join(terms, ",")
}

func (t term) conda() string {
	v := strings.TrimPrefix(t.v, "go")
	if !t.series {
		if t.op == "=" {
			return "==" + v
		}
		return t.op + v
	}
	next := fmt.Sprintf("1.%d", series(t.v)+1)
	switch t.op {
	case ">":
		return ">=" + next
	case "<=":
		return "<" + next
	case "!=":
		return "!=" + v + ".*"
	case ">=", "<":
		return t.op + v
	}
	return v + ".*"
}

// bound returns the first version that the wish names.
func (w Wish) bound() string { return strings.TrimPrefix(w.terms[0].v, "go") }

// Match reports whether a version such as "1.26.8" fulfils the wish.
func (w Wish) Match(v string) bool {
	if w.exact != "" {
		return v == w.exact
	}
	v = goVersion(v)
	if v == "" || prerelease(v) || len(w.terms) == 0 {
		return false
	}
	for _, t := range w.terms {
		if !t.match(v) {
			return false
		}
	}
	return true
}

// String returns the text the wish was read from.
func (w Wish) String() string { return w.text }

func (t term) match(v string) bool {
	if t.series {
		v = version.Lang(v)
	}
	c := version.Compare(v, t.v)
	switch t.op {
	case ">=":
		return c >= 0
	case ">":
		return c > 0
	case "<=":
		return c <= 0
	case "<":
		return c < 0
	case "!=":
		return c != 0
	}
	return c == 0
}

// prerelease reports whether v ("go1.27rc1") is a release candidate or beta.
func prerelease(v string) bool {
	return strings.Contains(v, "rc") || strings.Contains(v, "beta")
}

// compare orders versions without "go".
func compare(a, b string) int { return version.Compare("go"+a, "go"+b) }
