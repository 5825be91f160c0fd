package files

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// verifier hashes what is read through it.
type verifier struct {
	io.Reader
	h hash.Hash
}

func newVerifier(r io.Reader) verifier {
	h := sha256.New()
	return verifier{io.TeeReader(r, h), h}
}

func (v verifier) sum() string { return hex.EncodeToString(v.h.Sum(nil)) }
