package link

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/tree"
)

// maxBuffered is the size up to which a text file is relocated in memory. The
// new size of a larger one is found in a pass of its own over the archive.
const maxBuffered = 4 << 20

// Mode bits.
const (
	setuid, setgid, sticky = 0o4000, 0o2000, 0o1000
	groupWrite, worldWrite = 0o020, 0o002
)

// WriteOptions are the options of Write. The zero value works.
type WriteOptions struct {
	// Warn is told what is not written as packaged: "stem: path: text".
	Warn func(text string)
	// Strict refuses a setuid, setgid or sticky bit instead of dropping it.
	Strict bool
}

// Write writes the fragment of one package: its files in the archive's order,
// its entry points by path, then its record in conda-meta (phase B). The bytes
// depend on the description and the archive alone. It does not close w.
//
// Errors of the package are of type *tree.Error and class "verification", or
// "usage" for what cannot be relocated; errors of w are returned as they are.
func Write(ctx context.Context, d *Description, p *archive.Package, w *tree.Writer, o WriteOptions) error {
	f := &fragment{d: d, w: w, o: o, wanted: map[string]*written{}}
	f.files = make([]written, len(d.Files))
	for i := range d.Files {
		f.files[i].File = &d.Files[i]
		if source := d.Files[i].Source; source != "" && d.Files[i].Type != typeDir {
			f.wanted[source] = &f.files[i]
		}
	}
	if f.needsSizes() {
		if err := p.Walk(ctx, f.measure); err != nil {
			return err
		}
	}
	if len(f.wanted) > 0 {
		if err := p.Walk(ctx, f.member); err != nil {
			return err
		}
	}
	return f.finish(ctx)
}

// fragment is the state of Write.
type fragment struct {
	d      *Description
	w      *tree.Writer
	o      WriteOptions
	files  []written           // as d.Files
	wanted map[string]*written // by path in the archive
	memory buffers
	small  bytes.Buffer // a text file that is relocated in memory
}

// written is what became of a file.
type written struct {
	*File
	done     bool
	measured int64  // size of a large text file once relocated; 0 if unknown
	size     int64  // in the prefix
	sha256   string // in the prefix
}

// needsSizes reports whether a text file may be too large to be relocated in
// memory.
func (f *fragment) needsSizes() bool {
	for i := range f.files {
		w := &f.files[i]
		if w.relocatesText(f.d.System) && (w.Size < 0 || w.Size > maxBuffered) {
			return true
		}
	}
	return false
}

func (w *written) relocatesText(system string) bool {
	return w.FileMode == modeText && w.patched(system)
}

// measure finds the new size of a large text file.
func (f *fragment) measure(m archive.Member) error {
	w, ok := f.wanted[m.Path]
	if !ok || m.Kind != tree.File || m.Size <= maxBuffered || !w.relocatesText(f.d.System) {
		return nil
	}
	var err error
	w.measured, err = io.Copy(io.Discard, relocateText(m.Content, f.d.replacement(w.File), f.d.System, &f.memory))
	return err
}

// member writes one file or symbolic link of the archive, where it is wanted.
func (f *fragment) member(m archive.Member) error {
	w, ok := f.wanted[m.Path]
	if !ok {
		return nil
	}
	w.done = true
	h := tree.Header{Path: f.d.tarPath(w.Path), Kind: m.Kind, ModTime: max(m.ModTime, 0)}
	if m.Kind == tree.Symlink {
		return f.symlink(w, h, m.Target)
	}
	if w.Type == typeLink {
		return f.errorf(w, "the package lists it as a symbolic link, but holds a file")
	}
	var err error
	if h.Mode, err = f.mode(w, m.Mode); err != nil {
		return err
	}
	source := newHashReader(m.Content)
	switch {
	case !w.patched(f.d.System):
		h.Size, w.size = m.Size, m.Size
		err = f.w.Add(h, source)
		w.sha256 = source.sum()
	case w.FileMode == modeBinary:
		h.Size = m.Size
		err = f.binary(w, h, source)
	default:
		h.Size = m.Size
		err = f.text(w, h, source)
	}
	if err != nil {
		return err
	}
	if got := source.sum(); w.SHA256 != "" && w.SHA256 != got {
		return f.errorf(w, "sha256 is %s, but info/paths.json says %s", got, w.SHA256)
	}
	return nil
}

