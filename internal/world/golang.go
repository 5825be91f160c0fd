package world

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// maxToolchain is the most bytes of a toolchain's module zip.
const maxToolchain = 1 << 30

// database returns where the checksum database is asked when no proxy answers
// for it: its key names the host. It is asked for public toolchains only.
func database() string {
	host, _, _ := strings.Cut(release.Key, "+")
	return "https://" + host
}

// GoVersion returns the newest Go that fulfils a wish and that a source has for
// all platforms. For "auto" that is the module proxy if it has any, else proxy and
// download index together.
func (w *World) GoVersion(ctx context.Context, source, wish string, ps []platforms.Platform) (string, error) {
	r := &release.Releases{}
	r.Skipped = func(version string, missing []platforms.Platform) {
		who := "the module proxy refuses it for "
		switch {
		case r.Proxy == nil:
			who = "the download index does not have it for "
		case r.Downloads != nil:
			who = "module proxy and download index do not have it for "
		}
		w.note("go " + version + " is skipped: " + who + join(missing))
	}
	if source != lock.SourceRelease {
		servers, err := w.goProxies()
		if err != nil && source != sourceAuto {
			return "", err
		}
		if err == nil {
			r.Proxy = servers
			v, err := r.Resolve(ctx, wish, ps)
			if source != sourceAuto || fault.ClassOf(err) != fault.Usage {
				return v, err
			}
		}
	}
	r.Downloads = w.downloads()
	return r.Resolve(ctx, wish, ps)
}

// sourceAuto is the wish for the first source that has a toolchain.
const sourceAuto = "auto"

// Toolchain returns the toolchain of a version, a platform and a source, which
// may be "auto", with its hash: of a module from the checksum database, of an
// archive from the download index. What lies in images is fetched: there a
// module's row has the zip's digest, and an archive's the key that signed it. One
// that a host lacks has no hash.
func (w *World) Toolchain(ctx context.Context, want lock.Toolchain) (lock.Toolchain, error) {
	switch want.Source {
	case lock.SourceModule:
		t, why, err := w.module(ctx, want)
		if err == nil && why != "" && why != absent {
			w.note("go " + t.Version + " for " + t.Platform.String() + " is locked as not available: " + why)
		}
		return t, err
	case lock.SourceRelease:
		return w.archive(ctx, want)
	}
	t, why, err := w.module(ctx, want)
	if err == nil && why == "" {
		return t, nil
	}
	if why == "" {
		if why = w.lacks(ctx, t, err); why == "" {
			return t, err
		}
	}
	return w.second(ctx, want, t, why)
}

// second asks for the archive of what is not there as a module.
func (w *World) second(ctx context.Context, want, module lock.Toolchain, why string) (lock.Toolchain, error) {
	about := "go " + want.Version + " for " + want.Platform.String() + " is "
	t, err := w.archive(ctx, want)
	switch {
	case err == nil && t.SHA256 != "":
		t.PassedOver = []string{"module: " + why}
		w.note(about + "a release archive: " + why)
		return t, nil
	case want.Image || fault.ClassOf(err) == fault.Verification || ctx.Err() != nil:
		return t, err
	}
	also := "the download index has none"
	if err != nil {
		also = "the download index does not answer"
	}
	module.PassedOver = []string{"module: " + why, "release: " + also}
	w.note(about + "locked as not available: " + why + ", and " + also)
	return module, nil
}

// Why a module is not there.
const (
	absent  = "the checksum database has no such module"
	noHash  = "the module proxy refuses its hash, and the checksum database does not answer"
	noZip   = "the module proxy does not give it"
	noProxy = "there is no module proxy"
)

// lacks returns why a module that an image needs is not there, or "" for an error
// that says nothing about that.
func (w *World) lacks(ctx context.Context, t lock.Toolchain, err error) string {
	servers, none := w.goProxies()
	switch {
	case none != nil:
		return noProxy
	case t.H1 != "" && missing(err):
		return noZip
	case errors.Is(err, fs.ErrNotExist):
		return absent
	case t.H1 == "" && w.refused(ctx, servers, t, err):
		return noHash
	}
	return ""
}

// module returns a toolchain as a module. For one that a host lacks it says why.
func (w *World) module(ctx context.Context, want lock.Toolchain) (t lock.Toolchain, why string, err error) {
	module, modVersion := release.Module(want.Version, want.Platform)
	t = lock.Toolchain{Platform: want.Platform, Version: want.Version, Source: lock.SourceModule, Module: module + "@" + modVersion}
	servers, err := w.goProxies()
	if err != nil {
		return t, "", err
	}
	t.H1, err = w.sums(servers).H1(ctx, module, modVersion)
	if !want.Image && err != nil {
		if why = w.lacks(ctx, t, err); why != "" {
			return t, why, nil // the lock says that this host has none
		}
	}
	if err != nil || !want.Image {
		return t, "", err
	}
	digest, size, err := w.zip(ctx, t)
	if err != nil {
		return t, "", err
	}
	t.ZipSHA256, t.Size = digest, size
	return t, "", nil
}

