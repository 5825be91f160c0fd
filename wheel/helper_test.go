package wheel_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"testing"
)

// wrongHash is the SHA-256 of nothing.
const wrongHash = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

func base64Sum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, class, text string) {
	t.Helper()
	var classed interface {
		error
		Class() string
	}
	switch {
	case err == nil:
		t.Errorf("no error, want %q", text)
	case err.Error() != text:
		t.Errorf("error  %q,\nwant   %q", err, text)
	case !errors.As(err, &classed) || classed.Class() != class:
		t.Errorf("%q: not of class %s", err, class)
	}
}
