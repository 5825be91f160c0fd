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

// The sizes of an arena's pieces, in bytes.
const (
	firstPiece = 1 << 10
	lastPiece  = 64 << 10
)

// arena makes strings that share memory, and the same string once.
type arena struct {
	piece strings.Builder
	size  int
	seen  map[string]string
	lists []string
}

// text returns p as a string, the same for the same text.
func (a *arena) text(p []byte) string {
	if s, ok := a.seen[string(p)]; ok || len(p) == 0 {
		return s
	}
	if a.seen == nil {
		a.seen = map[string]string{}
	}
	s := a.own(p)
	a.seen[s] = s
	return s
}

// own returns p as a string that is hardly ever seen again.
func (a *arena) own(p []byte) string {
	if len(p) == 0 {
		return ""
	}
	if a.piece.Cap()-a.piece.Len() < len(p) {
		a.size = min(max(firstPiece, 2*a.size), lastPiece)
		a.piece.Reset()
		a.piece.Grow(max(a.size, len(p)))
	}
	begin := a.piece.Len()
	a.piece.Write(p)
	return a.piece.String()[begin:]
}

// list returns a copy of a list that cannot grow into its neighbour.
func (a *arena) list(from []string) []string {
	if len(from) == 0 {
		return nil
	}
	if cap(a.lists)-len(a.lists) < len(from) {
		a.lists = make([]string, 0, max(len(from), min(2*cap(a.lists)+16, 4096)))
	}
	begin := len(a.lists)
	a.lists = append(a.lists, from...)
	return a.lists[begin:len(a.lists):len(a.lists)]
}
