package archive

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

const (
	maxZipMembers   = 64
	formatVersion   = 2 // conda_pkg_format_version (CEP 35)
	localHeaderSize = 30
	endRecordSize   = 22
	localSignature  = 0x04034b50
	dirSignature    = 0x02014b50
	zip64Signature  = 0x06064b50
	endSignature    = 0x06054b50
	flagEncrypted   = 1 << 0
	flagDescriptor  = 1 << 3
	flagStrong      = 1 << 6
	flagMasked      = 1 << 13
)

// zipMember is a stored member: its bytes are the file's at offset.
type zipMember struct {
	name         string
	offset, size int64
	crc          uint32
}

// condaZip is the zip archive of a .conda, checked to mean the same to every
// reader: one that goes by the directory at its end and one that goes by the
// headers before each member.
type condaZip struct {
	r       io.ReaderAt
	size    int64
	place   string
	members []zipMember
}

func openZip(r io.ReaderAt, size int64, place string) (*condaZip, error) {
	z := &condaZip{r: r, size: size, place: place}
	if err := z.checkEnd(); err != nil {
		return nil, err
	}
	dir, err := zip.NewReader(zipReaderAt{r, place}, size)
	if err != nil {
		return nil, z.readError(err)
	}
	if len(dir.File) > maxZipMembers {
		return nil, z.errorf("has more than %d zip members", maxZipMembers)
	}
	for _, f := range dir.File {
		m, err := z.member(f)
		if err != nil {
			return nil, err
		}
		z.members = append(z.members, m)
	}
	if err := z.checkLayout(dir.File); err != nil {
		return nil, err
	}
	return z, nil
}

func (z *condaZip) errorf(format string, args ...any) error {
	return tree.NewError(z.place, format, args...)
}

func (z *condaZip) readError(err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) {
		return err
	}
	return z.errorf("is not a zip archive, or a damaged one: %w", err)
}

