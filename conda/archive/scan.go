package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// visitFunc takes a member. The content, of files only, ends with the call.
type visitFunc func(m *member, content io.Reader) error

// scan reads one tar archive of the package from its first byte to its last
// and calls visit for every file and symbolic link, info/ included.
func (p *Package) scan(ctx context.Context, from *part, visit visitFunc) error {
	release, err := p.limits.Memory.hold(ctx, from.memory)
	if err != nil {
		return err
	}
	defer release()
	s, err := from.stream(ctx, newBudget(p.limits, p.size))
	if err != nil {
		return err
	}
	defer s.Close()
	scan := &scanning{
		part: from, tar: tar.NewReader(s), visit: visit,
		admission: newAdmission(from, p.limits, p.size),
		again:     &budget{left: p.limits.Unpacked, limit: p.limits.Unpacked},
	}
	if err := scan.members(ctx, s); err != nil {
		return err
	}
	if err := s.finish(); err != nil {
		return err
	}
	return scan.admission.checkLinks()
}

// scanning is the state of one scan.
type scanning struct {
	part      *part
	tar       *tar.Reader
	admission *admission
	visit     visitFunc
	again     *budget // for what is read a second time
	kept      kept    // the source of the last hard link
}

func (s *scanning) members(ctx context.Context, in *stream) error {
	for {
		before := in.offset
		h, err := s.tar.Next()
		if err == io.EOF {
			// Two zero blocks end a tar archive. The reader also takes the
			// mere end of its input for one.
			if in.offset-before < 1024 {
				return tree.NewError(s.part.place, "is truncated: its tar archive has no end")
			}
			return nil
		}
		if err != nil {
			return s.part.readError(err)
		}
		m, err := s.admission.admit(h)
		if err != nil {
			return err
		}
		if m != nil {
			if err := s.deliver(ctx, m); err != nil {
				return err
			}
		}
		if _, err := io.Copy(io.Discard, s.tar); err != nil {
			return s.part.readError(err)
		}
	}
}

// deliver hands a member to the visitor, unless it repeats an earlier one.
func (s *scanning) deliver(ctx context.Context, m *member) error {
	switch {
	case m.repeat >= 0 && m.Kind == tree.File:
		return s.compare(ctx, m)
	case m.repeat >= 0:
		return nil
	case m.Kind == tree.Symlink:
		return s.visit(m, nil)
	case m.source != "":
		content := s.readAgain(ctx, m.linked)
		defer content.close()
		if m.Size <= maxKept {
			content.kept = &s.kept
		}
		return s.visit(m, content)
	}
	return s.visit(m, partReader{s.part, s.tar})
}

// compare wants the content of a member to equal that of the earlier one at
// the same path.
func (s *scanning) compare(ctx context.Context, m *member) error {
	first := s.readAgain(ctx, m.repeat)
	defer first.close()
	second := partReader{s.part, s.tar}
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := io.ReadFull(second, b)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if _, err := io.ReadFull(first, a[:n]); err != nil {
			return err
		}
		if !bytes.Equal(a[:n], b[:n]) {
			return s.admission.differs(m)
		}
		if n < len(b) {
			return nil
		}
	}
}

// partReader gives the errors of a member's content the package's words.
type partReader struct {
	part *part
	r    io.Reader
}

func (r partReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if err != nil && err != io.EOF {
		err = r.part.readError(err)
	}
	return n, err
}

// Member is a file or symbolic link of the payload.
type Member struct {
	tree.Header           // Path as in the package; Mode with all of 07777; UID and GID 0
	Content     io.Reader // Size bytes; nil unless Kind is tree.File; valid during the call
}

// Walk calls visit for every file and symbolic link of the payload, in the
// archive's order. What visit does not read of a content is skipped. A hard
// link is a file with its source's bytes, mode and time; reading it takes
// another pass over the archive, reading others takes none.
//
// The whole archive has been checked when Walk returns nil: an error that
// comes late means that what was visited must be thrown away. An error of
// visit ends the walk and is returned as it is.
func (p *Package) Walk(ctx context.Context, visit func(Member) error) error {
	return p.scan(ctx, p.payload, func(m *member, content io.Reader) error {
		if strings.HasPrefix(m.Path, "info/") {
			return nil
		}
		return visit(Member{Header: m.Header, Content: content})
	})
}
