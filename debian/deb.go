package debian

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"github.com/gophersnake/gophersnake/tree"
)

// Limits of a package (promises.md §3.3).
const (
	maxControl  = 16 << 20  // bytes of control.tar
	maxUnpacked = 8 << 30   // bytes of data.tar
	maxMembers  = 1_000_000 // of one tar
	maxWindow   = 128 << 20 // of zstd and xz
)

// Visitor is told what a package holds. Readers are valid during the call.
type Visitor struct {
	Control func(name string, content []byte) error      // "control", "md5sums", "conffiles", "postinst", …
	Data    func(h *tar.Header, content io.Reader) error // names are clean and relative; "" is the root
}

// Unpack reads a .deb from its start to its end. Errors are of class
// verification, but for those of r and of the visitor.
func Unpack(r io.Reader, where string, v Visitor) error {
	a := &ar{r: bufio.NewReaderSize(r, 64<<10), where: where}
	if err := a.begin(); err != nil {
		return err
	}
	version, err := a.next()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(version.content, 64))
	if err != nil {
		return err
	}
	if version.name != "debian-binary" || !strings.HasPrefix(string(text), "2.") {
		return a.bad("is no package of format 2")
	}
	for _, part := range []string{"control.tar", "data.tar"} {
		m, err := a.next()
		for err == nil && strings.HasPrefix(m.name, "_") { // deb(5): to be ignored
			m, err = a.next()
		}
		if err != nil {
			return err
		}
		ext, ok := strings.CutPrefix(m.name, part)
		if !ok {
			return a.bad("has %q where %s was expected", m.name, part)
		}
		if err := unpackPart(m.content, where+"/"+m.name, ext, part == "control.tar", v); err != nil {
			return err
		}
	}
	return a.end()
}

func unpackPart(r io.Reader, where, ext string, control bool, v Visitor) error {
	limit := int64(maxUnpacked)
	if control {
		limit = maxControl
	}
	content, done, err := unpacker(r, ext)
	if err != nil {
		return tree.NewError(where, "%w", err)
	}
	defer done()
	limited := &io.LimitedReader{R: content, N: limit + 1}
	t := tar.NewReader(limited)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return drain(limited, where)
		}
		switch {
		case limited.N <= 0:
			return tree.NewError(where, "unpacks to more than %d bytes", limit)
		case err != nil:
			return tree.NewError(where, "broken: %w", err)
		case n >= maxMembers:
			return tree.NewError(where, "has more than %d members", maxMembers)
		}
		if h.Name, err = clean(h.Name); err != nil {
			return tree.NewError(where, "%w", err)
		}
		if err := visit(h, t, control, v); err != nil {
			return err
		}
	}
}

func visit(h *tar.Header, t *tar.Reader, control bool, v Visitor) error {
	if !control {
		if v.Data == nil {
			return nil
		}
		return v.Data(h, t)
	}
	if h.Typeflag != tar.TypeReg || v.Control == nil {
		return nil
	}
	content, err := io.ReadAll(t)
	if err != nil {
		return err
	}
	return v.Control(h.Name, content)
}

// clean takes "./" off a name and refuses what could leave the root.
func clean(name string) (string, error) {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if name == "" || name == "." {
		return "", nil
	}
	return name, tree.CheckPath(name)
}

// drain reads what may stand behind a tar's end: zeros only.
func drain(r io.Reader, where string) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return tree.NewError(where, "bytes follow the end of the archive")
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tree.NewError(where, "broken: %w", err)
		}
	}
}

func unpacker(r io.Reader, ext string) (io.Reader, func(), error) {
	none := func() {}
	switch ext {
	case "":
		return r, none, nil
	case ".gz":
		z, err := gzip.NewReader(r)
		return z, none, err
	case ".xz":
		z, err := xz.NewReader(r, maxWindow)
		return z, none, err
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, none, err
		}
		return z, z.Close, nil
	}
	return nil, none, tree.NewError("", "is packed in a way that is not known: %q", ext)
}

// ar reads the common archive format.
type ar struct {
	r       *bufio.Reader
	where   string
	current *io.LimitedReader
	pad     bool
}

type arMember struct {
	name    string
	content io.Reader
}

func (a *ar) bad(format string, args ...any) error { return tree.NewError(a.where, format, args...) }

func (a *ar) begin() error {
	magic := make([]byte, 8)
	if _, err := io.ReadFull(a.r, magic); err != nil || string(magic) != "!<arch>\n" {
		return a.bad("is no .deb")
	}
	return nil
}

// skip leaves the current member behind.
func (a *ar) skip() error {
	if a.current == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, a.current); err != nil {
		return err
	}
	if a.current.N > 0 {
		return a.bad("ends early")
	}
	if a.pad {
		if _, err := a.r.Discard(1); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

func (a *ar) next() (arMember, error) {
	if err := a.skip(); err != nil {
		return arMember{}, err
	}
	head := make([]byte, 60)
	if _, err := io.ReadFull(a.r, head); err != nil {
		return arMember{}, a.bad("ends early")
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(head[48:58]), " "), 10, 64)
	if err != nil || size < 0 || string(head[58:]) != "`\n" {
		return arMember{}, a.bad("has a broken member header")
	}
	name := strings.TrimRight(strings.TrimRight(string(head[:16]), " "), "/")
	a.current, a.pad = &io.LimitedReader{R: a.r, N: size}, size%2 == 1
	return arMember{name, a.current}, nil
}

// end refuses members that a package has not.
func (a *ar) end() error {
	for {
		if err := a.skip(); err != nil {
			return err
		}
		if _, err := a.r.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		m, err := a.next()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(m.name, "_") {
			return a.bad("has the member %q behind its data", m.name)
		}
	}
}
