// Package zipfile opens zip archives (APPNOTE 6.3) that mean the same to every
// reader: one that goes by the directory at their end, and one that goes by the
// headers before each member.
//
// The end record is the file's last bytes, without a comment; the members fill
// the file from its first byte to the directory, one behind the other; and each
// has a header that agrees with the directory's record. Errors are tree.Errors
// of class verification, or disk where the file below cannot be read.
package zipfile

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/gophersnake/gophersnake/tree"
)

// Parts of a zip archive (APPNOTE 4.3).
const (
	localHeaderSize     = 30
	endRecordSize       = 22
	localSignature      = 0x04034b50
	descriptorSignature = 0x08074b50
	dirSignature        = 0x02014b50
	zip64Signature      = 0x06064b50
	endSignature        = 0x06054b50
	flagDescriptor      = 1 << 3
	flagUTF8            = 1 << 11
	fieldZip64          = 0x0001
)

// Encrypted are the flags of members that are encrypted in some way.
const Encrypted = 1<<0 | 1<<6 | 1<<13

// Reader is an archive whose end was checked.
type Reader struct {
	File []*zip.File // in the directory's order

	r     io.ReaderAt
	size  int64
	place string
	zip   *zip.Reader
}

// Open reads the directory of an archive of size bytes; place is what errors
// call it.
func Open(r io.ReaderAt, size int64, place string) (*Reader, error) {
	z := &Reader{r: r, size: size, place: place}
	if err := z.checkEnd(); err != nil {
		return nil, err
	}
	dir, err := zip.NewReader(zipReaderAt{r, place}, size)
	if err != nil {
		return nil, z.Error(err)
	}
	z.zip, z.File = dir, dir.File
	return z, nil
}

// RegisterDecompressor is that of zip.Reader.
func (z *Reader) RegisterDecompressor(method uint16, d zip.Decompressor) {
	z.zip.RegisterDecompressor(method, d)
}

func (z *Reader) errorf(format string, args ...any) error {
	return tree.NewError(z.place, format, args...)
}

// Error returns an error of the zip package in our form.
func (z *Reader) Error(err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) {
		return err
	}
	return z.errorf("is not a zip archive, or a damaged one: %w", err)
}

// checkEnd wants the end record to be the file's last bytes, without a
// comment: it is searched from the end, and two of them would be two archives.
func (z *Reader) checkEnd() error {
	if z.size < endRecordSize {
		return z.errorf("is not a zip archive: %d bytes", z.size)
	}
	var end [endRecordSize]byte
	if err := z.ReadAt(end[:], z.size-endRecordSize); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(end[:]) != endSignature || binary.LittleEndian.Uint16(end[20:]) != 0 {
		return z.errorf("does not end with a zip archive's end record: truncated, or bytes follow it")
	}
	return nil
}

// ReadAt fills b from the file.
func (z *Reader) ReadAt(b []byte, at int64) error {
	switch n, err := z.r.ReadAt(b, at); {
	case n == len(b):
		return nil
	case err == io.EOF:
		return z.errorf("is truncated")
	default:
		return DiskError(z.place, err)
	}
}

// CheckLayout wants the members to fill the file from its first byte to the
// directory, one behind the other, each with a header that agrees with the
// directory.
func (z *Reader) CheckLayout() error {
	type placed struct {
		*zip.File
		offset int64
	}
	order := make([]placed, len(z.File))
	for i, f := range z.File {
		offset, err := f.DataOffset()
		if err != nil {
			return z.Error(err)
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
	if err := z.ReadAt(sig[:], at); err != nil {
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
func (z *Reader) checkLocal(f *zip.File, data, at int64) (descriptor bool, err error) {
	var h [localHeaderSize]byte
	if err := z.ReadAt(h[:], at); err != nil {
		return false, err
	}
	le := binary.LittleEndian
	nameLen, extraLen := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if le.Uint32(h[:]) != localSignature || at+localHeaderSize+nameLen+extraLen != data {
		return false, z.errorf("zip member %q overlaps another, or a gap precedes it", f.Name)
	}
	rest := make([]byte, nameLen+extraLen)
	if err := z.ReadAt(rest, at+localHeaderSize); err != nil {
		return false, err
	}
	flags := le.Uint16(h[6:])
	packed, unpacked := uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	if large, ok := Field(rest[nameLen:], fieldZip64); ok && len(large) >= 16 && (packed == 1<<32-1 || unpacked == 1<<32-1) {
		packed, unpacked = le.Uint64(large[8:]), le.Uint64(large)
	}
	differs := string(rest[:nameLen]) != f.Name || le.Uint16(h[8:]) != f.Method ||
		(flags^f.Flags)&(Encrypted|flagDescriptor|flagUTF8) != 0
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
func (z *Reader) skipDescriptor(f *zip.File, at int64) (int64, error) {
	le := binary.LittleEndian
	sum := le.AppendUint32(nil, f.CRC32)
	short := slices.Concat(sum, le.AppendUint32(le.AppendUint32(nil, uint32(f.CompressedSize64)), uint32(f.UncompressedSize64)))
	long := slices.Concat(sum, le.AppendUint64(le.AppendUint64(nil, f.CompressedSize64), f.UncompressedSize64))
	signature := le.AppendUint32(nil, descriptorSignature)
	for _, want := range [][]byte{slices.Concat(signature, short), slices.Concat(signature, long), short, long} {
		got := make([]byte, len(want)+4)
		if z.ReadAt(got, at) != nil || string(got[:len(want)]) != string(want) {
			continue
		}
		switch le.Uint32(got[len(want):]) {
		case localSignature, dirSignature:
			return at + int64(len(want)), nil
		}
	}
	return 0, z.errorf("zip member %q overlaps another, or a gap follows it", f.Name)
}

// Field returns an extra field of a member (APPNOTE 4.5).
func Field(extra []byte, want uint16) ([]byte, bool) {
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

// DiskError is for a file that cannot be read. An error that says itself what
// class it is of stays as it is.
func DiskError(place string, err error) error {
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
		err = DiskError(z.place, err)
	}
	return n, err
}
