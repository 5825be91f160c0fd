package activate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// test is test and [, by the number of arguments as POSIX has it.
func (m *machine) test(args []string) {
	rest := args[1:]
	if args[0] == "[" {
		if len(rest) == 0 || rest[len(rest)-1] != "]" {
			m.status = 2
			return
		}
		rest = rest[:len(rest)-1]
	}
	m.status = oneIf(!m.classic(rest))
}

// classic evaluates the arguments of test.
func (m *machine) classic(args []string) bool {
	switch len(args) {
	case 0:
		return false
	case 1:
		return args[0] != ""
	case 2:
		if args[0] == "!" {
			return args[1] == ""
		}
		return m.unary(args[0], args[1])
	case 3:
		switch {
		case isBinary(args[1]):
			return m.compare(args[1], args[0], args[2])
		case args[0] == "!":
			return !m.classic(args[1:])
		case args[0] == "(" && args[2] == ")":
			return args[1] != ""
		}
	case 4:
		if args[0] == "!" {
			return !m.classic(args[1:])
		}
	}
	for _, op := range []string{"-o", "-a"} { // -a binds tighter
		if i := slices.Index(args, op); i > 0 && i < len(args)-1 && !slices.Contains(args, "(") {
			left, right := m.classic(args[:i]), m.classic(args[i+1:])
			if op == "-o" {
				return left || right
			}
			return left && right
		}
	}
	m.notUnderstood("has a test that is not understood here: %s", strings.Join(args, " "))
	return false
}

func isBinary(op string) bool {
	switch op {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-a", "-o", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

func (m *machine) compare(op, a, b string) bool {
	switch op {
	case "=", "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case ">":
		return a > b
	case "-a":
		return a != "" && b != ""
	case "-o":
		return a != "" || b != ""
	}
	if !strings.HasPrefix(op, "-e") && !slices.Contains([]string{"-ne", "-lt", "-le", "-gt", "-ge"}, op) || op == "-ef" {
		m.notUnderstood("has a test that is not understood here: %s", op)
	}
	x, y := m.integer(a), m.integer(b)
	switch op {
	case "-eq":
		return x == y
	case "-ne":
		return x != y
	case "-lt":
		return x < y
	case "-le":
		return x <= y
	case "-gt":
		return x > y
	}
	return x >= y
}

// integer reads a number of a test. What is none is an error in every shell,
// and another one in each.
func (m *machine) integer(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		m.notUnderstood("compares %q as a number", s)
	}
	return n
}

func (m *machine) unary(op, x string) bool {
	switch op {
	case "-n":
		return x != ""
	case "-z":
		return x == ""
	case "-e", "-a", "-r":
		_, ok := m.stat(x)
		return ok
	case "-f":
		info, ok := m.stat(x)
		return ok && !info.Dir && x != "/dev/null"
	case "-d":
		info, ok := m.stat(x)
		_, in := m.inside(x)
		return ok && (info.Dir || !in)
	case "-s":
		info, ok := m.stat(x)
		return ok && info.Size > 0
	case "-x":
		return m.executable(x)
	case "-v":
		return m.variableOf(x).Set
	}
	m.notUnderstood("has a test that is not understood here: %s", op)
	return false
}

// extendedTest is [[ … ]]. The parser takes all that follows an exclamation mark
// for what it negates, and && and || for equals; in the shell a mark belongs to
// the next test alone, and && binds closer.
func (m *machine) extendedTest(expr syntax.TestExpr) bool {
	value := true
	for _, t := range testTerms(expr) {
		if t.or {
			if value {
				return true
			}
			value = true
		}
		if value {
			value = m.oneTest(t.expr) != t.not
		}
	}
	return value
}

// testTerm is a test between && and ||.
type testTerm struct {
	expr syntax.TestExpr
	not  bool // an exclamation mark stands before it
	or   bool // || stands before it
}

// testTerms returns the tests of an expression as they stand in the text.
func testTerms(expr syntax.TestExpr) []testTerm {
	switch x := expr.(type) {
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			list := testTerms(x.X)
			list[0].not = !list[0].not
			return list
		}
	case *syntax.BinaryTest:
		if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
			right := testTerms(x.Y)
			right[0].or = x.Op == syntax.OrTest
			return append(testTerms(x.X), right...)
		}
	}
	return []testTerm{{expr: expr}}
}

func (m *machine) oneTest(expr syntax.TestExpr) bool {
	switch x := expr.(type) {
	case *syntax.Word:
		return m.literalWord(x) != ""
	case *syntax.ParenTest:
		return m.extendedTest(x.X)
	case *syntax.UnaryTest:
		word, ok := x.X.(*syntax.Word)
		if !ok {
			m.notUnderstood("has a test that is not understood here")
		}
		return m.unary(x.Op.String(), m.literalWord(word))
	case *syntax.BinaryTest:
		return m.extendedBinary(x)
	}
	m.notUnderstood("has a test that is not understood here")
	return false
}

func (m *machine) extendedBinary(x *syntax.BinaryTest) bool {
	left, ok1 := x.X.(*syntax.Word)
	right, ok2 := x.Y.(*syntax.Word)
	if !ok1 || !ok2 {
		m.notUnderstood("has a test that is not understood here")
	}
	a := m.literalWord(left)
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort:
		return m.matches(right, a)
	case syntax.TsNoMatch:
		return !m.matches(right, a)
	case syntax.TsReMatch:
		return m.regexp(a, m.literalWord(right))
	}
	return m.compare(x.Op.String(), a, m.literalWord(right))
}

// regexp is =~, which sets BASH_REMATCH.
func (m *machine) regexp(s, expr string) bool {
	re, err := regexp.CompilePOSIX(expr)
	if err != nil {
		m.notUnderstood("has a regular expression that is not understood here: %q", expr)
	}
	found := re.FindStringSubmatch(s)
	m.assign("BASH_REMATCH", expand.Variable{Set: true, Kind: expand.Indexed, List: found})
	return found != nil
}
