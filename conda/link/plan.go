package link

import (
	"cmp"
	"context"
	"slices"

	"github.com/gophersnake/gophersnake/conda/archive"
)

// Package is one package of an environment: what phase A knows of it.
type Package struct {
	Record Record
	Meta   *archive.Meta

	// Listing returns the headers of the archive's files. It is called for a
	// package only where the target of one of its symbolic links matters for
	// others, since it may have to read the whole archive. It may be nil where
	// Meta.Links says all targets.
	Listing func(ctx context.Context) ([]archive.Entry, error)
}

// Plan is how the packages of an environment are linked.
type Plan struct {
	Descriptions []*Description // sorted by package name
	Clobbers     []Clobber      // paths that several packages have, sorted
	Scripts      []Script       // link scripts, none of which is run
	Warnings     []string       // what a user should know, one line each
	Python       *Python        // nil where the environment has none
}

// Clobber is a path that only one of several packages can have.
type Clobber struct {
	Path   string   // below the prefix
	Winner string   // name of the package that has the path, or one that blocks it
	Losers []string // names of the packages whose file is left out
}

// Script is a script that the package wants to be run when it is linked or
// unlinked.
type Script struct {
	Package string // name
	Path    string // in the archive
}

// Describe plans how packages are linked into an environment, from their
// metadata alone (phase A). It neither reads payloads nor writes anything.
//
// Errors are of type *tree.Error: class "usage" where the packages do not fit
// the environment, "verification" where a package is unsafe.
func Describe(ctx context.Context, env Environment, packages []Package) (*Plan, error) {
	packages = slices.Clone(packages)
	slices.SortFunc(packages, func(a, b Package) int { return cmp.Compare(a.Record.Name, b.Record.Name) })
	for i := 1; i < len(packages); i++ {
		if packages[i].Record.Name == packages[i-1].Record.Name {
			return nil, usage("", "package %q is listed twice: %s and %s", packages[i].Record.Name,
				packages[i-1].Record.Stem(), packages[i].Record.Stem())
		}
	}
	for i := range packages {
		if err := packages[i].Record.check(); err != nil {
			return nil, err
		}
	}
	t, err := newTarget(env, packages)
	if err != nil {
		return nil, err
	}
	p := &planner{target: t, packages: packages, order: topological(packages), plan: &Plan{Python: t.python}}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return p.plan, nil
}

// planner is the state of Describe.
type planner struct {
	*target
	packages []Package // sorted by name
	order    []int     // of packages, the strongest last
	files    [][]File  // of each package
	plan     *Plan
}

func (p *planner) run(ctx context.Context) error {
	p.files = make([][]File, len(p.packages))
	for i := range p.packages {
		files, err := p.expand(&p.packages[i])
		if err != nil {
			return err
		}
		p.files[i] = files
		for _, script := range p.packages[i].Meta.Scripts {
			p.plan.Scripts = append(p.plan.Scripts, Script{p.packages[i].Record.Name, script})
		}
	}
	if err := p.resolveParents(ctx); err != nil {
		return err
	}
	for i := range p.packages {
		if err := p.checkOwn(i); err != nil {
			return err
		}
	}
	p.settle()
	if err := p.checkCase(); err != nil {
		return err
	}
	for i := range p.packages {
		p.plan.Descriptions = append(p.plan.Descriptions, p.describe(i))
	}
	return nil
}

func (p *planner) describe(i int) *Description {
	slices.SortFunc(p.files[i], func(a, b File) int { return comparePaths(a.Path, b.Path) })
	record := p.packages[i].Record
	if record.Depends == nil {
		record.Depends = []string{} // one form, one key
	}
	return &Description{
		Rules:           Rules,
		System:          p.system,
		Prefix:          p.prefix,
		Root:            p.root,
		ClearGroupWrite: p.clearGroupWrite,
		GroupAsUser:     p.groupAsUser,
		Record:          record,
		Files:           p.files[i],
	}
}
