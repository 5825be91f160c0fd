package world

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/condarc"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

func TestChannels(t *testing.T) {
	u := newUser(t)
	w := u.run()
	w.Conda = condarc.Config{
		Alias:  "https://me:" + canary + "@alias.example/t/" + canary,
		Custom: map[string]string{"team": "https://h.example/t/" + canary},
		Multi:  map[string][]string{"both": {"a", "https://x:" + canary + "@h.example/b"}, "none": nil},
	}
	up := "../" + filepath.Base(u.dir)
	for written, want := range map[string][]string{
		"conda-forge":  {"https://alias.example/conda-forge"},
		"team/label/x": {"https://h.example/team/label/x"},
		"defaults":     {"https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"},
		"both":         {"https://alias.example/a", "https://h.example/b"},
		"https://u:" + canary + "@h.example/c/noarch/": {"https://h.example/c"},
		"oci://r.example/c":                            {"oci://r.example/c"},
		"./chan/":                                      {"chan"},
		up + "/x/linux-64":                             {"x"},
		".":                                            {"."},
		u.dir:                                          {"."},
		"file://" + u.dir + "/a%20b/c/":                {"a b/c"},
		filepath.Dir(u.dir) + "/y":                     {"../y"},
	} {
		got, err := w.Channels(t.Context(), written)
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		var names []string
		for _, c := range got {
			if names = append(names, c.Name); c.URL != c.Name {
				t.Errorf("%s: URL %q is not the name %q", written, c.URL, c.Name)
			}
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s: %s", written, diff)
		}
	}
	for written, want := range map[string]string{
		"":                         `channel "": is empty`,
		"a b":                      `channel "a b": is no name, URL or path`,
		"none":                     `channel "none" stands for no channel`,
		"file://host/x":            `"file://host/x" is not a URL of a file on this machine`,
		"ftp://u:" + canary + "@h": `channel "ftp://h": has a scheme that is none of https, http, file and oci`,
		"https://h/x?" + canary:    `channel "https://h/x": has a query or a fragment`,
	} {
		if _, err := w.Channels(t.Context(), written); err == nil || err.Error() != want || fault.ClassOf(err) != fault.Usage {
			t.Errorf("%q: %v, want %s", written, err, want)
		}
	}
}

const (
	docNoarch = `{"packages.conda": {"app-1.0-0.conda": {"name": "app", "version": "1.0", "build": "0", "depends": ["lib"]},
		"lib-1.0-0.conda": {"name": "lib", "version": "1.0", "build": "0"}}}`
	docOther = `{"packages.conda": {"lib-2.0-0.conda": {"name": "lib", "version": "2.0", "build": "0"}}}`
)

// open returns the URLs of what there is of "app" and all it needs.
func open(t testing.TB, w *World, written string) (string, error) {
	t.Helper()
	channels, err := w.Channels(t.Context(), written)
	if err != nil {
		return "", err
	}
	set, err := repodata.Closure(t.Context(), channels, []string{"linux-64", "noarch"}, []string{"app"}, repodata.Options{Cache: w.Cache()})
	if err != nil {
		return "", err
	}
	var urls []string
	for _, name := range set.Names() {
		for _, r := range set.Records(name) {
			if err := lock.CheckURL(r.URL); err != nil {
				t.Errorf("%s: %v", r.URL, err)
			}
			urls = append(urls, r.URL)
		}
	}
	return strings.Join(urls, " "), nil
}

// TestLocalChannel opens channels of this machine: their records hold no path
// of it.
func TestLocalChannel(t *testing.T) {
	u := newUser(t)
	write(t, u.dir, "chan/noarch/repodata.json", docNoarch)
	write(t, u.dir, "chan/linux-64/repodata.json", docOther)
	for _, written := range []string{"./chan", "file://" + u.dir + "/chan", u.dir + "/chan"} {
		got, err := open(t, u.run(), written)
		if want := "chan/noarch/app-1.0-0.conda chan/linux-64/lib-2.0-0.conda chan/noarch/lib-1.0-0.conda"; got != want || err != nil {
			t.Errorf("%s: %q, %v", written, got, err)
		}
	}
	_, err := open(t, u.run(), "./gone")
	wantError(t, err, fault.Usage, "gone: has no repodata for linux-64 or noarch", "is this a conda channel?")
	write(t, u.dir, "odd/noarch/repodata.json.zst/x", "")
	_, err = open(t, u.run(), "./odd")
	wantError(t, err, fault.Disk, "odd/noarch/repodata.json.zst: not a regular file", "")
	data, err := u.run().local("chan/noarch/repodata.json", 5)
	if wantError(t, err, fault.Verification, "chan/noarch/repodata.json: larger than the limit of 5 bytes", ""); data != nil {
		t.Errorf("%q", data)
	}
	if _, err := u.run().local("file://host/x", 0); fault.ClassOf(err) != fault.Usage {
		t.Errorf("error %v", err)
	}
}

// TestRef checks where channels' references may lead.
func TestRef(t *testing.T) {
	u := newUser(t)
	w := u.run()
	for _, tt := range []struct{ channel, ref, want, err string }{
		{"https://h.example/c", "noarch/x", "https://h.example/c/noarch/x", ""},
		{"https://h.example/c", "https://u:" + canary + "@cdn.example/x", "https://u:" + canary + "@cdn.example/x", ""},
		{"https://h.example/c", "/srv/x", "https://h.example/c//srv/x", ""},
		{"http://h.example/c", "http://cdn.example/x", "http://cdn.example/x", ""},
		{"https://h.example/c", "http://u:" + canary + "@cdn.example/x", "", "https://h.example/c: names http://cdn.example/x, which is not asked"},
		{"http://h.example/c", "file:///etc/x", "", "http://h.example/c: names file:///etc/x, which is not asked"},
		{"chan", "noarch/x", "chan/noarch/x", ""},
		{"chan", "/srv/x", "/srv/x", ""},
		{"chan", "file:///srv/x", "file:///srv/x", ""},
		{"chan", "https://h.example/x", "https://h.example/x", ""},
	} {
		got, err := channel{w, tt.channel}.ref(tt.ref)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s in %s: %q, %v", tt.ref, tt.channel, got, err)
		}
	}
}

// TestRelated opens a channel that is named by another, on a server and on this
// machine (CEP 42).
func TestRelated(t *testing.T) {
	u, s := newUser(t), newServer(t)
	const names = `{"info": {"channel_relations": {"base": "../base"}}, "packages.conda": {}}`
	for file, text := range map[string]string{"x/own/noarch/repodata.json": names, "x/base/noarch/repodata.json": docNoarch} {
		write(t, u.dir, file, text)
		s.set("/"+file, text)
	}
	for written, base := range map[string]string{"./x/own": "x/base", s.URL + "/x/own": s.URL + "/x/base"} {
		w := u.run()
		channels, err := w.Channels(t.Context(), written)
		must(t, err)
		set, err := repodata.Closure(t.Context(), channels, []string{"noarch"}, []string{"app"}, repodata.Options{Related: w.Related})
		must(t, err)
		if diff := cmp.Diff([]string{base}, set.Channels("app")); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := u.run().Related(t.Context(), "file://host/x"); fault.ClassOf(err) != fault.Usage {
		t.Errorf("error %v", err)
	}
}
