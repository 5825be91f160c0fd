package world

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

const packageURL = "https://conda.example:8443/c/noarch/pkg-1.0-0.conda"

func testPackage() string {
	_, data := archivetest.Package{Files: []archivetest.Entry{archivetest.File("f", "x")}, Depends: []string{"dep"}}.Conda()
	return string(data)
}

func TestPackage(t *testing.T) {
	w, s := newWorld(t)
	data := testPackage()
	s.files[packageURL] = data
	sum := md5.Sum([]byte(data))
	for name, p := range map[string]lock.Conda{
		"sha256": {URL: packageURL, SHA256: sha(data)}, "size": {URL: packageURL, SHA256: sha(data), Size: int64(len(data))},
		"md5": {URL: packageURL, MD5: hex.EncodeToString(sum[:])}, "nothing": {URL: packageURL},
	} {
		got, meta, err := w.Package(t.Context(), p)
		must(t, err)
		if got.SHA256 != sha(data) || got.Size != int64(len(data)) || meta.Index.Name != "pkg" || meta.Paths[0].Path != "f" {
			t.Errorf("%s: %+v, %+v", name, got, meta)
		}
	}
	for name, p := range map[string]lock.Conda{
		"sha256": {URL: packageURL, SHA256: sha("other")}, "size": {URL: packageURL, SHA256: sha("other"), Size: 7}, "md5": {URL: packageURL, MD5: hex.EncodeToString(make([]byte, 16))},
	} {
		if _, _, err := w.Package(t.Context(), p); fault.ClassOf(err) != fault.Verification {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestKnownPackage checks that nothing is fetched or read twice.
func TestKnownPackage(t *testing.T) {
	w, s := newWorld(t)
	data := testPackage()
	s.files[packageURL] = data
	p := &lock.Conda{URL: packageURL, SHA256: sha(data)}
	for range 2 {
		if _, err := w.Meta(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		a, closer, err := w.Open(t.Context(), p)
		must(t, err)
		meta, err := a.Meta(t.Context())
		must(t, err)
		must(t, closer.Close())
		if meta.Index.Name != "pkg" {
			t.Errorf("meta %+v", meta)
		}
	}
	if diff := cmp.Diff([]string{packageURL}, s.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestLocalPackage takes packages from the project, and from elsewhere.
func TestLocalPackage(t *testing.T) {
	w, _ := newWorld(t)
	data := testPackage()
	write(t, w.Dir, "channel/noarch/pkg-1.0-0.conda", data)
	for _, u := range []string{"channel/noarch/pkg-1.0-0.conda", filepath.Join(w.Dir, "channel/noarch/pkg-1.0-0.conda"), "file://" + w.Dir + "/channel/noarch/pkg-1.0-0.conda"} {
		if _, _, err := w.Package(t.Context(), lock.Conda{URL: u, SHA256: sha(data)}); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	if _, _, err := w.Package(t.Context(), lock.Conda{URL: "gone.conda", SHA256: sha("gone")}); err == nil {
		t.Error("a package that is not there")
	}
}

// TestMirrors checks which servers are asked, and when the next one is.
func TestMirrors(t *testing.T) {
	const (
		one   = "https://one.example/mirror/c/noarch/pkg-1.0-0.conda"
		two   = "https://two.example/c/noarch/pkg-1.0-0.conda"
		other = "!"
	)
	data := testPackage()
	for _, tc := range []struct {
		name  string
		files map[string]string
		asked []string
		class fault.Class
	}{
		{"the first has it", map[string]string{one: data, two: data, packageURL: data}, []string{one}, ""},
		{"404", map[string]string{two: data, packageURL: data}, []string{one, two}, ""},
		{"503", map[string]string{one: "!503", two: data}, []string{one, two}, ""},
		{"403", map[string]string{one: "!403", two: "!401", packageURL: data}, []string{one, two, packageURL}, ""},
		{"no connection", map[string]string{one: other, two: other, packageURL: data}, []string{one, two, packageURL}, ""},
		{"nobody", nil, []string{one, two, packageURL}, fault.Network},
		{"other bytes", map[string]string{one: "other", two: data, packageURL: data}, []string{one}, fault.Verification},
		{"other bytes of the second", map[string]string{two: "other", packageURL: data}, []string{one, two}, fault.Verification},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, s := newWorld(t)
			s.files = tc.files
			w.Mirrors = map[string][]string{"conda.example:8443": {"https://one.example/mirror/", "two.example"}, "conda.example": {"https://never.example"}}
			_, _, err := w.Package(t.Context(), lock.Conda{URL: packageURL, SHA256: sha(data)})
			if (err == nil) != (tc.class == "") || err != nil && fault.ClassOf(err) != tc.class {
				t.Errorf("error %v, want class %q", err, tc.class)
			}
			if diff := cmp.Diff(tc.asked, s.questions()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
	w, _ := newWorld(t)
	w.Mirrors = map[string][]string{"": {"https://never.example"}}
	for _, u := range []string{"channel/pkg.conda", "https://other.example/x", "%zz", "file:///x"} {
		if got := w.mirrored(u); got != nil {
			t.Errorf("mirrors of %s: %q", u, got)
		}
	}
	w.Mirrors = map[string][]string{"h": {"http://m:1"}}
	if got := w.mirrored("https://h/a%20b/c"); len(got) != 1 || got[0] != "http://m:1/a%20b/c" {
		t.Errorf("mirror %q", got)
	}
}

func TestPackageErrors(t *testing.T) {
	w, s := newWorld(t)
	s.files[packageURL] = "no package"
	p := lock.Conda{URL: packageURL, SHA256: sha("no package")}
	if _, _, err := w.Package(t.Context(), p); fault.ClassOf(err) != fault.Verification {
		t.Errorf("error %v", err)
	}
	_, data := archivetest.Package{Info: []archivetest.Entry{archivetest.File("info/index.json", "{")}}.Conda()
	s.files[packageURL] = string(data)
	p.SHA256 = sha(string(data))
	if _, err := w.Meta(t.Context(), &p); fault.ClassOf(err) != fault.Verification {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.questions()
	w.Mirrors = map[string][]string{"conda.example:8443": {"one.example"}}
	if _, _, err := w.Package(ctx, lock.Conda{URL: packageURL, SHA256: sha("new")}); !errors.Is(err, context.Canceled) || len(s.questions()) > 1 {
		t.Errorf("error %v", err)
	}
	if _, err := w.Meta(ctx, &p); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
