package world

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/golang/signature"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/lock"
)

// site is Go's download site: the mirrors of its host first, then itself.
func (w *World) site() proxies {
	var ps proxies
	for _, at := range append(w.mirrored(release.Site), release.Site) {
		if !slices.ContainsFunc(ps, func(p proxy) bool { return p.base == at }) {
			ps = append(ps, proxy{w.Fetch, at, true})
		}
	}
	return ps
}

// downloads returns the site's index, which is asked for once in a run.
func (w *World) downloads() *release.Downloads {
	w.goIndex.Do(func() { w.goDownloads = &release.Downloads{Site: w.site()} })
	return w.goDownloads
}

// archive returns a toolchain as an archive of the download site. For images it
// is fetched, and its signature looked at.
func (w *World) archive(ctx context.Context, want lock.Toolchain) (lock.Toolchain, error) {
	t := lock.Toolchain{Platform: want.Platform, Version: want.Version, Source: lock.SourceRelease}
	a, ok, err := w.downloads().Find(ctx, want.Version, want.Platform)
	switch {
	case err != nil:
		return t, err
	case !ok && want.Image:
		return t, fault.New(fault.Usage, "go "+want.Version, "the download index has no archive for %s", want.Platform)
	case !ok: // the lock says that this host has none
		t.File = release.File(want.Version, want.Platform)
		return t, nil
	}
	t.File, t.SHA256, t.Size = a.File, a.SHA256, a.Size
	if want.Image {
		t.SignedBy, err = w.signed(ctx, t)
	}
	return t, err
}

// fetchArchive brings an archive into the store and returns its digest. Its
// SHA-256 is that of the row.
func (w *World) fetchArchive(ctx context.Context, t lock.Toolchain) (digest string, err error) {
	want := fetch.Want{SHA256: t.SHA256, Size: t.Size, Max: maxToolchain}
	for _, s := range w.site() {
		digest, _, err = w.Fetch.Into(ctx, w.Store, s.base+"/"+t.File, want)
		if !s.more(ctx, err) {
			break
		}
	}
	if fault.ClassOf(err) == fault.Verification {
		return "", fault.New(fault.Verification, t.File, "%w", err).WithHint("the archive is not the one that was locked; do not use it")
	}
	return digest, err
}

// signed checks the signature of an archive, and its content, and returns the
// fingerprint of the key that made the signature.
func (w *World) signed(ctx context.Context, t lock.Toolchain) (by string, err error) {
	key, err := w.goKey()
	if err != nil {
		return "", err
	}
	r, err := w.site().Get(ctx, t.File+".asc")
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.New(fault.Verification, t.File, "the download site has no signature of it")
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	sig, err := io.ReadAll(io.LimitReader(r, signature.MaxSignature+1))
	if err != nil {
		return "", err
	}
	digest, err := w.fetchArchive(ctx, t)
	if err != nil {
		return "", err
	}
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return "", err
	}
	defer b.Close()
	var now time.Time
	if w.Now != nil {
		now = w.Now()
	}
	if by, err = key.Verify(bufio.NewReaderSize(b, 1<<20), sig, t.File, now); err != nil {
		return "", err
	}
	w.note(t.File + " is signed by " + by)
	return by, w.sound(ctx, b, t)
}

// sound checks that an archive is what its name says, which no signature covers.
func (w *World) sound(ctx context.Context, b *store.Blob, t lock.Toolchain) error {
	whole := bufio.NewReaderSize(io.NewSectionReader(b, 0, b.Size()), 1<<20)
	if err := release.Repack(ctx, whole, t.Version, t.Platform, io.Discard); err != nil {
		return fault.New(fault.ClassOf(err), t.File, "%w", err)
	}
	return nil
}

// goKey returns the key that signs archives.
func (w *World) goKey() (*signature.Key, error) {
	if w.GoKey != nil {
		return w.GoKey()
	}
	return signature.Google()
}

// repacked opens an archive as a zip, which is a file without a name.
func (w *World) repacked(ctx context.Context, t lock.Toolchain) (Zip, error) {
	digest, err := w.fetchArchive(ctx, t)
	if err != nil {
		return nil, err
	}
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	f, err := w.Store.Spool()
	if err != nil {
		return nil, err
	}
	z := &spooled{File: f}
	out := bufio.NewWriterSize(f, 1<<20)
	err = release.Repack(ctx, bufio.NewReaderSize(b, 1<<20), t.Version, t.Platform, out)
	if err == nil {
		err = out.Flush()
	}
	if info, serr := f.Stat(); err == nil && serr == nil {
		z.size = info.Size()
		return z, nil
	}
	_ = z.Close() // the first error counts
	return nil, fault.New(fault.ClassOf(err), t.File, "%w", err)
}

// spooled is a Zip of a temporary file.
type spooled struct {
	*os.File
	size int64
}

// Size returns its size in bytes.
func (s *spooled) Size() int64 { return s.size }
