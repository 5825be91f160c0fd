package store

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// ErrAbsent is the cause of errors about content that the store does not have.
// It is fs.ErrNotExist too.
var ErrAbsent error = absent{}

type absent struct{}

func (absent) Error() string        { return "not in the cache" }
func (absent) Is(target error) bool { return target == fs.ErrNotExist }

// diskError gives an error of the file system its class, its path and a hint.
// Errors that have a class, or that say that the caller gave up, stay as they
// are.
func diskError(op, path string, err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := fault.New(fault.Disk, path, op+": %w", bare(err))
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return e.WithHint("free some space, prune the cache, or choose another directory with --cache-dir")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return e.WithHint("this user must be able to write there; choose another directory with --cache-dir")
	}
	return e
}

// lockError is diskError for a lock, which some file systems do not have.
func lockError(path string, err error) error {
	if errors.Is(err, syscall.ENOLCK) || errors.Is(err, errors.ErrUnsupported) {
		return fault.New(fault.Disk, path, "lock: %w", bare(err)).
			WithHint("the cache needs a file system with locks; choose a local directory with --cache-dir")
	}
	return diskError("lock", path, err)
}

// bare strips the operation and the path that package os adds, because
// diskError says both.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	var s *os.SyscallError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	case errors.As(err, &s):
		return s.Err
	}
	return err
}

// parseDigest returns the hexadecimal part of "sha256:<64 hex>" (OCI image
// specification, descriptor digests). No other algorithm is known.
func parseDigest(digest string) (string, error) {
	algorithm, sum, ok := strings.Cut(digest, ":")
	switch {
	case !ok:
		return "", fault.New(fault.Verification, "", "digest %q: want sha256:<64 hexadecimal digits>", digest)
	case algorithm != "sha256":
		return "", fault.New(fault.Verification, "", "digest %q: algorithm %q is not sha256", digest, algorithm)
	}
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != 32 || strings.ToLower(sum) != sum {
		return "", fault.New(fault.Verification, "", "digest %q: want sha256:<64 hexadecimal digits>", digest)
	}
	return sum, nil
}
