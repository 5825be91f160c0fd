package archive

import (
	"archive/tar"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/tree"
)

// member is a checked entry of a tar archive: a file or symbolic link below
// info/ or of the payload.
type member struct {
	tree.Header
	index  int    // position in the tar archive
	source string // of a hard link: the file whose bytes it has
	linked int    // of a hard link: the index of source
	repeat int    // index of an earlier member at this path, or -1
}

// known is what the checks remember of a path.
type known struct {
	size, modTime int64
	source        string // of a hard link: the file whose bytes it has
	mode          int32
	index         int32 // of a file: of the entry that has its bytes
	kind          tree.Kind
}

// admission decides which entries of one tar archive are taken. It keeps what
// it needs of all earlier entries, within the limits.
type admission struct {
	part    *part
	limits  Limits
	paths   map[string]known
	targets map[string]string // of symbolic links
	content *budget           // what the members claim to hold; sparse files may claim much
	names   int
	count   int
}

func newAdmission(p *part, l Limits, packed int64) *admission {
	return &admission{
		part: p, limits: l, content: newBudget(l, packed),
		paths: map[string]known{}, targets: map[string]string{},
	}
}

func (a *admission) errorf(format string, args ...any) error {
	return tree.NewError(a.part.place, format, args...)
}

// admit checks an entry. It returns nil for one that is no member: a directory
// or a comment.
func (a *admission) admit(h *tar.Header) (*member, error) {
	index := a.count
	if a.count++; a.count > a.limits.Members {
		return nil, a.tooMany()
	}
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil, a.checkGlobal(h)
	}
	name, err := a.cleanName(h)
	if err != nil || name == "" {
		return nil, err
	}
	m := &member{index: index, linked: -1, repeat: -1, Header: tree.Header{
		Path: name, Mode: h.Mode & 0o7777, ModTime: h.ModTime.Unix(),
	}}
	if err := a.checkType(h, m); err != nil {
		return nil, err
	}
	if err := a.checkPlace(m); err != nil {
		return nil, err
	}
	if !a.content.take(m.Size) {
		return nil, a.part.tooLarge(a.content)
	}
	if m.Kind == tree.Dir {
		return nil, nil
	}
	return m, nil
}

func (a *admission) tooMany() error {
	return a.errorf("has more than %d files and directories", a.limits.Members)
}

// checkGlobal refuses a pax global header that changes the entries behind it:
// not all readers apply it.
func (a *admission) checkGlobal(h *tar.Header) error {
	for key := range h.PAXRecords {
		if key != "comment" {
			return a.errorf("has a pax global header with %q", key)
		}
	}
	return nil
}

// cleanName returns the path of an entry, or "" for the root directory.
func (a *admission) cleanName(h *tar.Header) (string, error) {
	name := cutDot(h.Name)
	if h.Typeflag == tar.TypeDir {
		name = strings.TrimRight(name, "/")
		if name == "" || name == "." {
			if strings.HasPrefix(h.Name, "/") {
				return "", a.errorf("path %q is absolute", h.Name)
			}
			return "", nil
		}
	}
	if err := tree.CheckPath(name); err != nil {
		return "", a.errorf("%w", err)
	}
	if a.names += len(name) + len(h.Linkname); a.names > maxNames {
		return "", a.errorf("has more than %d bytes of paths", maxNames)
	}
	inInfo := name == "info" || strings.HasPrefix(name, "info/")
	switch {
	case name == "info" && h.Typeflag != tar.TypeDir:
		return "", a.errorf("info is not a directory")
	case a.part.role == infoOnly && !inInfo:
		return "", a.errorf("path %q is not below info/", name)
	case a.part.role == payloadOnly && slices.Contains(metadataFiles, name):
		return "", a.errorf("path %q belongs into the other tar archive", name)
	}
	return name, nil
}

// cutDot cuts a leading "./", which some tools write.
func cutDot(name string) string {
	if rest, ok := strings.CutPrefix(name, "./"); ok {
		return rest
	}
	return name
}

