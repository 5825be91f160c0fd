package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/internal/debiantest"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

const (
	mirror   = "https://packages.example/debian/"
	dists    = mirror + "dists/bookworm/"
	shellDeb = mirror + "pool/main/s/shell/shell_1_all.deb"
	appDeb   = mirror + "pool/main/a/app/app_1_all.deb"
)

// frozen is a mirror of two packages, and the question for them.
type frozen struct {
	*World
	web   *web
	query lock.Debian
	from  debian.Source
	key   debiantest.Key
}

// newFrozen makes a mirror whose release is valid for a week, signed by a key
// of some life.
func newFrozen(t *testing.T, life time.Duration, packages ...string) *frozen {
	t.Helper()
	w, web := newWorld(t)
	key, err := debiantest.NewKey(life)
	must(t, err)
	public, err := key.Public()
	must(t, err)
	write(t, w.Dir, "archive.asc", string(public))
	suite := debiantest.Suite{Until: debiantest.Created().AddDate(0, 0, 7)}
	for _, text := range append(packages, "Package: shell\n-- usr/bin/sh mode=755 --\nshell\n", "Package: app\nDepends: shell\n-- usr/share/app --\napp\n") {
		p, err := debiantest.Parse([]byte(text))
		must(t, err)
		suite.Packages = append(suite.Packages, p)
	}
	files, err := suite.Files(key)
	must(t, err)
	for name, data := range files {
		web.files[mirror+name] = string(data)
	}
	return &frozen{
		w, web,
		lock.Debian{Suite: "bookworm", Components: []string{"main"}, Packages: []string{"app"}},
		debian.Source{Mirror: mirror, Keyring: "archive.asc", At: debiantest.Created().AddDate(0, 0, 1)},
		key,
	}
}

func (f *frozen) ask(t *testing.T) (*lock.Base, []lock.Deb, error) {
	t.Helper()
	return f.Debian(t.Context(), f.query, f.from, platforms.Platform{OS: "linux", Arch: "arm64"})
}

// flip changes a byte of a file of the mirror.
func (f *frozen) flip(url, part string) {
	at := strings.Index(f.web.files[url], part)
	data := []byte(f.web.files[url])
	data[at] ^= 1
	f.web.files[url] = string(data)
}

// index returns the URL of the index for arm64.
func (f *frozen) index() string {
	for url := range f.web.files {
		if strings.HasPrefix(url, dists+"main/binary-arm64/by-hash/") {
			return url
		}
	}
	return ""
}

