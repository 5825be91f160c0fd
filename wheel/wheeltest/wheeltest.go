// Package wheeltest makes wheels for tests.
package wheeltest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// File is a file of a wheel.
type File struct {
	Name    string // path in the archive
	Body    string
	Mode    uint32 // with the type bits of Unix; 0 means 0100644
	ModTime int64  // seconds since the epoch; 0 means 2020-02-02
	Hash    string // in RECORD; "" means the SHA-256, "none" no row
}

// Wheel describes a wheel. The zero values of its fields make a pure one.
type Wheel struct {
	Name        string
	Version     string // "" means 1.0
	Tag         string // "" means py3-none-any
	Metadata    string // further lines of METADATA
	Format      string // text of WHEEL; "" means version 1.0
	EntryPoints string // text of entry_points.txt; "" means no file
	Files       []File
	Record      string // text of RECORD; "" means the right one
	Deflate     bool   // compress the files
}

// Text returns a file.
func Text(name, body string) File { return File{Name: name, Body: body} }

// Make returns the wheel's file name and bytes. Equal wheels have equal bytes.
func (w Wheel) Make() (file string, data []byte) {
	if w.Version == "" {
		w.Version = "1.0"
	}
	if w.Tag == "" {
		w.Tag = "py3-none-any"
	}
	if w.Format == "" {
		w.Format = "Wheel-Version: 1.0\nGenerator: wheeltest\nRoot-Is-Purelib: true\nTag: " + w.Tag + "\n"
	}
	info := w.Name + "-" + w.Version + ".dist-info/"
	files := append([]File(nil), w.Files...)
	add := func(name, body string) {
		for _, f := range w.Files {
			if f.Name == info+name {
				return // a test's own
			}
		}
		files = append(files, File{Name: info + name, Body: body})
	}
	add("METADATA", "Metadata-Version: 2.1\nName: "+w.Name+"\nVersion: "+w.Version+"\n"+w.Metadata+"\n")
	add("WHEEL", w.Format)
	if w.EntryPoints != "" {
		add("entry_points.txt", w.EntryPoints)
	}
	if w.Record == "" {
		w.Record = record(files) + info + "RECORD,,\n"
	}
	add("RECORD", w.Record)
	return w.Name + "-" + w.Version + "-" + w.Tag + ".whl", Zip(files, w.Deflate)
}

// record returns the rows of files.
func record(files []File) string {
	var b strings.Builder
	for _, f := range files {
		hash := f.Hash
		if hash == "" {
			sum := sha256.Sum256([]byte(f.Body))
			hash = "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:])
		}
		if hash != "none" && !strings.HasSuffix(f.Name, "/") {
			name := f.Name
			if strings.Contains(name, ",") {
				name = `"` + name + `"`
			}
			fmt.Fprintf(&b, "%s,%s,%d\n", name, hash, len(f.Body))
		}
	}
	return b.String()
}

// Zip returns a zip archive as wheels have it: sizes stand in the headers.
func Zip(files []File, deflate bool) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.Name, Method: zip.Store, CreatorVersion: 3<<8 | 20, ReaderVersion: 20}
		if strings.ContainsFunc(f.Name, func(r rune) bool { return r >= 0x80 }) {
			h.Flags |= 1 << 11 // UTF-8
		}
		if f.Mode == 0 {
			f.Mode = 0o100644
		}
		if f.ModTime == 0 {
			f.ModTime = 1580601600
		}
		t := time.Unix(f.ModTime, 0).UTC()
		h.ExternalAttrs = f.Mode << 16
		//lint:ignore SA1019 CreateRaw writes these fields and not Modified
		h.ModifiedDate = uint16(t.Day() | int(t.Month())<<5 | (t.Year()-1980)<<9)
		//lint:ignore SA1019 as above
		h.ModifiedTime = uint16(t.Second()/2 | t.Minute()<<5 | t.Hour()<<11)
		h.CRC32 = crc32.ChecksumIEEE([]byte(f.Body))
		h.UncompressedSize64 = uint64(len(f.Body))
		body := []byte(f.Body)
		directory := strings.HasSuffix(f.Name, "/")
		if deflate && !directory {
			h.Method = zip.Deflate
			body = pack(body)
		}
		h.CompressedSize64 = uint64(len(body))
		w, err := z.CreateRaw(h)
		if err == nil && !directory {
			_, err = w.Write(body)
		}
		must(err)
	}
	must(z.Close())
	return out.Bytes()
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	must(err)
	_, err = w.Write(b)
	must(err)
	must(w.Close())
	return out.Bytes()
}

func must(err error) {
	if err != nil {
		panic("wheeltest: " + err.Error()) // memory never fails
	}
}
