package world

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/golang/signature"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// site is a scripted download site with one release, signed by a test's key. The
// real site is not asked by tests.
type site struct {
	key  *openpgp.Entity
	data string // of the archive
	row  lock.Toolchain
}

const (
	siteIndex   = release.Site + "/?mode=json&include=all"
	siteArchive = release.Site + "/go1.26.8.linux-amd64.tar.gz"
)

var linuxAMD64 = platforms.Platform{OS: "linux", Arch: "amd64"}

// scriptedSite makes a world whose download site is scripted.
func scriptedSite(t *testing.T, p platforms.Platform, gobin string) (*World, *web, *site) {
	t.Helper()
	w, s := newWorld(t)
	born := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	key, err := openpgp.NewEntity("releases", "", "releases@go.example", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return born }})
	must(t, err)
	var public bytes.Buffer
	must(t, key.Serialize(&public))
	w.GoKey = func() (*signature.Key, error) { return signature.ReadKey("k", public.Bytes(), fingerprintOf(key)) }
	w.Now = func() time.Time { return born.Add(48 * time.Hour) }

	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	out := tar.NewWriter(z)
	for _, f := range []struct {
		name, content string
		mode          int64
	}{{"go/VERSION", "go1.26.8\n", 0o644}, {"go/bin/go", gobin, 0o755}, {"go/doc/x", "left out", 0o644}, {"go/src/go.mod", "module std\n", 0o644}} {
		must(t, out.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Typeflag: tar.TypeReg}))
		_, err := io.WriteString(out, f.content)
		must(t, err)
	}
	must(t, out.Close())
	must(t, z.Close())
	x := &site{key: key, data: buf.String()}
	x.row = lock.Toolchain{
		Version: "1.26.8", Platform: p, Source: lock.SourceRelease, File: release.File("1.26.8", p), SHA256: sha(x.data), Size: int64(len(x.data)),
	}
	s.files[siteIndex] = fmt.Sprintf(`[{"version":"go1.26.8","files":[{"filename":%q,"os":%q,"arch":%q,"sha256":%q,"size":%d,"kind":"archive"}]}]`,
		x.row.File, p.OS, p.Arch, x.row.SHA256, x.row.Size)
	s.files[release.Site+"/"+x.row.File] = x.data
	s.files[release.Site+"/"+x.row.File+".asc"] = x.sign(t, key, crypto.SHA256, born.Add(time.Hour))
	return w, s, x
}

func fingerprintOf(e *openpgp.Entity) string {
	return strings.ToUpper(fmt.Sprintf("%x", e.PrimaryKey.Fingerprint))
}

func (x *site) sign(t *testing.T, key *openpgp.Entity, hash crypto.Hash, when time.Time) string {
	t.Helper()
	off := false
	sig := &packet.Signature{Version: 4, SigType: packet.SigTypeBinary, PubKeyAlgo: key.PrivateKey.PubKeyAlgo, Hash: hash, CreationTime: when, IssuerKeyId: &key.PrimaryKey.KeyId}
	h := hash.New()
	_, _ = io.WriteString(h, x.data)
	must(t, sig.Sign(h, key.PrivateKey, &packet.Config{DefaultHash: hash, NonDeterministicSignaturesViaNotation: &off}))
	var buf bytes.Buffer
	must(t, sig.Serialize(&buf))
	return buf.String()
}

