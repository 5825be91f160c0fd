package archive

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Meta is all that linking needs to know of a package before its files. It is
// plain data: encoding/json reads back what it wrote.
type Meta struct {
	Index        Index        `json:"index"`
	Paths        []Path       `json:"paths,omitempty"`          // in the order of info/paths.json, info/files, or the archive
	HasPathsJSON bool         `json:"has_paths_json,omitempty"` // Paths come from info/paths.json
	NoarchPython bool         `json:"noarch_python,omitempty"`  // a noarch python package, for one subdir (CEP 20) or all
	EntryPoints  []string     `json:"entry_points,omitempty"`   // "command = module:function" of info/link.json, verbatim and unchecked
	Scripts      []string     `json:"scripts,omitempty"`        // paths of link scripts, as in Paths; none is ever run
	Links        []LinkTarget `json:"links,omitempty"`          // every symbolic link, of a .tar.bz2 or a package without info/paths.json; see Package.Listing
	Menus        []string     `json:"menus,omitempty"`          // paths Menu/*.json
	ActivateD    []string     `json:"activate_d,omitempty"`     // paths of files in etc/conda/activate.d
}

// LinkTarget is a symbolic link of the payload and its target, verbatim.
type LinkTarget struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Entry is a file or symbolic link of the payload as its header describes it.
type Entry struct {
	tree.Header        // of a hard link: its source's size, mode and time
	Source      string // of a hard link: the path of the file whose bytes it has
}

// metadataFiles are the files below info/ that are read (CEP 34).
var metadataFiles = []string{indexFile, pathsFile, linkFile, filesFile, prefixFile, noLinkFile}

const (
	indexFile  = "info/index.json"
	pathsFile  = "info/paths.json"
	linkFile   = "info/link.json"
	filesFile  = "info/files"
	prefixFile = "info/has_prefix"
	noLinkFile = "info/no_link"
)

// Meta reads the package's metadata: the info archive of a .conda, and its
// payload's headers too where it has no info/paths.json; all of a .tar.bz2, in
// one pass that serves Listing as well. The result is kept and shared: do not
// change it.
func (p *Package) Meta(ctx context.Context) (*Meta, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.meta != nil {
		return p.meta, nil
	}
	if err := p.loadInfo(ctx); err != nil {
		return nil, err
	}
	needsListing := p.files[pathsFile] == nil || p.info == p.payload
	if needsListing {
		if err := p.loadListing(ctx); err != nil {
			return nil, err
		}
	}
	m, err := p.buildMeta(needsListing)
	if err != nil {
		return nil, err
	}
	p.meta, p.files = m, nil
	return m, nil
}

// Listing returns the payload's headers: what Walk would visit, in its order.
// It takes one pass over the payload, once. The result is shared: do not
// change it.
func (p *Package) Listing(ctx context.Context) ([]Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.loadListing(ctx); err != nil {
		return nil, err
	}
	return p.entries, nil
}

// loadInfo reads the metadata files, once.
func (p *Package) loadInfo(ctx context.Context) error {
	if p.files != nil {
		return nil
	}
	if p.info == p.payload {
		return p.loadListing(ctx)
	}
	files := map[string][]byte{}
	if err := p.scan(ctx, p.info, p.collect(files)); err != nil {
		return err
	}
	p.files = files
	return nil
}

// loadListing reads the payload's headers, once; of a .tar.bz2 the metadata
// files too.
func (p *Package) loadListing(ctx context.Context) error {
	if p.listed {
		return nil
	}
	var entries []Entry
	files := map[string][]byte{}
	collect := p.collect(files)
	err := p.scan(ctx, p.payload, func(m *member, content io.Reader) error {
		if strings.HasPrefix(m.Path, "info/") {
			return collect(m, content)
		}
		entries = append(entries, Entry{Header: m.Header, Source: m.source})
		return nil
	})
	if err != nil {
		return err
	}
	p.entries, p.listed = entries, true
	if p.info == p.payload && p.meta == nil {
		p.files = files
	}
	return nil
}

// collect returns a visitor that keeps the metadata files.
func (p *Package) collect(files map[string][]byte) visitFunc {
	return func(m *member, content io.Reader) error {
		if m.Kind != tree.File || !slices.Contains(metadataFiles, m.Path) {
			return nil
		}
		limit := int64(maxMetadata)
		if m.Path == pathsFile || m.Path == filesFile || m.Path == prefixFile {
			limit = maxPathList
		}
		if m.Size > limit {
			return p.errorIn(m.Path, "is larger than %d bytes", limit)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		files[m.Path] = text
		return nil
	}
}

func (p *Package) errorIn(file, format string, args ...any) error {
	return tree.NewError(p.fileName+": "+file, format, args...)
}

// buildMeta puts the metadata files together.
func (p *Package) buildMeta(listed bool) (*Meta, error) {
	m := &Meta{}
	text, ok := p.files[indexFile]
	if !ok {
		return nil, tree.NewError(p.fileName, "has no %s", indexFile)
	}
	var err error
	if m.Index, err = parseIndex(text); err != nil {
		return nil, p.errorIn(indexFile, "%w", err)
	}
	var link linkInfo
	if text, ok := p.files[linkFile]; ok {
		if link, err = parseLink(text); err != nil {
			return nil, p.errorIn(linkFile, "%w", err)
		}
	}
	m.NoarchPython = m.Index.Noarch == "python" || link.noarch == "python"
	m.EntryPoints = link.entryPoints
	if text, ok := p.files[pathsFile]; ok {
		m.HasPathsJSON = true
		if m.Paths, err = parsePaths(text); err != nil {
			return nil, p.errorIn(pathsFile, "%w", err)
		}
	} else if m.Paths, err = p.derivePaths(); err != nil {
		return nil, err
	}
	if listed {
		for _, e := range p.entries {
			if e.Kind == tree.Symlink {
				m.Links = append(m.Links, LinkTarget{Path: e.Path, Target: e.Target})
			}
		}
	}
	m.classify()
	return m, nil
}

// classify sorts out the paths that reports name.
func (m *Meta) classify() {
	for _, p := range m.Paths {
		dir, base := "", p.Path
		if i := strings.LastIndexByte(p.Path, '/'); i >= 0 {
			dir, base = p.Path[:i], p.Path[i+1:]
		}
		switch {
		case m.isLinkScript(dir, base):
			m.Scripts = append(m.Scripts, p.Path)
		case dir == "Menu" && strings.HasSuffix(base, ".json"):
			m.Menus = append(m.Menus, p.Path)
		case dir == "etc/conda/activate.d" && p.Type != Directory:
			m.ActivateD = append(m.ActivateD, p.Path)
		}
	}
}

// isLinkScript reports whether conda would run the file when it links or
// unlinks the package: bin/.NAME-ACTION.sh or Scripts/.NAME-ACTION.bat. Both
// come from python-scripts in a noarch python package.
func (m *Meta) isLinkScript(dir, base string) bool {
	rest, ok := strings.CutPrefix(base, "."+m.Index.Name+"-")
	if !ok {
		return false
	}
	action, extension, _ := strings.Cut(rest, ".")
	switch action {
	case "pre-link", "post-link", "pre-unlink", "post-unlink":
	default:
		return false
	}
	switch dir {
	case "bin":
		return extension == "sh"
	case "Scripts":
		return extension == "bat"
	case "python-scripts":
		return m.NoarchPython && (extension == "sh" || extension == "bat")
	}
	return false
}
