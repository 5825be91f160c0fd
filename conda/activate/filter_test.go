package activate_test

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// TestFiltersElsewhere are uses on which systems differ, which need a locale or
// which do more than print: those are left to the programs.
func TestFiltersElsewhere(t *testing.T) {
	for _, line := range []string{
		"basename", "basename -a x y", "dirname a b", "dirname -z a", "uname -m", "uname -a", "uname -s -r", "cat -n", "tr -s a", "tr a", "tr -d", "tr z-a x",
		"tr [:digit:] x", "tr [=a=] x", "tr [x*3] y", "tr \\101 x", "tr a ä", "tr a-\\ x",
		"sed", "sed p", "sed -i s/a/b/ f", "sed -n s/a/b/p", "sed -E s/a/b/", "sed s/a/b/i", "sed s/a/b/2", "sed s/a/b/;p", "sed y/a/b/", "sed 1s/a/b/", "sed /x/s/a/b/",
		"sed s/a\\|b/x/", "sed s/a\\+/x/", "sed s/a\\?/x/", "sed s/\\(a\\)*/x/", "sed s/\\(a\\)\\1/x/", "sed s/a\\{2\\}/x/", "sed s/*a/x/", "sed s/a**/x/", "sed s/[a/x/", "sed s/\\(a/x/",
		"sed s/a/\\n/", "sed s/a/\\1/", "sed s/a/\\U&/", "sed s//x/", "sed s.a.b.", "sed s/ä/x/", "sed s/[[.a.]]/x/", "sed s/\\w/x/", "sed s/a", "sed s/a/b", "sed -e s/a/b/ f",
	} {
		if out, ok := activate.Filter("input\n", strings.Fields(line)...); ok {
			t.Errorf("%s is answered: %q", line, out)
		}
	}
	if _, ok := activate.Filter("ä\n", "sed", "s/a/b/"); ok {
		t.Error("sed edits what is not ASCII")
	}
}

// TestSedLikeSed compares random substitutions with the machine's sed.
func TestSedLikeSed(t *testing.T) {
	sed, err := exec.LookPath("sed")
	if err != nil {
		t.Skip("no sed on this machine")
	}
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(n int, of ...string) string {
		var b strings.Builder
		for range r.IntN(n) + 1 {
			b.WriteString(of[r.IntN(len(of))])
		}
		return b.String()
	}
	answered := 0
	for range 1500 {
		script := "s/" + pick(5, "a", "b", "x", ".", "*", "^", "$", `\(a`, `\)`, `\(`, "[ab]", "[^a]*", "[]x]", `\.`, "+", "?", "{", "|", `\$`, "[a-x]*", "(", ")") +
			"/" + pick(3, "&", "-", `\1`, `\&`, "$1", "y", `\\`) + "/" + pick(2, "", "g")
		input := pick(6, "a", "b", "x", ".", "\n", "*", "$", "^", "]", "(", "+") + "\n"
		got, ok := activate.Filter(input, "sed", script)
		if !ok {
			continue
		}
		answered++
		cmd := exec.Command(sed, script)
		cmd.Stdin = strings.NewReader(input)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		want, err := cmd.Output()
		if err != nil || string(want) != got {
			t.Errorf("sed %q of %q: got %q, want %q, %v %s", script, input, got, want, err, &stderr)
		}
	}
	if answered < 200 {
		t.Errorf("only %d were answered", answered)
	}
	t.Logf("%d were answered", answered)
}
