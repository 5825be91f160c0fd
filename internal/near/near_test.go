package near_test

import (
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/near"
)

func TestWord(t *testing.T) {
	known := []string{"channels", "platforms", "name"}
	for word, want := range map[string]string{
		"channel":                 "channels",
		"Platform":                "platforms",
		"nmae":                    "name",
		"nam":                     "name",
		"category":                "",
		"":                        "",
		strings.Repeat("nam", 30): "",
	} {
		if got := near.Word(word, known); got != want {
			t.Errorf("near.Word(%q) = %q, want %q", word, got, want)
		}
	}
}
