package archive

import (
	"io"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/tree"
)

// Limits bound what a package may cost (promises.md §3.3). The zero value of a
// field means its default.
type Limits struct {
	Unpacked  int64 // bytes that a package may unpack to; default 8 GiB
	Ratio     int64 // unpacked bytes for each byte of the package; default 200
	RatioFrom int64 // unpacked bytes up to which Ratio does not matter; default 1 GiB
	Members   int   // files and directories; default 1,000,000
	Window    int64 // bytes of a zstd window; default 128 MiB

	Memory *Memory // shared with other packages; nil is no bound
}

// Limits of metadata, in bytes. They are fixed: no published package is near.
const (
	maxMetadata = 8 << 20   // a file below info/ that is read
	maxPathList = 256 << 20 // info/paths.json, info/files, info/has_prefix
	maxNames    = 128 << 20 // all paths and link targets of one tar archive
)

func (l Limits) withDefaults() Limits {
	if l.Unpacked == 0 {
		l.Unpacked = 8 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	if l.RatioFrom == 0 {
		l.RatioFrom = 1 << 30
	}
	if l.Members == 0 {
		l.Members = 1_000_000
	}
	if l.Window == 0 {
		l.Window = 128 << 20
	}
	return l
}

// Package is an open conda package. Its methods may be called from several
// goroutines at once.
type Package struct {
	fileName string
	size     int64
	limits   Limits
	info     *part // what holds info/
	payload  *part // what holds the payload; equal to info in a .tar.bz2

	mu      sync.Mutex // guards what follows
	files   map[string][]byte
	entries []Entry
	listed  bool
	meta    *Meta
}

// part is one compressed tar archive of a package.
type part struct {
	place  string // for errors: the package, and the zip member where there is one
	role   role
	open   func(src sourceFunc) (io.ReadCloser, error) // decompresses
	memory int64                                       // bytes that this takes
}

// role says which members a tar archive may have.
type role uint8

const (
	wholePackage role = iota // .tar.bz2
	infoOnly                 // info-*.tar.zst
	payloadOnly              // pkg-*.tar.zst
)

// Open opens a package of size bytes. The file name, without a directory,
// tells the format and what the members of a .conda are called. Open reads the
// zip directory of a .conda and nothing of a .tar.bz2.
//
// Errors are of type *tree.Error: class "usage" for a name that is no
// package's, "disk" where r cannot be read, else "verification".
func Open(r io.ReaderAt, size int64, fileName string, l Limits) (*Package, error) {
	if problem := fileNameProblem(fileName); problem != "" {
		return nil, tree.NewError("", "package file name %q %s", fileName, problem)
	}
	p := &Package{fileName: fileName, size: size, limits: l.withDefaults()}
	if _, ok := strings.CutSuffix(fileName, ".tar.bz2"); ok {
		whole := &part{place: fileName, role: wholePackage, open: bzip2Part(r, size), memory: bzip2Memory}
		p.info, p.payload = whole, whole
		return p, nil
	}
	stem, ok := strings.CutSuffix(fileName, ".conda")
	if !ok {
		return nil, tree.NewError(fileName, "not a conda package: the name ends in neither .conda nor .tar.bz2").WithClass("usage")
	}
	z, err := openZip(r, size, fileName)
	if err != nil {
		return nil, err
	}
	if p.info, p.payload, err = z.parts(stem, p.limits); err != nil {
		return nil, err
	}
	return p, nil
}

// fileNameProblem says why a name is not one element of a path.
func fileNameProblem(name string) string {
	switch {
	case strings.ContainsAny(name, `/\`):
		return "has a slash"
	case tree.CheckPath(name) != nil:
		return "is unsafe"
	}
	return ""
}

// Escapes reports whether a symbolic link at linkPath, a path within a
// package, leaves the package's root by a relative target. An absolute target
// does not count: it is data that means the same wherever the link stands.
// Other links are not followed.
func Escapes(linkPath, target string) bool {
	if strings.HasPrefix(target, "/") {
		return false
	}
	depth := strings.Count(linkPath, "/")
	for element := range strings.SplitSeq(target, "/") {
		switch element {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}