// checkEnd wants the end record to be the file's last bytes, without a
// comment: it is searched from the end, and two of them would be two archives.
func (z *condaZip) checkEnd() error {
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

func (z *condaZip) readAt(b []byte, at int64) error {
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
func (z *condaZip) member(f *zip.File) (zipMember, error) {
	var none zipMember
	switch {
	case tree.CheckPath(f.Name) != nil:
		return none, z.errorf("zip member name %q is unsafe", f.Name)
	case f.Flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return none, z.errorf("zip member %q is encrypted", f.Name)
	case f.Method != zip.Store:
		return none, z.errorf("zip member %q is compressed, not stored (CEP 35)", f.Name)
	case f.CompressedSize64 != f.UncompressedSize64 || f.CompressedSize64 > uint64(z.size):
		return none, z.errorf("zip member %q has an impossible size", f.Name)
	}
	offset, err := f.DataOffset()
	if err != nil {
		return none, z.readError(err)
	}
	return zipMember{name: f.Name, offset: offset, size: int64(f.CompressedSize64), crc: f.CRC32}, nil
}

// checkLayout wants the members to fill the file from its first byte to the
// directory, one behind the other, each with a header that agrees with the
// directory.
func (z *condaZip) checkLayout(files []*zip.File) error {
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(min(max(z.members[a].offset-z.members[b].offset, -1), 1))
	})
	at := int64(0)
	for _, i := range order {
		m := z.members[i]
		descriptor, err := z.checkLocal(m, at)
		if err != nil {
			return err
		}
		at = m.offset + m.size
		if descriptor {
			if at, err = z.skipDescriptor(m, at); err != nil {
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
// reports whether a data descriptor follows the member.
func (z *condaZip) checkLocal(m zipMember, at int64) (descriptor bool, err error) {
	var h [localHeaderSize]byte
	if err := z.readAt(h[:], at); err != nil {
		return false, err
	}
	le := binary.LittleEndian
	nameLen, extraLen := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if le.Uint32(h[:]) != localSignature || at+localHeaderSize+nameLen+extraLen != m.offset {
		return false, z.errorf("zip member %q overlaps another, or a gap precedes it", m.name)
	}
	rest := make([]byte, nameLen+extraLen)
	if err := z.readAt(rest, at+localHeaderSize); err != nil {
		return false, err
	}
	flags := le.Uint16(h[6:])
	packed, unpacked := uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	if packed == 1<<32-1 || unpacked == 1<<32-1 {
		packed, unpacked = zip64Sizes(rest[nameLen:], packed, unpacked)
	}
	differs := string(rest[:nameLen]) != m.name || le.Uint16(h[8:]) != zip.Store ||
		flags&(flagEncrypted|flagStrong|flagMasked) != 0
	descriptor = flags&flagDescriptor != 0
	if !descriptor || packed != 0 || unpacked != 0 {
		differs = differs || packed != uint64(m.size) || unpacked != uint64(m.size)
	}
	if !descriptor {
		differs = differs || le.Uint32(h[14:]) != m.crc
	}
	if differs {
		return false, z.errorf("zip member %q: its header and the directory disagree", m.name)
	}
	return descriptor, nil
}

// zip64Sizes returns the sizes of a local header's zip64 field (APPNOTE 4.5.3),
// or those given where it has none.
func zip64Sizes(extra []byte, packed, unpacked uint64) (uint64, uint64) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if id == 1 && n >= 16 {
			return le.Uint64(extra[8:]), le.Uint64(extra)
		}
		extra = extra[n:]
	}
	return packed, unpacked
}

// skipDescriptor returns the offset behind a data descriptor: 12 or 20 bytes
// (zip64), with or without a signature (APPNOTE 4.3.9), and then a header.
func (z *condaZip) skipDescriptor(m zipMember, at int64) (int64, error) {
	for _, n := range []int64{16, 24, 12, 20} {
		var sig [4]byte
		if z.readAt(sig[:], at+n) != nil {
			continue
		}
		switch binary.LittleEndian.Uint32(sig[:]) {
		case localSignature, dirSignature:
			return at + n, nil
		}
	}
	return 0, z.errorf("zip member %q overlaps another, or a gap follows it", m.name)
}

// parts finds the two tar archives of the package NAME.conda.
func (z *condaZip) parts(stem string, window int64) (info, payload *part, err error) {
	infoName, payloadName := "info-"+stem+".tar.zst", "pkg-"+stem+".tar.zst"
	for _, m := range z.members {
		p := &part{place: z.place + ": " + m.name, open: zstdPart(z.r, m, window)}
		switch {
		case m.name == infoName && info == nil:
			p.role, info = infoOnly, p
		case m.name == payloadName && payload == nil:
			p.role, payload = payloadOnly, p
		case strings.HasSuffix(m.name, ".tar.zst"):
			return nil, nil, z.errorf("zip member %q: want one %s and one %s", m.name, infoName, payloadName)
		case m.name == "metadata.json":
			if err := z.checkVersion(m); err != nil {
				return nil, nil, err
			}
		}
	}
	switch {
	case info == nil:
		return nil, nil, z.errorf("has no zip member %s", infoName)
	case payload == nil:
		return nil, nil, z.errorf("has no zip member %s", payloadName)
	}
	return info, payload, nil
}

// checkVersion reads metadata.json. Published packages exist where it is empty.
func (z *condaZip) checkVersion(m zipMember) error {
	if m.size == 0 {
		return nil
	}
	if m.size > maxMetadata {
		return z.errorf("metadata.json is larger than %d bytes", maxMetadata)
	}
	text := make([]byte, m.size)
	if err := z.readAt(text, m.offset); err != nil {
		return err
	}
	var metadata struct {
		Version int `json:"conda_pkg_format_version"`
	}
	if err := json.Unmarshal(text, &metadata); err != nil {
		return z.errorf("metadata.json is not valid: %w", err)
	}
	if metadata.Version != formatVersion {
		return tree.NewError(z.place, "package format %d is not supported, only %d", metadata.Version, formatVersion).WithClass("usage")
	}
	return nil
}

// zipReaderAt marks errors of the file below, as sourceReader does.
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
