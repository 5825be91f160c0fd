package resolve_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
)

const (
	oneImage = "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n"
	oneLock  = oneImage + "[conda]\nlock = \"l.txt\"\n"
)

// TestDescribed checks where the fields of a package come from.
func TestDescribed(t *testing.T) {
	w := &world{
		files: map[string]string{"l.txt": "# platform: linux-64\n@EXPLICIT\nfile:///project/pkgs/lib-1-0.conda#" + hash("a") + "\n"},
		meta: map[string]*archive.Meta{"lib-1-0.conda": {
			Index: archive.Index{
				Name: "lib", Version: "1", Build: "0", BuildNumber: 3, Subdir: "linux-64", Depends: []string{"d"}, Constrains: []string{"c"}, Noarch: "",
				License: "L", LicenseFamily: "LF", Timestamp: 9, TrackFeatures: []string{"t"}, Features: []string{"f", "g"}, PythonSitePackagesPath: "lib/p",
			},
		}},
	}
	l, _ := resolved(t, w, request(t, oneLock))
	want := []lock.Conda{{
		Envs: []string{""}, Platforms: []platforms.Platform{linux}, Name: "lib", Version: "1", Build: "0", BuildNumber: 3, Subdir: "linux-64",
		URL: "pkgs/lib-1-0.conda", SHA256: hash("a"), Size: 1000, Depends: []string{"d"}, Constrains: []string{"c"}, TrackFeatures: []string{"t"},
		Features: "f g", SitePackages: "lib/p", License: "L", LicenseFamily: "LF", Timestamp: 9,
	}}
	if diff := cmp.Diff(want, l.Conda); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestMoved checks that a package at another URL is another package, and that a
// channel on this machine has no name.
func TestMoved(t *testing.T) {
	w := &world{files: map[string]string{"l.txt": "# platform: linux-64\n@EXPLICIT\nfile:///project/noarch/a-1-0.conda#" + hash("a") + "\n"}}
	r := request(t, oneLock)
	l, _ := resolved(t, w, r)
	if c := l.Conda[0]; c.URL != "noarch/a-1-0.conda" || c.Channel != "" {
		t.Errorf("package %+v", c)
	}
	w.questions()
	w.files["l.txt"] = explicit("noarch/a-1-0.conda#" + hash("a"))
	r.Old = l
	l, _ = resolved(t, w, r)
	if c := l.Conda[0]; c.URL != channel+"noarch/a-1-0.conda" || c.Channel != "https://conda.example/c" || len(w.questions()) != 1 {
		t.Errorf("package %+v", c)
	}
}

const condaLock = `version: 1
metadata:
  content_hash: {}
  channels: []
  platforms: [linux-64, linux-aarch64]
  sources: []
package:
- {name: lib, version: "1", manager: conda, platform: linux-64, dependencies: {}, url: "https://conda.example/c/linux-64/lib-1-0.conda", hash: {md5: MD5, sha256: SHA}, category: main, optional: false}
- {name: lib, version: "1", manager: conda, platform: linux-aarch64, dependencies: {}, url: "https://conda.example/c/linux-aarch64/lib-1-0.conda", hash: {md5: MD5, sha256: SHA}, category: main, optional: false}
- {name: dev, version: "1", manager: conda, platform: linux-64, dependencies: {}, url: "https://conda.example/c/noarch/dev-1-0.conda", hash: {md5: MD5, sha256: SHA}, category: dev, optional: true}
- {name: docs, version: "1", manager: pip, platform: linux-64, dependencies: {}, url: "https://wheels.example/docs-1-py3-none-any.whl", hash: {sha256: SHA}, category: docs, optional: true}
`

func condaLockText() string {
	return strings.NewReplacer("MD5", strings.Repeat("e", 32), "SHA", hash("a")).Replace(condaLock)
}

func TestCondaLock(t *testing.T) {
	w := &world{files: map[string]string{"conda-lock.yml": condaLockText()}}
	l, _ := resolved(t, w, request(t, "[image]\nname = \"x\"\n[conda]\nlock = \"conda-lock.yml\"\n[env.dev]\nconda.categories = [\"main\", \"dev\"]\nimage.platforms = [\"linux/amd64\"]\n"))
	var got []string
	for _, c := range l.Conda {
		got = append(got, c.Subdir+" "+c.Name+" "+c.Channel+" "+c.MD5[:1]+" "+strings.Join(c.Envs, ","))
	}
	want := []string{"noarch dev https://conda.example/c e dev", "linux-64 lib https://conda.example/c e ,dev", "linux-aarch64 lib https://conda.example/c e "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestMD5 checks packages without a sha256: refused, unless that is allowed or
// the old lock has it.
func TestMD5(t *testing.T) {
	md5 := strings.Repeat("e", 32)
	w := &world{files: map[string]string{"l.txt": explicit("noarch/a-1-0.conda#"+hash("a"), "noarch/b-1-0.conda#"+md5)}}
	r := request(t, oneLock)
	const hint = "write sha256 hashes into the lock file, or pass --allow-md5 to take the bytes that are served now"
	_, err := resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Verification, channel+"noarch/b-1-0.conda: has no sha256 in the lock file", hint)
	if asked := w.questions(); asked != nil {
		t.Errorf("asked before refusing: %q", asked)
	}
	r.AllowMD5 = true
	l, text := resolved(t, w, r)
	if b := l.Conda[1]; b.MD5 != md5 || len(b.SHA256) != 64 {
		t.Errorf("package %+v", b)
	}
	w.questions()
	r.AllowMD5, r.Old = false, l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Error("the old lock's sha256 is not kept")
	}
	r.Update = only("b")
	_, err = resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Verification, channel+"noarch/b-1-0.conda: has no sha256 in the lock file", hint)

	r.Update = nil
	w.files["l.txt"] = explicit("noarch/b-1-0.conda#" + strings.Repeat("f", 32)) // another MD5 is another package
	_, err = resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Verification, channel+"noarch/b-1-0.conda: has no sha256 in the lock file", hint)
	w.files["l.txt"] = explicit("noarch/b-1-0.conda")
	_, err = resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Verification, channel+"noarch/b-1-0.conda: has no hash in the lock file", hint)
}