func TestDebian(t *testing.T) {
	f := newFrozen(t, 0)
	base, debs, err := f.ask(t)
	must(t, err)
	var got []string
	for _, d := range debs {
		got = append(got, d.Name+" "+d.Version+" "+d.Architecture+" "+d.Path)
	}
	want := []string{"app 1 all pool/main/a/app/app_1_all.deb", "shell 1 all pool/main/s/shell/shell_1_all.deb"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if base.Release != "12.0 of 2026-01-01" || len(base.SignedBy) != 40 || !base.Sh || base.Bash {
		t.Errorf("%+v", base)
	}
	asked := f.web.questions()
	if n := len(asked); n != 4 || asked[0] != dists+"InRelease" || asked[1] != f.index() {
		t.Errorf("asked %v", asked)
	}
	// What a package says of itself is read once.
	if _, err := (Debs{World: f.World, Archive: mirror}).DebMeta(t.Context(), &debs[0]); err != nil || len(f.web.questions()) != 0 {
		t.Errorf("%v", err)
	}
}

func TestDebianErrors(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name  string
		life  time.Duration
		extra string // a package
		spoil func(t *testing.T, f *frozen)
		class fault.Class
		want  string
		hint  string
	}{
		{name: "release flipped", spoil: func(_ *testing.T, f *frozen) { f.flip(dists+"InRelease", "12.0") }, class: fault.Verification, want: dists + "InRelease: signature: openpgp: invalid signature: EdDSA verification failure", hint: "ISSUER"},
		{name: "foreign key", spoil: func(t *testing.T, f *frozen) {
			other, err := debiantest.NewKey(0)
			must(t, err)
			public, err := other.Public()
			must(t, err)
			write(t, f.Dir, "archive.asc", string(public))
		}, class: fault.Verification, want: dists + "InRelease: signature: openpgp: signature made by unknown entity", hint: "ISSUER"},
		{name: "Debian's keys", spoil: func(_ *testing.T, f *frozen) { f.from.Keyring = "" }, class: fault.Verification, want: dists + "InRelease: signature: openpgp: signature made by unknown entity", hint: "ISSUER"},
		{name: "expired key", life: 2 * day, spoil: func(_ *testing.T, f *frozen) { f.from.At = debiantest.Created().Add(5 * day) }, class: fault.Verification, want: dists + "InRelease: signature: openpgp: key expired", hint: "ISSUER"},
		{name: "no keyring", spoil: func(t *testing.T, f *frozen) { write(t, f.Dir, "archive.asc", "no key") }, class: fault.Usage, want: "archive.asc: no OpenPGP public key: openpgp: invalid data: tag byte does not have MSB set"},
		{name: "no longer valid", spoil: func(_ *testing.T, f *frozen) { f.from.At = debiantest.Created().Add(8 * day) }, class: fault.Verification, want: dists + "InRelease: was valid until 2026-01-08T00:00:00Z"},
		{name: "snapshot later", spoil: func(_ *testing.T, f *frozen) { f.query.Snapshot = "20260109T000000Z" }, class: fault.Verification, want: dists + "InRelease: was valid until 2026-01-08T00:00:00Z"},
		{name: "snapshot earlier", spoil: func(_ *testing.T, f *frozen) { f.query.Snapshot = "20251201T000000Z" }, class: fault.Verification, want: dists + "InRelease: signature: openpgp: key expired", hint: "ISSUER"},
		{name: "other suite", spoil: func(_ *testing.T, f *frozen) {
			f.query.Suite = "trixie"
			f.web.files[mirror+"dists/trixie/InRelease"] = f.web.files[dists+"InRelease"]
		}, class: fault.Verification, want: mirror + `dists/trixie/: is bookworm (oldstable), not "trixie"`},
		{name: "component", spoil: func(_ *testing.T, f *frozen) { f.query.Components = []string{"contrib"} }, class: fault.Usage, want: `base.debian: bookworm has no component "contrib" for arm64`},
		{name: "no release", spoil: func(_ *testing.T, f *frozen) { delete(f.web.files, dists+"InRelease") }, class: fault.Network, want: dists + "InRelease: 404 Not Found"},
		{name: "a page", spoil: func(_ *testing.T, f *frozen) { f.web.files[dists+"InRelease"] = "<html>login</html>" }, class: fault.Network, want: dists + "InRelease: an HTML page came instead of the file", hint: "a proxy or a login page may stand between this machine and the server"},
		{name: "a page for an index", spoil: func(_ *testing.T, f *frozen) { f.web.files[f.index()] = "<html>login</html>" }, class: fault.Network, want: "INDEX: an HTML page came instead of the file", hint: "a proxy or a login page may stand between this machine and the server"},
		{name: "a page for a package", spoil: func(_ *testing.T, f *frozen) { f.web.files[appDeb] = "<!DOCTYPE html>" }, class: fault.Network, want: appDeb + ": an HTML page came instead of the file", hint: "a proxy or a login page may stand between this machine and the server"},
		{name: "index flipped", spoil: func(_ *testing.T, f *frozen) { f.flip(f.index(), "\x1f\x8b") }, class: fault.Verification, want: "INDEX: sha256 is HAS, want WANT", hint: "the file was changed at its source or on its way; do not use it before you know why"},
		{name: "index cut", spoil: func(_ *testing.T, f *frozen) { u := f.index(); f.web.files[u] = f.web.files[u][:100] }, class: fault.Network, want: "INDEX: short by SHORT bytes"},
		{name: "index gone", spoil: func(_ *testing.T, f *frozen) { delete(f.web.files, f.index()) }, class: fault.Network, want: "INDEX: 404 Not Found"},
		{name: "package flipped", spoil: func(_ *testing.T, f *frozen) { f.flip(appDeb, "debian-binary") }, class: fault.Verification, want: appDeb + ": sha256 is HAS, want WANT", hint: "the file was changed at its source or on its way; do not use it before you know why"},
		{name: "package cut", spoil: func(_ *testing.T, f *frozen) { f.web.files[appDeb] = f.web.files[appDeb][:99] }, class: fault.Network, want: appDeb + ": short by SHORT bytes"},
		{name: "package gone", spoil: func(_ *testing.T, f *frozen) { delete(f.web.files, shellDeb) }, class: fault.Network, want: shellDeb + ": 404 Not Found", hint: "the archive no longer has what was locked: lock --update base takes what it has now; [base.debian] snapshot keeps what it had"},
		{name: "path escape", extra: "Package: evil\n-- ../etc/passwd --\nx\n", class: fault.Verification, want: `package evil/data.tar.gz: path "../etc/passwd" leaves its root`},
		{name: "device", extra: "Package: evil\n-- dev/null device --\n", class: fault.Verification, want: `package evil: "dev/null" is a device, a FIFO or of a type that is not known`},
		{name: "both", extra: "Package: evil\nDepends: app\n-- usr/share/app --\nx\n", class: fault.Unsatisfiable, want: `package evil: "usr/share/app" is also in package "app", and neither replaces the other`},
		{name: "no package", spoil: func(_ *testing.T, f *frozen) { f.query.Packages = []string{"shel"} }, class: fault.Usage, want: `base.debian for linux/arm64: there is no package "shel"`, hint: `did you mean "shell"?`},
		{name: "not at all", spoil: func(_ *testing.T, f *frozen) { f.query.Packages = []string{"postgresql"} }, class: fault.Usage, want: `base.debian for linux/arm64: there is no package "postgresql"`, hint: "bookworm has 2 packages for linux/arm64"},
		{name: "chain", extra: "Package: evil\nDepends: middle\n\x00Package: middle\nDepends: app (>= 2)\n", class: fault.Unsatisfiable, want: "base.debian for linux/arm64: evil -> middle 1 needs app (>= 2), which cannot be had"},
		{name: "conflict", extra: "Package: evil\nDepends: app\nBreaks: shell (<< 2)\n", class: fault.Unsatisfiable, want: "base.debian for linux/arm64: evil 1 excludes evil -> app -> shell 1 (shell (<< 2))"},
		{name: "preset", spoil: func(_ *testing.T, f *frozen) { f.query.Preset = "glibc" }, class: fault.Usage, want: `base.debian for linux/arm64: there is no package "base-files"`},
		{name: "version", spoil: func(_ *testing.T, f *frozen) { f.query.Packages = []string{"app=2"} }, class: fault.Usage, want: `base.debian for linux/arm64: package "app" has no version 2`, hint: "there is 1"},
		{name: "version that another needs", extra: "Package: evil\nDepends: app (>= 2)\n\x00Package: app\nVersion: 2\n", spoil: func(_ *testing.T, f *frozen) { f.query.Packages = []string{"app=1", "evil"} }, class: fault.Unsatisfiable, want: "base.debian for linux/arm64: evil 1 needs app (>= 2), which cannot be had beside app 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var extra []string
			if tt.extra != "" {
				extra = strings.Split(tt.extra, "\x00")
			}
			f := newFrozen(t, tt.life, extra...)
			if tt.extra != "" {
				f.query.Packages = []string{"evil"}
			}
			file := appDeb
			if strings.HasPrefix(tt.want, "INDEX") {
				file = f.index()
			}
			good := f.web.files[file]
			if tt.spoil != nil {
				tt.spoil(t, f)
			}
			_, _, err := f.ask(t)
			bad := f.web.files[file]
			want := strings.NewReplacer("INDEX", file, "HAS", sha(bad), "WANT", sha(good), "SHORT", fmt.Sprintf("%d of %d", len(good)-len(bad), len(good)))
			hint := strings.Replace(tt.hint, "ISSUER", "it is signed by "+f.key.ID()+"; none of the known keys made a valid signature", 1)
			wantError(t, err, tt.class, want.Replace(tt.want), hint)
		})
	}
}

