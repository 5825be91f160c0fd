package base

import (
	"context"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// Resolve finds a platform's image and reads it once, for the lock. Every byte
// of it is verified. The errors' classes are those of promises.md §2, B01 to
// B18 and R01.
func (s *Source) Resolve(ctx context.Context, ref string, p platforms.Platform) (*lock.Base, error) {
	r, err := parseReference(ref, s.Insecure)
	if err != nil {
		return nil, err
	}
	o := s.origin(r)
	img, err := s.locate(ctx, r, o, p)
	if err != nil {
		return nil, err
	}
	b := img.lock(ref, p)
	fsys := newFilesystem(s.Limits.withDefaults(), p)
	for _, blob := range b.Layers {
		if err := s.scan(ctx, o, blob, fsys); err != nil {
			return nil, err
		}
	}
	if b.Facts, err = fsys.facts(ref); err != nil {
		return nil, err
	}
	b.Env, b.User = img.config.env, img.config.user
	return b, nil
}

// Digest returns the digest of the manifest that a reference names for a
// platform now, without reading layers. Where it is the one in a lock, the
// facts in the lock still hold.
func (s *Source) Digest(ctx context.Context, ref string, p platforms.Platform) (string, error) {
	r, err := parseReference(ref, s.Insecure)
	if err != nil {
		return "", err
	}
	img, err := s.locate(ctx, r, s.origin(r), p)
	if err != nil {
		return "", err
	}
	return img.doc.digest, nil
}

// lock returns the image's row without facts.
func (i *image) lock(ref string, p platforms.Platform) *lock.Base {
	b := &lock.Base{Platform: p, Image: ref, Manifest: i.doc.digest, Config: i.manifest.config.Digest}
	for n, d := range i.manifest.layers {
		b.Layers = append(b.Layers, lock.Blob{Digest: d.Digest, DiffID: i.config.diffIDs[n], Size: d.size, MediaType: string(d.MediaType)})
	}
	return b
}

// scan reads one layer into the file system.
func (s *Source) scan(ctx context.Context, o origin, b lock.Blob, fsys *filesystem) (err error) {
	u, err := s.openTar(ctx, o, b)
	if err != nil {
		return err
	}
	defer func() {
		if e := u.Close(); err == nil {
			err = e
		}
	}()
	return fsys.apply(u, o.where(b.Digest))
}
