package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxOverlay bounds the JSON of an overlay.
const maxOverlay = 4 << 20

// Overlay returns "sha256:<hex>" of all that an overlay file puts in the place of
// sources (`go help build`, -overlay): of its text, and of every file that
// replaces one. Both are named relative to dir, where the build runs. Paths of
// one machine, and replacements of what says which modules are used, are errors
// of class "usage".
func Overlay(dir, file string) (string, error) {
	text, err := readUpTo(filepath.Join(dir, filepath.FromSlash(file)), maxOverlay)
	if err != nil {
		return "", newError("usage", "overlay "+file, "%w", bare(err))
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &o); err != nil {
		return "", newError("usage", "overlay "+file, "%w", err)
	}
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%x\n", sha256.Sum256(text)) // a hash never fails
	for _, name := range slices.Sorted(maps.Keys(o.Replace)) {
		with := o.Replace[name]
		for _, p := range []string{name, with} {
			if filepath.IsAbs(p) || path.IsAbs(p) {
				return "", newError("usage", "overlay "+file, "path %q is absolute", p).advise("write it relative to the directory of gophersnake.toml")
			}
		}
		if slices.Contains([]string{"go.mod", "go.sum", "go.work", "go.work.sum"}, path.Base(name)) {
			return "", newError("usage", "overlay "+file, "%q cannot be replaced: it says which modules are used", name)
		}
		if with == "" { // the file is taken away
			continue
		}
		sum, err := fileSum(filepath.Join(dir, filepath.FromSlash(with)))
		if err != nil {
			return "", newError("usage", "overlay "+file, "%q: %w", with, bare(err))
		}
		_, _ = fmt.Fprintf(h, "%s  %s\n", sum, with)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// Program returns "sha256:<hex>" of a program's file, which must be one that the
// user may run. Name is for errors, of class "usage".
func Program(file, name string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", newError("usage", name, "%w", bare(err))
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return "", newError("usage", name, "is not a program").advise("it must be a file that can be executed")
	}
	sum, err := fileSum(file)
	if err != nil {
		return "", newError("usage", name, "%w", bare(err))
	}
	return "sha256:" + sum, nil
}

// bare strips the operation and path, which hold a machine's directories.
func bare(err error) error {
	if p, ok := err.(*os.PathError); ok { //nolint:errorlint // package os returns it as is
		return p.Err
	}
	return err
}

func readUpTo(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("is larger than %d MiB", limit>>20)
	}
	return text, err
}

func fileSum(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// quoted returns a word as -toolexec takes it: in quotes where it has spaces
// (cmd/internal/quoted, Split).
func quoted(word string) string {
	switch {
	case !strings.ContainsAny(word, " \t\n'\""):
		return word
	case !strings.Contains(word, "'"):
		return "'" + word + "'"
	}
	return `"` + word + `"` // of both kinds of quotes none can hold: the go command says so
}
