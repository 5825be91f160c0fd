package repodata

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote returns the text of a string that scanner.text returned. As in
// encoding/json, what is not UTF-8 becomes U+FFFD.
func unquote(raw []byte, plain bool) []byte {
	if plain && utf8.Valid(raw) {
		return raw
	}
	out := make([]byte, 0, len(raw)+8)
	for len(raw) > 0 {
		if raw[0] != '\\' {
			r, n := utf8.DecodeRune(raw)
			out, raw = utf8.AppendRune(out, r), raw[n:]
			continue
		}
		if raw[1] != 'u' {
			const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
			out, raw = append(out, to[strings.IndexByte(from, raw[1])]), raw[2:]
			continue
		}
		r := unit(raw)
		raw = raw[6:]
		if utf16.IsSurrogate(r) {
			pair := utf16.DecodeRune(r, unit(raw))
			if pair != utf8.RuneError {
				raw = raw[6:]
			}
			r = pair
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// unit returns the code unit of a \uXXXX, or -1 if there is none.
func unit(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	u, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(u)
}
