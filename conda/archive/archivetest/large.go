package archivetest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Large is a file of a package that memory need not hold: its bytes are made
// while they are written. They repeat but for an eighth, which is noise; every
// 64 KiB there is a path below the placeholder.
type Large struct {
	Name string
	Size int64

	Placeholder string // "": the file is not relocated
	Binary      bool   // Placeholder stands in a binary file
}

// WriteConda writes a package of large files, which has no others, as .conda. The
// payload goes through spool, an empty file. Window is that of its zstd frame, in
// bytes: 8 MiB at builders' common levels.
func (p Package) WriteConda(w io.Writer, spool *os.File, window int, files ...Large) error {
	p = p.withDefaults()
	sum := crc32.NewIEEE()
	paths, err := writePayload(io.MultiWriter(spool, sum), window, files)
	if err != nil {
		return err
	}
	size, err := spool.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	p.Info = append(p.Info[:len(p.Info):len(p.Info)], File("info/paths.json", marshal(map[string]any{"paths_version": 1, "paths": paths})))
	z := zip.NewWriter(w)
	for _, m := range CondaMembers(p.Stem(), Tar(p.InfoEntries()...), nil) {
		h := &zip.FileHeader{Name: m.Name, CRC32: crc32.ChecksumIEEE(m.Data), CompressedSize64: uint64(len(m.Data))}
		data := io.Reader(bytes.NewReader(m.Data))
		if m.Name == "pkg-"+p.Stem()+".tar.zst" {
			h.CRC32, h.CompressedSize64, data = sum.Sum32(), uint64(size), io.NewSectionReader(spool, 0, size)
		}
		h.UncompressedSize64 = h.CompressedSize64
		out, err := z.CreateRaw(h)
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, data); err != nil {
			return err
		}
	}
	return z.Close()
}

// writePayload writes the compressed payload and returns what info/paths.json
// says of it.
func writePayload(w io.Writer, window int, files []Large) (paths []map[string]any, err error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window))
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	for i, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.Name, Typeflag: tar.TypeReg, Mode: 0o644, Size: f.Size}); err != nil {
			return nil, err
		}
		sum := sha256.New()
		if err := f.write(io.MultiWriter(t, sum), uint64(i)); err != nil {
			return nil, err
		}
		path := map[string]any{"_path": f.Name, "path_type": "hardlink", "size_in_bytes": f.Size, "sha256": hex.EncodeToString(sum.Sum(nil))}
		if f.Placeholder != "" {
			path["prefix_placeholder"], path["file_mode"] = f.Placeholder, Entry{Binary: f.Binary}.fileMode()
		}
		paths = append(paths, path)
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	return paths, z.Close()
}

// block is what a large file is made of.
const block = 4 << 10

// write writes the file's bytes, which seed decides together with the size.
func (f Large) write(w io.Writer, seed uint64) error {
	out := bufio.NewWriterSize(w, 256<<10)
	line := f.Placeholder + "/lib/libx.so\n"
	if f.Binary {
		line = f.Placeholder + "/lib/libx.so\x00"
	}
	b := make([]byte, 0, block)
	x := seed*0x9e3779b97f4a7c15 + 1
	for at := int64(0); at < f.Size; at += block {
		b = b[:0]
		if at%(16*block) == 0 {
			b = append(b, line...)
		}
		for range block / 8 / 8 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			b = binary.LittleEndian.AppendUint64(b, x)
		}
		for len(b) < block {
			b = append(b, "a line of text that repeats and tells nothing\n"...)
		}
		if _, err := out.Write(b[:min(block, f.Size-at)]); err != nil {
			return err
		}
	}
	return out.Flush()
}
