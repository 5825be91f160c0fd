package matchspec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
)

// oracle asks py-rattler for the canonical forms of specs.
func oracle(t *testing.T, specs []string) []string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run py-rattler with")
	}
	var in bytes.Buffer
	for _, spec := range specs {
		if err := json.NewEncoder(&in).Encode(spec); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "testdata/oracle.py")
	cmd.Stdin = &in
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		t.Skip("python3 has no py-rattler")
	}
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	var answers []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var answer string
		if err := decoder.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	if len(answers) != len(specs) {
		t.Fatalf("oracle: %d answers to %d questions", len(answers), len(specs))
	}
	return answers
}

// TestRattler compares what a spec means with what rattler says it means.
func TestRattler(t *testing.T) {
	var specs []string
	for _, form := range forms {
		specs = append(specs, form.in)
	}
	for i, answer := range oracle(t, specs) {
		form := forms[i]
		same := false
		ours, err := matchspec.Options{Patterns: true}.Parse(form.in)
		if strings.HasPrefix(answer, "error: ") {
			same = err != nil
		} else if err == nil {
			theirs, err := matchspec.Options{Patterns: true}.Parse(answer)
			same = err == nil && ours.String() == theirs.String()
		}
		if same == form.differs {
			t.Errorf("%q: %v, %v; rattler %q; said to differ: %v", form.in, ours, err, answer, form.differs)
		}
	}
}
