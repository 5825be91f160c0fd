package wheel

import (
	"archive/zip"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/tree/zipfile"
)

// Limits bound what a wheel may cost (promises.md §3.3). The zero value of a
// field means its default.
type Limits struct {
	Unpacked  int64 // bytes that a wheel may unpack to; default 8 GiB
	Ratio     int64 // unpacked bytes for each byte of the wheel; default 200
	RatioFrom int64 // unpacked bytes up to which Ratio does not matter; default 1 GiB
	Members   int   // files and directories; default 1,000,000
}

func (l Limits) withDefaults() Limits {
	if l.Unpacked == 0 {
		l.Unpacked = 8 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	if l.RatioFrom == 0 {
		l.RatioFrom = 1 << 30
	}
	if l.Members == 0 {
		l.Members = 1_000_000
	}
	return l
}

// fieldUnicodePath is Info-ZIP's second name of a member (APPNOTE 4.6.9).
const fieldUnicodePath = 0x7075

// File types of Unix in a member's attributes.
const (
	modeType      = 0o170000
	modeRegular   = 0o100000
	modeDirectory = 0o040000
)

// members is a zip archive whose members are what wheels hold.
type members struct {
	size  int64
	place string
	files map[string]*zip.File // without directories
	names []string             // of files, in the directory's order
}

func openZip(r io.ReaderAt, size int64, place string, l Limits) (*members, error) {
	z := &members{size: size, place: place, files: map[string]*zip.File{}}
	dir, err := zipfile.Open(r, size, place)
	if err != nil {
		return nil, err
	}
	dir.RegisterDecompressor(zip.Deflate, flate.NewReader)
	if len(dir.File) > l.Members {
		return nil, z.errorf("has more than %d zip members", l.Members)
	}
	var total int64
	limit := l.Unpacked
	if size < limit/l.Ratio {
		limit = min(limit, max(size*l.Ratio, l.RatioFrom))
	}
	for _, f := range dir.File {
		if err := z.member(f); err != nil {
			return nil, err
		}
		if f.UncompressedSize64 > uint64(limit-total) {
			return nil, z.errorf("unpacks to more than %d bytes, which is the limit", limit)
		}
		total += int64(f.UncompressedSize64)
	}
	if err := z.checkNames(); err != nil {
		return nil, err
	}
	return z, dir.CheckLayout()
}

func (z *members) errorf(format string, args ...any) error {
	return tree.NewError(z.place, format, args...)
}

// member checks one directory record by itself.
func (z *members) member(f *zip.File) error {
	name, directory := strings.CutSuffix(f.Name, "/")
	unix := f.ExternalAttrs >> 16 & modeType
	switch {
	case tree.CheckPath(name) != nil:
		return z.errorf("zip member name %q is unsafe", f.Name)
	case otherName(f):
		return z.errorf("zip member name %q is another one to other readers", f.Name)
	case f.Flags&zipfile.Encrypted != 0:
		return z.errorf("zip member %q is encrypted", f.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return z.errorf("zip member %q has the compression method %d, not stored or deflated", f.Name, f.Method)
	case f.CompressedSize64 > uint64(z.size),
		f.Method == zip.Store && f.CompressedSize64 != f.UncompressedSize64,
		directory && f.UncompressedSize64 != 0:
		return z.errorf("zip member %q has an impossible size", f.Name)
	case unix != 0 && (directory || unix != modeRegular) && (!directory || unix != modeDirectory):
		return z.errorf("zip member %q is no regular file", f.Name)
	case directory:
		return nil
	case z.files[name] != nil:
		return z.errorf("zip member %q occurs twice", f.Name)
	}
	z.files[name] = f
	z.names = append(z.names, name)
	return nil
}

// otherName reports whether some readers take a member's name for another one:
// bytes in an unknown encoding, or a second name in a field of Info-ZIP.
func otherName(f *zip.File) bool {
	if f.NonUTF8 && strings.ContainsFunc(f.Name, func(r rune) bool { return r >= 0x80 }) {
		return true
	}
	path, ok := zipfile.Field(f.Extra, fieldUnicodePath)
	return ok && (len(path) < 5 || string(path[5:]) != f.Name)
}

// checkNames refuses a file where another one needs a directory.
func (z *members) checkNames() error {
	for _, name := range z.names {
		for dir := range tree.Parents(name) {
			if z.files[dir] != nil {
				return z.errorf("zip member %q is below the file %q", name, dir)
			}
		}
	}
	return nil
}