func TestScripts(t *testing.T) {
	index := func(name string) archive.Index {
		return archive.Index{Name: name, Version: "1", Build: "0", Subdir: "noarch"}
	}
	w := &world{
		files: map[string]string{"l.txt": explicit("noarch/z-1-0.conda#"+hash("a"), "noarch/a-1-0.conda#"+hash("b"), "noarch/ok-1-0.conda#"+hash("c"))}, // not sorted
		meta: map[string]*archive.Meta{
			"z-1-0.conda": {Index: index("z"), Scripts: []string{"bin/.z-post-link.sh", "bin/.z-pre-unlink.sh"}},
			"a-1-0.conda": {Index: index("a"), Scripts: []string{"bin/.a-post-link.sh"}},
		},
	}
	const found = "a-1-0 (bin/.a-post-link.sh); z-1-0 (bin/.z-post-link.sh, bin/.z-pre-unlink.sh)"
	_, err := resolve.Lock(t.Context(), w, request(t, oneLock))
	wantError(t, err, fault.Policy, "conda: packages with link scripts, which are never run: "+found,
		`if the packages work without them, set [conda] scripts = "skip"`)

	r := request(t, oneLock+"scripts = \"skip\"\n")
	var notes []string
	r.Note = func(text string) { notes = append(notes, text) }
	l, _ := resolved(t, w, r)
	if diff := cmp.Diff([]string{"link scripts are skipped: " + found}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"bin/.z-post-link.sh", "bin/.z-pre-unlink.sh"}, l.Conda[2].LinkScripts); diff != "" {
		t.Errorf("scripts (-want +got):\n%s", diff)
	}

	// Known ones are read once, and the lock remembers which they are.
	known := oneLock + "scripts = \"known\"\n"
	w.inside = map[string]string{
		"a-1-0.conda": "-- bin/.a-post-link.sh --\necho done >> $PREFIX/.messages.txt\n",
		"z-1-0.conda": "-- bin/.z-post-link.sh --\ntouch $PREFIX/x\n-- bin/.z-pre-unlink.sh --\nrm $PREFIX/x\n",
	}
	_, err = resolve.Lock(t.Context(), w, request(t, known))
	wantError(t, err, fault.Policy, "conda: packages with link scripts, which are never run: z-1-0 (bin/.z-post-link.sh)",
		`if the packages work without them, set [conda] scripts = "skip"`)
	w.inside["z-1-0.conda"] = "-- bin/.z-post-link.sh --\n: \n-- bin/.z-pre-unlink.sh --\nrm $PREFIX/x\n"
	r, notes = request(t, known), nil
	r.Note = func(text string) { notes = append(notes, text) }
	idle, text := resolved(t, w, r)
	if diff := cmp.Diff([]string{"link scripts that change nothing in an image: " + found}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if c := idle.Conda[2]; len(c.IdleScripts) != 2 || len(c.MayAct()) != 0 {
		t.Errorf("idle scripts %q", c.IdleScripts)
	}
	r.Old, w.inside = idle, nil
	if _, again := resolved(t, w, r); again != text {
		t.Errorf("again (-was +is):\n%s", cmp.Diff(text, again))
	}
	r = request(t, oneLock) // nor is what was known allowed to those who deny all
	r.Old = idle
	if _, err = resolve.Lock(t.Context(), w, r); fault.ClassOf(err) != fault.Policy {
		t.Errorf("error %v", err)
	}

	r = request(t, oneLock) // what was skipped once is not allowed for ever
	r.Old = l
	if _, err = resolve.Lock(t.Context(), w, r); fault.ClassOf(err) != fault.Policy {
		t.Errorf("error %v", err)
	}
}

