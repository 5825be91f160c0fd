package builder

import (
	"cmp"
	"context"
	"io"
	"path"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/devcontainer"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/layers/debbase"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/layers/gotool"
	"github.com/gophersnake/gophersnake/layers/gotools"
	"github.com/gophersnake/gophersnake/layers/wheels"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Inputs is what an environment has besides the lock: where locked things are
// opened, and what the user's own files and settings are.
type Inputs struct {
	Debs         debbase.Debs // may be nil without bases of Debian packages
	Archives     condaenv.Archives
	Wheels       wheels.Archives
	ToolchainZip func(ctx context.Context, t *lock.Toolchain) (Zip, error)
	Compile      func(ctx context.Context, b *cli.Binary, p platforms.Platform) (file string, err error)
	Archive      func(ctx context.Context, b *cli.Binary, p platforms.Platform, program string) (file string, err error) // of what Compile gave
	CompileTools func(ctx context.Context, tools []lock.Tool, p platforms.Platform) (files []string, err error)          // as in gotools.Env

	CondaPrefix  string
	GoInPrefix   bool        // toolchains lie inside CondaPrefix
	Permissions  Permissions // see there
	DropPyc      bool
	Strict       bool         // as in condaenv.Env
	Programs     []cli.Binary // sources hashed; the toolchain is filled in from the lock
	Files        []files.Source
	Owners       []string // of Files, by name or number
	Accounts     []files.Account
	User         string              // "" is the account nonroot
	Devcontainer *devcontainer.Entry // what is configured of it; nil is no label of ours
	Compression  tree.Compression
	Report       func(p platforms.Platform, plan *link.Plan) // may be nil
	Warn         func(text string)                           // may be nil
}

// Zip is an open toolchain zip.
type Zip interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// composer makes the layers of one image.
type composer struct {
	Inputs
	platform platforms.Platform
	lock     lock.Selection
	facts    *lock.Facts
	layers   []layers.Layer
	prefix   []layers.Layer // of layers: those that fill the conda prefix
	vars     []string       // as in Config
	startIn  string         // likewise
}

// Compose returns the image of one platform: the layers of everything that the
// lock and the inputs ask for, bottom to top (design.md §8), and its
// configuration. baseImage is nil for scratch and for a base of Debian packages.
func Compose(s lock.Selection, p platforms.Platform, baseImage v1.Image, in Inputs, conf Config) (Image, error) {
	c := &composer{Inputs: in, platform: p, lock: s, facts: &lock.Facts{}, vars: conf.Env, startIn: conf.WorkDir}
	if s.Base != nil {
		c.facts = &s.Base.Facts
	}
	c.accounts()
	if err := c.debian(); err != nil {
		return Image{}, err
	}
	below := base{row: s.Base, layers: len(c.layers)}
	for _, step := range []func() error{c.toolchain, c.tools, c.conda, c.files, c.programs, c.users} {
		if err := step(); err != nil {
			return Image{}, err
		}
	}
	user, err := c.user()
	if err != nil {
		return Image{}, err
	}
	conf.User = user
	if conf.Labels, err = c.labels(baseImage, conf.Labels); err != nil {
		return Image{}, err
	}
	conf.Without = c.without()
	conf.Env = environ(c.baseEnv(), s.Activation, append(c.home(), conf.Env...))
	if err := c.activation(&conf); err != nil {
		return Image{}, err
	}
	return Image{Platform: p, Base: baseImage, Layers: c.layers, Config: conf, base: below}, nil
}

// debian adds the layer of a base of Debian packages.
func (c *composer) debian() error {
	if b := c.lock.Base; b != nil && b.Suite != "" {
		c.layers = append(c.layers, debbase.Layer(debbase.Base{
			Platform: c.platform, Packages: c.lock.Debs, Compression: c.Compression, Debs: c.Debs,
		}))
	}
	return nil
}

// toolchain adds a layer for each Go of the image and, where there are several,
// one of the commands that call each by name.
func (c *composer) toolchain() error {
	var locked []*lock.Toolchain
	for i := range c.lock.Go {
		if t := &c.lock.Go[i]; t.Image && t.Source != lock.SourceConda { // that lies in conda's prefix
			locked = append(locked, t)
		}
	}
	var versions []string
	place := c.goPlace(len(locked) > 1)
	for _, t := range locked {
		c.layers = append(c.layers, c.toolchainLayer(t, c.facts.Resolve(trimRoot(place.Root(t.Version)))))
		versions = append(versions, t.Version)
	}
	if len(locked) < 2 {
		return nil
	}
	var links []files.File
	for _, h := range gotool.Commands(place, versions) {
		links = append(links, files.File{Header: h})
	}
	return c.add(files.Layer("go", "go commands", c.facts, c.Compression, links))
}

// goPlace says where the image's toolchains lie.
func (c *composer) goPlace(several bool) gotool.Place {
	p := gotool.Place{Platform: c.platform, Several: several}
	if c.GoInPrefix {
		p.Prefix = c.CondaPrefix
	}
	return p
}

func (c *composer) toolchainLayer(t *lock.Toolchain, root string) layers.Layer {
	key := layers.Key("go", c.Compression, struct {
		gotool.Description
		Base []tree.Header
	}{gotool.Describe(*t, root), layers.TreeDirs(c.facts, root)})
	content := func(ctx context.Context) (*layers.Content, error) { return c.toolchainContent(ctx, t, root, key) }
	return layers.Layer{Kind: "go", Name: t.Version, Key: key, Guess: t.Size, Content: content}
}

func (c *composer) toolchainContent(ctx context.Context, t *lock.Toolchain, root, key string) (*layers.Content, error) {
	zip, err := c.ToolchainZip(ctx, t)
	if err != nil {
		return nil, err
	}
	defer zip.Close()
	dirs, err := gotool.Dirs(zip, zip.Size(), root)
	if err != nil {
		return nil, err
	}
	write := func(ctx context.Context, w *tree.Writer) error {
		zip, err := c.ToolchainZip(ctx, t)
		if err != nil {
			return err
		}
		defer zip.Close()
		return gotool.Write(ctx, zip, zip.Size(), root, w)
	}
	return &layers.Content{Dirs: layers.Dirs(c.facts, dirs...), Fragments: []layers.Fragment{{Key: key, Write: write}}}, nil
}

// tools adds the layer of the Go tools.
func (c *composer) tools() error {
	if len(c.lock.Tools) == 0 {
		return nil
	}
	for _, b := range c.Programs {
		name, dir := cmp.Or(b.Name, cli.DefaultName(b.Package)), cmp.Or(b.Path, cli.DefaultPath)
		i := slices.IndexFunc(c.lock.Tools, func(t lock.Tool) bool { return t.Name() == name })
		if i >= 0 && trimRoot(dir) == gotools.Dir {
			return fault.New(fault.Usage, "go.tools", "tool %q and cli %q are both %s/%s", c.lock.Tools[i].Package, b.Package, dir, name).
				WithHint("give the cli another name or path")
		}
	}
	return c.add(gotools.Layer(gotools.Env{
		Platform: c.platform, Tools: c.lock.Tools, Go: c.lock.Go, Facts: c.facts, Compression: c.Compression, Compile: c.CompileTools,
	}))
}

// conda adds the layers of the conda environment, and of wheels in it.
func (c *composer) conda() error {
	env := condaenv.Env{
		Platform: c.platform, Prefix: c.CondaPrefix, Base: c.facts, Packages: c.lock.Conda, Groups: c.lock.Groups,
		DropPyc: c.DropPyc, Strict: c.Strict, GroupAsUser: c.Permissions == RootGroup, Compression: c.Compression, Archives: c.Archives, Warn: c.Warn,
	}
	if c.Permissions == Group {
		env.Group = files.GroupConda
	}
	if q := c.lock.Solve; q != nil {
		env.Specs, env.Variables = q.Specs, q.Variables
	}
	if c.Report != nil {
		env.Report = func(plan *link.Plan) { c.Report(c.platform, plan) }
	}
	conda := condaenv.New(env)
	ls, err := conda.Layers()
	if err != nil {
		return err
	}
	above, err := wheels.Layers(wheels.Env{Conda: conda, Wheels: c.lock.Wheels, Archives: c.Wheels})
	if err != nil {
		return err
	}
	hooks, err := c.hooks()
	c.prefix = slices.Concat(ls, above, hooks)
	c.layers = append(c.layers, c.prefix...)
	return err
}

// files adds the layer of [[files]].
func (c *composer) files() error {
	var all []files.File
	for i, src := range c.Files {
		uid, gid, err := files.UserID(c.facts, c.Accounts, c.Owners[i])
		if err != nil {
			return err
		}
		src.UID, src.GID = uid, gid
		fs, err := src.Files()
		if err != nil {
			return err
		}
		all = append(all, fs...)
	}
	if len(all) == 0 {
		return nil
	}
	return c.add(files.Layer("files", "files", c.facts, c.Compression, all))
}

// programs adds a layer for each [[cli]].
func (c *composer) programs() error {
	for _, b := range c.Programs {
		t := compiler(c.lock.Go)
		if t == nil {
			return fault.New(fault.Stale, "gophersnake.lock", "no Go toolchain for %s, which cli %q needs", c.platform, b.Name).WithHint("run gophersnake lock")
		}
		b.GoVersion, b.GoModule, b.GoH1 = t.Version, t.Name(), t.Hash()
		b.Path = "/" + c.facts.Resolve(trimRoot(cmp.Or(b.Path, cli.DefaultPath)))
		if b.Bundle != "" {
			b.Bundle = "/" + c.facts.Resolve(trimRoot(b.Bundle))
		}
		if err := c.program(b); err != nil {
			return err
		}
	}
	return nil
}

// compiler returns the toolchain that programs are compiled with: of an image
// with Go the newest that may compile, else the one that is locked for it. Rows
// are sorted by version.
func compiler(all []lock.Toolchain) (t *lock.Toolchain) {
	for i := range all {
		if u := &all[i]; u.Hash() != "" && u.Host && (t == nil || u.Image) {
			t = u
		}
	}
	return t
}

// program adds the layer of a program, and that of its bundle.
func (c *composer) program(b cli.Binary) error {
	d, err := b.Describe(c.platform)
	if err != nil {
		return err
	}
	c.compiled("cli", b.Title(), d, path.Dir(d.Path), func(ctx context.Context, w *tree.Writer) error {
		file, err := c.Compile(ctx, &b, c.platform)
		if err != nil {
			return err
		}
		return b.Write(file, w)
	})
	if b.Bundle == "" {
		return nil
	}
	if d, err = b.DescribeBundle(); err != nil {
		return err
	}
	c.compiled("bundle", b.Title(), d, path.Dir(d.Bundle), func(ctx context.Context, w *tree.Writer) error {
		archives, err := b.Archives(ctx, func(ctx context.Context, p platforms.Platform) (string, error) {
			program, err := c.Compile(ctx, &b, p)
			if err != nil {
				return "", err
			}
			return c.Archive(ctx, &b, p, program)
		})
		if err != nil {
			return err
		}
		return b.WriteBundle(ctx, archives, w)
	})
	return nil
}

// compiled adds a layer of files in one directory.
func (c *composer) compiled(kind, name string, d cli.Description, dir string, write func(context.Context, *tree.Writer) error) {
	dirs := layers.Dirs(c.facts, dir)
	key := layers.Key(kind, c.Compression, struct {
		cli.Description
		Dirs []tree.Header
	}{d, dirs})
	c.layers = append(c.layers, layers.Layer{Kind: kind, Name: name, Key: key, Content: func(context.Context) (*layers.Content, error) {
		return &layers.Content{Dirs: dirs, Fragments: []layers.Fragment{{Key: key, Write: write}}}, nil
	}})
}

func (c *composer) add(l layers.Layer, err error) error {
	if err == nil {
		c.layers = append(c.layers, l)
	}
	return err
}
