package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/spec"
)

// buildOptions are the flags of build and push.
type buildOptions struct {
	outputs  []string
	locked   bool
	metadata string
	version  string
	rebase   string
	cells    []string // of plan: numbers and ranges; none: all

	cacheFrom []string
	lenders   caches // of cacheFrom
	push      pushOptions
}

func (o *buildOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.locked, "locked", false, "never write the lock; exit 3 if it is out of date")
	cmd.Flags().StringVar(&o.metadata, "metadata-file", "", "write the results as JSON to `FILE`")
	cmd.Flags().StringVar(&o.rebase, "rebase", "", "build no layers: move those of the image `REF` (a registry's, or oci:DIR[:TAG]) onto the base")
	cmd.Flags().StringSliceVar(&o.cells, "cell", nil, "build only these `CELLS` of plan, each an environment on a platform: 3, or 0,4-9")
	cmd.Flags().StringArrayVar(&o.cacheFrom, "cache-from", nil, "take layers that the lock or the store knows from this `REPOSITORY` before making them (repeatable)")
	cmd.Flags().StringVar(&o.version, "set-version", "", "what {{.Version}} stands for (default: git's tag or revision)")
}

func (a *app) buildCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the image, and write it to outputs",
		Long: `build makes one index for all platforms of each environment, locking first where
gophersnake.lock is missing or out of date. Outputs are spelled as in
containers-transports(5):

  oci:DIR[:TAG]              an OCI layout; the same tag is replaced, others stay
  oci-archive:FILE[:TAG]     a tar of an OCI layout
  docker-archive:FILE[:REF]  a tar for docker load
  docker-daemon:REF          the Docker daemon of DOCKER_HOST, its own platform alone
  rootfs:DIR                 the image's files; DIR/OS-ARCH where there are several
                             platforms. DIR must be absent or empty
  docker://REF               a registry; without a tag, all tags of the configuration

Without an output the image goes into the store.`,
		Example: `  gophersnake build -o oci:image
  gophersnake build -o docker-archive:image.tar --platform linux/amd64 && docker load < image.tar
  gophersnake build --locked -o docker://registry.example.com/team/tools:1.4`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.build(cmd.Context(), o) },
	}
	cmd.Flags().StringArrayVarP(&o.outputs, "output", "o", nil, "write the image to `TRANSPORT` (repeatable)")
	o.flags(cmd)
	return cmd
}

// result is one line of standard output, or one object with --json.
type result struct {
	Env       string   `json:"env"`
	Output    string   `json:"output"`
	Digest    string   `json:"digest"`
	MediaType string   `json:"mediaType"`
	Size      int64    `json:"size"`
	Platforms []string `json:"platforms"`
}

// build locks, builds and writes all chosen environments.
func (a *app) build(ctx context.Context, o buildOptions) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	if len(o.cells) > 0 {
		if err := p.pick(o.cells); err != nil {
			return err
		}
	}
	envs, err := p.chosen()
	if err != nil {
		return err
	}
	for _, env := range envs {
		if err := p.expand(ctx, env, o.version); err != nil {
			return err
		}
	}
	targets, err := p.targets(envs, o)
	if err != nil {
		return err
	}
	if o.metadata != "" && !exists(filepath.Dir(a.at(o.metadata))) {
		return fault.New(fault.Usage, "--metadata-file", "%q: no such directory", filepath.Dir(o.metadata))
	}
	if o.rebase != "" && len(envs) > 1 {
		return fault.New(fault.Usage, "--rebase", "%q is one image, there are %d environments", o.rebase, len(envs)).WithHint("choose one of them with --env")
	}
	pr := a.newProgress()
	defer pr.close()
	p.tellFlags(envs, pr)
	w, err := p.openWorld(ctx, pr)
	if err != nil {
		return err
	}
	defer w.Store.Close()
	if o.lenders, err = p.caches(w, o.cacheFrom); err != nil {
		return err
	}
	if o.push.merge {
		return a.pushMerged(ctx, p, w, envs, targets, pr, o)
	}
	l, err := p.locked(ctx, w, pr, o.locked)
	if err != nil {
		return err
	}
	var results []result
	rows := map[string]lock.Layer{}
	for i, env := range envs {
		built, err := p.image(ctx, w, l, env, pr, o)
		if err != nil {
			return err
		}
		for _, row := range built.Rows {
			rows[row.Key] = row
		}
		if needsAll(targets[i]) {
			if err := built.Fill(ctx); err != nil {
				return err
			}
		}
		done, err := p.write(ctx, env, built.Index, targets[i], pr, o)
		results = append(results, done...)
		if err != nil {
			return err
		}
	}
	if !o.locked && o.rebase == "" { // a moved image's layers are not those of the lock
		if err := p.keepRows(l, rows, len(envs) == len(p.envs)); err != nil {
			return err
		}
	}
	pr.close()
	return a.results(results, o.metadata)
}