func TestCondaErrors(t *testing.T) {
	a := "noarch/a-1-0.conda#" + hash("a")
	other := func(change func(*archive.Index)) *archive.Meta {
		m := &archive.Meta{Index: archive.Index{Name: "a", Version: "1", Build: "0", Subdir: "noarch"}}
		change(&m.Index)
		return m
	}
	for _, tc := range []struct {
		name, toml string
		text       string // of l.txt
		meta       *archive.Meta
		class      fault.Class
		want, hint string
	}{
		{
			"a lock for another target", oneImage + "[conda.target.linux-aarch64]\nlock = \"l.txt\"\n", explicit(a), nil, fault.Usage,
			"conda: there is a lock file for other platforms, and none for linux/amd64", "name one in [conda.target.linux-64], or take linux/amd64 out of [image] platforms",
		},
		{
			"pixi", oneImage + "[conda]\nlock = \"a/pixi.lock\"\n", "", nil, fault.Usage,
			"a/pixi.lock: file has no environments: it is not a pixi.lock", "",
		},
		{
			"wheels", oneImage + "[conda]\nlock = \"conda-lock.yml\"\ncategories = [\"main\", \"docs\"]\n", "", nil, fault.Usage,
			"wheels for linux/amd64: there is no python among the conda packages", "add python to the dependencies",
		},
		{
			"not explicit", oneLock, "a=1\n", nil, fault.Usage, "l.txt: no line says @EXPLICIT",
			"a list of match specifications belongs in dependencies; `conda list --explicit` writes an explicit file",
		},
		{"empty", oneLock, explicit(), nil, fault.Stale, "l.txt: no package for linux-64", "lock for linux-64 too, or take linux/amd64 out of [image] platforms"},
		{"one name twice", oneLock, explicit(a, "noarch/a-2-0.conda#"+hash("b")), nil, fault.Usage, `l.txt:3: package "a" is listed twice for linux/amd64, first in line 2`, ""},
		{"another subdir", oneLock, explicit("linux-aarch64/a-1-0.conda#" + hash("a")), nil, fault.Stale, `l.txt:2: package "a" is for linux-aarch64, not for linux-64`, ""},
		{
			"another subdir inside", oneLock, "@EXPLICIT\npkgs/a-1-0.conda#" + hash("a") + "\n", other(func(x *archive.Index) { x.Subdir = "osx-64" }), fault.Stale,
			`l.txt: package "a" is for osx-64, not for linux-64`, "",
		},
		{"another name inside", oneLock, explicit(a), other(func(x *archive.Index) { x.Name = "b" }), fault.Verification, channel + "noarch/a-1-0.conda: the package calls itself b-1-0", ""},
		{"another version inside", oneLock, explicit(a), other(func(x *archive.Index) { x.Version = "2" }), fault.Verification, channel + "noarch/a-1-0.conda: the package calls itself a-2-0", ""},
		{"another build inside", oneLock, explicit(a), other(func(x *archive.Index) { x.Build = "x" }), fault.Verification, channel + "noarch/a-1-0.conda: the package calls itself a-1-x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{files: map[string]string{"l.txt": tc.text, "a/pixi.lock": "version: 6\n", "conda-lock.yml": condaLockText()}, meta: map[string]*archive.Meta{}}
			if tc.meta != nil {
				w.meta["a-1-0.conda"] = tc.meta
			}
			_, err := resolve.Lock(t.Context(), w, request(t, tc.toml))
			wantError(t, err, tc.class, tc.want, tc.hint)
		})
	}
}

// TestCondaWorld checks that errors of the world pass through.
func TestCondaWorld(t *testing.T) {
	bad := errors.New("bad")
	w := &world{files: map[string]string{"l.txt": explicit("noarch/a-1-0.conda#" + hash("a"))}, fail: map[string]error{"package a-1-0.conda": bad}}
	if _, err := resolve.Lock(t.Context(), w, request(t, oneLock)); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
	w.fail = map[string]error{"relative " + channel + "noarch/a-1-0.conda": bad}
	if _, err := resolve.Lock(t.Context(), w, request(t, oneLock)); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
	w.files = nil
	if _, err := resolve.Lock(t.Context(), w, request(t, oneLock)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestSharedPackage: what one lock file says of a package that two platforms
// share holds for both, so that a second lock changes nothing.
func TestSharedPackage(t *testing.T) {
	url := "https://channel.example/noarch/shared-1.0-0.conda"
	sum := fmt.Sprintf("%064x", len(url))
	w := &world{files: map[string]string{
		"amd64.txt": "@EXPLICIT\n" + url + "#0123456789abcdef0123456789abcdef\n",
		"arm64.txt": "@EXPLICIT\n" + url + "#" + sum + "\n",
	}}
	toml := "[image]\nname = \"r.example/x\"\n[conda.target.linux-64]\nlock = \"amd64.txt\"\n[conda.target.linux-aarch64]\nlock = \"arm64.txt\"\n"
	r := request(t, toml)
	r.AllowMD5 = true
	l, text := resolved(t, w, r)
	if len(l.Conda) != 1 || l.Conda[0].MD5 != "0123456789abcdef0123456789abcdef" || l.Conda[0].SHA256 != sum {
		t.Errorf("packages %+v", l.Conda)
	}
	r.Old = l
	if _, again := resolved(t, w, r); again != text {
		t.Errorf("the second lock differs:\n%s\nfirst:\n%s", again, text)
	}
}
