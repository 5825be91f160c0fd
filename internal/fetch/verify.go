package fetch

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// sums hashes what passes through.
type sums struct {
	sha    hash.Hash // nil where the target hashes
	md5    hash.Hash // nil where it is not wanted
	target interface{ Digest() string }
}

func (s *sums) init(w Want, dst Target) {
	if t, ok := dst.(interface{ Digest() string }); ok {
		s.target = t
	} else {
		s.sha = sha256.New()
	}
	if w.MD5 != "" {
		s.md5 = md5.New()
	}
}

func (s *sums) reset() {
	if s.sha != nil {
		s.sha.Reset()
	}
	if s.md5 != nil {
		s.md5.Reset()
	}
}

// Write hashes; a hash never returns an error.
func (s *sums) Write(p []byte) {
	if s.sha != nil {
		s.sha.Write(p)
	}
	if s.md5 != nil {
		s.md5.Write(p)
	}
}

func (s *sums) sha256() string {
	if s.sha != nil {
		return hex.EncodeToString(s.sha.Sum(nil))
	}
	return strings.TrimPrefix(s.target.Digest(), "sha256:")
}

// verify compares the size and the hashes. Parts that were put together wrongly
// are fetched once more as a whole before they count as a mismatch.
func (j *job) verify() error {
	err := j.compare()
	if err == nil || !j.stitched || j.anew {
		return err
	}
	j.whole, j.anew = true, true
	if err := j.reset(); err != nil {
		return err
	}
	return &again{cause: err, now: true}
}

func (j *job) compare() error {
	if j.want.Size > 0 && j.have != j.want.Size {
		return fault.New(fault.Verification, j.where, "%d bytes, want %d", j.have, j.want.Size)
	}
	if want := strings.ToLower(j.want.SHA256); want != "" {
		if got := j.sums.sha256(); got != want {
			return mismatch(j.where, "sha256", got, want)
		}
	}
	if want := strings.ToLower(j.want.MD5); want != "" {
		if got := hex.EncodeToString(j.sums.md5.Sum(nil)); got != want {
			return mismatch(j.where, "md5", got, want)
		}
	}
	return nil
}

func mismatch(where, algorithm, got, want string) error {
	return fault.New(fault.Verification, where, "%s is %s, want %s", algorithm, got, want).
		WithHint("the file was changed at its source or on its way; do not use it before you know why")
}
