package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// A record is a file of two lines: the sha256 of the second one in hexadecimal
// and the JSON of an entry. The key inside makes a file that was copied to
// another name as worthless as one that was edited.
type entry struct {
	Bucket string          `json:"bucket"`
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value"`
}

// SaveRecord keeps a value under a key of any form, durably, in the place of
// the one that was there. The bucket, which says what kind of value it is,
// consists of lower-case letters, digits and "-". The value is kept as JSON.
func (s *Store) SaveRecord(ctx context.Context, bucket, key string, v any) error {
	return s.record(ctx, bucket, key, v, s.install)
}

// NoteRecord is SaveRecord for what can be found out again: it does not wait for
// the disk, so that a machine that loses its power may lose the value, or have
// the one from before.
func (s *Store) NoteRecord(ctx context.Context, bucket, key string, v any) error {
	return s.record(ctx, bucket, key, v, s.move)
}

// record writes a record's file, to which place gives its name.
func (s *Store) record(ctx context.Context, bucket, key string, v any, place func(f *os.File, final string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	final, err := s.recordPath(bucket, key)
	if err != nil {
		return err
	}
	value, err := json.Marshal(v)
	if err != nil {
		return fault.New(fault.Failed, "", "record %s %q: %w", bucket, key, err)
	}
	line, err := json.Marshal(entry{bucket, key, value})
	if err != nil {
		return fault.New(fault.Failed, "", "record %s %q: %w", bucket, key, err)
	}
	f, err := s.temp("record-")
	if err != nil {
		return err
	}
	err = s.do("write", f.Name(), func() error {
		_, err := f.Write(seal(line))
		return err
	})
	if err != nil {
		discard(f)
		return err
	}
	return place(f, final)
}

// LoadRecord reads the value of a key into v and reports whether there is one.
// A file that is torn, edited or misplaced is removed and is no value; neither
// is one whose JSON does not fit v, as an older program may have written.
func (s *Store) LoadRecord(ctx context.Context, bucket, key string, v any) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	path, err := s.recordPath(bucket, key)
	if err != nil {
		return false, err
	}
	text, info, err := s.readRecord(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	var e entry
	var ok bool
	if err == nil {
		if e, ok = unseal(text); ok && e.Bucket == bucket && e.Key == key {
			s.touch(path, info)
		} else {
			s.remove(path, info)
			ok = false
		}
	}
	if !ok {
		if e, ok = s.loadLower(bucket, key); !ok {
			return false, nil
		}
	}
	return json.Unmarshal(e.Value, v) == nil, nil
}

func (s *Store) readRecord(path string) (text []byte, info fs.FileInfo, err error) {
	err = s.do("read", path, func() (err error) {
		if info, err = os.Lstat(path); err != nil {
			return err
		}
		text, err = os.ReadFile(path)
		return err
	})
	return text, info, err
}

func (s *Store) recordPath(bucket, key string) (string, error) {
	if bucket == "" {
		return "", fault.New(fault.Failed, "", "record bucket %q: want a-z, 0-9 and -", bucket)
	}
	for _, c := range []byte(bucket) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return "", fault.New(fault.Failed, "", "record bucket %q: want a-z, 0-9 and -", bucket)
		}
	}
	return s.path(recordsDir, bucket, keyName(key)), nil
}

// seal puts the checksum line before the entry's line.
func seal(line []byte) []byte {
	return append(append(checksum(line), '\n'), line...)
}

func unseal(text []byte) (entry, bool) {
	var e entry
	sum, line, ok := bytes.Cut(text, []byte("\n"))
	if !ok || !bytes.Equal(sum, checksum(line)) {
		return e, false
	}
	return e, json.Unmarshal(line, &e) == nil
}

func checksum(line []byte) []byte {
	sum := sha256.Sum256(line)
	return hex.AppendEncode(nil, sum[:])
}
