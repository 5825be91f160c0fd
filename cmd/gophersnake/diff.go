package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff A [B]",
		Short: "Show how two images or locks differ, and the bytes that are pulled again",
		Long: `diff compares two images in registries (REF or docker://REF), layouts
(oci:DIR[:TAG]) or archives (oci-archive:FILE[:TAG]): for each platform the
packages that changed, the layers that changed, and the bytes of blobs that a
client which has A pulls for B. Layers that both have are not read; the others
are, for the names and versions of the packages in them. dockerd, unless it uses
containerd's image store, knows a layer only by those below it, and pulls all above
the lowest that is new: where that is more, it is told.

It compares two locks as well: files, or git:REVISION, which is gophersnake.lock at
that revision. Without B the other one is the project's lock.`,
		Example: `  gophersnake diff registry.example.com/team/tools:1.3 registry.example.com/team/tools:1.4
  gophersnake diff oci:old oci:new --json
  gophersnake diff git:HEAD            # what a re-lock changed
  gophersnake diff git:v1.3 git:v1.4`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 && len(args) != 2 {
				return fault.New(fault.Usage, "", "diff takes two images or two locks, got %d", len(args)).WithHint("such as oci:DIR, HOST/NAME:TAG, gophersnake.lock or git:HEAD")
			}
			return a.diff(cmd.Context(), args)
		},
	}
}

func (a *app) diff(ctx context.Context, args []string) error {
	if len(args) == 1 {
		args = append(args, a.at(filepath.Join(filepath.Dir(a.file), lockName)))
	}
	locks := make([]*lock.Lock, len(args))
	for i, arg := range args {
		var err error
		if locks[i], err = a.namedLock(ctx, arg); err != nil {
			return err
		}
	}
	var d interface{ print(io.Writer) error }
	switch old, new := locks[0], locks[1]; {
	case old != nil && new != nil:
		d = diffLocks(old, new)
	case old == nil && new == nil:
		images, err := a.diffImages(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		d = images
	default:
		return fault.New(fault.Usage, "", "diff compares two images or two locks, %q and %q are one of each", args[0], args[1])
	}
	if a.json {
		return a.printJSON(d)
	}
	return d.print(a.stdout)
}

// gitPrefix names the lock at a revision.
const gitPrefix = "git:"

// namedLock reads the lock that an argument names, nil if it is an image's.
func (a *app) namedLock(ctx context.Context, arg string) (*lock.Lock, error) {
	if revision, ok := strings.CutPrefix(arg, gitPrefix); ok {
		dir := filepath.Dir(a.at(a.file))
		if strings.HasPrefix(revision, "-") {
			return nil, fault.New(fault.Usage, arg, "%q is no revision", revision)
		}
		text, err := git(ctx, dir, "show", revision+":./"+lockName)
		if err != nil {
			return nil, fault.New(fault.Usage, arg, "git has no %s at %q", lockName, revision).WithHint("git -C %s log -- %s", dir, lockName)
		}
		return lock.Unmarshal(arg, []byte(text+"\n"))
	}
	if strings.HasPrefix(arg, "docker://") || strings.HasPrefix(arg, "oci:") || strings.HasPrefix(arg, "oci-archive:") {
		return nil, nil
	}
	file := arg
	if !filepath.IsAbs(file) {
		file = a.at(arg)
	}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && (filepath.Ext(arg) == ".lock" || base.CheckReference(arg) != nil):
		return nil, fault.New(fault.Usage, arg, "no such lock")
	case err != nil:
		return nil, nil //nolint:nilerr // not a file: an image in a registry
	}
	return lock.Unmarshal(arg, data)
}

// lockDiff is how two locks differ.
type lockDiff struct {
	Changes []lockChange `json:"changes"`
	Layers  *blobDiff    `json:"layers"` // by layer rows, all images together; null where a lock has none
}

// lockChange is a lock.Change in JSON.
type lockChange struct {
	Kind      string   `json:"kind"`
	Name      string   `json:"name"`
	Envs      []string `json:"envs"`
	Platforms []string `json:"platforms"`
	Old       string   `json:"old,omitempty"`
	New       string   `json:"new,omitempty"`

	text string
}

// blobDiff says what a client that has the old pulls for the new.
type blobDiff struct {
	Added   []diffBlob `json:"added"`
	Removed []diffBlob `json:"removed"`
	Kept    int        `json:"kept"`   // how many are the same
	Pulled  int64      `json:"pulled"` // bytes
}

type diffBlob struct {
	Name   string `json:"name,omitempty"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// compareBlobs compares two lists of blobs, in which one may stand twice.
func compareBlobs(old, new []diffBlob) *blobDiff {
	d := &blobDiff{Added: []diffBlob{}, Removed: []diffBlob{}}
	was, is := map[string]bool{}, map[string]bool{}
	for _, b := range old {
		was[b.Digest] = true
	}
	for _, b := range new {
		switch {
		case is[b.Digest]:
		case was[b.Digest]:
			d.Kept++
		default:
			d.Added = append(d.Added, b)
			d.Pulled += b.Size
		}
		is[b.Digest] = true
	}
	for _, b := range old {
		if !is[b.Digest] {
			d.Removed = append(d.Removed, b)
			is[b.Digest] = true
		}
	}
	return d
}

func diffLocks(old, new *lock.Lock) *lockDiff {
	d := &lockDiff{Changes: []lockChange{}}
	for _, c := range lock.Diff(old, new) {
		one := lockChange{Kind: c.Kind, Name: c.Name, Envs: c.Envs, Old: c.Old, New: c.New, text: c.String()}
		for _, p := range c.Platforms {
			one.Platforms = append(one.Platforms, p.String())
		}
		d.Changes = append(d.Changes, one)
	}
	if was, is := lockBlobs(old), lockBlobs(new); was != nil && is != nil {
		d.Layers = compareBlobs(was, is)
	}
	if d.Layers != nil && len(d.Changes) > 0 && len(d.Layers.Added) == 0 && len(d.Layers.Removed) == 0 {
		d.Layers = nil // a lock keeps the rows of the one before until it is built
	}
	return d
}

// lockBlobs returns the layers of all images, nil where nothing was built.
func lockBlobs(l *lock.Lock) (all []diffBlob) {
	if len(l.Layer) == 0 {
		return nil
	}
	for _, b := range l.Base {
		for _, y := range b.Layers {
			all = append(all, diffBlob{b.Image, y.Digest, y.Size})
		}
	}
	for _, y := range l.Layer {
		all = append(all, diffBlob{"", y.Digest, y.Size})
	}
	return all
}

func (d *lockDiff) print(out io.Writer) error {
	for _, c := range d.Changes {
		fmt.Fprintln(out, c.text)
	}
	var err error
	switch {
	case len(d.Changes) == 0 && (d.Layers == nil || len(d.Layers.Added)+len(d.Layers.Removed) == 0):
		_, err = fmt.Fprintln(out, "no difference")
	case d.Layers == nil:
		_, err = fmt.Fprintln(out, "layers: not known before both locks were built")
	default:
		_, err = fmt.Fprintf(out, "layers of all images: %d the same, %d new, %d gone; %s pulled again\n", d.Layers.Kept, len(d.Layers.Added), len(d.Layers.Removed), size(d.Layers.Pulled))
	}
	return err
}
