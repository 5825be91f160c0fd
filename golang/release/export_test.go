package release

import "golang.org/x/mod/sumdb/note"

// ClassOf returns the class of an error, or "".
func ClassOf(err error) string { return classOf(err, "") }

// ParseList gives tests the parser of a proxy's list.
func ParseList(text string) int { return len(parseList(text)) }

// Verifiers returns the verifier of a key.
func Verifiers(key string) note.Verifiers {
	v, err := note.NewVerifier(key)
	if err != nil {
		panic(err)
	}
	return note.VerifierList(v)
}
