package resolve

import (
	"context"
	"slices"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// longestPython is the most bytes of a prefix behind which "#!PREFIX/bin/python3.14"
// is still a first line that Linux reads; conda/link starts Python by /bin/sh
// where it is not.
const longestPython = 127 - len("#!/bin/python3.14")

// shell checks that a base has the /bin/sh that the commands of Python packages
// begin with where the prefix is too long for the kernel.
func (s *resolver) shell(_ context.Context, env *spec.Environment) error {
	if len(env.Conda.Prefix) <= longestPython {
		return nil
	}
	for _, p := range env.Image.Platforms {
		now := (&lock.Lock{Base: s.lock.Base, Conda: s.lock.Conda}).For(env.Name, p)
		if now.Base != nil && now.Base.Sh {
			continue
		}
		i := slices.IndexFunc(now.Conda, func(c lock.Conda) bool { return c.Noarch == "python" })
		if i >= 0 {
			c := now.Conda[i]
			return fault.New(fault.Unsatisfiable, where(env.Name, p), "commands of package %s-%s-%s need /bin/sh, because a prefix of %d bytes is too long for a first line, and the base has none",
				c.Name, c.Version, c.Build, len(env.Conda.Prefix)).
				WithHint("choose a base with /bin/sh, or a [conda] prefix of at most %d bytes", longestPython)
		}
	}
	return nil
}
