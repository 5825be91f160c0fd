package matchspec_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
)

// TestPlainIsTheSame compares the quick reader of plain specs with the other, which
// a blank in front leads to.
func TestPlainIsTheSame(t *testing.T) {
	texts := []string{
		"a", "a 1", "a 1.*", "a 1 b", "a >=1,<2 b*", "a =1 b", "a 1=b", "a 1.2=b", "a 1 =b", "a 1, b", "a 1,", "a <=", "a 1 2 3", "a  1", "a 1 ", "a ", "",
		"A 1", "a 1 B", "a 1|2", "a (1|2) b", "a ^1$", "a 1 ^b$", "a !=1.*", "a ~=1.2", "a ==1", "a 1 *", "a * *", "a *.*", "a 1!2", "a 1.2!=3", "a 1<=3", "a 1_", "a 1-",
		"a 1 b[c=d]", "a 1 b#c", "a::b 1", "a/b 1", "a 1 b.c+d", "a =>1", "a =*", "a 1.*.3", "a.b-c_d 1", "-a 1", "a 1\tb", "a >1 b",
	}
	for in := bufio.NewScanner(bytes.NewReader(shared(t, "vectors/matchspec-shared-1500.jsonl"))); in.Scan(); {
		var c struct{ Spec string }
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, c.Spec)
	}
	for _, text := range texts {
		quick, err := matchspec.Parse(text)
		slow, slowErr := matchspec.Parse(" " + text)
		if (err == nil) != (slowErr == nil) {
			t.Errorf("%q: %v, but with a blank %v", text, err, slowErr)
			continue
		}
		if err == nil && quick.String() != slow.String() {
			t.Errorf("%q: %s, but with a blank %s", text, quick, slow)
		}
	}
}
