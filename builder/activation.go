package builder

import "github.com/gophersnake/gophersnake/layers/activation"

// activation adds the layer that login shells and the entry point find the
// environment by, and has the entry point source what has to be sourced where
// the image runs (design.md §11). It is the last layer, and conf is complete.
func (c *composer) activation(conf *Config) error {
	a := c.lock.Activation
	if a == nil {
		return nil
	}
	l, ok, err := activation.Layer(activation.Env{
		Facts: c.facts, Vars: conf.Env, Prefix: c.CondaPrefix, Dynamic: a.Dynamic, Compression: c.Compression,
	})
	if err != nil || !ok {
		return err
	}
	c.layers = append(c.layers, l)
	if len(a.Dynamic) > 0 {
		conf.Before = []string{"/" + c.facts.Resolve(activation.EntryPath)}
	}
	return nil
}

// without returns the variables of the base that an image must not have: what
// activation unsets, and with a Go of ours another toolchain's GOROOT (design.md
// §10).
func (c *composer) without() []string {
	var names []string
	if c.hasGo() {
		names = append(names, "GOROOT")
	}
	if c.lock.Activation != nil {
		names = append(names, c.lock.Activation.Unset...)
	}
	return names
}
