package release_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/platforms"
)

const indexAt = "?mode=json&include=all"

var ones = strings.Repeat("1", 64)

// scriptedIndex is an index in the form of the download site's, which is a scripted one: the
// site itself is not asked by tests.
func scriptedIndex(files ...string) memProxy {
	var entries []string
	for _, f := range files {
		version, rest, _ := strings.Cut(strings.TrimSuffix(f, ".tar.gz"), ".linux-")
		entries = append(entries, `{"version":"`+version+`","stable":true,"files":[
			{"filename":"`+version+`.src.tar.gz","os":"","arch":"","version":"`+version+`","sha256":"`+ones+`","size":9,"kind":"source"},
			{"filename":"`+f+`","os":"linux","arch":"`+rest+`","version":"`+version+`","sha256":"`+ones+`","size":7,"kind":"archive"},
			{"filename":"`+version+`.linux-armv6l.tar.gz","os":"linux","arch":"armv6l","version":"`+version+`","sha256":"`+ones+`","size":7,"kind":"archive"},
			{"filename":"`+version+`.windows-amd64.zip","os":"windows","arch":"amd64","version":"`+version+`","sha256":"`+ones+`","size":7,"kind":"archive"},
			{"filename":"`+version+`.windows-amd64.msi","os":"windows","arch":"amd64","version":"`+version+`","sha256":"`+ones+`","size":7,"kind":"installer"}]}`)
	}
	return memProxy{indexAt: "[" + strings.Join(entries, ",") + "]"}
}

func TestScriptedDownloads(t *testing.T) {
	site := scriptedIndex("go1.26.8.linux-amd64.tar.gz", "go1.26.8.linux-arm64.tar.gz", "go1.26.9.linux-amd64.tar.gz", "go1.27rc1.linux-amd64.tar.gz", "go1.22.6.linux-arm64.tar.gz", "go1.22.6.linux-amd64.tar.gz")
	d := &release.Downloads{Site: site}
	got, ok, err := d.Find(t.Context(), "1.26.8", arm64)
	want := release.Archive{Version: "1.26.8", Platform: arm64, File: "go1.26.8.linux-arm64.tar.gz", SHA256: ones, Size: 7}
	if err != nil || !ok || cmp.Diff(want, got) != "" {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
	delete(site, indexAt) // it is read once
	for _, absent := range []struct {
		version string
		on      platforms.Platform
	}{{"1.26.9", arm64}, {"1.26.8", platforms.Platform{OS: "windows", Arch: "amd64"}}} {
		if _, ok, err := d.Find(t.Context(), absent.version, absent.on); ok || err != nil {
			t.Errorf("%v: %v, %v", absent, ok, err)
		}
	}

	// Versions and ranges, as of a module proxy, alone and beside one.
	for _, tc := range []struct {
		proxy      release.Proxy
		wish, want string
		err, hint  string
	}{
		{nil, "1.26", "1.26.8", "", ""},
		{nil, ">=1.22.0,<1.23.0", "1.22.6", "", ""},
		{nil, "1.22.6", "1.22.6", "", ""},
		{nil, "1.99.9", "", "go 1.99.9: the download index has no such release", "the nearest release for linux/amd64 and linux/arm64 is 1.26.8"},
		{nil, "1.26.9", "", "go 1.26.9: the download index has no toolchain for linux/arm64", "the nearest release for linux/amd64 and linux/arm64 is 1.26.8"},
		{toolchains("1.26.9.linux-arm64"), "1.26", "1.26.9", "", ""}, // one platform from each
		{toolchains("1.22.6.linux-amd64", "!1.22.6.linux-arm64"), "1.22.6", "1.22.6", "", ""},
		{toolchains("1.27.0.linux-arm64"), "1.27.0", "", "go 1.27.0: module proxy and download index have no toolchain for linux/amd64", "the nearest release for linux/amd64 and linux/arm64 is 1.26.8"},
	} {
		r := release.Releases{Proxy: tc.proxy, Downloads: d}
		got, err := r.Resolve(t.Context(), tc.wish, []platforms.Platform{amd64, arm64})
		var e *release.Error
		if got != tc.want && tc.err == "" || (err == nil) != (tc.err == "") || errors.As(err, &e) && (e.Error() != tc.err || e.Hint() != tc.hint) {
			t.Errorf("%s: %q, %v; want %q, %s", tc.wish, got, err, tc.want, tc.err)
		}
	}
}

func TestBadIndexes(t *testing.T) {
	good := scriptedIndex("go1.26.8.linux-amd64.tar.gz")[indexAt]
	twice := strings.Replace(good, "[{", "["+strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(good, "["), "]"), ones, strings.Repeat("2", 64))+",{", 1)
	for _, tc := range []struct{ name, text, class, want string }{
		{"absent", "", "network", "download index: 404 Not Found: file does not exist"},
		{"HTML", "<html>", "verification", "download index: is no list of releases: invalid character '<' looking for beginning of value"},
		{"another form", `{"a":1}`, "verification", "download index: is no list of releases: json: cannot unmarshal object into Go value of type []struct"},
		{"no hash", strings.ReplaceAll(good, ones, "x"), "verification", `download index: file "go1.26.8.linux-amd64.tar.gz" has the sha256 "x" and the size 7`},
		{"no size", strings.ReplaceAll(good, `"size":7`, `"size":0`), "verification", `download index: file "go1.26.8.linux-amd64.tar.gz" has the sha256 "` + ones + `" and the size 0`},
		{"two hashes", twice, "verification", `download index: file "go1.26.8.linux-amd64.tar.gz" is listed twice, with different hashes`},
	} {
		site := memProxy{indexAt: tc.text}
		if tc.text == "" {
			site = memProxy{}
		}
		_, _, err := (&release.Downloads{Site: site}).Find(t.Context(), "1.26.8", amd64)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) || release.ClassOf(err) != tc.class {
			t.Errorf("%s: %s error %v\nwant %s", tc.name, release.ClassOf(err), err, tc.want)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(scriptedIndex("go1.26.8.linux-amd64.tar.gz")[indexAt])
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := (&release.Downloads{Site: memProxy{indexAt: text}}).Find(t.Context(), "1.26.8", amd64)
		if err != nil && release.ClassOf(err) == "" {
			t.Error(err)
		}
	})
}
