package wheel

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// row is one line of RECORD: a file, its hash and its size in bytes.
type row struct {
	path string
	hash string // "sha256=<base64, for URLs, without padding>", or ""
	size string // decimal, or ""
}

// parseRecord reads RECORD (PEP 376): one row for each path, in their order.
func parseRecord(text []byte) ([]row, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var rows []row
	seen := make(map[string]row, len(lines))
	for _, fields := range lines {
		if len(fields) != 3 {
			return nil, tree.NewError("", "line %q does not have 3 fields", strings.Join(fields, ","))
		}
		x := row{fields[0], fields[1], fields[2]}
		if err := tree.CheckPath(x.path); err != nil {
			return nil, err
		}
		if old, ok := seen[x.path]; ok {
			if old != x {
				return nil, tree.NewError("", "path %q occurs twice, and differs", x.path)
			}
			continue
		}
		seen[x.path] = x
		rows = append(rows, x)
	}
	return rows, nil
}

// newHash returns the hash function of a row. PEP 427 wants SHA-256 or better
// and forbids MD5 and SHA-1.
func (x row) newHash() (hash.Hash, error) {
	name, value, _ := strings.Cut(x.hash, "=")
	var h hash.Hash
	switch strings.ToLower(name) {
	case "sha256":
		h = sha256.New()
	case "sha384":
		h = sha512.New384()
	case "sha512":
		h = sha512.New()
	case "":
		return nil, tree.NewError("", "RECORD has no hash of %q", x.path)
	default:
		return nil, tree.NewError("", "RECORD has a hash of %q by %q, not by sha256 or better", x.path, name)
	}
	if sum, err := decodeHash(value); err != nil || len(sum) != h.Size() {
		return nil, tree.NewError("", "RECORD has a damaged hash of %q: %q", x.path, x.hash)
	}
	return h, nil
}

// matches reports whether a file's hash and size are the row's.
func (x row) matches(h hash.Hash, size int64) bool {
	_, value, _ := strings.Cut(x.hash, "=")
	want, err := decodeHash(value)
	return err == nil && bytes.Equal(want, h.Sum(nil)) && (x.size == "" || x.size == strconv.FormatInt(size, 10))
}

func decodeHash(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// sha256Row returns the row of a file by its SHA-256.
func sha256Row(path string, sum []byte, size int64) row {
	return row{path, "sha256=" + base64.RawURLEncoding.EncodeToString(sum), strconv.FormatInt(size, 10)}
}

// sha256Hex returns the SHA-256 that a row has, in hex, or "".
func (x row) sha256Hex() string {
	name, value, _ := strings.Cut(x.hash, "=")
	sum, err := decodeHash(value)
	if err != nil || !strings.EqualFold(name, "sha256") {
		return ""
	}
	return hex.EncodeToString(sum)
}

// formatRecord returns the text of RECORD.
func formatRecord(rows []row) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, x := range rows {
		_ = w.Write([]string{x.path, x.hash, x.size}) // a strings.Builder never fails
	}
	w.Flush()
	return b.String()
}
