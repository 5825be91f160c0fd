package builder

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/tree"
)

// Permissions says who may write what of an image besides root and the owner.
// GOROOT is for nobody to write. GOPATH stands for the directories that the go
// command writes to: those of GOPATH with bin, pkg and src, and GOBIN, GOCACHE,
// GOMODCACHE and GOTMPDIR where they are set, less what is in the prefix.
//
//	            GOPATH             prefix                  homes, workdir
//	readonly    2775 0:901 golang  as packaged, 0755 0:0   0700 uid:gid, the base's
//	group       2775 0:901 golang  2775 0:900 conda        0700 uid:gid, the base's
//	root-group  0775 0:0           0775 0:0, files g=u     0770 uid:0, 0775 uid:0
//
// Of the prefix it is the directories that change, for whoever may write them
// replaces the files in them; so images of readonly and group share the layers
// of packages, and a small layer above all others lists the directories anew.
// root-group is for platforms that run an image as any user of group 0: modes of
// files are part of layers, which no other image shares then.
type Permissions string

// The permissions; "" is ReadOnly.
const (
	ReadOnly  Permissions = "readonly"
	Group     Permissions = "group"
	RootGroup Permissions = "root-group"
)

// goDirs returns the directories that the go command writes to.
func (c *composer) goDirs() (all []files.File) {
	mode, gid := int64(0o2775), files.GroupGolang
	if c.Permissions == RootGroup {
		mode, gid = 0o775, 0
	}
	add := func(dir string) {
		prefix := path.Clean("/" + c.CondaPrefix)
		if path.IsAbs(dir) && dir != prefix && !strings.HasPrefix(dir, prefix+"/") {
			all = append(all, files.File{Header: tree.Header{Path: trimRoot(dir), Kind: tree.Dir, Mode: mode, GID: gid}})
		}
	}
	set := c.set()
	gopath := set["GOPATH"]
	if gopath == "" {
		gopath = "/go"
	}
	for dir := range strings.SplitSeq(gopath, ":") {
		for _, below := range []string{"", "bin", "pkg", "src"} {
			add(path.Join(dir, below))
		}
	}
	for _, key := range []string{"GOBIN", "GOCACHE", "GOMODCACHE", "GOTMPDIR"} {
		add(set[key])
	}
	return all
}

// set returns the variables that activation and the configuration set: not the
// base's, whose directories are its own.
func (c *composer) set() map[string]string {
	all := map[string]string{}
	own := c.vars
	if c.lock.Activation != nil {
		own = slices.Concat(c.lock.Activation.Env, own)
	}
	for _, kv := range own {
		key, value, _ := strings.Cut(kv, "=")
		all[key] = value
	}
	return all
}

// workdir returns the directory that commands start in where group 0 may write
// it. One of the base keeps its owner and what it permits.
func (c *composer) workdir() ([]files.File, error) {
	dir := c.facts.Resolve(trimRoot(c.startIn))
	if c.Permissions != RootGroup || c.startIn == "" || dir == "." {
		return nil, nil
	}
	h := tree.Header{Path: dir, Kind: tree.Dir, Mode: 0o775}
	var err error
	if d := c.facts.Attr(dir); d.Mode != 0o755 || d.UID != 0 || d.GID != 0 {
		h.Mode, h.UID = d.Mode|d.Mode>>3&0o070, d.UID
	} else if h.UID, _, err = files.UserID(c.facts, c.Accounts, c.User); err != nil {
		return nil, err
	}
	return []files.File{{Header: h}}, nil
}

// member makes the account that the image runs as one of the groups that may
// write.
func (c *composer) member() {
	i := slices.IndexFunc(c.Accounts, c.runsAs)
	switch {
	case c.Permissions == RootGroup:
		c.Accounts = slices.Clone(c.Accounts)
		for i := range c.Accounts {
			c.Accounts[i].RootGroup = true
		}
	case c.Permissions == Group && i >= 0:
		c.Accounts = slices.Clone(c.Accounts)
		a := &c.Accounts[i]
		a.Groups = slices.Clone(a.Groups)
		for group, used := range map[string]bool{"conda": len(c.lock.Conda) > 0, "golang": c.hasGo()} {
			if used && !slices.Contains(a.Groups, group) {
				a.Groups = append(a.Groups, group)
			}
		}
		slices.Sort(a.Groups)
	}
}

// home returns the variable HOME of images that any user runs: one without an
// account has none that it can write to. The home of an account that the base
// has is the base's.
func (c *composer) home() []string {
	i := slices.IndexFunc(c.Accounts, c.runsAs)
	if i < 0 || c.Permissions != RootGroup {
		return nil
	}
	if _, _, err := files.UserID(c.facts, nil, c.Accounts[i].Name); err == nil {
		return nil
	}
	return []string{"HOME=/home/" + c.Accounts[i].Name}
}

// shared adds the layer that lets a group write the directories of the prefix,
// which are those of the given layers. Of these it knows no more than their keys
// until it is made.
func (c *composer) shared(prefix string, below []layers.Layer) {
	var mode int64
	gid := 0
	switch c.Permissions {
	case Group:
		mode, gid = 0o2775, files.GroupConda
	case RootGroup:
		mode = 0o775
	}
	if mode == 0 || len(below) == 0 {
		return
	}
	keys := make([]string, len(below))
	for i, l := range below {
		keys[i] = l.Key
	}
	key := layers.Key("permissions", c.Compression, struct {
		Root     string
		Mode     int64
		GID      int
		Layers   []string
		BaseDirs []tree.Header
	}{prefix, mode, gid, keys, layers.TreeDirs(c.facts, prefix)})
	c.layers = append(c.layers, layers.Layer{Kind: "permissions", Name: "permissions", Key: key, Content: func(ctx context.Context) (*layers.Content, error) {
		var paths []string
		for _, l := range below {
			content, err := l.Content(ctx)
			if err != nil {
				return nil, err
			}
			for _, d := range content.Dirs {
				paths = append(paths, d.Path)
			}
		}
		dirs := layers.Dirs(c.facts, paths...)
		for i, d := range dirs {
			if d.Path == prefix || strings.HasPrefix(d.Path, prefix+"/") {
				dirs[i].Mode, dirs[i].UID, dirs[i].GID = mode, 0, gid
			}
		}
		return &layers.Content{Dirs: dirs}, nil
	}})
}
