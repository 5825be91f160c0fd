package builder

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/devcontainer"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/layers/gotools"
	"github.com/gophersnake/gophersnake/lock"
)

// labels returns the image's own labels: those that are configured, and the one
// that tools of development containers read.
func (c *composer) labels(base v1.Image, configured map[string]string) (map[string]string, error) {
	if c.Devcontainer == nil {
		return configured, nil
	}
	below, err := c.baseEntries(base)
	if err != nil {
		return nil, err
	}
	if user := c.Devcontainer.RemoteUser; user != "" {
		if _, _, err := files.UserID(c.facts, c.Accounts, user); err != nil {
			return nil, err
		}
	}
	if !c.facts.Sh {
		c.warn("devcontainer: the base has no /bin/sh, which tools of development containers start images with")
	}
	entry := *c.Devcontainer
	entry.RemoteUser = c.userName(entry.RemoteUser)
	label, err := devcontainer.Label(below, entry.With(c.devcontainerFacts()))
	if err != nil {
		return nil, err
	}
	all := maps.Clone(configured)
	if all == nil {
		all = map[string]string{}
	}
	all[devcontainer.LabelName] = label
	return all, nil
}

// baseEntries returns the entries of the base's label. One that tools cannot
// read is left out with a warning: for them it is not there.
func (c *composer) baseEntries(base v1.Image) ([]json.RawMessage, error) {
	if base == nil {
		return nil, nil
	}
	file, err := base.ConfigFile()
	if err != nil {
		return nil, err
	}
	entries, err := devcontainer.Entries(file.Config.Labels[devcontainer.LabelName])
	if fault.ClassOf(err) == fault.Usage {
		c.warn("the base's label " + err.Error() + "; the image is made without it")
		return nil, nil
	}
	return entries, err
}

func (c *composer) devcontainerFacts() devcontainer.Facts {
	f := devcontainer.Facts{User: c.userName(c.User), Tools: map[string]string{}}
	for i := range c.lock.Go {
		switch t := &c.lock.Go[i]; {
		case t.Image && t.Source == lock.SourceConda:
			f.Go = path.Join(c.CondaPrefix, "bin/go")
		case t.Image && t.Default:
			f.Go = path.Join(c.goPlace(true).Bin(t.Version), "go")
		case t.Image && f.Go == "":
			f.Go = path.Join(c.goPlace(false).Bin(t.Version), "go")
		}
	}
	for _, t := range c.lock.Tools {
		f.Tools[t.Name()] = path.Join("/", gotools.Dir, t.Name())
	}
	if slices.ContainsFunc(c.lock.Conda, func(p lock.Conda) bool { return p.Name == "python" }) {
		f.Python = path.Join(c.CondaPrefix, "bin/python")
	}
	return f
}

// userName returns the name of a user that may be given by number: that of an
// account, or of the base. A number without a name stays.
func (c *composer) userName(user string) string {
	uid, err := strconv.Atoi(user)
	if err != nil {
		return user
	}
	if uid == 0 {
		return "root"
	}
	for _, a := range c.Accounts {
		if a.UID == uid {
			return a.Name
		}
	}
	for line := range strings.Lines(c.facts.Passwd) {
		if f := strings.Split(line, ":"); len(f) > 3 && f[2] == user {
			return f[0]
		}
	}
	return user
}

func (c *composer) warn(text string) {
	if c.Warn != nil {
		c.Warn(text)
	}
}
