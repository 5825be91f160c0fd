package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/signature"
)

// scriptedDownloads is a download site with scripted releases of all platforms
// that compile, signed by a key of the test. The real site is not asked by tests;
// the program takes the key by a field of its process, as no flag or variable can
// make it.
type scriptedDownloads struct {
	testing.TB
	key    *openpgp.Entity
	files  map[string][]byte
	server *httptest.Server
	sumKey string // of the checksum database
}

// keyBorn is when the test's keys were made; they have a subkey that signs for
// ten days.
var keyBorn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newKey(t testing.TB) *openpgp.Entity {
	t.Helper()
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return keyBorn }}
	e, err := openpgp.NewEntity("releases", "", "releases@go.example", config)
	if err != nil {
		t.Fatal(err)
	}
	e.Subkeys = nil
	config.KeyLifetimeSecs = 10 * 24 * 3600
	if err := e.AddSigningSubkey(config); err != nil {
		t.Fatal(err)
	}
	return e
}

func fingerprint(k *packet.PublicKey) string {
	return strings.ToUpper(hex.EncodeToString(k.Fingerprint))
}

func newDownloads(t testing.TB, versions ...string) *scriptedDownloads {
	t.Helper()
	d := &scriptedDownloads{TB: t, key: newKey(t), files: map[string][]byte{}}
	type file struct {
		File   string `json:"filename"`
		OS     string `json:"os"`
		Arch   string `json:"arch"`
		SHA256 string `json:"sha256"`
		Size   int    `json:"size"`
		Kind   string `json:"kind"`
	}
	type entry struct {
		Version string `json:"version"`
		Files   []file `json:"files"`
	}
	var index []entry
	for _, v := range versions {
		e := entry{Version: "go" + v}
		for _, p := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"} {
			name := "go" + v + "." + p + ".tar.gz"
			data := goArchive(t, v, p)
			sum := sha256.Sum256(data)
			goos, arch, _ := strings.Cut(p, "-")
			e.Files = append(e.Files, file{name, goos, arch, hex.EncodeToString(sum[:]), len(data), "archive"})
			d.files[name], d.files[name+".asc"] = data, d.sign(d.key.Subkeys[0].PrivateKey, crypto.SHA512, keyBorn.Add(time.Hour), data)
		}
		index = append(index, e)
	}
	text, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	d.files["?mode=json&include=all"] = text
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if r.URL.RawQuery != "" {
			name = "?" + r.URL.RawQuery
		}
		data, ok := d.files[name]
		if !ok || path.Dir(r.URL.Path) != "/dl" && r.URL.Path != "/dl/" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(d.server.Close)
	return d
}

// goArchive packs a toolchain of scripts as cmd/distpack would.
func goArchive(t testing.TB, version, platform string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for _, f := range []struct {
		name, content string
		mode          int64
	}{
		{"go/VERSION", "go" + version + "\n", 0o644},
		{"go/bin/go", "#!/bin/sh\necho go version go" + version + " " + platform + "\n", 0o755},
		{"go/doc/x.html", "left out", 0o644},
		{"go/src/go.mod", "module std\n", 0o644},
		{"go/src/make.bash", "#!/bin/sh\n", 0o755},
	} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sign makes a detached signature, armoured.
func (d *scriptedDownloads) sign(key *packet.PrivateKey, hash crypto.Hash, when time.Time, data []byte) []byte {
	d.Helper()
	off := false
	sig := &packet.Signature{Version: 4, SigType: packet.SigTypeBinary, PubKeyAlgo: key.PubKeyAlgo, Hash: hash, CreationTime: when, IssuerKeyId: &key.KeyId}
	h := hash.New()
	_, _ = h.Write(data)
	if err := sig.Sign(h, key, &packet.Config{DefaultHash: hash, NonDeterministicSignaturesViaNotation: &off}); err != nil {
		d.Fatal(err)
	}
	var buf bytes.Buffer
	w, err := armor.Encode(&buf, openpgp.SignatureType, nil)
	if err != nil {
		d.Fatal(err)
	}
	if err := sig.Serialize(w); err != nil {
		d.Fatal(err)
	}
	if err := w.Close(); err != nil {
		d.Fatal(err)
	}
	return buf.Bytes()
}

// run runs the program in this process, with the site's key.
func (d *scriptedDownloads) run(s *site, args ...string) outcome {
	d.Helper()
	env := map[string]string{}
	for _, kv := range s.env {
		key, value, _ := strings.Cut(kv, "=")
		env[key] = value
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), process{
		args: append([]string{"-C", s.dir}, args...), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		lookupenv: func(key string) (string, bool) { value, ok := env[key]; return value, ok }, vars: func() []string { return s.env }, now: time.Now, sumKey: d.sumKey,
		goKey: func() (*signature.Key, error) {
			var public bytes.Buffer
			if err := d.key.Serialize(&public); err != nil {
				return nil, err
			}
			return signature.ReadKey("key", public.Bytes(), fingerprint(d.key.PrimaryKey))
		},
	})
	return outcome{code, stdout.String(), stderr.String()}
}

