package fetch

import (
	"fmt"
	"io"
)

// Secret is a text that is not printed: with any verb of fmt, in a struct, as
// JSON or as text it is "***".
type Secret struct {
	// fmt prints fields of unexported fields without asking their methods; of
	// a function it prints an address.
	reveal func() string
}

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{func() string { return text }} }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String returns "***".
func (Secret) String() string { return stars }

// GoString returns "***".
func (Secret) GoString() string { return stars }

// Format prints "***" whatever the verb is.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stars) }

// MarshalText returns "***", for JSON and TOML alike.
func (Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }
