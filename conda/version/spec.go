package version

import "regexp"

// Spec is a constraint on versions. The zero Spec is "*", any version. A Spec
// is read-only and safe for use by several goroutines.
type Spec struct {
	op      operator
	limit   Version
	pattern *regexp.Regexp // opPattern
	text    string         // opPattern, as written
	parts   []Spec         // opAnd, opOr
}

type operator uint8

const (
	opAny operator = iota
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opStartsWith
	opNotStartsWith
	opCompatible
	opPattern
	opAnd
	opOr
)

// Matches reports whether the spec allows a version.
func (s *Spec) Matches(v Version) bool {
	switch s.op {
	case opAny:
		return true
	case opEqual:
		return v.Equal(s.limit)
	case opNotEqual:
		return !v.Equal(s.limit)
	case opLess:
		return v.Compare(s.limit) < 0
	case opLessEqual:
		return v.Compare(s.limit) <= 0
	case opGreater:
		return v.Compare(s.limit) > 0
	case opGreaterEqual:
		return v.Compare(s.limit) >= 0
	case opStartsWith:
		return v.StartsWith(s.limit)
	case opNotStartsWith:
		return !v.StartsWith(s.limit)
	case opCompatible:
		return v.CompatibleWith(s.limit)
	case opPattern:
		return s.pattern.MatchString(v.source)
	case opAnd:
		return s.all(v)
	}
	return s.any(v)
}

func (s *Spec) all(v Version) bool {
	for i := range s.parts {
		if !s.parts[i].Matches(v) {
			return false
		}
	}
	return true
}

func (s *Spec) any(v Version) bool {
	for i := range s.parts {
		if s.parts[i].Matches(v) {
			return true
		}
	}
	return false
}

// IsAny reports whether the spec is "*".
func (s *Spec) IsAny() bool { return s.op == opAny }

// Exact returns the one version that a spec such as ==1.8 allows.
func (s *Spec) Exact() (Version, bool) { return s.limit, s.op == opEqual }

// String returns the spec in one way of writing: an operator or ".*" at each
// version, canonical versions, no blanks, and parentheses only where "|" stands
// inside ",". Parsing it gives an equal spec.
func (s *Spec) String() string { return string(s.append(nil)) }

// AppendText appends what String returns. It implements
// [encoding.TextAppender]; the error is always nil.
func (s *Spec) AppendText(b []byte) ([]byte, error) { return s.append(b), nil }

func (s *Spec) append(b []byte) []byte {
	switch s.op {
	case opAny:
		return append(b, '*')
	case opPattern:
		return append(b, s.text...)
	case opAnd, opOr:
		return s.appendGroup(b)
	}
	b = append(b, s.op.prefix()...)
	b = s.limit.appendCanonical(b)
	if s.op == opStartsWith || s.op == opNotStartsWith {
		b = append(b, ".*"...)
	}
	return b
}

func (s *Spec) appendGroup(b []byte) []byte {
	sep := byte('|')
	if s.op == opAnd {
		sep = ','
	}
	for i := range s.parts {
		if i > 0 {
			b = append(b, sep)
		}
		part := &s.parts[i]
		if s.op == opAnd && part.op == opOr {
			b = append(part.append(append(b, '(')), ')')
			continue
		}
		b = part.append(b)
	}
	return b
}

// prefix returns what stands in front of a version.
func (o operator) prefix() string {
	switch o {
	case opEqual:
		return "=="
	case opNotEqual, opNotStartsWith:
		return "!="
	case opLess:
		return "<"
	case opLessEqual:
		return "<="
	case opGreater:
		return ">"
	case opGreaterEqual:
		return ">="
	case opCompatible:
		return "~="
	}
	return ""
}