// TestScriptedArchive checks an archive from the index to the directory that it is
// unpacked in.
func TestScriptedArchive(t *testing.T) {
	w, s, x := scriptedSite(t, linuxAMD64, "#!/bin/sh\n")
	for _, wish := range []string{"1.26", "1.26.8", ">=1.21"} {
		if v, err := w.GoVersion(t.Context(), "release", wish, []platforms.Platform{linuxAMD64}); v != "1.26.8" || err != nil {
			t.Errorf("%s is %q, %v", wish, v, err)
		}
	}
	got, err := w.Toolchain(t.Context(), lock.Toolchain{Version: "1.26.8", Platform: linuxAMD64, Source: "release", Image: true})
	want := x.row
	want.SignedBy = fingerprintOf(x.key)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{siteIndex, siteArchive + ".asc", siteArchive}, s.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	z, err := w.ToolchainZip(t.Context(), &got)
	must(t, err)
	h1, _, err := release.HashZip(z, z.Size())
	if err != nil || !strings.HasPrefix(h1, "h1:") {
		t.Errorf("%s, %v", h1, err)
	}
	must(t, z.Close())
	if asked := s.questions(); asked != nil {
		t.Errorf("asked %q for what the store has", asked)
	}

	// On a host it is not fetched until it is used; then its signature counts.
	w, s, x = scriptedSite(t, here(), "#!/bin/sh\n")
	host, err := w.Toolchain(t.Context(), lock.Toolchain{Version: "1.26.8", Platform: here(), Source: "release", Host: true})
	if diff := cmp.Diff(x.row, host); diff != "" || err != nil || len(s.questions()) != 1 {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	dir, err := w.GoRoot(t.Context(), &host)
	must(t, err)
	for name, mode := range map[string]fs.FileMode{"bin/go": 0o755, "VERSION": 0o644, "src/go.mod": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "doc")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("doc: %v", err)
	}
	if asked := s.questions(); len(asked) != 2 || !slices.Contains(asked, release.Site+"/"+x.row.File+".asc") {
		t.Errorf("asked %q", asked)
	}
	delete(s.files, release.Site+"/"+x.row.File+".asc")
	if again, err := w.GoRoot(t.Context(), &host); again != dir || err != nil || s.questions() != nil {
		t.Errorf("again %s, %v", again, err)
	}
}

// TestScriptedSiteBad checks archives, signatures and indexes that are not right,
// and that nothing is kept of them.
func TestScriptedSiteBad(t *testing.T) {
	other, err := openpgp.NewEntity("others", "", "others@go.example", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	must(t, err)
	const file = "go1.26.8.linux-amd64.tar.gz"
	day := time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name       string
		spoil      func(s *web, x *site)
		class      fault.Class
		want, hint string // KEY and HASH stand for the key and the archive's sha256
	}{
		{"flipped byte", func(s *web, x *site) {
			s.files[siteArchive] = "\x1e" + x.data[1:]
		}, fault.Verification, file + ": " + siteArchive + ": sha256 is OTHER, want HASH", "the archive is not the one that was locked; do not use it"},
		{"other key (G04)", func(s *web, x *site) {
			s.files[siteArchive+".asc"] = x.sign(t, other, crypto.SHA256, day)
		}, fault.Verification, file + ": signed by the key " + fingerprintOf(other) + ", which is not one of KEY", "newer subkeys of that key are added with --go-signing-key FILE"},
		{"SHA-1", func(s *web, x *site) {
			s.files[siteArchive+".asc"] = x.sign(t, x.key, crypto.SHA1, day)
		}, fault.Verification, file + ": signature: by KEY is made with SHA-1, which is refused", ""},
		{"before the key", func(s *web, x *site) {
			s.files[siteArchive+".asc"] = x.sign(t, x.key, crypto.SHA256, day.Add(-9*time.Hour))
		}, fault.Verification, file + ": signature by KEY of 2025-12-31: the key was made on 2026-01-01", ""},
		{"no signature", func(s *web, _ *site) { delete(s.files, siteArchive+".asc") }, fault.Verification, file + ": the download site has no signature of it", ""},
		{"a signed archive that is none", func(s *web, x *site) {
			old := x.row.SHA256
			x.data = "no archive"
			s.files[siteIndex] = strings.NewReplacer(old, sha(x.data), fmt.Sprint(`"size":`, x.row.Size), `"size":10`).Replace(s.files[siteIndex])
			s.files[siteArchive], s.files[siteArchive+".asc"] = x.data, x.sign(t, x.key, crypto.SHA256, day)
		}, fault.Verification, file + ": release archive: gzip: invalid header", ""},
		{"an old release by a new name", func(s *web, x *site) {
			for name, text := range s.files {
				s.files[strings.ReplaceAll(name, "1.26.8", "1.26.9")] = strings.ReplaceAll(text, "1.26.8", "1.26.9")
			}
			s.files[strings.ReplaceAll(siteArchive, "1.26.8", "1.26.9")] = x.data
		}, fault.Verification, `go1.26.9.linux-amd64.tar.gz: release archive: SECURITY: is "go1.26.8" and not go1.26.9`, ""},
		{"no answer", func(s *web, _ *site) { s.files[siteIndex] = "!503" }, fault.Network, "download index: " + release.Site + "/: 503 Service Unavailable", "a mirror of go.dev can be named: mirrors in [registry.\"go.dev\"]"},
		{"another platform (G06)", func(s *web, _ *site) {
			s.files[siteIndex] = strings.ReplaceAll(s.files[siteIndex], "amd64", "arm64")
		}, fault.Usage, "go 1.26.8: the download index has no archive for linux/amd64", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, s, x := scriptedSite(t, linuxAMD64, "#!/bin/sh\n")
			tc.spoil(s, x)
			version := "1.26.8"
			if strings.HasPrefix(tc.name, "an old") {
				version = "1.26.9"
			}
			_, err := w.Toolchain(t.Context(), lock.Toolchain{Version: version, Platform: linuxAMD64, Source: "release", Image: true})
			want := strings.NewReplacer("KEY", fingerprintOf(x.key), "HASH", x.row.SHA256, "OTHER", sha("\x1e"+x.data[1:])).Replace(tc.want)
			wantError(t, err, tc.class, want, tc.hint)
		})
	}
}

