package resolve

import (
	"context"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// longestPython is the most bytes of a prefix behind which "#!PREFIX/bin/python3.14"
// is still a first line that Linux reads; conda/link starts Python by /bin/sh
// where it is not.
const longestPython = 127 - len("#!/bin/python3.14")

// shell checks that a base has the /bin/sh that the commands of Python packages
// and of wheels begin with where the prefix is too long for the kernel. Programs
// that are packaged as scripts of sh are not known before they are read.
func (s *resolver) shell(_ context.Context, env *spec.Environment) error {
	if len(env.Conda.Prefix) <= longestPython {
		return nil
	}
	for _, p := range env.Image.Platforms {
		now := (&lock.Lock{Base: s.lock.Base, Conda: s.lock.Conda, Wheel: s.lock.Wheel}).For(env.Name, p)
		if now.Base != nil && now.Base.Sh {
			continue
		}
		if who := commands(now); who != "" {
			return fault.New(fault.Unsatisfiable, where(env.Name, p), "commands of %s need /bin/sh, because a prefix of %d bytes is too long for a first line, and the base has none",
				who, len(env.Conda.Prefix)).
				WithHint("choose a base with /bin/sh, or a [conda] prefix of at most %d bytes", longestPython)
		}
	}
	return nil
}

// commands names something whose commands may be started by Python.
func commands(in lock.Selection) string {
	for _, c := range in.Conda {
		if c.Noarch == "python" {
			return "package " + c.Name + "-" + c.Version + "-" + c.Build
		}
	}
	if len(in.Wheels) > 0 {
		return "wheel " + in.Wheels[0].Name + " " + in.Wheels[0].Version
	}
	return ""
}
