package link

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/tree"
)

// maxLinks is how many symbolic links a path may lead through, as in Linux
// (MAXSYMLINKS).
const maxLinks = 40

// resolveParents gives every file whose parent directory is another package's
// symbolic link the path behind the link: tar has no order between layers that
// would keep both. A link to nothing that the environment has as a directory
// stays what it is, and settle decides who has the path.
func (p *planner) resolveParents(ctx context.Context) error {
	links, err := p.directoryLinks(ctx)
	if err != nil || len(links) == 0 {
		return err
	}
	for i := range p.files {
		stem := p.packages[i].Record.Stem()
		for k := range p.files[i] {
			f := &p.files[i][k]
			resolved, err := follow(f.Path, links)
			if err != nil {
				return tree.NewError(stem, "%w", err)
			}
			if resolved != f.Path {
				p.warn(stem, f.Path, "installed as "+resolved+", since a package makes a directory of it a symbolic link")
				f.Path = resolved
			}
		}
	}
	return nil
}

// follow resolves the directories of a path.
func follow(p string, links map[string]string) (string, error) {
	start := p
	for range maxLinks {
		next := p
		for dir := range tree.Parents(p) {
			if target, ok := links[dir]; ok {
				next = path.Join(target, p[len(dir):])
				break
			}
		}
		if next == p {
			return p, nil
		}
		p = next
	}
	return "", tree.NewError("", "%s: symbolic links in its path form a loop", start)
}

// directoryLinks returns the symbolic links that stand where other packages
// have a directory, with their targets below the prefix.
func (p *planner) directoryLinks(ctx context.Context) (map[string]string, error) {
	dirs := p.directories()
	links := map[string]string{}
	owners := p.linkOwners(dirs)
	for _, at := range slices.Sorted(maps.Keys(owners)) {
		i := owners[at].pkg
		target, err := p.linkTarget(ctx, i, owners[at].source)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(target, p.prefix+"/") {
			target = path.Clean(target[len(p.prefix)+1:])
		} else if path.IsAbs(target) || archive.Escapes(at, target) {
			return nil, tree.NewError(p.packages[i].Record.Stem(),
				"%s: other packages have files below this symbolic link, which leaves the prefix: %q", at, target)
		} else {
			target = path.Join(path.Dir(at), target)
		}
		if _, isLink := owners[target]; dirs[target] || isLink {
			links[at] = target
		}
	}
	return links, nil
}

// owner is the package whose symbolic link has a path.
type owner struct {
	pkg    int
	source string
}

// linkOwners returns the symbolic links at paths that are directories too,
// where the strongest package with a file there has a link.
func (p *planner) linkOwners(dirs map[string]bool) map[string]owner {
	owners := map[string]owner{}
	for _, i := range p.order {
		for k := range p.files[i] {
			f := &p.files[i][k]
			switch {
			case !dirs[f.Path] || f.Type == typeDir:
			case f.Type == typeLink:
				owners[f.Path] = owner{i, f.Source}
			default:
				delete(owners, f.Path)
			}
		}
	}
	return owners
}

// directories returns all directories that files need or packages list.
func (p *planner) directories() map[string]bool {
	dirs := map[string]bool{}
	for i := range p.files {
		for k := range p.files[i] {
			f := &p.files[i][k]
			for dir := range tree.Parents(f.Path) {
				dirs[dir] = true
			}
			if f.Type == typeDir {
				dirs[f.Path] = true
			}
		}
	}
	return dirs
}

// linkTarget returns the target of a symbolic link of package i.
func (p *planner) linkTarget(ctx context.Context, i int, source string) (string, error) {
	pkg := &p.packages[i]
	for _, l := range pkg.Meta.Links {
		if l.Path == source {
			return l.Target, nil
		}
	}
	if pkg.Listing != nil {
		entries, err := pkg.Listing(ctx)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if e.Path == source {
				return e.Target, nil
			}
		}
	}
	return "", tree.NewError(pkg.Record.Stem(), "%s: the archive does not have this symbolic link", source)
}