// refused reports whether the proxies, which show the checksum database, refuse
// the record of a toolchain, so that only the database itself is left to ask,
// and it does not answer. On a machine that reaches its proxies alone such a
// toolchain cannot be had anyway.
func (w *World) refused(ctx context.Context, servers proxies, t lock.Toolchain, err error) bool {
	if fault.ClassOf(err) != fault.Network || ctx.Err() != nil {
		return false
	}
	latest, shown := servers.Get(ctx, "sumdb/"+strings.TrimPrefix(database(), "https://")+"/latest")
	if shown != nil {
		return false
	}
	_ = latest.Close() // that it is there is all
	alone := w.sums(servers)
	alone.Database = nil
	module, version, _ := strings.Cut(t.Module, "@")
	_, err = alone.H1(ctx, module, version)
	return errors.Is(err, fs.ErrNotExist)
}

// sums asks the checksum database, through the proxies first.
func (w *World) sums(servers proxies) *release.Sums {
	return &release.Sums{Proxy: servers, Database: proxy{fetch: w.Fetch, base: database()}, State: state{w.Store, w.Scratch}, Key: w.SumKey}
}

// zip fetches a toolchain's module zip into the store and checks its h1. It
// returns the SHA-256 in hex and the size.
func (w *World) zip(ctx context.Context, t lock.Toolchain) (string, int64, error) {
	digest, size, err := w.download(ctx, t)
	if err != nil {
		return "", 0, err
	}
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return "", 0, err
	}
	defer b.Close()
	sha256 := digest[len("sha256:"):]
	return sha256, size, release.CheckZip(b, b.Size(), t.Module, t.H1, sha256)
}

// download fetches the zip from the first proxy that has it, unless the store
// has it: then nobody needs to know a proxy.
func (w *World) download(ctx context.Context, t lock.Toolchain) (digest string, size int64, err error) {
	if have, err := w.Store.Stat("sha256:" + t.ZipSHA256); t.ZipSHA256 != "" && err == nil && have == t.Size {
		return "sha256:" + t.ZipSHA256, t.Size, nil // whoever opens it hashes it
	}
	servers, err := w.goProxies()
	if err != nil {
		return "", 0, err
	}
	want := fetch.Want{SHA256: t.ZipSHA256, Size: t.Size, Max: maxToolchain}
	for _, s := range servers {
		digest, size, err = w.Fetch.Into(ctx, w.Store, s.base+"/"+release.Zip(t.Version, t.Platform), want)
		if !s.more(ctx, err) {
			break
		}
	}
	if fault.ClassOf(err) == fault.Verification {
		return "", 0, fault.New(fault.Verification, t.Module, "%w", err).WithHint("gophersnake lock --update go takes the zip that the proxy serves now, if the checksum database has its h1")
	}
	return digest, size, err
}

// ToolchainZip opens the locked toolchain of an image as a zip. What the lock's
// sha256 names was checked when it was locked: against the checksum database, or
// by its signature.
func (w *World) ToolchainZip(ctx context.Context, t *lock.Toolchain) (Zip, error) {
	if t.Source == lock.SourceRelease {
		return w.repacked(ctx, *t)
	}
	digest, _, err := w.download(ctx, *t)
	if err != nil {
		return nil, err
	}
	return w.Store.Get(ctx, digest)
}

// Zip is an open zip of a toolchain.
type Zip interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// GoRoot returns the directory of the toolchain of this machine, unpacked in
// the store, for people to work with.
func (w *World) GoRoot(ctx context.Context, t *lock.Toolchain) (string, error) {
	return w.goRoot(ctx, t, w.Store.Dir)
}

// goRoot returns the directory of a toolchain that one of the store's methods
// makes.
func (w *World) goRoot(ctx context.Context, t *lock.Toolchain, dir func(context.Context, string, func(context.Context, string) error) (string, error)) (string, error) {
	if t.Hash() == "" {
		return "", fault.New(fault.Usage, t.Name(), "the lock has no toolchain for this machine: it was not available").
			WithHint("run gophersnake lock --update go")
	}
	return dir(ctx, t.Name()+" "+t.Hash(), func(ctx context.Context, tmp string) error {
		z, err := w.hostZip(ctx, t)
		if err != nil {
			return err
		}
		defer z.Close()
		return release.Extract(ctx, z, z.Size(), tmp)
	})
}

// hostZip opens a toolchain that is to be run, after a look at all that is known
// of it: the lock need not have said more than its hash.
func (w *World) hostZip(ctx context.Context, t *lock.Toolchain) (Zip, error) {
	if t.Source == lock.SourceRelease {
		if t.SignedBy == "" {
			if _, err := w.signed(ctx, *t); err != nil {
				return nil, err
			}
		}
		return w.repacked(ctx, *t)
	}
	sha256, _, err := w.zip(ctx, *t)
	if err != nil {
		return nil, err
	}
	return w.Store.Get(ctx, "sha256:"+sha256)
}

func (w *World) note(text string) {
	if w.Note != nil {
		w.Note(text)
	}
}

func join(ps []platforms.Platform) string {
	text := ""
	for i, p := range ps {
		if i > 0 {
			text += ", "
		}
		text += p.String()
	}
	return text
}
