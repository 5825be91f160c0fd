package wheel

import (
	"errors"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Limits of what is read whole, in bytes. They are fixed: no published wheel
// is near.
const (
	maxMetadata = 8 << 20
	maxRecord   = 256 << 20
)

// Wheel is an open wheel. Its methods may be called from several goroutines at
// once.
type Wheel struct {
	file     string // its name
	name     Name
	zip      *members
	meta     *Meta
	distInfo string // directory of the metadata
	data     string // directory of what does not go to site-packages
	rows     []row  // of RECORD, for the files that are installed, in its order
	byPath   map[string]row
	commands []entryPoint
}

// Open opens a wheel of size bytes and checks it so far as that can be done
// without reading its files: the archive, its metadata, and that RECORD and the
// archive name the same files. The file name, without a directory, is the one
// that it was published under.
//
// Errors are of type *tree.Error: class "usage" for a name that is no wheel's
// and for a version of the format that is not known, "disk" where r cannot be
// read, else "verification".
func Open(r io.ReaderAt, size int64, fileName string, l Limits) (*Wheel, error) {
	name, err := ParseName(fileName)
	if err != nil {
		return nil, err
	}
	z, err := openZip(r, size, fileName, l.withDefaults())
	if err != nil {
		return nil, err
	}
	w := &Wheel{file: fileName, name: name, zip: z}
	if err := w.findDirectories(); err != nil {
		return nil, err
	}
	if err := w.readMetadata(); err != nil {
		return nil, err
	}
	return w, nil
}

// Meta returns what the wheel says of its project. It is shared: read it only.
func (w *Wheel) Meta() *Meta { return w.meta }

// Name returns what the wheel's file name says.
func (w *Wheel) Name() Name { return w.name }

func (w *Wheel) errorf(format string, args ...any) error {
	return tree.NewError(w.file, format, args...)
}

// in says in which member an error is.
func (w *Wheel) in(member string, err error) error {
	class := "verification"
	var classed interface{ Class() string }
	if errors.As(err, &classed) {
		class = classed.Class()
	}
	return tree.NewError(w.file, "%s: %w", member, err).WithClass(class)
}

// findDirectories finds NAME-VERSION.dist-info, of which there must be one,
// and NAME-VERSION.data, of which there may be one.
func (w *Wheel) findDirectories() error {
	for _, name := range w.zip.names {
		top, _, below := strings.Cut(name, "/")
		var dir *string
		suffix := path.Ext(top)
		switch suffix {
		case ".dist-info":
			dir = &w.distInfo
		case ".data":
			dir = &w.data
		}
		if dir == nil || !below || *dir == top {
			continue
		}
		project, version, ok := strings.Cut(strings.TrimSuffix(top, suffix), "-")
		switch {
		case *dir != "":
			return w.errorf("has two directories of its own kind: %s and %s", *dir, top)
		case !ok || Normalize(project) != w.name.Project() || !w.name.SameVersion(version):
			return w.errorf("the directory %s is not named after the wheel", top)
		}
		*dir = top
	}
	if w.distInfo == "" {
		return w.errorf("has no directory %s-%s.dist-info", w.name.Distribution, w.name.Version)
	}
	return nil
}

// Files of the .dist-info directory.
const (
	fileWheel     = "WHEEL"
	fileMetadata  = "METADATA"
	fileRecord    = "RECORD"
	fileEntry     = "entry_points.txt"
	fileInstaller = "INSTALLER"
	fileRequested = "REQUESTED"
)

func (w *Wheel) readMetadata() error {
	text, err := w.read(fileWheel, maxMetadata)
	if err == nil {
		err = checkFormat(text)
	}
	if err != nil {
		return w.in(path.Join(w.distInfo, fileWheel), err)
	}
	if text, err = w.read(fileMetadata, maxMetadata); err == nil {
		w.meta, err = parseMeta(text, w.name)
	}
	if err != nil {
		return w.in(path.Join(w.distInfo, fileMetadata), err)
	}
	if w.zip.files[path.Join(w.distInfo, fileEntry)] != nil {
		if text, err = w.read(fileEntry, maxMetadata); err == nil {
			w.commands, err = parseEntryPoints(text)
		}
		if err != nil {
			return w.in(path.Join(w.distInfo, fileEntry), err)
		}
	}
	if text, err = w.read(fileRecord, maxRecord); err == nil {
		err = w.readRecord(text)
	}
	if err != nil {
		return w.in(path.Join(w.distInfo, fileRecord), err)
	}
	return nil
}

// readRecord compares RECORD with the archive.
func (w *Wheel) readRecord(text []byte) error {
	rows, err := parseRecord(text)
	if err != nil {
		return err
	}
	w.byPath = make(map[string]row, len(rows))
	for _, x := range rows {
		w.byPath[x.path] = x
		if w.unrecorded(x.path) {
			continue
		}
		if w.zip.files[x.path] == nil {
			return tree.NewError("", "names %q, which the wheel does not have", x.path)
		}
		if _, err := x.newHash(); err != nil {
			return err
		}
		if !w.installers(x.path) {
			w.rows = append(w.rows, x)
		}
	}
	for _, name := range w.zip.names {
		if _, ok := w.byPath[name]; !ok && !w.unrecorded(name) {
			return tree.NewError("", "does not name %q, which the wheel has", name)
		}
	}
	return nil
}

// unrecorded reports whether RECORD cannot have a hash of a file: its own, and
// signatures of it (PEP 427). Signatures mean nothing once RECORD is written
// anew, and are not installed.
func (w *Wheel) unrecorded(name string) bool {
	dir, file := path.Split(name)
	return dir == w.distInfo+"/" && (file == fileRecord || file == fileRecord+".jws" || file == fileRecord+".p7s")
}

// installers reports whether a file is one that only an installer writes
// (PEP 376, PEP 610).
func (w *Wheel) installers(name string) bool {
	dir, file := path.Split(name)
	return dir == w.distInfo+"/" && (file == fileInstaller || file == fileRequested || file == "direct_url.json")
}

// read returns a file of the .dist-info directory.
func (w *Wheel) read(file string, limit uint64) ([]byte, error) {
	name := path.Join(w.distInfo, file)
	f := w.zip.files[name]
	switch {
	case f == nil:
		return nil, tree.NewError("", "is missing")
	case f.UncompressedSize64 > limit:
		return nil, tree.NewError("", "is larger than %d bytes", limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, int64(limit)))
}

// member is a file of a wheel that is being read.
type member struct {
	r    io.ReadCloser
	h    hash.Hash
	n    int64
	row  row
	file string // of the wheel
}

// open opens a file that RECORD has.
func (w *Wheel) open(name string) (*member, error) {
	f, x := w.zip.files[name], w.byPath[name]
	if f == nil {
		return nil, w.errorf("has no file %q", name)
	}
	h, err := x.newHash()
	if err != nil {
		return nil, w.in(name, err)
	}
	r, err := f.Open()
	if err != nil {
		return nil, w.in(name, err)
	}
	return &member{r: r, h: h, row: x, file: w.file}, nil
}

func (m *member) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.h.Write(b[:n])
	m.n += int64(n)
	if err != nil && err != io.EOF {
		var classed interface{ Class() string }
		if !errors.As(err, &classed) {
			err = tree.NewError(m.file, "%s: is damaged: %w", m.row.path, err)
		}
	}
	return n, err
}

// finish reads what is left and compares the file with RECORD.
func (m *member) finish() error {
	_, err := io.Copy(io.Discard, m)
	if cerr := m.r.Close(); err == nil {
		err = cerr
	}
	if err == nil && !m.row.matches(m.h, m.n) {
		err = tree.NewError(m.file, "%s: its bytes are not those that RECORD has the hash and size of", m.row.path)
	}
	return err
}