// symlink writes a symbolic link, verbatim.
func (f *fragment) symlink(w *written, h tree.Header, target string) error {
	switch {
	case strings.HasPrefix(target, "/"):
		if target != f.d.Prefix && !strings.HasPrefix(target, f.d.Prefix+"/") {
			f.warn(w, "the symbolic link leaves the prefix: "+target)
		}
	case archive.Escapes(w.Path, target):
		return f.errorf(w, "the symbolic link leaves the prefix: %q", target)
	}
	h.Mode, h.Target = 0o777, target
	sum := sha256.Sum256([]byte(target))
	w.sha256, w.size = hex.EncodeToString(sum[:]), int64(len(target))
	if w.Type != typeLink { // listed as a file; rattler takes the package's word for its hash
		w.sha256 = w.SHA256
	}
	return f.w.Add(h, nil)
}

// binary writes a file whose C strings are relocated; its size stays.
func (f *fragment) binary(w *written, h tree.Header, source io.Reader) error {
	var head [4]byte
	n, err := io.ReadFull(source, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	r := newRelocator(io.MultiReader(bytes.NewReader(head[:n]), source), f.d.replacement(w.File), true, &f.memory)
	if err := f.add(w, h, r); err != nil {
		return err
	}
	if f.d.System == osx && r.replaced > 0 && (isMachO(head) || h.Mode&0o111 != 0) {
		return tree.NewError(f.d.Record.Stem(), "%s: relocating the program breaks its code signature, and signing is not supported", w.Path).WithClass("usage")
	}
	return nil
}

// text writes a relocated text file. h.Size is the packaged size.
func (f *fragment) text(w *written, h tree.Header, source io.Reader) error {
	r := relocateText(source, f.d.replacement(w.File), f.d.System, &f.memory)
	if h.Size > maxBuffered {
		if w.Size >= 0 && w.Size <= maxBuffered {
			return f.errorf(w, "has %d bytes, but info/paths.json says %d", h.Size, w.Size)
		}
		h.Size = w.measured
		return f.add(w, h, r)
	}
	f.small.Reset()
	f.small.Grow(int(h.Size) + bytes.MinRead)
	if _, err := f.small.ReadFrom(r); err != nil {
		return err
	}
	h.Size = int64(f.small.Len())
	return f.add(w, h, &f.small)
}

// add writes a file and notes its hash and size in the prefix.
func (f *fragment) add(w *written, h tree.Header, content io.Reader) error {
	r := newHashReader(content)
	if err := f.w.Add(h, r); err != nil {
		return err
	}
	w.sha256, w.size = r.sum(), h.Size
	return nil
}

// mode returns the mode that a file is written with.
func (f *fragment) mode(w *written, mode int64) (int64, error) {
	for _, bit := range []struct {
		bits int64
		name string
	}{{setuid, "setuid"}, {setgid, "setgid"}, {sticky, "sticky"}, {worldWrite, "world-write"}} {
		if mode&bit.bits != 0 {
			if f.o.Strict && bit.bits != worldWrite {
				return 0, f.errorf(w, "the %s bit is set", bit.name)
			}
			f.warn(w, "the "+bit.name+" bit is dropped")
			mode &^= bit.bits
		}
	}
	return f.d.group(mode & 0o777), nil
}

// group returns permissions with the group's as the description has them.
func (d *Description) group(mode int64) int64 {
	switch {
	case d.GroupAsUser:
		return mode | mode>>3&0o070
	case d.ClearGroupWrite:
		return mode &^ groupWrite
	}
	return mode
}

func (f *fragment) warn(w *written, text string) {
	if f.o.Warn != nil {
		f.o.Warn(f.d.Record.Stem() + ": " + w.Path + ": " + text)
	}
}

func (f *fragment) errorf(w *written, format string, args ...any) error {
	return tree.NewError(f.d.Record.Stem(), "%s: "+format, append([]any{w.Path}, args...)...)
}

// isMachO reports whether a file begins as Mach-O of one or several
// architectures does (mach-o/loader.h, mach-o/fat.h).
func isMachO(head [4]byte) bool {
	switch string(head[:]) {
	case "\xfe\xed\xfa\xce", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "\xbe\xba\xfe\xca":
		return true
	}
	return false
}

// hashReader computes the SHA-256 of what is read.
type hashReader struct {
	r io.Reader
	h hash.Hash
}

func newHashReader(r io.Reader) *hashReader { return &hashReader{r, sha256.New()} }

func (h *hashReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.h.Write(p[:n])
	return n, err
}

func (h *hashReader) sum() string { return hex.EncodeToString(h.h.Sum(nil)) }