// add puts another suite into an archive of the mirror's server.
func (f *frozen) add(t *testing.T, archive string, suite debiantest.Suite, packages ...string) {
	t.Helper()
	for _, text := range packages {
		p, err := debiantest.Parse([]byte(text))
		must(t, err)
		suite.Packages = append(suite.Packages, p)
	}
	files, err := suite.Files(f.key)
	must(t, err)
	for name, data := range files {
		f.web.files[archive+name] = string(data)
	}
}

// TestDebianExtraSuites shows that packages of other suites count where they
// are newer, and that those of security updates come from their own archive.
func TestDebianExtraSuites(t *testing.T) {
	const security = "https://packages.example/debian-security/"
	f := newFrozen(t, 0)
	f.add(t, mirror, debiantest.Suite{Codename: "bookworm-updates"}, "Package: app\nVersion: 1.1\nDepends: shell\n-- usr/share/app --\nupdated\n")
	week := debiantest.Created().AddDate(0, 0, 7)
	f.add(t, security, debiantest.Suite{Codename: "bookworm-security", Until: week}, "Package: shell\nVersion: 1+deb12u1\n-- usr/bin/sh mode=755 --\nsafe\n", "Package: app\nVersion: 1.0.1\n")
	f.query.ExtraSuites = []string{"bookworm-updates", "bookworm-security"}
	base, debs, err := f.ask(t)
	must(t, err)
	var got []string
	for _, d := range debs {
		got = append(got, fmt.Sprint(d.Name, " ", d.Version, " ", d.Security))
	}
	if diff := cmp.Diff([]string{"app 1.1 false", "shell 1+deb12u1 true"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if base.Release != "12.0 of 2026-01-01, bookworm-updates of 2026-01-01, bookworm-security of 2026-01-01" || len(base.SignedBy) != 40 {
		t.Errorf("release %q, signed by %q", base.Release, base.SignedBy)
	}
	if asked := f.web.questions(); !slices.Contains(asked, security+"pool/main/s/shell/shell_1+deb12u1_all.deb") {
		t.Errorf("asked %v", asked)
	}

	f.query.Packages = []string{"app=1", "shell=1"}
	_, debs, err = f.ask(t)
	must(t, err)
	if debs[0].Version != "1" || debs[1].Version != "1" || debs[1].Security {
		t.Errorf("wanted version 1 of both: %+v", debs)
	}

	f.query.Packages = []string{"app=0.9"}
	_, _, err = f.ask(t)
	wantError(t, err, fault.Usage, `base.debian for linux/arm64: package "app" has no version 0.9`, "there is 1.1, 1.0.1, 1")

	f.from.At = week.Add(time.Hour)
	delete(f.web.files, dists+"InRelease")
	f.add(t, mirror, debiantest.Suite{})
	_, _, err = f.ask(t)
	wantError(t, err, fault.Verification, security+"dists/bookworm-security/InRelease: was valid until 2026-01-08T00:00:00Z", "")

	f.from.Security = "https://updates.example/"
	_, _, err = f.ask(t)
	wantError(t, err, fault.Network, "https://updates.example/dists/bookworm-security/InRelease: 404 Not Found", "")
}
