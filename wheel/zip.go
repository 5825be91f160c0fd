package wheel

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/gophersnake/gophersnake/tree"
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

// Parts of a zip archive (APPNOTE 4.3).
const (
	localHeaderSize     = 30
	endRecordSize       = 22
	localSignature      = 0x04034b50
	descriptorSignature = 0x08074b50
	dirSignature        = 0x02014b50
	zip64Signature      = 0x06064b50
	endSignature        = 0x06054b50
	flagEncrypted       = 1<<0 | 1<<6 | 1<<13
	flagDescriptor      = 1 << 3
	flagUTF8            = 1 << 11
	fieldZip64          = 0x0001
	fieldUnicodePath    = 0x7075
)

// File types of Unix in a member's attributes.
const (
	modeType      = 0o170000
	modeRegular   = 0o100000
	modeDirectory = 0o040000
)

// members is a zip archive, checked to mean the same to every reader: one that
// goes by the directory at its end and one that goes by the headers before each
// member.
type members struct {
	r     io.ReaderAt
	size  int64
	place string
	files map[string]*zip.File // without directories
	names []string             // of files, in the directory's order
}

func openZip(r io.ReaderAt, size int64, place string, l Limits) (*members, error) {
	z := &members{r: r, size: size, place: place, files: map[string]*zip.File{}}
	if err := z.checkEnd(); err != nil {
		return nil, err
	}
	dir, err := zip.NewReader(zipReaderAt{r, place}, size)
	if err != nil {
		return nil, z.readError(err)
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
	return z, z.checkLayout(dir.File)
}

func (z *members) errorf(format string, args ...any) error {
	return tree.NewError(z.place, format, args...)
}

func (z *members) readError(err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) {
		return err
	}
	return z.errorf("is not a zip archive, or a damaged one: %w", err)
}

// checkEnd wants the end record to be the file's last bytes, without a
// comment: it is searched from the end, and two of them would be two archives.
func (z *members) checkEnd() error {
	if z.size < endRecordSize {
		return z.errorf("is not a zip archive: %d bytes", z.size)
	}
	var end [endRecordSize]byte
	if err := z.readAt(end[:], z.size-endRecordSize); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(end[:]) != endSignature || binary.LittleEndian.Uint16(end[20:]) != 0 {
		return z.errorf("does not end with a zip archive's end record: truncated, or bytes follow it")
	}
	return nil
}

