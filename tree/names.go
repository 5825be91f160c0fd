package tree

// names knows every path of a fragment, and every directory above one.
type names map[string]nameKind

type nameKind uint8

const (
	nameParent nameKind = iota + 1
	nameFile
	nameSymlink
)

// add records an entry, or refuses it where two cannot exist together.
func (n names) add(h Header) error {
	switch n[h.Path] {
	case nameFile, nameSymlink:
		return NewError(h.Path, "path exists twice")
	case nameParent:
		return NewError(h.Path, "path is a directory of another file")
	}
	for dir := range Parents(h.Path) {
		switch n[dir] {
		case nameFile:
			return NewError(h.Path, "path is below the file %q", dir)
		case nameSymlink:
			return NewError(h.Path, "path is below the symlink %q", dir)
		}
		n[dir] = nameParent
	}
	n[h.Path] = nameFile
	if h.Kind == Symlink {
		n[h.Path] = nameSymlink
	}
	return nil
}
