package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/platforms"
)

// left are the directories of a release archive that the module does not have
// (cmd/distpack, main).
var left = []string{"api", "doc", "misc", "test"}

// Repack writes the files of a release archive (a tar.gz whose names begin with
// "go/") as a module zip of the same toolchain, uncompressed: what reads one reads
// both, and [HashZip] gives the h1 that the checksum database has where the
// archive and the module are of the same files.
//
// As in the module, the directories api, doc, misc and test are left out, and a
// "go.mod" anywhere is called "_go.mod". The files' modes are those that [Entries]
// gives: an archive in which one differs is refused, with the file's name, unless
// it is of a Go before 1.21, whose archives were packed by another program.
// A signature covers an archive's bytes and not its name, so that an old archive
// could be shown as a new one: VERSION must say the version, and all of pkg/tool must
// be of the platform.
// Anything but directories and regular files is refused, and so is an archive that
// is larger than [MaxUnpacked], that has more than [MaxFiles] files, or goes on
// behind its end. Errors are of class "verification"; what w says is passed on.
//
// The archive must have been checked against its SHA-256. It is read to its end.
func Repack(ctx context.Context, archive io.Reader, version string, p platforms.Platform, w io.Writer) error {
	z, err := gzip.NewReader(archive)
	if err != nil {
		return badArchive("%w", err)
	}
	modPath, modVersion := Module(version, p)
	r := repacker{
		out: zip.NewWriter(w), prefix: modPath + "@" + modVersion + "/", left: MaxUnpacked, seen: map[string]bool{},
		strict: compare(version, "1.21") >= 0, version: "go" + version, tools: "pkg/tool/" + p.OS + "_" + p.Arch + "/",
	}
	in := tar.NewReader(z)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return badArchive("%w", err)
		}
		if err := r.add(h, in); err != nil {
			return err
		}
	}
	switch n, err := io.Copy(io.Discard, io.LimitReader(z, maxPadding+1)); {
	case err != nil:
		return badArchive("%w", err)
	case n > maxPadding:
		return badArchive("goes on behind its end")
	}
	if !r.seen["bin/go"] || !r.seen["VERSION"] {
		return badArchive("has no bin/go or no VERSION")
	}
	return r.out.Close()
}

// maxPadding is the most bytes of zeros that fill a tar's last record.
const maxPadding = 1 << 20

func badArchive(format string, args ...any) *Error {
	return newError("verification", "release archive", format, args...)
}

type repacker struct {
	out    *zip.Writer
	prefix string
	left   int64 // bytes that may follow
	seen   map[string]bool
	strict bool // modes must be as distpack has them

	version, tools string // what VERSION says, and where tools lie
}

func (r *repacker) add(h *tar.Header, content io.Reader) error {
	name, ok := strings.CutPrefix(h.Name, "go/")
	if h.Typeflag == tar.TypeDir {
		if name = strings.TrimSuffix(h.Name, "/"); name != "go" && (!strings.HasPrefix(name, "go/") || !cleanPath(name)) {
			return badArchive("directory %q is not a clean path below go", h.Name)
		}
		return nil
	}
	top, _, _ := strings.Cut(name, "/")
	switch {
	case !ok || !cleanPath(name):
		return badArchive("file name %q is not a clean path below go", h.Name)
	case h.Typeflag != tar.TypeReg:
		return badArchive("file %q is not a regular file", h.Name)
	case r.seen[name]:
		return badArchive("has two files %q", h.Name)
	case len(r.seen) == MaxFiles:
		return badArchive("has more than %d files", MaxFiles)
	case h.Size > r.left:
		return badArchive("unpacks to more than %d bytes", int64(MaxUnpacked))
	case path.Base(name) == "_go.mod":
		return badArchive("file name %q is one of modules", h.Name)
	}
	r.seen[name] = true
	r.left -= h.Size
	if slices.Contains(left, top) {
		return nil
	}
	if strings.HasPrefix(name, "pkg/tool/") && !strings.HasPrefix(name, r.tools) {
		return badArchive("SECURITY: file %q is not of the platform, whose tools are in %s", h.Name, r.tools)
	}
	if name == "VERSION" {
		var err error
		if content, err = r.checkVersion(content); err != nil {
			return err
		}
	}
	if r.strict && h.Mode&0o777 != mode(name) {
		return badArchive("file %q has the mode %04o, not %04o", h.Name, h.Mode&0o777, mode(name))
	}
	dir, base := path.Split(name)
	if base == "go.mod" {
		name = dir + "_go.mod"
	}
	f, err := r.out.CreateHeader(&zip.FileHeader{Name: r.prefix + name, Method: zip.Store})
	if err != nil {
		return newError("disk", "", "%w", err)
	}
	if _, err := io.Copy(diskWriter{f}, content); err != nil {
		return newError(classOf(err, "verification"), "release archive", "file %q: %w", h.Name, err)
	}
	return nil
}

// checkVersion checks the first line of VERSION, and returns the file again.
func (r *repacker) checkVersion(content io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(io.LimitReader(content, maxVersion))
	if err != nil {
		return nil, badArchive("VERSION: %w", err)
	}
	if line, _, _ := strings.Cut(string(data), "\n"); line != r.version {
		return nil, badArchive("SECURITY: is %q and not %s", line, r.version)
	}
	return bytes.NewReader(data), nil
}

// maxVersion bounds VERSION, which has two short lines.
const maxVersion = 4 << 10