// checkType sets what depends on the entry's type.
func (a *admission) checkType(h *tar.Header, m *member) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		m.Kind, m.Size = tree.File, h.Size
	case tar.TypeDir:
		m.Kind = tree.Dir
	case tar.TypeSymlink:
		m.Kind, m.Target = tree.Symlink, h.Linkname
		if problem := targetProblem(h.Linkname); problem != "" {
			return a.errorf("target %q of the symbolic link %q %s", h.Linkname, m.Path, problem)
		}
	case tar.TypeLink:
		return a.resolveHardLink(h, m)
	case tar.TypeChar, tar.TypeBlock:
		return a.errorf("%q is a device", m.Path)
	case tar.TypeFifo:
		return a.errorf("%q is a named pipe", m.Path)
	default:
		return a.errorf("%q has the unknown tar entry type %q", m.Path, h.Typeflag)
	}
	return nil
}

func targetProblem(target string) string {
	switch {
	case target == "":
		return "is empty"
	case len(target) > tree.MaxPath:
		return "is longer than 4096 bytes"
	case !utf8.ValidString(target):
		return "is not UTF-8"
	case strings.ContainsFunc(target, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return "has a control character"
	}
	return ""
}

// resolveHardLink makes a member of a hard link: a file like its source, which
// must be an earlier file of the archive.
func (a *admission) resolveHardLink(h *tar.Header, m *member) error {
	source := cutDot(h.Linkname)
	if err := tree.CheckPath(source); err != nil {
		return a.errorf("hard link %q: %w", m.Path, err)
	}
	k, ok := a.paths[source]
	switch {
	case !ok:
		return a.errorf("hard link %q: its source %q is no earlier member", m.Path, source)
	case k.kind != tree.File:
		return a.errorf("hard link %q: its source %q is not a file", m.Path, source)
	}
	m.Kind, m.Size, m.Mode, m.ModTime = tree.File, k.size, int64(k.mode), k.modTime
	m.source, m.linked = source, int(k.index)
	if k.source != "" {
		m.source = k.source
	}
	return nil
}

// checkPlace finds collisions with earlier members and remembers this one.
func (a *admission) checkPlace(m *member) error {
	for dir := range tree.Parents(m.Path) {
		switch k, ok := a.paths[dir]; {
		case !ok:
			a.paths[dir] = known{kind: tree.Dir}
		case k.kind == tree.Symlink:
			return a.errorf("path %q goes through the symbolic link %q", m.Path, dir)
		case k.kind == tree.File:
			return a.errorf("path %q is below the file %q", m.Path, dir)
		}
	}
	k, ok := a.paths[m.Path]
	switch {
	case ok && k.kind == tree.Dir && m.Kind == tree.Dir:
		return nil
	case ok && k.kind == tree.Dir, ok && m.Kind == tree.Dir:
		return a.errorf("path %q is a directory and something else", m.Path)
	case ok:
		return a.checkRepeat(k, m)
	}
	if m.Kind == tree.Symlink {
		a.targets[m.Path] = m.Target
	}
	index := m.index
	if m.source != "" {
		index = m.linked
	}
	a.paths[m.Path] = known{
		size: m.Size, modTime: m.ModTime, mode: int32(m.Mode),
		index: int32(index), kind: m.Kind, source: m.source,
	}
	if len(a.paths) > a.limits.Members {
		return a.tooMany()
	}
	return nil
}

// checkRepeat lets a second member at one path pass if it equals the first, so
// far as the headers tell. Contents are left to the caller.
func (a *admission) checkRepeat(k known, m *member) error {
	same := k.kind == m.Kind && k.source == "" && m.source == "" && k.size == m.Size &&
		k.modTime == m.ModTime && int64(k.mode) == m.Mode && a.targets[m.Path] == m.Target
	if !same {
		return a.differs(m)
	}
	m.repeat = int(k.index)
	return nil
}

func (a *admission) differs(m *member) error {
	return a.errorf("path %q occurs twice, and differs", m.Path)
}
