package zipfile_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/gophersnake/gophersnake/tree/zipfile"
)

// archive returns a zip archive of two members, with data descriptors if they
// are compressed.
func archive(t *testing.T, method uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"one", "two/three"} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, "content of "+name)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(data []byte) error {
	z, err := zipfile.Open(bytes.NewReader(data), int64(len(data)), "a.zip")
	if err != nil {
		return err
	}
	return z.CheckLayout()
}

func TestOpen(t *testing.T) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		if err := open(archive(t, method)); err != nil {
			t.Errorf("method %d: %v", method, err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good := archive(t, zip.Store)
	edit := func(at int, b ...byte) []byte {
		data := bytes.Clone(good)
		copy(data[at:], b)
		return data
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "a.zip: is not a zip archive: 0 bytes"},
		{"bytes behind", append(bytes.Clone(good), 0), "a.zip: does not end with a zip archive's end record: truncated, or bytes follow it"},
		{"bytes before", append([]byte("#!/bin/sh\n"), good...), `a.zip: zip member "one" overlaps another, or a gap precedes it`},
		{"truncated", good[:len(good)-1], "a.zip: does not end with a zip archive's end record: truncated, or bytes follow it"},
		{"other name", edit(30, 'O'), `a.zip: zip member "one": its header and the directory disagree`},
		{"other method", edit(8, 8), `a.zip: zip member "one": its header and the directory disagree`},
		{"no header", edit(0, 'X'), "a.zip: is not a zip archive, or a damaged one: zip: not a valid zip file"},
	} {
		if err := open(tt.data); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestField(t *testing.T) {
	extra := binary.LittleEndian.AppendUint16(nil, 7)
	extra = append(binary.LittleEndian.AppendUint16(extra, 2), "ab"...)
	if f, ok := zipfile.Field(extra, 7); !ok || string(f) != "ab" {
		t.Errorf("field 7 is %q, %v", f, ok)
	}
	for _, bad := range [][]byte{nil, extra[:3], extra[:5]} {
		if _, ok := zipfile.Field(bad, 7); ok {
			t.Errorf("%x holds field 7", bad)
		}
	}
}