// project makes a project whose download site is the scripted one.
func (d *scriptedDownloads) project(source, versions string) *site {
	d.Helper()
	return newSite(d, "version = 1\n[image]\nname = \"registry.example/x\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n[base]\nimage = \"scratch\"\n[go]\nsource = \""+
		source+"\"\nversions = ["+versions+"]\n[registry.\"go.dev\"]\nmirrors = [\""+d.server.URL+"\"]\n")
}

// TestScriptedRelease locks and builds an image with two Gos of a scripted
// download site: what is printed, what lies in the image, and that a second build
// with nothing in the store makes the same.
func TestScriptedRelease(t *testing.T) {
	t.Parallel()
	d := newDownloads(t, "1.25.0", "1.26.7", "1.26.8", "1.27rc1")
	s := d.project("release", `"1.25.0", "1.26"`)
	got := d.run(s, "lock")
	by := fingerprint(d.key.Subkeys[0].PublicKey)
	want := `go      platform      source   use             verified by
1.25.0  linux/amd64   release  image           download index, signed by KEY
1.25.0  linux/arm64   release  image           download index, signed by KEY
1.26.8  linux/amd64   release  image, compile  download index, signed by KEY
1.26.8  linux/arm64   release  image, compile  download index, signed by KEY
1.26.8  darwin/amd64  release  compile         download index, signature when it is used
1.26.8  darwin/arm64  release  compile         download index, signature when it is used
`
	if got.Code != 0 || !strings.HasSuffix(got.Stderr, strings.ReplaceAll(want, "KEY", by)) || !strings.Contains(got.Stderr, "go1.26.8.linux-arm64.tar.gz is signed by "+by+"\n") {
		t.Fatalf("exit %d\n%s", got.Code, got.Stderr)
	}
	if text := s.read(lockName); strings.Count(text, "source = \"release\"") != 6 || strings.Count(text, "signed-by = \""+by+"\"") != 4 || strings.Contains(text, d.server.URL) {
		t.Errorf("lock:\n%s", text)
	}
	if got := d.run(s, "build", "-o", "oci:one"); got.Code != 0 {
		t.Fatalf("exit %d\n%s", got.Code, got.Stderr)
	}
	digest, text := s.digest("oci:one"), s.read(lockName)
	s.check(os.RemoveAll(s.at(".cache")))
	if got := d.run(s, "build", "--locked", "-o", "oci:two"); got.Code != 0 || s.digest("oci:two") != digest || s.read(lockName) != text {
		t.Fatalf("exit %d, %s is not %s\n%s", got.Code, s.digest("oci:two"), digest, got.Stderr)
	}
	if got := d.run(s, "build", "--locked", "--platform", "linux/amd64", "-o", "rootfs:root"); got.Code != 0 {
		t.Fatalf("exit %d\n%s", got.Code, got.Stderr)
	}
	for name, mode := range map[string]os.FileMode{"opt/go/1.26.8/bin/go": 0o755, "opt/go/1.25.0/src/go.mod": 0o644, "opt/go/1.25.0/src/make.bash": 0o755} {
		if info, err := os.Stat(filepath.Join(s.at("root"), name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := os.Stat(s.at("root/opt/go/1.26.8/doc")); err == nil {
		t.Error("doc is there")
	}
	got = d.run(s, "-q", "--json", "lock")
	var result struct {
		Digest string
		Go     []goRow
	}
	if err := json.Unmarshal([]byte(got.Stdout), &result); err != nil || len(result.Go) != 6 || result.Go[0].SignedBy != by || !strings.HasPrefix(result.Go[0].Hash, "sha256:") || got.Stderr != "" {
		t.Errorf("%v: %q, %q", err, got.Stdout, got.Stderr)
	}
}

// TestScriptedReleaseBad checks what is refused of a download site, with the exact
// words, and that no lock is written.
func TestScriptedReleaseBad(t *testing.T) {
	t.Parallel()
	other := newKey(t)
	const archive = "go1.26.8.linux-amd64.tar.gz"
	late := keyBorn.Add(11 * 24 * time.Hour)
	for _, tc := range []struct {
		name, versions string
		spoil          func(d *scriptedDownloads)
		code           int
		want           string // KEY is the subkey, HOST the site
	}{
		{"flipped byte", `"1.26.8"`, func(d *scriptedDownloads) {
			d.files[archive] = slices.Clone(d.files[archive])
			d.files[archive][100] ^= 1
		}, 6, "gophersnake: " + archive + ": HOST/dl/" + archive + ": sha256 is GOT, want WANT\nhint: the archive is not the one that was locked; do not use it\n"},
		{"G04 another key", `"1.26.8"`, func(d *scriptedDownloads) {
			d.files[archive+".asc"] = d.sign(other.PrivateKey, crypto.SHA256, keyBorn.Add(time.Hour), d.files[archive])
		}, 6, "gophersnake: " + archive + ": signed by the key " + fingerprint(other.PrimaryKey) + ", which is not one of PRIMARY\nhint: newer subkeys of that key are added with --go-signing-key FILE\n"},
		{"SHA-1", `"1.26.8"`, func(d *scriptedDownloads) {
			d.files[archive+".asc"] = d.sign(d.key.Subkeys[0].PrivateKey, crypto.SHA1, keyBorn.Add(time.Hour), d.files[archive])
		}, 6, "gophersnake: " + archive + ": signature: by KEY is made with SHA-1, which is refused\n"},
		{"a subkey after its end", `"1.26.8"`, func(d *scriptedDownloads) {
			d.files[archive+".asc"] = d.sign(d.key.Subkeys[0].PrivateKey, crypto.SHA256, late, d.files[archive])
		}, 6, "gophersnake: " + archive + ": signature by KEY of 2026-01-12: the key had ended on 2026-01-11\n"},
		{"the signature of another archive", `"1.26.8"`, func(d *scriptedDownloads) { d.files[archive+".asc"] = d.files["go1.26.8.linux-arm64.tar.gz.asc"] }, 6, "gophersnake: " + archive + ": SECURITY: the signature by KEY is not of this file: invalid signature: EdDSA verification failure\n"},
		{"G05 unknown", `"1.99.9"`, func(*scriptedDownloads) {}, 2, "gophersnake: go 1.99.9: the download index has no such release\nhint: the nearest release for linux/amd64 and linux/arm64 is 1.26.8\n"},
		{"G06 not released for a platform", `"1.26.9"`, func(d *scriptedDownloads) {
			d.files["?mode=json&include=all"] = append([]byte(`[{"version":"go1.26.9","files":[{"filename":"go1.26.9.linux-arm64.tar.gz","os":"linux","arch":"arm64","sha256":"`+strings.Repeat("1", 64)+`","size":9,"kind":"archive"}]},`),
				d.files["?mode=json&include=all"][1:]...)
		}, 2, "gophersnake: go 1.26.9: the download index has no toolchain for linux/amd64\nhint: the nearest release for linux/amd64 and linux/arm64 is 1.26.8\n"},
		{"no index", `"1.26"`, func(d *scriptedDownloads) { d.files["?mode=json&include=all"] = []byte("[1]") }, 6, "gophersnake: download index: is no list of releases: json: cannot unmarshal number into Go value of type struct"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDownloads(t, "1.26.8")
			sum := sha256.Sum256(d.files[archive])
			tc.spoil(d)
			s := d.project("release", tc.versions)
			got := d.run(s, "-q", "lock", "--max-wait", "1s")
			bad := sha256.Sum256(d.files[archive])
			want := strings.NewReplacer("PRIMARY", fingerprint(d.key.PrimaryKey), "KEY", fingerprint(d.key.Subkeys[0].PublicKey), "HOST", d.server.URL,
				"GOT", hex.EncodeToString(bad[:]), "WANT", hex.EncodeToString(sum[:])).Replace(tc.want)
			if got.Code != tc.code || !strings.HasPrefix(got.Stderr, want) || strings.HasSuffix(want, "\n") && got.Stderr != want || got.Stdout != "" {
				t.Errorf("exit %d, want %d\n got %q\nwant %q", got.Code, tc.code, got.Stderr, want)
			}
			s.absent(lockName)
		})
	}
}

// TestSigningKey checks that --go-signing-key takes no other primary key, also
// beside a key that is right.
func TestSigningKey(t *testing.T) {
	t.Parallel()
	d := newDownloads(t, "1.26.8")
	s := d.project("release", `"1.26.8"`)
	var public bytes.Buffer
	s.check(d.key.Serialize(&public))
	s.write("other.key", public.String())
	s.write("no.key", "x")
	google, err := os.ReadFile(filepath.FromSlash("../../golang/signature/google.asc"))
	s.check(err)
	s.write("google.asc", string(google))
	const primary = "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796"
	for file, want := range map[string]string{
		"other.key":  "gophersnake: other.key: has the primary key " + fingerprint(d.key.PrimaryKey) + ", not " + primary + "\nhint: releases are signed by " + primary + " alone; newer subkeys of it may be added\n",
		"no.key":     "gophersnake: no.key: no OpenPGP public key: ",
		"gone.key":   "gophersnake: --go-signing-key: \"gone.key\": no such file or directory\n",
		".":          "gophersnake: --go-signing-key: \".\" is not a key's file\n",
		"google.asc": "gophersnake: go1.26.8.linux-amd64.tar.gz: signed by the key " + fingerprint(d.key.Subkeys[0].PublicKey) + ", which is not one of " + primary + "\n",
	} {
		code := map[bool]int{true: 6, false: 2}[file == "google.asc"]
		got := d.run(s, "-q", "lock", "--go-signing-key", file)
		if got.Code != code || !strings.HasPrefix(got.Stderr, want) {
			t.Errorf("%s: exit %d, want %d\n got %q\nwant %q", file, got.Code, code, got.Stderr, want)
		}
	}
	s.absent(lockName)
}

// TestScriptedAuto checks that "auto" says which source it takes where a module
// proxy refuses one platform (403), that a range without "auto" passes over the
// version and names the platform, and that an exact version is an error.
func TestScriptedAuto(t *testing.T) {
	t.Parallel()
	d := newDownloads(t, "1.26.8")
	var listed, infos []string
	for _, v := range []string{"1.26.7", "1.26.8"} {
		for _, p := range []string{"linux-amd64", "linux-arm64"} {
			listed = append(listed, "v0.0.1-go"+v+"."+p)
			if v+p != "1.26.8linux-arm64" {
				infos = append(infos, "v0.0.1-go"+v+"."+p+".info")
			}
		}
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name := path.Base(r.URL.Path); {
		case name == "list":
			fmt.Fprintln(w, strings.Join(listed, "\n"))
		case slices.Contains(infos, name):
			fmt.Fprint(w, "{}")
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(proxy.Close)
	for _, tc := range []struct {
		source, version string
		want            []string
	}{
		{"module", "1.26", []string{"go 1.26.8 is skipped: the module proxy refuses it for linux/arm64\n"}},
		{"module", "1.26.8", []string{"gophersnake: go 1.26.8: the module proxy has no toolchain for linux/arm64\nhint: the nearest release for linux/amd64 and linux/arm64 is 1.26.7\n"}},
		{"auto", "1.99.9", []string{"gophersnake: go 1.99.9: module proxy and download index have no such release\nhint: the nearest release for linux/amd64 and linux/arm64 is 1.26.8\n"}},
	} {
		s := d.project(tc.source, `"`+tc.version+`"`)
		s.env = append(s.env, "GOPROXY="+proxy.URL)
		got := d.run(s, "lock", "--max-wait", "1s")
		for _, want := range tc.want {
			if !strings.Contains(got.Stderr, want) || got.Code == 0 {
				t.Errorf("%s %s: exit %d, no %q in\n%s", tc.source, tc.version, got.Code, want, got.Stderr)
			}
		}
	}
	s := d.project("auto", `"1.26.8"`)
	s.env = append(s.env, "GOPROXY=off") // no module of any platform
	got := d.run(s, "lock")
	want := `1.26.8  linux/amd64   release  image, compile  download index, signed by KEY
                                                 not as module: there is no module proxy
`
	if want = strings.ReplaceAll(want, "KEY", fingerprint(d.key.Subkeys[0].PublicKey)); got.Code != 0 || !strings.Contains(got.Stderr, want) {
		t.Errorf("exit %d\n%s%s", got.Code, got.Stderr, cmp.Diff(want, got.Stderr))
	}
	if text := s.read(lockName); strings.Count(text, `passed-over = ["module: there is no module proxy"]`) != 4 {
		t.Errorf("lock:\n%s", text)
	}
}
