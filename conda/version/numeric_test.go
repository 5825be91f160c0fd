package version

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestNumericKeys compares the quick way to make a key with the other.
func TestNumericKeys(t *testing.T) {
	texts := []string{"", "0", "00", "1", "1.", ".1", "1..2", "1.0", "1.00.0", "0.0.1", "215.216.255.256.65536", "999999999999999999", "1000000000000000000", "1!2", "1.2a", "1_2", "1-2"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var parts []string
		for range 1 + r.IntN(5) {
			digits := make([]byte, 1+r.IntN(20)*r.IntN(2))
			for i := range digits {
				digits[i] = "0000123456789"[r.IntN(13)]
			}
			parts = append(parts, string(digits))
		}
		texts = append(texts, strings.Join(parts, "."))
	}
	quick := 0
	for _, s := range texts {
		key, ok := appendNumeric(nil, s)
		if !ok {
			continue
		}
		quick++
		if _, p := check(s); p != "" {
			t.Errorf("%q: %s", s, p)
		} else if want := appendKey(nil, s); !bytes.Equal(key, want) {
			t.Errorf("%q: key %x, want %x", s, key, want)
		}
	}
	if quick < len(texts)/2 {
		t.Errorf("only %d of %d", quick, len(texts))
	}
}
