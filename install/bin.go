package install

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/gophersnake/gophersnake/lock"
)

// bin installs the Go tools, and of several toolchains a command for each. It
// returns the directory for PATH, or "" where there is nothing to find in it.
func (e *Environment) bin(ctx context.Context, roots map[string]string) (string, error) {
	links := map[string]string{} // command → program
	if len(roots) > 1 {
		for v, root := range roots {
			links["go"+v] = filepath.Join(root, "bin", "go")
		}
	}
	if len(e.Lock.Tools)+len(links) == 0 {
		return "", nil
	}
	tools := slices.Clone(e.Lock.Tools)
	compilers := map[string]string{}
	for i := range tools {
		tools[i].Envs = nil // who else has it changes nothing
		for _, t := range e.Lock.Go {
			if t.Version == tools[i].Go {
				compilers[t.Version] = t.Hash()
			}
		}
	}
	key := e.key("bin", struct {
		Tools     []lock.Tool
		Compilers map[string]string
		Links     map[string]string
	}{tools, compilers, links})
	dir, err := e.Store.Dir(ctx, key, func(ctx context.Context, tmp string) error {
		dir := filepath.Join(tmp, "bin")
		if err := os.Mkdir(dir, 0o755); err != nil {
			return disk(dir, err)
		}
		for name, program := range links {
			if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
				return disk(dir, err)
			}
		}
		if err := e.tools(ctx, tools, dir); err != nil {
			return err
		}
		return shut(tmp)
	})
	return filepath.Join(dir, "bin"), err
}

// tools compiles tools, those of one module together, and copies them.
func (e *Environment) tools(ctx context.Context, tools []lock.Tool, dir string) error {
	for len(tools) > 0 {
		first := tools[0]
		var group, rest []lock.Tool
		for _, t := range tools {
			if t.Module == first.Module && t.Version == first.Version && t.Go == first.Go {
				group = append(group, t)
			} else {
				rest = append(rest, t)
			}
		}
		programs, err := e.CompileTools(ctx, group, e.Platform)
		if err != nil {
			return err
		}
		for i, t := range group {
			if err := copyFile(programs[i], filepath.Join(dir, t.Name())); err != nil {
				return err
			}
		}
		tools = rest
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return disk(from, err)
	}
	defer func() { _ = in.Close() }() // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return disk(to, err)
	}
	_, err = io.Copy(out, in)
	if e := out.Close(); err == nil {
		err = e
	}
	return disk(to, err)
}
