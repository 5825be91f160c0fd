package lock

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// MaxSize is the largest lock that Unmarshal reads, in bytes. A lock with a
// thousand packages has about one million.
const MaxSize = 16 << 20

// Unmarshal reads a lock strictly and returns it in the order that [Marshal]
// documents. Line ends may be CRLF, as some checkouts make them.
//
// An error names the line as "fileName:line:column". Its class is usage for a
// lock that is newer than this tool, has merge marks, unknown keys, values of
// the wrong form or two answers to one question, and verification for names,
// builds, paths and URLs that could lead outside of their place.
func Unmarshal(fileName string, data []byte) (*Lock, error) {
	if len(data) > MaxSize {
		return nil, fault.New(fault.Usage, fileName, "lock has more than %d MiB", MaxSize>>20)
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	if line := mergeMark(data); line > 0 {
		return nil, fault.New(fault.Usage, fmt.Sprintf("%s:%d", fileName, line), "lock has merge marks").
			WithHint("run gophersnake lock")
	}
	if err := checkVersions(fileName, data); err != nil {
		return nil, err
	}
	var l Lock
	if err := decodeStrict(data, &l); err != nil {
		return nil, decodeError(fileName, err)
	}
	if p := cmp.Or(checkBlocks(&l), checkWhole(&l)); p != nil {
		return nil, p.fault(fmt.Sprintf("%s:%s", fileName, locate(data, p.key)))
	}
	return canonical(&l, ""), nil
}

// decodeStrict refuses keys that the type has not.
func decodeStrict(data []byte, v any) error {
	return toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(v)
}

// HasMergeMarks reports whether version control left a conflict in the file:
// `gophersnake lock` resolves such a lock anew, everything else refuses it.
func HasMergeMarks(data []byte) bool { return mergeMark(data) > 0 }

// mergeMark returns the number of the first line that is a conflict marker of
// git, Mercurial or Subversion, or 0.
func mergeMark(data []byte) int {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		for _, mark := range [...]string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
			rest, ok := bytes.CutPrefix(text, []byte(mark))
			if ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\r' || rest[0] == '\n') {
				return line
			}
		}
	}
	return 0
}

// checkVersions reads the two version numbers before anything else, since a
// newer lock may hold anything.
func checkVersions(fileName string, data []byte) error {
	var head struct {
		Version     any `toml:"version"`
		LayerFormat any `toml:"layer-format"`
	}
	top, _, _ := bytes.Cut(data, []byte("\n[[")) // before the first block, and much shorter than all
	if toml.Unmarshal(top, &head) != nil {
		if err := toml.Unmarshal(data, &head); err != nil { // with the right position
			return decodeError(fileName, err)
		}
	}
	for _, v := range []struct {
		key   string
		value any
		known int64
	}{{"version", head.Version, Version}, {"layer-format", head.LayerFormat, LayerFormat}} {
		n, ok := v.value.(int64)
		if ok && 1 <= n && n <= v.known {
			continue
		}
		where := fmt.Sprintf("%s:%s", fileName, locate(data, v.key))
		switch {
		case v.value == nil:
			return fault.New(fault.Usage, where, "%s is missing", v.key).WithHint(repair)
		case !ok || n < 1:
			return fault.New(fault.Usage, where, "%s is not a positive whole number", v.key).WithHint(repair)
		}
		return fault.New(fault.Usage, where, "%s %d is newer than this tool knows (%d)", v.key, n, v.known).
			WithHint("use the gophersnake that wrote the lock, or a newer one")
	}
	return nil
}

// decodeError puts a library's error in our form.
func decodeError(fileName string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		first := unknown.Errors[0]
		line, column := first.Position()
		where := fmt.Sprintf("%s:%d:%d", fileName, line, column)
		return fault.New(fault.Usage, where, "unknown key %q", strings.Join(first.Key(), ".")).WithHint(repair)
	}
	var bad *toml.DecodeError
	if !errors.As(err, &bad) {
		return fault.New(fault.Usage, fileName, "%s", strings.TrimPrefix(err.Error(), "toml: ")).WithHint(repair)
	}
	line, column := bad.Position()
	text := strings.TrimPrefix(bad.Error(), "toml: ")
	if strings.Contains(text, "lock.") || strings.Contains(text, "uint64") { // the library names a Go field or type
		text = fmt.Sprintf("%s is not the right kind of value", strings.Join(bad.Key(), "."))
	}
	return fault.New(fault.Usage, fmt.Sprintf("%s:%d:%d", fileName, line, column), "%s", text).WithHint(repair)
}
