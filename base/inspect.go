package base

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
)

// maxKept bounds the texts of one image that are kept, and maxLibc the bytes
// of a C library that are looked through.
const (
	maxKept = 16 << 20
	maxLibc = 64 << 20
)

// inspect looks into a file whose content may be a fact. Which of these files
// the base's links lead to in the end is known only when all layers are read,
// so candidates are told by their names.
func (f *filesystem) inspect(p string, size int64, r io.Reader) (*content, error) {
	switch dir, name := path.Split(p); {
	case isTextName(dir, name):
		return f.keepText(size, r)
	case name == "libc.so.6", glibcFile.MatchString(name):
		return readLibc(r, name)
	case strings.HasPrefix(name, "ld-musl-"), strings.HasPrefix(name, "libc.musl-"), name == "libc.so":
		return readLibc(r, name)
	}
	if f.look != nil {
		if read := f.look(p); read != nil {
			text, err := read(r)
			return &content{text: text}, err
		}
	}
	return nil, nil
}

func isTextName(dir, name string) bool {
	if strings.HasPrefix(name, "os-release") {
		return true
	}
	return (name == "passwd" || name == "group") && path.Base(dir) == "etc"
}

// keepText reads a small text file.
func (f *filesystem) keepText(size int64, r io.Reader) (*content, error) {
	if size > f.limits.Text || f.kept+size > maxKept {
		return &content{tooLong: true}, nil
	}
	text, err := io.ReadAll(io.LimitReader(r, size))
	if err != nil {
		return nil, err
	}
	f.kept += int64(len(text))
	return &content{text: string(text)}, nil
}

// muslBanner is what musl's dynamic loader says when it is run by itself.
const muslBanner = "musl libc ("

// The marks of C libraries: patterns, never changed.
var (
	glibcFile   = regexp.MustCompile(`^libc-([0-9]+\.[0-9]+(?:\.[0-9]+)?)\.so$`)
	glibcBanner = regexp.MustCompile(`GNU C Library[^\n\x00]{0,160}? version ([0-9]+\.[0-9]+(?:\.[0-9]+)?)`)
	muslVersion = regexp.MustCompile(`[^0-9A-Za-z.]([01]\.[0-9]{1,2}\.[0-9]{1,2})(?:-git[-0-9a-z]*)?\x00`)
)

// readLibc finds out which C library an ELF file is. glibc has its banner in
// libc.so.6 ("GNU C Library (Debian …) stable release version 2.36."); musl has
// "musl libc (x86_64)" and, as a string by itself, its version.
func readLibc(r io.Reader, name string) (*content, error) {
	var c content
	if m := glibcFile.FindStringSubmatch(name); m != nil {
		c.libc = "glibc " + m[1]
	}
	var head [20]byte
	switch _, err := io.ReadFull(r, head[:]); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &c, nil
	case err != nil:
		return nil, err
	case !bytes.HasPrefix(head[:], []byte("\x7fELF\x02\x01")):
		return &c, nil // not ELF, or not 64-bit little-endian: of no platform of ours
	}
	c.machine = binary.LittleEndian.Uint16(head[18:])
	if c.libc != "" {
		return &c, nil
	}
	var s libcScan
	if err := s.read(io.LimitReader(r, maxLibc)); err != nil {
		return nil, err
	}
	switch {
	case s.glibc != "":
		c.libc = "glibc " + s.glibc
	case s.musl && s.version != "":
		c.libc = "musl " + s.version
	case s.musl:
		c.libc = "musl"
	}
	return &c, nil
}

// libcScan looks through a stream in windows that overlap by more than a mark
// is long.
type libcScan struct {
	glibc   string
	musl    bool
	version string // of musl
}

func (s *libcScan) read(r io.Reader) error {
	const window, overlap = 64 << 10, 512
	buf := make([]byte, 0, window)
	for {
		n, err := io.ReadFull(r, buf[len(buf):window])
		buf = buf[:len(buf)+n]
		s.look(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || s.glibc != "" {
			return nil
		}
		if err != nil {
			return err
		}
		buf = buf[:copy(buf, buf[window-overlap:])]
	}
}

func (s *libcScan) look(b []byte) {
	if m := glibcBanner.FindSubmatch(b); m != nil {
		s.glibc = string(m[1])
		return
	}
	if bytes.Contains(b, []byte(muslBanner)) {
		s.musl = true
	}
	if m := muslVersion.FindSubmatch(b); m != nil && s.version == "" {
		s.version = string(m[1])
	}
}
