package exporter

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// plain is text that means itself in YAML 1.1 and 1.2 without quotes: no
// number, no date, no key.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./+~=<>|!*,;@ -]*(:+[A-Za-z0-9_./+~=<>|!*,;@-]+)*$`)

// words are what YAML 1.1 reads as something other than text.
func words() []string {
	return []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
}

// scalar returns a text as a YAML scalar on one line.
func scalar(s string) string {
	switch {
	case plain.MatchString(s) && !strings.HasSuffix(s, " ") && !slices.Contains(words(), strings.ToLower(s)):
		return s
	case !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f }):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	quoted, _ := json.Marshal(s) // JSON is YAML; a string always has a text
	return string(quoted)
}
