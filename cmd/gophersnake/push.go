package main

import (
	"context"
	"io"
	"regexp"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/spec"
)

// pushOptions are the flags of push besides those of build.
type pushOptions struct {
	byDigest bool
	merge    bool
	refs     []string // of merge
	ifTagIs  string
	verify   string
}

// pushOutput stands for the registry of [image] name.
const pushOutput = "docker://"

func (a *app) pushCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "push [--merge REF@DIGEST|FILE…]",
		Short: "Build the image and push it to [image] name with all its tags",
		Long: `push builds as "build" does and pushes each environment's index to the registry
that [image] name says, with all tags. Credentials come from the files and
helpers of Docker and Podman. Tags are written last, after every blob and
manifest was seen on the registry. An upload that breaks goes on where it broke.

Several machines may make one image: each pushes its platforms with --by-digest,
which sets no tag and prints REF@DIGEST, and one of them then joins these with
--merge. The index is the one that a single machine would have made. Instead of
REF@DIGEST, --merge takes files that push --metadata-file wrote (FILE.json), or
what push --json printed (- is standard input): they say which environment they
belong to, so that one command joins many. If any image lacks a platform, no tag is
set.`,
		Example: `  gophersnake push
  gophersnake push --platform linux/arm64 --by-digest
  gophersnake push --merge registry.example.com/team/tools@sha256:… registry.example.com/team/tools@sha256:…
  gophersnake push --cell 0,4-9 --by-digest --metadata-file part.json
  gophersnake push --merge parts/*.json
  gophersnake push --if-tag-is absent`,
		Args: func(_ *cobra.Command, args []string) error { return o.push.check(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			o.outputs, o.push.refs = []string{pushOutput}, args
			return a.build(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.push.byDigest, "by-digest", false, "set no tags: publish the index under its digest alone")
	f.BoolVar(&o.push.merge, "merge", false, "build nothing: join the images of the arguments or files of results, which hold one platform or more each")
	f.StringVar(&o.push.ifTagIs, "if-tag-is", "", "set tags only if each is `DIGEST` now, or absent: exit 8 if another push was first")
	f.StringVar(&o.push.verify, "verify", "size", "check afterwards that everything is there: its size, or full: its bytes")
	return cmd
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// check refuses flags and arguments that make no sense together.
func (o *pushOptions) check(args []string) error {
	bad := func(flag, format string, args ...any) *fault.Error {
		return fault.New(fault.Usage, flag, format, args...)
	}
	switch {
	case !o.merge && len(args) > 0:
		return bad("", "unexpected argument %q", args[0]).WithHint("push takes images with --merge only")
	case o.merge && len(args) == 0:
		return bad("--merge", "no images to join").WithHint("name what push --by-digest printed, such as registry.example.com/team/tools@sha256:…")
	case o.merge && o.byDigest:
		return bad("--merge", "does not go with --by-digest")
	case o.byDigest && o.ifTagIs != "":
		return bad("--if-tag-is", "does not go with --by-digest, which sets no tag")
	case o.ifTagIs != "" && o.ifTagIs != output.Absent && !digestForm.MatchString(o.ifTagIs):
		return bad("--if-tag-is", "%q is neither sha256:HEX nor absent", o.ifTagIs)
	case o.verify != "" && o.verify != "size" && o.verify != "full":
		return bad("--verify", "%q is not one of size, full", o.verify)
	}
	return nil
}

// caches are the repositories of --cache-from.
type caches []*base.Lender

func (p *project) caches(w *world.World, repositories []string) (caches, error) {
	var all caches
	for _, text := range repositories {
		l, err := w.Bases.Lender(text)
		if err != nil {
			return nil, fault.New(fault.Usage, "--cache-from", "%w", err)
		}
		all = append(all, l)
	}
	return all, nil
}

// lend returns what brings a layer from one of the repositories.
func (c caches) lend(pr *progress) builder.Lend {
	if len(c) == 0 {
		return nil
	}
	return func(ctx context.Context, digest string, size int64, put func(io.Reader) error) bool {
		for _, l := range c {
			blob, err := l.Open(ctx, digest, size)
			if err == nil && blob != nil {
				err = put(blob)
				_ = blob.Close() // was only read
				if err == nil {
					return true
				}
			}
			if err != nil && ctx.Err() == nil {
				pr.warn("cache " + l.Repository().String() + ": " + err.Error())
			}
		}
		return false
	}
}

// repositories are where the destination's own registry may mount from.
func (c caches) repositories() []name.Repository {
	all := make([]name.Repository, len(c))
	for i, l := range c {
		all[i] = l.Repository()
	}
	return all
}

// blobHome returns the repository that shares the blobs of a registry's images,
// or nil.
func (p *project) blobHome(env *spec.Environment, t output.Transport) (*name.Repository, error) {
	if t.Scheme != output.Docker {
		return nil, nil
	}
	ref, err := name.ParseReference(t.Ref)
	if err != nil {
		return nil, nil // output.Write says so
	}
	host := ref.Context().RegistryStr()
	home := env.Registry[host].BlobHome
	if home == "" {
		return nil, nil
	}
	repo, err := name.NewRepository(host + "/" + home)
	if err != nil {
		return nil, fault.New(fault.Usage, p.file, "registry.%q.blob-home: %q is not a repository's path", host, home)
	}
	return &repo, nil
}
