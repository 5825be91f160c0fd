package archive

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// frame is how much memory the zstd frame of a zip member takes (RFC 8878
// §3.1.1).
//
// Compressors that do not know how much there is to come ask for the window of
// their level, be the content ever so small: 128 MiB at the highest ones. No
// block looks back beyond the first byte, so where the blocks make less than the
// window, a smaller one does as well.
type frame struct {
	window     int64 // bytes
	descriptor byte  // Window_Descriptor of a smaller window; 0 where the frame's own is right
}

const (
	maxBlock   = 128 << 10 // bytes that a block makes at most
	saneWindow = 8 << 20   // a window that is not worth a look at the blocks
)

// inspect reads the header of a member's first frame, and those of its blocks
// where the window is large. What it does not understand is left to the decoder.
func inspect(r io.ReaderAt, m zipMember) frame {
	var h zstd.Header
	head := make([]byte, min(zstd.HeaderMaxSize, m.size))
	if _, err := r.ReadAt(head, m.offset); err != nil || h.Decode(head) != nil || h.Skippable {
		return frame{window: saneWindow}
	}
	f := frame{window: int64(min(h.WindowSize, 1<<62))}
	if h.SingleSegment {
		f.window = int64(min(h.FrameContentSize, 1<<62))
		return f
	}
	if f.window <= saneWindow {
		return f
	}
	size, ok := contentSize(io.NewSectionReader(r, m.offset, m.size), int64(h.HeaderSize), f.window)
	if !ok {
		return f
	}
	for descriptor := byte((18 - 10) << 3); descriptor != 0; descriptor++ { // from 256 KiB on, two blocks
		if w := windowOf(descriptor); w >= size {
			if w < f.window {
				f.window, f.descriptor = w, descriptor
			}
			break
		}
	}
	return f
}

// contentSize returns the most that the blocks of a member's only frame can make;
// not ok where that is more than limit, or there is something behind them. The
// first block begins at offset.
func contentSize(r *io.SectionReader, offset, limit int64) (size int64, ok bool) {
	var h [3]byte
	for range 2*limit/maxBlock + 2 {
		if _, err := r.ReadAt(h[:], offset); err != nil {
			return 0, false
		}
		bits := int64(h[0]) | int64(h[1])<<8 | int64(h[2])<<16
		length := bits >> 3
		offset += 3
		switch bits >> 1 & 3 {
		case 0: // raw
			size, offset = size+length, offset+length
		case 1: // a byte that is repeated
			size, offset = size+length, offset+1
		default:
			size, offset = size+maxBlock, offset+length
		}
		switch {
		case size > limit:
			return 0, false
		case bits&1 != 0: // the last one; a checksum may follow
			return size, offset == r.Size() || offset+4 == r.Size()
		}
	}
	return 0, false
}

// windowOf returns the window of a Window_Descriptor (RFC 8878 §3.1.1.1.2).
func windowOf(descriptor byte) int64 {
	base := int64(1) << (10 + descriptor>>3)
	return base + base/8*int64(descriptor&7)
}

// narrowed is a frame with another Window_Descriptor.
type narrowed struct {
	io.Reader
	descriptor byte
	at         int64
}

// descriptorAt is where the descriptor stands, behind the magic number and the
// Frame_Header_Descriptor.
const descriptorAt = 5

func (n *narrowed) Read(b []byte) (int, error) {
	m, err := n.Reader.Read(b)
	if i := descriptorAt - n.at; i >= 0 && i < int64(m) {
		b[i] = n.descriptor
	}
	n.at += int64(m)
	return m, err
}
