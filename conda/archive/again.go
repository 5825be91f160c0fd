package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
)

// maxKept is the size up to which the source of a hard link is kept in memory
// for the next one: packages with many hard links (git has 140) have them to
// one file.
const maxKept = 8 << 20

// kept is the content of one member.
type kept struct {
	index int // of the member
	data  []byte
	valid bool
}

// secondRead is the content of an earlier member, read by another pass over
// the archive when it is asked for.
type secondRead struct {
	open   func() (*stream, error)
	part   *part
	index  int   // of the member
	kept   *kept // where to look for the content first, and to leave it; may be nil
	stream *stream
	r      io.Reader
}

func (s *scanning) readAgain(ctx context.Context, index int) *secondRead {
	open := func() (*stream, error) { return s.part.stream(ctx, s.again) }
	return &secondRead{open: open, part: s.part, index: index}
}

func (r *secondRead) Read(b []byte) (int, error) {
	if r.r == nil {
		if err := r.find(); err != nil {
			return 0, err
		}
	}
	return r.r.Read(b)
}

// find goes to the start of the content.
func (r *secondRead) find() (err error) {
	if r.kept != nil && r.kept.valid && r.kept.index == r.index {
		r.r = bytes.NewReader(r.kept.data)
		return nil
	}
	if r.stream, err = r.open(); err != nil {
		return err
	}
	t := tar.NewReader(r.stream)
	for range r.index + 1 {
		if _, err := t.Next(); err != nil {
			return r.part.readError(err)
		}
	}
	content := partReader{r.part, t}
	if r.kept == nil {
		r.r = content
		return nil
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	*r.kept = kept{index: r.index, data: data, valid: true}
	r.r = bytes.NewReader(data)
	return nil
}

func (r *secondRead) close() {
	if r.stream != nil {
		r.stream.Close() //nolint:errcheck // nothing was written
	}
}
