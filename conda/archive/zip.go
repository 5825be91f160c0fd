package archive

import (
	"archive/zip"
	"encoding/json"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/tree/zipfile"
)

const (
	maxZipMembers = 64
	formatVersion = 2 // conda_pkg_format_version (CEP 35)
)

// zipMember is a stored member: its bytes are the file's at offset.
type zipMember struct {
	name         string
	offset, size int64
	crc          uint32
}

// condaZip is the zip archive of a .conda.
type condaZip struct {
	dir     *zipfile.Reader
	r       io.ReaderAt
	size    int64
	place   string
	members []zipMember
}

func openZip(r io.ReaderAt, size int64, place string) (*condaZip, error) {
	dir, err := zipfile.Open(r, size, place)
	if err != nil {
		return nil, err
	}
	z := &condaZip{dir: dir, r: r, size: size, place: place}
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
	return z, dir.CheckLayout()
}

func (z *condaZip) errorf(format string, args ...any) error {
	return tree.NewError(z.place, format, args...)
}

// member checks one directory record by itself.
func (z *condaZip) member(f *zip.File) (zipMember, error) {
	var none zipMember
	switch {
	case tree.CheckPath(f.Name) != nil:
		return none, z.errorf("zip member name %q is unsafe", f.Name)
	case f.Flags&zipfile.Encrypted != 0:
		return none, z.errorf("zip member %q is encrypted", f.Name)
	case f.Method != zip.Store:
		return none, z.errorf("zip member %q is compressed, not stored (CEP 35)", f.Name)
	case f.CompressedSize64 != f.UncompressedSize64 || f.CompressedSize64 > uint64(z.size):
		return none, z.errorf("zip member %q has an impossible size", f.Name)
	}
	offset, err := f.DataOffset()
	if err != nil {
		return none, z.dir.Error(err)
	}
	return zipMember{name: f.Name, offset: offset, size: int64(f.CompressedSize64), crc: f.CRC32}, nil
}

// parts finds the two tar archives of the package NAME.conda.
func (z *condaZip) parts(stem string, l Limits) (info, payload *part, err error) {
	infoName, payloadName := "info-"+stem+".tar.zst", "pkg-"+stem+".tar.zst"
	for _, m := range z.members {
		p := &part{place: z.place + ": " + m.name}
		switch {
		case m.name == infoName && info == nil:
			p.role, info = infoOnly, z.zstd(p, m, l)
		case m.name == payloadName && payload == nil:
			p.role, payload = payloadOnly, z.zstd(p, m, l)
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

// zstd says how a part is decompressed, and what memory that takes.
func (z *condaZip) zstd(p *part, m zipMember, l Limits) *part {
	f := inspect(z.r, m)
	p.open, p.memory = zstdPart(z.r, m, f, l), f.window+decoderMemory
	return p
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
	if err := z.dir.ReadAt(text, m.offset); err != nil {
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