// needsAll reports whether every layer's bytes are wanted, so that they are
// made side by side: an archive would ask for one after the other.
func needsAll(targets []target) bool {
	return len(targets) == 0 || slices.ContainsFunc(targets, func(t target) bool {
		return t.Scheme == output.OCIArchive || t.Scheme == output.DockerArchive || t.Scheme == output.RootFS
	})
}

// write writes an index to all its targets.
func (p *project) write(ctx context.Context, env *spec.Environment, idx v1.ImageIndex, targets []target, pr *progress, o buildOptions) ([]result, error) {
	tags := env.Image.Tags
	base := result{Env: title(env)}
	digest, err := idx.Digest()
	if err != nil {
		return nil, err
	}
	ps, err := p.platformsOf(env)
	if err != nil {
		return nil, err
	}
	for _, pl := range ps {
		base.Platforms = append(base.Platforms, pl.String())
	}
	if len(targets) == 0 {
		size, err := totalSize(idx)
		base.Output, base.Digest, base.MediaType, base.Size = "store", digest.String(), string(types.OCIImageIndex), size
		pr.note("the image is in the store; write it with -o oci:DIR, docker-archive:FILE or docker://REF")
		return []result{base}, err
	}
	var results []result
	for _, t := range targets {
		daemon, err := p.daemon(t.Transport)
		if err != nil {
			return results, err
		}
		home, err := p.blobHome(env, t.Transport)
		if err != nil {
			return results, err
		}
		r, err := output.Write(ctx, t.Transport, output.Image{Name: env.Image.Name, Tags: tags, Index: idx}, output.Options{
			Keychain: p.keychain(), Transport: p.transport, Insecure: p.plainHTTP, Jobs: max(4, p.jobs), MaxWait: p.maxWait,
			Progress: pr.written, UserAgent: "gophersnake", Daemon: daemon, Owners: p.owners(t.Transport, pr),
			BlobHome: home, MountFrom: o.lenders.repositories(), ByDigest: o.push.byDigest, IfTagIs: o.push.ifTagIs, Rehash: o.push.verify == "full",
			Hook: p.hooks.output,
		})
		if err != nil {
			return results, err
		}
		done := base
		done.Output, done.Digest, done.MediaType, done.Size = t.text, r.Digest.String(), string(r.MediaType), r.Total
		if t.Scheme == output.Docker {
			done.Output = r.Name
		}
		results = append(results, done)
	}
	return results, nil
}

// totalSize returns the bytes of an index and of all that it names, each once.
func totalSize(idx v1.ImageIndex) (int64, error) {
	total, err := idx.Size()
	if err != nil {
		return 0, err
	}
	sizes := map[v1.Hash]int64{}
	m, err := idx.IndexManifest()
	if err != nil {
		return 0, err
	}
	for _, d := range m.Manifests {
		img, err := idx.Image(d.Digest)
		if err != nil {
			return 0, err
		}
		own, err := img.Manifest()
		if err != nil {
			return 0, err
		}
		sizes[d.Digest], sizes[own.Config.Digest] = d.Size, own.Config.Size
		for _, l := range own.Layers {
			sizes[l.Digest] = l.Size
		}
	}
	for _, size := range sizes {
		total += size
	}
	return total, nil
}

// keepRows writes the layer rows into the lock. Rows that nothing reaches any
// more go, if all environments were built on all platforms.
func (p *project) keepRows(l *lock.Lock, rows map[string]lock.Layer, all bool) error {
	changed := false
	for _, row := range rows {
		if have, _ := l.Row(row.Key); have != row {
			l.SetRow(row)
			changed = true
		}
	}
	if all && len(p.platforms) == 0 && p.picked == nil && l.Prune(func(key string) bool { _, ok := rows[key]; return ok }) {
		changed = true
	}
	if !changed {
		return nil
	}
	_, err := p.writeLock(l)
	return err
}

// results prints one line for each result.
func (a *app) results(results []result, metadata string) error {
	if metadata != "" {
		b, err := json.MarshalIndent(results, "", "  ")
		if err != nil {
			return err
		}
		if err := writeFile(a.at(metadata), append(b, '\n')); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(results)
	}
	for _, r := range results {
		if _, err := fmt.Fprintf(a.stdout, "%s@%s\n", r.Output, r.Digest); err != nil {
			return err
		}
	}
	return nil
}

// sortedEnv returns a map of variables as "KEY=value", sorted.
func sortedEnv(m map[string]string) []string {
	env := make([]string, 0, len(m))
	for k, v := range m {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	return env
}
