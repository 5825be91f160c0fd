package version_test

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/version"
)

// oracle asks py-rattler, see testdata/oracle.py.
func oracle(t *testing.T, question string, lines []string) []string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run py-rattler with")
	}
	cmd := exec.Command(python, "testdata/oracle.py", question)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		t.Skip("python3 has no py-rattler")
	}
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(lines) {
		t.Fatalf("oracle: %d answers to %d questions", len(answers), len(lines))
	}
	return answers
}

// TestRattlerOrder compares the order of all published versions as a whole.
func TestRattlerOrder(t *testing.T) {
	all := vectors(t, "versions-conda-forge.txt")
	ranks := oracle(t, "order", all)
	type entry struct {
		version version.Version
		rank    int
	}
	entries := make([]entry, len(all))
	for i, s := range all {
		rank, err := strconv.Atoi(ranks[i])
		if err != nil {
			t.Fatal(err)
		}
		entries[i] = entry{parse(t, s), rank}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.version.Compare(b.version) })
	rank := 0
	for i, e := range entries {
		if i > 0 && !e.version.Equal(entries[i-1].version) {
			rank++
		}
		if e.rank != rank {
			t.Fatalf("%s has rank %d, rattler %d", e.version, rank, e.rank)
		}
	}
	t.Logf("%d versions, %d different", len(entries), rank+1)
}

// made returns n versions that are hard to compare, the same at every run.
func made(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"0", "1", "0", "2", "10", "a", "rc", "dev", "post", "B", "00"}
	run := func(b *strings.Builder) {
		for segment := range 1 + random.IntN(3) {
			if segment > 0 {
				b.WriteByte('.')
			}
			for last := ""; ; {
				word := words[random.IntN(len(words))]
				if last != "" && (last[0] < 'A') == (word[0] < 'A') {
					break
				}
				b.WriteString(word)
				last = word
			}
		}
	}
	all := make([]string, n)
	for i := range all {
		var b strings.Builder
		if random.IntN(8) == 0 {
			b.WriteString("1!")
		}
		run(&b)
		switch random.IntN(12) {
		case 0:
			b.WriteString("_")
		case 1:
			b.WriteString("__")
		case 2:
			b.WriteString("._")
		}
		if random.IntN(6) == 0 {
			b.WriteString("+")
			run(&b)
		}
		all[i] = b.String()
	}
	return all
}

func TestRattlerMadeOrder(t *testing.T) {
	all := made(3000)
	ranks := oracle(t, "order", all)
	for i := range all {
		for _, j := range []int{(i + 1) % len(all), (i * 7) % len(all), (i * 131) % len(all)} {
			a, _ := strconv.Atoi(ranks[i])
			b, _ := strconv.Atoi(ranks[j])
			want := min(1, max(-1, a-b))
			if got := parse(t, all[i]).Compare(parse(t, all[j])); got != want {
				t.Errorf("%s to %s: %d, rattler %d", all[i], all[j], got, want)
			}
		}
	}
}

func TestRattlerPrefix(t *testing.T) {
	all := made(4000)
	var questions []string
	for i := range all {
		cut := len(all[i])
		for cut > 1 && i%3 > 0 {
			if cut--; parses(all[i][:cut]) {
				break
			}
		}
		if !parses(all[i][:cut]) {
			continue
		}
		questions = append(questions, all[i]+"\t"+all[(i*31)%len(all)], all[i]+"\t"+all[i][:cut], all[i][:cut]+"\t"+all[i])
	}
	for i, answer := range oracle(t, "prefix", questions) {
		a, b, _ := strings.Cut(questions[i], "\t")
		v, p := parse(t, a), parse(t, b)
		if got := flag(v.StartsWith(p)) + " " + flag(v.CompatibleWith(p)); got != answer {
			t.Errorf("%s with prefix %s: %s, rattler %s", a, b, got, answer)
		}
	}
}

func parses(s string) bool {
	_, err := version.Parse(s)
	return err == nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
