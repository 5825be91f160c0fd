package world

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
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

// GoVersion returns the newest Go that fulfils a wish and that the proxy has
// for all platforms.
func (w *World) GoVersion(ctx context.Context, wish string, ps []platforms.Platform) (string, error) {
	servers, err := w.goProxies()
	if err != nil {
		return "", err
	}
	r := &release.Releases{Proxy: servers, Skipped: func(version string, missing []platforms.Platform) {
		w.note("go " + version + " is skipped: the module proxy refuses it for " + join(missing))
	}}
	return r.Resolve(ctx, wish, ps)
}

// Toolchain returns a toolchain with its hash from the checksum database and,
// for images, its zip's digest and size.
func (w *World) Toolchain(ctx context.Context, version string, p platforms.Platform, image bool) (lock.Toolchain, error) {
	module, modVersion := release.Module(version, p)
	t := lock.Toolchain{Platform: p, Version: version, Source: "module", Module: module + "@" + modVersion}
	servers, err := w.goProxies()
	if err != nil {
		return t, err
	}
	t.H1, err = w.sums(servers).H1(ctx, module, modVersion)
	if errors.Is(err, fs.ErrNotExist) && !image {
		return t, nil // the lock says that this host has none
	}
	if err != nil && !image && w.refused(ctx, servers, t, err) {
		w.note("go " + version + " for " + p.String() + " is locked as not available: the module proxy refuses its hash, and the checksum database does not answer")
		return t, nil
	}
	if err != nil || !image {
		return t, err
	}
	digest, size, err := w.zip(ctx, t)
	if err != nil {
		return t, err
	}
	t.ZipSHA256, t.Size = digest, size
	return t, nil
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
	return &release.Sums{Proxy: servers, Database: proxy{fetch: w.Fetch, base: database()}, State: state{w.Store}, Key: w.sumKey}
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

// ToolchainZip opens the locked zip of an image's toolchain. What the lock's
// sha256 names was checked against the checksum database when it was locked.
func (w *World) ToolchainZip(ctx context.Context, t *lock.Toolchain) (*store.Blob, error) {
	digest, _, err := w.download(ctx, *t)
	if err != nil {
		return nil, err
	}
	return w.Store.Get(ctx, digest)
}

// GoRoot returns the directory of the toolchain of this machine, unpacked in
// the store.
func (w *World) GoRoot(ctx context.Context, t *lock.Toolchain) (string, error) {
	if t.H1 == "" {
		return "", fault.New(fault.Usage, t.Module, "the lock has no toolchain for this machine: it was not available").
			WithHint("run gophersnake lock --update go")
	}
	return w.Store.Dir(ctx, t.Module+" "+t.H1, func(ctx context.Context, tmp string) error {
		sha256, _, err := w.zip(ctx, *t)
		if err != nil {
			return err
		}
		b, err := w.Store.Get(ctx, "sha256:"+sha256)
		if err != nil {
			return err
		}
		defer b.Close()
		return release.Extract(ctx, b, b.Size(), tmp)
	})
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
