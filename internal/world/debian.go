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
	d := NewDebs(w, from, q.Snapshot)
	packages, err := d.packages(ctx, &q, from, p)
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
		debs[i] = lock.Deb{Platform: p, Name: c.Name, Version: c.Version, Architecture: c.Architecture, Security: c.Security, Path: c.Path, SHA256: c.SHA256, Size: c.Size}
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

// Debs opens packages of Debian.
type Debs struct {
	World    *World
	Archive  string // URL, with a slash at its end
	Security string // likewise, of the archive of security updates
}

// NewDebs opens packages of a source's archives.
func NewDebs(w *World, from debian.Source, snapshot string) Debs {
	return Debs{World: w, Archive: from.Archive(snapshot), Security: from.SecurityArchive(snapshot)}
}

// archive returns the URL of one of the archives.
func (d Debs) archive(security bool) string {
	if security {
		return d.Security
	}
	return d.Archive
}

// packages reads what the suites offer, and notes in q what they say of
// themselves.
func (d Debs) packages(ctx context.Context, q *lock.Debian, from debian.Source, p platforms.Platform) ([]*debian.Package, error) {
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
	var all []*debian.Package
	var said, signers []string
	for i, suite := range append([]string{q.Suite}, q.ExtraSuites...) {
		r, err := d.release(ctx, suite, keys, at)
		if err != nil {
			return nil, err
		}
		offered, err := d.index(ctx, suite, r, q.Components, p)
		if err != nil {
			return nil, err
		}
		all = append(all, offered...)
		name := r.Version
		if i > 0 {
			name = suite
		}
		said = append(said, strings.TrimSpace(name+" of "+r.Date.Format(time.DateOnly)))
		if !slices.Contains(signers, r.Signer) {
			signers = append(signers, r.Signer)
		}
	}
	q.Release, q.SignedBy = strings.Join(said, ", "), strings.Join(signers, ", ")
	return all, nil
}

// release reads what a suite's InRelease says, and checks who signed it.
func (d Debs) release(ctx context.Context, suite string, keys debian.Keys, at time.Time) (*debian.Release, error) {
	dir := d.dir(suite)
	data, err := d.World.Fetch.Get(ctx, dir+"InRelease", debian.MaxRelease)
	if err != nil {
		return nil, err
	}
	r, err := debian.Verify(data, fetch.Redact(dir+"InRelease"), keys, at)
	if err != nil {
		return nil, err
	}
	if r.Codename != suite && r.Suite != suite {
		return nil, fault.New(fault.Verification, fetch.Redact(dir), "is %s (%s), not %q", r.Codename, r.Suite, suite)
	}
	return r, nil
}

// dir returns the URL of a suite.
func (d Debs) dir(suite string) string {
	return d.archive(debian.IsSecurity(suite)) + "dists/" + suite + "/"
}

// index reads the packages of a suite's components.
func (d Debs) index(ctx context.Context, suite string, r *debian.Release, components []string, p platforms.Platform) (all []*debian.Package, err error) {
	security := debian.IsSecurity(suite)
	for _, component := range components {
		f, ok := r.Packages(component, p.Debian())
		if !ok {
			return nil, fault.New(fault.Usage, "base.debian", "%s has no component %q for %s", suite, component, p.Debian())
		}
		err := d.read(ctx, d.dir(suite)+r.URL(f), f, p.Debian(), func(p *debian.Package) {
			p.Security = security
			all = append(all, p)
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d Debs) read(ctx context.Context, url string, f debian.File, arch string, keep func(*debian.Package)) error {
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
	return m, d.World.Store.NoteRecord(ctx, bucketDeb, deb.SHA256, m)
}

// OpenDeb opens a package, fetching it where the store lacks it.
func (d Debs) OpenDeb(ctx context.Context, deb *lock.Deb) (io.ReadCloser, error) {
	digest, _, err := d.World.Fetch.Into(ctx, d.World.Store, d.archive(deb.Security)+deb.Path, fetch.Want{SHA256: deb.SHA256, Size: deb.Size})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.ClassOf(err), "", "%w", err).
			WithHint("the archive no longer has what was locked: lock --update base takes what it has now; [base.debian] snapshot keeps what it had")
	}
	if err != nil {
		return nil, err
	}
	return d.World.Store.Get(ctx, digest)
}
