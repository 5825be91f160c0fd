package tree

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// WriteHead writes the head of a layer: one member that lists its directories,
// each once, sorted bytewise. A layer without directories has no head. A nil dst
// is that of NewWriter, here and in WriteTail.
func WriteHead(dst io.Writer, dirs []Header, o Options) error {
	dirs = slices.Clone(dirs)
	slices.SortFunc(dirs, func(a, b Header) int { return strings.Compare(a.Path, b.Path) })
	var tar []byte
	for i, h := range dirs {
		if err := CheckPath(h.Path); err != nil {
			return err
		}
		if h.Kind != Dir || h.Size != 0 {
			return NewError(h.Path, "only directories belong in the head of a layer")
		}
		if i > 0 && dirs[i-1].Path == h.Path {
			return NewError(h.Path, "directory exists twice")
		}
		tar = appendHeader(tar, h)
	}
	if len(tar) == 0 {
		return nil
	}
	return writeMember(dst, tar, o)
}

// WriteTail writes the tail of a layer: one member with the two zero blocks
// that end a tar archive (POSIX.1-2001, pax Interchange Format).
func WriteTail(dst io.Writer, o Options) error {
	return writeMember(dst, make([]byte, 2*blockSize), o)
}

func writeMember(dst io.Writer, tar []byte, o Options) error {
	if o.Pool == nil {
		o.Pool = NewPool(1)
	}
	if o.Tar != nil {
		if _, err := o.Tar.Write(tar); err != nil {
			return err
		}
	}
	if dst == nil {
		return nil
	}
	var member bytes.Buffer
	if err := o.Pool.member(o.Compression, &member, tar); err != nil {
		return err
	}
	_, err := dst.Write(member.Bytes())
	return err
}
