package activate_test

import (
	"strings"
	"testing"
)

// TestDeep evaluates what nests without end: a recursive parser must not take
// the process down.
func TestDeep(t *testing.T) {
	for _, token := range []string{
		"(", "((", "{ ", "$(", "$((", "${x:-", "\"$(", "`", "! ", "if ", "if if", "while ", "while if ", "case x in x) ", "[[ ! ", "[[ ( ", "x=$(", "-", "$((-", "$((!", "$((~", "$((+", "$((a?",
		"f()", "f() ", "function f ", "a|", "a||", "a&&", "{a,", "for x in x; do ", "until ", "time ", "coproc ", "<(", "@(", "[", "x[", "$[", "elif ", "do ", "then ", "select x in x; do ", "<<a ", "${x/", "${x[", "((a,", "$((a=", "$((1**",
	} {
		script := strings.Repeat(token, 16<<10/len(token))
		if _, err := evaluate(t.Context(), script); err != nil {
			t.Errorf("%q: %v", token, err)
		}
		if _, err := evaluate(t.Context(), "[ x ] || "+script); err != nil {
			t.Errorf("%q: %v", token, err)
		}
	}
}
