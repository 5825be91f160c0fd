package version

import "strings"

// MaxLength is how many bytes a version may have. No real one has 100.
const MaxLength = 4096

// Version is a conda version. It is 32 bytes plus a key of about twice its
// segments, and it keeps the string that it was parsed from. The zero Version
// is no version: it sorts before all others and only specs without a
// constraint match it. Use [Version.Key] as map key, not the Version: 1.0 and
// 1.0.0 are equal versions but different values.
type Version struct {
	source string
	key    string
}

// Parse reads a version. The error is a *[SyntaxError].
func Parse(s string) (Version, error) {
	if len(s) > MaxLength {
		return Version{}, &SyntaxError{Kind: "version", Input: s, Offset: MaxLength, Problem: "too long"}
	}
	var buf [64]byte
	if key, ok := appendNumeric(buf[:0], s); ok {
		return Version{source: s, key: string(key)}, nil
	}
	if at, p := check(s); p != "" {
		return Version{}, &SyntaxError{Kind: "version", Input: s, Offset: at, Problem: string(p)}
	}
	return Version{source: s, key: string(appendKey(buf[:0], s))}, nil
}

// Compare returns -1, 0 or 1 by the order that the package comment describes.
func (v Version) Compare(w Version) int { return strings.Compare(v.key, w.key) }

// Equal reports whether two versions compare as equal, as 1.0 and 1.00.0 do.
func (v Version) Equal(w Version) bool { return v.key == w.key }

// IsZero reports whether v is the zero Version, which Parse never returns.
func (v Version) IsZero() bool { return v.key == "" }

// Key returns a string that sorts as the version does and is the same for
// equal versions. It is not text and may change between releases.
func (v Version) Key() string { return v.key }

// String returns the version as it was written.
func (v Version) String() string { return v.source }

// Canonical returns the version in lower case and without leading zeros in its
// numbers. Segments and separators stay.
func (v Version) Canonical() string { return string(v.appendCanonical(nil)) }

func (v Version) appendCanonical(b []byte) []byte {
	for rest := v.source; rest != ""; {
		n := digits(rest)
		if n == 0 {
			c := rest[0]
			if isLetter(c) {
				c |= 0x20
			}
			b = append(b, c)
			rest = rest[1:]
			continue
		}
		number := strings.TrimLeft(rest[:n], "0")
		if number == "" {
			number = "0"
		}
		b = append(b, number...)
		rest = rest[n:]
	}
	return b
}
