package importer

import (
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// Explicit reads an @EXPLICIT file (CEP 23): a URL or path of a package a
// line, each with an optional hash.
//
// The file is for target. A zero target means that the file says so itself, in
// a "# platform:" comment or with the subdirs of its packages.
func Explicit(fileName string, data []byte, target platforms.Platform) ([]Imported, error) {
	r := &explicitReader{file: yamltree.File(fileName), target: target}
	if len(data) > MaxSize {
		return nil, r.file.Usage(0, "file has more than %d MiB", MaxSize>>20)
	}
	line := 0
	for text := range strings.Lines(string(data)) {
		line++
		if err := r.read(line, strings.TrimSpace(text)); err != nil {
			return nil, err
		}
	}
	if !r.explicit {
		return nil, r.file.Usage(0, "no line says @EXPLICIT").
			WithHint("a list of match specifications belongs in dependencies; `conda list --explicit` writes an explicit file")
	}
	return r.finish()
}

// explicitReader is the state between lines.
type explicitReader struct {
	file     yamltree.File
	target   platforms.Platform
	explicit bool // @EXPLICIT was there
	list     []Imported
	bad      error // the first bad line; told only if the file is explicit at all
}

func (r *explicitReader) read(line int, text string) error {
	switch {
	case text == "":
	case text == "@EXPLICIT":
		r.explicit = true
	case strings.HasPrefix(text, "#"):
		return r.comment(line, strings.TrimSpace(strings.TrimLeft(text, "#")))
	default:
		if i, err := r.requirement(line, text); err == nil {
			r.list = append(r.list, i)
		} else if r.bad == nil {
			r.bad = err
		}
	}
	return nil
}

// comment reads the two comments that have a meaning: the platform, and
// conda-lock's "# pip NAME @ URL", which must not get lost in silence.
func (r *explicitReader) comment(line int, text string) error {
	if strings.HasPrefix(text, "pip ") && strings.Contains(text, " @ ") && r.bad == nil {
		r.bad = r.file.Usage(line, "a wheel of conda-lock, which an explicit file cannot lock").
			WithHint("import the conda-lock.yml that the file was made from")
	}
	subdir, ok := strings.CutPrefix(text, "platform:")
	if !ok {
		return nil
	}
	p, err := platforms.BySubdir(strings.TrimSpace(subdir))
	if err != nil {
		return r.file.Usage(line, "%w", err)
	}
	if r.target != (platforms.Platform{}) && r.target != p {
		return fault.New(fault.Stale, r.file.At(line), "file is for %s, not for %s", p.Subdir(), r.target.Subdir())
	}
	r.target = p
	return nil
}

func (r *explicitReader) requirement(line int, text string) (Imported, error) {
	i := Imported{Platform: r.target, Line: line}
	where, hash, hashed := strings.Cut(text, "#")
	if hashed {
		digits, prefixed := strings.CutPrefix(hash, "sha256:")
		switch {
		case isHex(digits, 64):
			i.SHA256 = digits
		case isHex(digits, 32) && !prefixed:
			i.MD5 = digits
		default:
			return i, r.file.Usage(line, "hash %q is neither 32 (MD5) nor 64 (SHA-256) lower-case hex digits", hash)
		}
	}
	if !strings.ContainsAny(where, `/\`) && !strings.HasSuffix(where, ".conda") && !strings.HasSuffix(where, ".tar.bz2") {
		return i, r.file.Usage(line, "%q is not a URL: an explicit file cannot hold match specifications", where).
			WithHint("put it in dependencies")
	}
	return i, i.setURL(r.file, where)
}

// finish checks what only the whole file tells.
func (r *explicitReader) finish() ([]Imported, error) {
	if r.bad != nil {
		return nil, r.bad
	}
	if r.target == (platforms.Platform{}) {
		for _, i := range r.list {
			if p, err := platforms.BySubdir(i.Subdir); err == nil {
				r.target = p
				break
			}
		}
	}
	if r.target == (platforms.Platform{}) {
		return nil, r.file.Usage(0, "neither a comment nor a package tells the platform").
			WithHint("add a line such as # platform: linux-64")
	}
	for n := range r.list {
		r.list[n].Platform = r.target
		if err := r.list[n].fits(r.file); err != nil {
			return nil, err
		}
	}
	return unique(r.file, r.list)
}
