package matchspec

import (
	"fmt"
	"strconv"
	"strings"
)

// Number is a constraint on build numbers. The zero Number allows all.
type Number struct {
	op    string // "", "==", "!=", "<", "<=", ">", ">="
	limit uint64
}

// ParseNumber reads a build number with or without an operator.
func ParseNumber(s string) (Number, error) {
	digits := strings.TrimLeft(s, "=!<>~")
	n := Number{op: s[:len(s)-len(digits)]}
	switch n.op {
	case "":
		n.op = "=="
	case "==", "!=", "<", "<=", ">", ">=":
	default:
		return Number{}, fmt.Errorf("unknown operator %q", n.op)
	}
	limit, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 64)
	if err != nil {
		return Number{}, fmt.Errorf("%q is no build number", digits)
	}
	n.limit = limit
	return n, nil
}

// IsAny reports whether all numbers are allowed.
func (n Number) IsAny() bool { return n.op == "" }

// Match reports whether a build number is allowed.
func (n Number) Match(number uint64) bool {
	switch n.op {
	case "==":
		return number == n.limit
	case "!=":
		return number != n.limit
	case "<":
		return number < n.limit
	case "<=":
		return number <= n.limit
	case ">":
		return number > n.limit
	case ">=":
		return number >= n.limit
	}
	return true
}

// String returns the operator and the number, or "".
func (n Number) String() string {
	if n.IsAny() {
		return ""
	}
	return n.op + strconv.FormatUint(n.limit, 10)
}