// TestScriptedMirror checks that a mirror of the download site's host is asked
// first.
func TestScriptedMirror(t *testing.T) {
	w, s, x := scriptedSite(t, linuxAMD64, "#!/bin/sh\n")
	w.Mirrors = map[string][]string{"go.dev": {"https://gone.example/x", "https://mirror.example/go"}}
	at := "https://mirror.example/go/dl"
	for _, name := range []string{"/?mode=json&include=all", "/" + x.row.File} {
		s.files[at+name] = s.files[release.Site+name]
		s.files[release.Site+name] = "not asked"
	}
	_, err := w.Toolchain(t.Context(), lock.Toolchain{Version: "1.26.8", Platform: linuxAMD64, Source: "release", Image: true})
	must(t, err)
	want := []string{
		"https://gone.example/x/dl/?mode=json&include=all", at + "/?mode=json&include=all",
		"https://gone.example/x/dl/" + x.row.File + ".asc", at + "/" + x.row.File + ".asc", siteArchive + ".asc",
		"https://gone.example/x/dl/" + x.row.File, at + "/" + x.row.File,
	}
	if diff := cmp.Diff(want, s.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestScriptedAuto checks which source "auto" takes, and what it says.
func TestScriptedAuto(t *testing.T) {
	const lookup = "/lookup/golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"
	host := strings.TrimPrefix(database(), "https://")
	for _, tc := range []struct {
		name    string
		image   bool
		spoil   func(w *World, s *web)
		source  string
		passed  []string
		class   fault.Class
		note    string
		version string // what 1.26 means; "" is 1.26.8
	}{
		{"no module", true, func(*World, *web) {}, "release", []string{"module: " + absent}, "", "go 1.26.8 for linux/amd64 is a release archive: " + absent, ""},
		{"no proxy", true, func(w *World, _ *web) { w.use("off") }, "release", []string{"module: " + noProxy}, "", "go 1.26.8 for linux/amd64 is a release archive: " + noProxy, ""},
		{"403 for its hash", true, func(_ *World, s *web) {
			s.files["https://a.example/sumdb/"+host+lookup] = "!403"
			s.files[database()+lookup] = "!503"
			s.files["https://a.example/sumdb/"+host+"/latest"] = "a head"
		}, "release", []string{"module: " + noHash}, "", "go 1.26.8 for linux/amd64 is a release archive: " + noHash, ""},
		{"no database", true, func(_ *World, s *web) { s.files[database()+lookup] = "!503" }, "", nil, fault.Network, "", ""},
		{"forged", true, func(_ *World, s *web) {
			s.files["https://a.example/sumdb/"+host+lookup] = "1\nx\n\ngo.sum database tree\n1\nAAAA\n\n— x y\n"
		}, "", nil, fault.Verification, "", ""},
		{"neither, on a host", false, func(_ *World, s *web) { s.files[siteIndex] = "[]" }, "module", []string{"module: " + absent, "release: the download index has none"}, "", "go 1.26.8 for linux/amd64 is locked as not available: " + absent + ", and the download index has none", "none"},
		{"no index, on a host", false, func(_ *World, s *web) { s.files[siteIndex] = "!503" }, "module", []string{"module: " + absent, "release: the download index does not answer"}, "", "go 1.26.8 for linux/amd64 is locked as not available: " + absent + ", and the download index does not answer", "none"},
		{"no index, for an image", true, func(_ *World, s *web) { s.files[siteIndex] = "!503" }, "release", nil, fault.Network, "", "none"},
		{"neither, for an image", true, func(_ *World, s *web) { s.files[siteIndex] = "[]" }, "release", nil, fault.Usage, "", "none"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, s, _ := scriptedSite(t, linuxAMD64, "#!/bin/sh\n")
			w.use("https://a.example")
			tc.spoil(w, s)
			var notes []string
			w.Note = func(text string) { notes = append(notes, text) }
			got, err := w.Toolchain(t.Context(), lock.Toolchain{Version: "1.26.8", Platform: linuxAMD64, Source: "auto", Image: tc.image})
			if (err == nil) != (tc.class == "") || err != nil && fault.ClassOf(err) != tc.class {
				t.Fatalf("%s error %v, want %q", fault.ClassOf(err), err, tc.class)
			}
			if err == nil && (got.Source != tc.source || cmp.Diff(tc.passed, got.PassedOver) != "" || !slices.Contains(notes, tc.note)) {
				t.Errorf("%+v\nnotes %q\nwant %s, %q, %q", got, notes, tc.source, tc.passed, tc.note)
			}
			if v, err := w.GoVersion(t.Context(), "auto", "1.26", []platforms.Platform{linuxAMD64}); tc.version == "" && (v != "1.26.8" || err != nil) {
				t.Errorf("1.26 is %q, %v", v, err)
			}
		})
	}
}

// TestAutoModule checks that nothing but the module proxy is asked where it has
// the toolchain.
func TestAutoModule(t *testing.T) {
	w, s, _ := scriptedSite(t, linuxAMD64, "#!/bin/sh\n")
	w.use("https://a.example")
	const at = "https://a.example/golang.org/toolchain/@v/"
	s.files[at+"list"] = "v0.0.1-go1.26.7.linux-amd64\n"
	s.files[at+"v0.0.1-go1.26.7.linux-amd64.info"] = "{}"
	if v, err := w.GoVersion(t.Context(), "auto", "1.26", []platforms.Platform{linuxAMD64}); v != "1.26.7" || err != nil {
		t.Errorf("1.26 is %q, %v", v, err)
	}
	if asked := s.questions(); slices.Contains(asked, siteIndex) {
		t.Errorf("asked %q", asked)
	}
	if v, err := w.GoVersion(t.Context(), "auto", "1.26.8", []platforms.Platform{linuxAMD64}); v != "1.26.8" || err != nil {
		t.Errorf("1.26.8 is %q, %v", v, err)
	}
	_, err := w.GoVersion(t.Context(), "auto", "1.99.9", []platforms.Platform{linuxAMD64})
	wantError(t, err, fault.Usage, "go 1.99.9: module proxy and download index have no such release", "the nearest release for linux/amd64 is 1.26.8")
}
