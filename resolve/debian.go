package resolve

import (
	"context"
	"slices"

	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// debian locks a base of Debian packages for every platform.
func (s *resolver) debian(ctx context.Context, env *spec.Environment) error {
	d := env.Base.Debian
	q := lock.Debian{
		Suite: d.Suite, ExtraSuites: d.ExtraSuites, Snapshot: d.Snapshot, Components: d.Components, Packages: d.Packages, Preset: d.Preset,
	}
	from := debian.Source{Mirror: d.Mirror, Security: d.SecurityMirror, Keyring: d.Keyring, At: s.Now}
	if q.Snapshot == "" && d.Mirror == "" {
		q.Snapshot = s.snapshot(q) // the archive that is asked keeps every state
	}
	for _, p := range env.Image.Platforms {
		base, debs, ok := s.oldDebian(q, d.Snapshot == "", p)
		if !ok {
			var err error
			if base, debs, err = s.Debian(ctx, q, from, p); err != nil {
				return err
			}
		}
		base.Envs, base.Platform = []string{env.Name}, p
		s.lock.Base = append(s.lock.Base, *base)
		for _, deb := range debs {
			deb.Envs, deb.Platform = []string{env.Name}, p
			s.lock.Deb = append(s.lock.Deb, deb)
		}
	}
	return nil
}

// oldDebian returns what the old lock says where it was asked for the same: of
// any time, if the time is ours to choose.
func (s *resolver) oldDebian(q lock.Debian, anyTime bool, p platforms.Platform) (*lock.Base, []lock.Deb, bool) {
	if s.Update("base") {
		return nil, nil, false
	}
	for _, b := range s.Old.Base {
		if b.Platform == p && sameWish(b.Debian, q) && (anyTime || b.Snapshot == q.Snapshot) {
			return &b, s.Old.For(b.Envs[0], p).Debs, true
		}
	}
	return nil, nil, false
}

// snapshot returns the time that the old lock chose for the same wish, so that
// a platform that is new gets the state which the others have, else now.
func (s *resolver) snapshot(q lock.Debian) string {
	for _, b := range s.Old.Base {
		if b.Snapshot != "" && sameWish(b.Debian, q) && !s.Update("base") {
			return b.Snapshot
		}
	}
	return s.Now.UTC().Format(debian.SnapshotTime)
}

// sameWish reports whether two bases were asked for alike, but for the time.
func sameWish(a, b lock.Debian) bool {
	return a.Suite == b.Suite && slices.Equal(a.ExtraSuites, b.ExtraSuites) && a.Preset == b.Preset && slices.Equal(a.Components, b.Components) && slices.Equal(a.Packages, b.Packages)
}
