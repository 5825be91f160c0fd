package main

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/repofile"
)

func (a *app) exportPreCommitCommand() *cobra.Command {
	var o fileOptions
	var coverage int
	var direct bool
	cmd := &cobra.Command{
		Use:   "pre-commit",
		Short: "Write hooks for pre-commit",
		Long: `pre-commit writes hooks into .pre-commit-config.yaml at the root of the repository,
between two marks: gophersnake check and, where there is Go, gofmt, staticcheck (go vet
where staticcheck is not among the tools) and the tests, which have to cover a share
of all statements. All are those of the lock, started by gophersnake run. What else
stands in the file stays as it is.`,
		Example: `  gophersnake export pre-commit && pre-commit install
  gophersnake export pre-commit --coverage 60
  gophersnake export pre-commit --direct     # for commits from inside the image`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if coverage < 0 || coverage > 100 {
				return fault.New(fault.Usage, "--coverage", "%d is not a percentage", coverage)
			}
			p, r, err := a.repository(cmd)
			if err != nil {
				return err
			}
			r.Coverage, r.Direct = coverage, direct
			if !r.Go {
				pr := a.newProgress()
				defer pr.close()
				pr.warn("the environment has no Go, so the hooks check the lock alone; [go] versions adds one")
			}
			return p.exportFile(cmd, o, filepath.Join(r.root, ".pre-commit-config.yaml"), r.PreCommit)
		},
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&coverage, "coverage", 80, "`PERCENT` of statements that tests have to cover")
	cmd.Flags().BoolVar(&direct, "direct", false, "start tools by their names, not by gophersnake run")
	return cmd
}

func (a *app) exportGitHubCommand() *cobra.Command {
	var o fileOptions
	cmd := &cobra.Command{
		Use:   "github",
		Short: "Write a workflow for GitHub",
		Long: `github writes .github/workflows/gophersnake.yml at the root of the repository: pull
requests check the lock and build the image, the branch main and tags v* push it. For
ghcr.io it uses the workflow's own token, for other registries the secrets
REGISTRY_USER and REGISTRY_PASSWORD. A workflow of that name that is not ours is
refused.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, r, err := a.repository(cmd)
			if err != nil {
				return err
			}
			return p.exportFile(cmd, o, filepath.Join(r.root, ".github", "workflows", "gophersnake.yml"), r.Workflow)
		},
	}
	o.flags(cmd)
	return cmd
}

// repository is the repository that a project lies in.
type repository struct {
	repofile.Project
	root string // on this machine
}

// repository returns the project, and its repository. Without git the project
// is all of it.
func (a *app) repository(cmd *cobra.Command) (*project, *repository, error) {
	p, err := a.project()
	if err != nil {
		return nil, nil, err
	}
	r := &repository{root: p.dir}
	r.File, r.Version = filepath.Base(p.file), cmp.Or(released(), "main")
	if top, dir := toplevel(cmd.Context(), p.dir); top != "" {
		r.root, r.Dir = top, dir
	}
	for _, env := range p.envs {
		r.Go = r.Go || len(env.Go.Versions) > 0
		r.Staticcheck = r.Staticcheck || slices.ContainsFunc(env.Go.Tools, func(tool string) bool {
			return strings.HasPrefix(tool, "honnef.co/go/tools/cmd/staticcheck@")
		})
		r.Image = cmp.Or(r.Image, env.Image.Name)
	}
	return p, r, nil
}

// toplevel returns the root of the git repository that dir is in, relative to
// dir where it can be, and dir as that root has it; "" outside of any.
func toplevel(ctx context.Context, dir string) (top, below string) {
	prefix, err := git(ctx, dir, "rev-parse", "--show-prefix")
	if err != nil {
		return "", ""
	}
	up, err := git(ctx, dir, "rev-parse", "--show-cdup")
	if err != nil {
		return "", ""
	}
	return filepath.Join(dir, filepath.FromSlash(up)), strings.TrimSuffix(prefix, "/")
}
