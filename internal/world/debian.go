package world

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mikelolasagasti/xz"
	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/near"
	"github.com/gophersnake/gophersnake/layers/debbase"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// bucketDeb holds what packages of Debian say of themselves, by sha256 and the
// reader's version.
const bucketDeb = "debian-meta-1"

// maxPackages is the most bytes of a packed Packages file.
const maxPackages = 256 << 20

// Debian resolves a base of Debian packages on a platform: from a signed index
// to the facts of the root file system that the packages make. The environments
// of base and packages are left to the caller.
func (w *World) Debian(ctx context.Context, q lock.Debian, from debian.Source, p platforms.Platform) (*lock.Base, []lock.Deb, error) {
	d := Debs{World: w, Archive: from.Archive(q.Snapshot)}
	packages, err := d.index(ctx, &q, from, p)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := choose(q, p, packages)
	if err != nil {
		return nil, nil, unmet(err, q, p, packages)
	}
	debs := make([]lock.Deb, len(chosen))
	metas := make([]*debian.Meta, len(chosen))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, c := range chosen {
		debs[i] = lock.Deb{Platform: p, Name: c.Name, Version: c.Version, Architecture: c.Architecture, Path: c.Path, SHA256: c.SHA256, Size: c.Size}
		g.Go(func() (err error) {
			metas[i], err = d.DebMeta(gctx, &debs[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	root, err := debian.Assemble(metas)
	if err != nil {
		return nil, nil, err
	}
	if len(root.Dropped) > 0 {
		w.dropped.Do(func() {
			w.note("base.debian: setuid and setgid bits are dropped: /" + strings.Join(root.Dropped, ", /"))
		})
	}
	return &lock.Base{Platform: p, Debian: q, Facts: debbase.Facts(root)}, debs, nil
}

// choose computes the closure of what was asked for. A preset is a list that
// is complete as it is.
func choose(q lock.Debian, p platforms.Platform, packages []*debian.Package) ([]*debian.Package, error) {
	a := debian.NewArchive(p.Debian(), packages)
	if q.Preset == "" {
		return a.Closure(q.Packages)
	}
	preset, err := a.Preset(q.Preset)
	if err != nil || len(q.Packages) == 0 {
		return preset, err
	}
	return a.Closure(q.Packages, preset...)
}

// unmet tells which base cannot be made, and of a package that is not there
// which one may be meant.
func unmet(err error, q lock.Debian, p platforms.Platform, packages []*debian.Package) error {
	e := fault.New(fault.ClassOf(err), "base.debian for "+p.String(), "%w", err)
	known := map[string]bool{}
	for _, p := range packages {
		known[p.Name] = true
		for _, any := range p.Provides {
			for _, r := range any {
				known[r.Name] = true
			}
		}
	}
	for _, name := range q.Packages {
		if name, _, _ := strings.Cut(name, "="); !known[name] {
			if meant := near.Word(name, slices.Sorted(maps.Keys(known))); meant != "" {
				return e.WithHint("did you mean %q?", meant)
			}
			return e.WithHint("%s has %d packages for %s", q.Suite, len(packages), p)
		}
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return e.WithHint("%s", h.Hint())
	}
	return e
}

// Debs opens packages of one archive of Debian.
type Debs struct {
	World   *World
	Archive string // URL, with a slash at its end
}

// index reads the packages that a suite offers, and notes in q what the suite
// says of itself.
func (d Debs) index(ctx context.Context, q *lock.Debian, from debian.Source, p platforms.Platform) ([]*debian.Package, error) {
	dir := d.Archive + "dists/" + q.Suite + "/"
	keys, err := d.World.keys(from.Keyring)
	if err != nil {
		return nil, err
	}
	at := from.At
	if q.Snapshot != "" {
		if at, err = time.Parse(debian.SnapshotTime, q.Snapshot); err != nil {
			return nil, fault.New(fault.Usage, "base.debian.snapshot", "%q is no time such as 20261101T000000Z", q.Snapshot)
		}
	}
	data, err := d.World.Fetch.Get(ctx, dir+"InRelease", debian.MaxRelease)
	if err != nil {
		return nil, err
	}
	release, err := debian.Verify(data, fetch.Redact(dir+"InRelease"), keys, at)
	if err != nil {
		return nil, err
	}
	if release.Codename != q.Suite && release.Suite != q.Suite {
		return nil, fault.New(fault.Verification, fetch.Redact(dir), "is %s (%s), not %q", release.Codename, release.Suite, q.Suite)
	}
	q.Release, q.SignedBy = strings.TrimSpace(release.Version+" of "+release.Date.Format(time.DateOnly)), release.Signer
	var all []*debian.Package
	for _, component := range q.Components {
		f, ok := release.Packages(component, p.Debian())
		if !ok {
			return nil, fault.New(fault.Usage, "base.debian", "%s has no component %q for %s", q.Suite, component, p.Debian())
		}
		err := d.packages(ctx, dir+release.URL(f), f, p.Debian(), func(p *debian.Package) { all = append(all, p) })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d Debs) packages(ctx context.Context, url string, f debian.File, arch string, keep func(*debian.Package)) error {
	digest, _, err := d.World.Fetch.Into(ctx, d.World.Store, url, fetch.Want{SHA256: f.SHA256, Size: f.Size, Max: maxPackages})
	if err != nil {
		return err
	}
	b, err := d.World.Store.Get(ctx, digest)
	if err != nil {
		return err
	}
	defer b.Close()
	var r io.Reader = b
	switch {
	case strings.HasSuffix(f.Path, ".gz"):
		r, err = gzip.NewReader(b)
	case strings.HasSuffix(f.Path, ".xz"):
		r, err = xz.NewReader(b, 0)
	}
	if err != nil {
		return fault.New(fault.Verification, f.Path, "broken: %w", err)
	}
	return debian.ReadPackages(io.LimitReader(r, 4<<30), f.Path, arch, keep)
}

// keys returns the keys that may sign an archive.
func (w *World) keys(keyring string) (debian.Keys, error) {
	if keyring == "" {
		return debian.ArchiveKeys()
	}
	data, err := w.ReadFile(keyring)
	if err != nil {
		return debian.Keys{}, err
	}
	keys, err := debian.ReadKeys(data)
	if err != nil {
		return keys, fault.New(fault.Usage, keyring, "%w", err)
	}
	return keys, nil
}

// DebMeta returns what a package says of itself and holds, from the store
// where that knows it.
func (d Debs) DebMeta(ctx context.Context, deb *lock.Deb) (*debian.Meta, error) {
	var meta debian.Meta
	if ok, err := d.World.Store.LoadRecord(ctx, bucketDeb, deb.SHA256, &meta); err != nil || ok {
		return &meta, err
	}
	r, err := d.OpenDeb(ctx, deb)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	m, err := debian.ReadMeta(r, "package "+deb.Name, deb.SHA256)
	if err != nil {
		return nil, err
	}
	if m.Name() != deb.Name || m.Control.Get("Version") != deb.Version {
		return nil, fault.New(fault.Verification, deb.Path, "the package calls itself %s %s", m.Name(), m.Control.Get("Version"))
	}
	return m, d.World.Store.SaveRecord(ctx, bucketDeb, deb.SHA256, m)
}

// OpenDeb opens a package, fetching it where the store lacks it.
func (d Debs) OpenDeb(ctx context.Context, deb *lock.Deb) (io.ReadCloser, error) {
	digest, _, err := d.World.Fetch.Into(ctx, d.World.Store, d.Archive+deb.Path, fetch.Want{SHA256: deb.SHA256, Size: deb.Size})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.ClassOf(err), "", "%w", err).
			WithHint("the archive no longer has what was locked: lock --update base takes what it has now; [base.debian] snapshot keeps what it had")
	}
	if err != nil {
		return nil, err
	}
	return d.World.Store.Get(ctx, digest)
}
