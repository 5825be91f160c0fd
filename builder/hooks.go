package builder

import (
	"path"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/shell"
)

// hooks returns the layer of the scripts by which conda, mamba and micromamba
// load the image's Go when they activate the environment (shell.Hook), or none
// where there is no Go, no environment, or no shell.
func (c *composer) hooks() ([]layers.Layer, error) {
	if c.lock.Activation == nil || len(c.lock.Conda) == 0 || !c.hasGo() || !c.facts.Sh {
		return nil, nil
	}
	hooks, err := shell.Hooks(c.CondaPrefix, c.lock.Activation.Env)
	if err != nil {
		return nil, fault.New(fault.Usage, "go.env", "%w", err)
	}
	var all []files.File
	for _, h := range hooks {
		all = append(all, files.Text(path.Join(trimRoot(c.CondaPrefix), h.Path), 0o644, []byte(h.Text)))
	}
	l, err := files.Layer("hooks", "conda hooks", c.facts, c.Compression, all)
	return []layers.Layer{l}, err
}