func (z *members) readAt(b []byte, at int64) error {
	switch n, err := z.r.ReadAt(b, at); {
	case n == len(b):
		return nil
	case err == io.EOF:
		return z.errorf("is truncated")
	default:
		return diskError(z.place, err)
	}
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
	case f.Flags&flagEncrypted != 0:
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
	path, ok := field(f.Extra, fieldUnicodePath)
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

// checkLayout wants the members to fill the file from its first byte to the
// directory, one behind the other, each with a header that agrees with the
// directory.
func (z *members) checkLayout(files []*zip.File) error {
	type placed struct {
		*zip.File
		offset int64
	}
	order := make([]placed, len(files))
	for i, f := range files {
		offset, err := f.DataOffset()
		if err != nil {
			return z.readError(err)
		}
		order[i] = placed{f, offset}
	}
	slices.SortStableFunc(order, func(a, b placed) int { return int(min(max(a.offset-b.offset, -1), 1)) })
	at := int64(0)
	for _, m := range order {
		descriptor, err := z.checkLocal(m.File, m.offset, at)
		if err != nil {
			return err
		}
		at = m.offset + int64(m.CompressedSize64)
		if descriptor {
			if at, err = z.skipDescriptor(m.File, at); err != nil {
				return err
			}
		}
	}
	var sig [4]byte
	if err := z.readAt(sig[:], at); err != nil {
		return err
	}
	switch binary.LittleEndian.Uint32(sig[:]) {
	case dirSignature, zip64Signature, endSignature:
		return nil
	}
	return z.errorf("has bytes between its zip members and the directory")
}

// checkLocal compares the header at offset at with the directory's record, and
// reports whether a data descriptor follows the member, whose bytes begin at
// data.
func (z *members) checkLocal(f *zip.File, data, at int64) (descriptor bool, err error) {
	var h [localHeaderSize]byte
	if err := z.readAt(h[:], at); err != nil {
		return false, err
	}
	le := binary.LittleEndian
	nameLen, extraLen := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if le.Uint32(h[:]) != localSignature || at+localHeaderSize+nameLen+extraLen != data {
		return false, z.errorf("zip member %q overlaps another, or a gap precedes it", f.Name)
	}
	rest := make([]byte, nameLen+extraLen)
	if err := z.readAt(rest, at+localHeaderSize); err != nil {
		return false, err
	}
	flags := le.Uint16(h[6:])
	packed, unpacked := uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	if large, ok := field(rest[nameLen:], fieldZip64); ok && len(large) >= 16 && (packed == 1<<32-1 || unpacked == 1<<32-1) {
		packed, unpacked = le.Uint64(large[8:]), le.Uint64(large)
	}
	differs := string(rest[:nameLen]) != f.Name || le.Uint16(h[8:]) != f.Method ||
		(flags^f.Flags)&(flagEncrypted|flagDescriptor|flagUTF8) != 0
	descriptor = flags&flagDescriptor != 0
	if !descriptor || packed != 0 || unpacked != 0 {
		differs = differs || packed != f.CompressedSize64 || unpacked != f.UncompressedSize64
	}
	if !descriptor {
		differs = differs || le.Uint32(h[14:]) != f.CRC32
	}
	if differs {
		return false, z.errorf("zip member %q: its header and the directory disagree", f.Name)
	}
	return descriptor, nil
}

// skipDescriptor returns the offset behind a data descriptor: CRC-32 and both
// sizes in 12 or 20 bytes (zip64), with or without a signature (APPNOTE 4.3.9).
func (z *members) skipDescriptor(f *zip.File, at int64) (int64, error) {
	le := binary.LittleEndian
	sum := le.AppendUint32(nil, f.CRC32)
	short := slices.Concat(sum, le.AppendUint32(le.AppendUint32(nil, uint32(f.CompressedSize64)), uint32(f.UncompressedSize64)))
	long := slices.Concat(sum, le.AppendUint64(le.AppendUint64(nil, f.CompressedSize64), f.UncompressedSize64))
	signature := le.AppendUint32(nil, descriptorSignature)
	for _, want := range [][]byte{slices.Concat(signature, short), slices.Concat(signature, long), short, long} {
		got := make([]byte, len(want)+4)
		if z.readAt(got, at) != nil || string(got[:len(want)]) != string(want) {
			continue
		}
		switch le.Uint32(got[len(want):]) {
		case localSignature, dirSignature:
			return at + int64(len(want)), nil
		}
	}
	return 0, z.errorf("zip member %q overlaps another, or a gap follows it", f.Name)
}

// field returns an extra field of a member (APPNOTE 4.5).
func field(extra []byte, want uint16) ([]byte, bool) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if id == want {
			return extra[:n], true
		}
		extra = extra[n:]
	}
	return nil, false
}

// diskError is for a file that cannot be read. An error that says itself what
// class it is of stays as it is.
func diskError(place string, err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) {
		return err
	}
	return tree.NewError(place, "cannot be read: %w", err).WithClass("disk")
}

// zipReaderAt marks errors of the file below.
type zipReaderAt struct {
	r     io.ReaderAt
	place string
}

func (z zipReaderAt) ReadAt(b []byte, at int64) (int, error) {
	if at < 0 {
		return 0, io.EOF // what a damaged directory leads to is no fault of the disk
	}
	n, err := z.r.ReadAt(b, at)
	if err != nil && err != io.EOF {
		err = diskError(z.place, err)
	}
	return n, err
}
