package world

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

func TestGoProxies(t *testing.T) {
	w, _ := newWorld(t)
	for _, tc := range []struct {
		list string
		want []string // a bar after those that are passed over after any error
	}{
		{"https://a", []string{"https://a"}},
		{"https://a/, https://b/x ,direct", []string{"https://a", "https://b/x"}},
		{"https://a|https://b,https://c", []string{"https://a|", "https://b", "https://c"}},
		{"https://a|direct", []string{"https://a|"}},
		{"https://a,off,https://b", []string{"https://a"}},
		{"https://a,direct,https://b", []string{"https://a"}},
		{",,https://a,|,https://b", []string{"https://a", "https://b"}},
		{"file:///srv/proxy", []string{"file:///srv/proxy"}},
	} {
		w.use(tc.list)
		ps, err := w.goProxies()
		must(t, err)
		var got []string
		for _, p := range ps {
			if p.any {
				p.base += "|"
			}
			got = append(got, p.base)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.list, diff)
		}
	}
	const hint = "set [go] proxy or GOPROXY to the URL of a module proxy: toolchains come as modules"
	for list, shown := range map[string]string{"": "", "off": "off", "direct": "direct", ",": ",", "off,https://user:secret@a": "off", "direct|https://a": "direct"} {
		w.use(list)
		want := `go.proxy: no module proxy in "` + shown + `"`
		_, err := w.goProxies()
		wantError(t, err, fault.Usage, want, hint)
		_, err = w.GoVersion(t.Context(), "module", "1.26", nil)
		wantError(t, err, fault.Usage, want, hint)
		_, err = w.Toolchain(t.Context(), wanted("1.26.8", here(), false))
		wantError(t, err, fault.Usage, want, hint)
		_, err = w.ToolchainZip(t.Context(), &lock.Toolchain{Version: "1.26.8", Platform: here()})
		wantError(t, err, fault.Usage, want, hint)
	}
}

// TestFallThrough checks when the next proxy is asked.
func TestFallThrough(t *testing.T) {
	const name = "golang.org/toolchain/@v/list"
	a, b := "https://a.example/"+name, "https://b.example/"+name
	for _, tc := range []struct {
		bar   string // between the proxies
		first string // what the first one answers; "" is 404
		asked int
		class fault.Class // "" is none, "absent" is fs.ErrNotExist
	}{
		{",", "list", 1, ""},
		{",", "", 2, ""},
		{",", "!410", 2, ""},
		{",", "!403", 2, ""},
		{",", "!401", 1, fault.Network},
		{",", "!503", 1, fault.Network},
		{",", "!", 1, fault.Network},
		{"|", "list", 1, ""},
		{"|", "", 2, ""},
		{"|", "!401", 2, ""},
		{"|", "!503", 2, ""},
		{"|", "!", 2, ""},
	} {
		w, s := newWorld(t)
		s.files[b] = "list"
		if tc.first != "" {
			s.files[a] = tc.first
		}
		w.use("https://a.example" + tc.bar + "https://b.example/")
		ps, err := w.goProxies()
		must(t, err)
		r, err := ps.Get(t.Context(), name)
		if err == nil {
			data, _ := io.ReadAll(r)
			if string(data) != "list" {
				t.Errorf("%q after %q: got %q", tc.bar, tc.first, data)
			}
		}
		if (err == nil) != (tc.class == "") || err != nil && fault.ClassOf(err) != tc.class {
			t.Errorf("%q after %q: error %v, want class %q", tc.bar, tc.first, err, tc.class)
		}
		if asked := s.questions(); len(asked) != tc.asked {
			t.Errorf("%q after %q: asked %q", tc.bar, tc.first, asked)
		}
	}
	w, _ := newWorld(t)
	w.use("https://a.example,https://b.example")
	ps, err := w.goProxies()
	must(t, err)
	if _, err := ps.Get(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that nobody has: %v", err)
	}
	w.use("file://" + w.Dir + ",file://" + w.Dir + "/b")
	write(t, w.Dir, "b/"+name, "list")
	ps, err = w.goProxies()
	must(t, err)
	if _, err := ps.Get(t.Context(), name); err != nil {
		t.Errorf("directories as proxies: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.use("https://a.example|https://b.example")
	ps, err = w.goProxies()
	must(t, err)
	if _, err := ps.Get(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// wanted is a wish for a module.
func wanted(version string, p platforms.Platform, image bool) lock.Toolchain {
	return lock.Toolchain{Version: version, Platform: p, Source: lock.SourceModule, Image: image}
}

func TestGoVersion(t *testing.T) {
	w, s := newWorld(t)
	w.use("https://a.example")
	both := []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
	const at = "https://a.example/golang.org/toolchain/@v/"
	for _, v := range []string{"v0.0.1-go1.26.8.linux-amd64", "v0.0.1-go1.26.8.linux-arm64", "v0.0.1-go1.26.9.linux-amd64", "v0.0.1-go1.26.9.linux-arm64"} {
		s.files[at+"list"] += v + "\n"
		s.files[at+v+".info"] = "{}"
	}
	s.files[at+"v0.0.1-go1.26.9.linux-amd64.info"], s.files[at+"v0.0.1-go1.26.9.linux-arm64.info"] = "!403", "!404"
	if v, err := w.GoVersion(t.Context(), "module", "1.26", both); v != "1.26.8" || err != nil {
		t.Errorf("1.26 is %q, %v", v, err)
	}
	var notes []string
	w.Note = func(text string) { notes = append(notes, text) }
	if v, err := w.GoVersion(t.Context(), "module", "1.26", both); v != "1.26.8" || err != nil {
		t.Errorf("1.26 is %q, %v", v, err)
	}
	if diff := cmp.Diff([]string{"go 1.26.9 is skipped: the module proxy refuses it for linux/amd64, linux/arm64"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestToolchainAbsent asks a checksum database that does not know the module.
// The database itself is asked after the proxy.
func TestToolchainAbsent(t *testing.T) {
	w, s := newWorld(t)
	w.use("https://a.example")
	got, err := w.Toolchain(t.Context(), wanted("1.26.8", platforms.Platform{OS: "windows", Arch: "arm64"}, false))
	must(t, err)
	want := lock.Toolchain{Platform: platforms.Platform{OS: "windows", Arch: "arm64"}, Version: "1.26.8", Source: "module", Module: "golang.org/toolchain@v0.0.1-go1.26.8.windows-arm64"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var proxy, db bool
	for _, u := range s.questions() {
		proxy = proxy || strings.HasPrefix(u, "https://a.example/sumdb/")
		db = db || strings.HasPrefix(u, database()+"/")
	}
	if !proxy || !db {
		t.Errorf("asked the proxy's database %v, the database %v", proxy, db)
	}
	if _, err := w.Toolchain(t.Context(), wanted("1.26.8", here(), true)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an image without a toolchain: %v", err)
	}
}

// TestToolchainRefused checks a host whose record the proxy refuses while the
// database itself does not answer: not available where the proxy shows the
// database, else the fault of the network.
func TestToolchainRefused(t *testing.T) {
	p := platforms.Platform{OS: "linux", Arch: "arm64"}
	host := strings.TrimPrefix(database(), "https://")
	lookup := "/lookup/golang.org/toolchain@v0.0.1-go1.22.6.linux-arm64"
	for _, shown := range []bool{true, false} {
		w, s := newWorld(t)
		w.use("https://a.example")
		var notes []string
		w.Note = func(text string) { notes = append(notes, text) }
		s.files["https://a.example/sumdb/"+host+lookup] = "!403"
		s.files[database()+lookup] = "!503"
		if shown {
			s.files["https://a.example/sumdb/"+host+"/latest"] = "a head"
		}
		got, err := w.Toolchain(t.Context(), wanted("1.22.6", p, false))
		if shown {
			must(t, err)
			want := []string{"go 1.22.6 for linux/arm64 is locked as not available: the module proxy refuses its hash, and the checksum database does not answer"}
			if diff := cmp.Diff(want, notes); diff != "" || got.H1 != "" {
				t.Errorf("%+v, notes (-want +got):\n%s", got, diff)
			}
			_, err = w.Toolchain(t.Context(), wanted("1.22.6", p, true))
		}
		if fault.ClassOf(err) != fault.Network || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the database is shown: %v; error %v", shown, err)
		}
	}
}

// TestToolchainReal asks the machine's proxy and the public checksum database.
func TestToolchainReal(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the module proxy")
	}
	out, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil || !strings.HasPrefix(string(out), "http") {
		t.Skipf("GOPROXY is %q (%v): no module proxy to ask", out, err)
	}
	w, _ := newWorld(t)
	w.Fetch = &fetch.Client{}
	w.use(strings.TrimSpace(string(out)))
	p := platforms.Platform{OS: "linux", Arch: "amd64"}
	got, err := w.Toolchain(t.Context(), wanted("1.26.8", p, false))
	must(t, err)
	const h1 = "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=" // as in the quickstart's lock
	if got.H1 != h1 || got.ZipSHA256 != "" {
		t.Errorf("toolchain %+v", got)
	}
}

// TestZip checks where a toolchain's zip comes from and that it is checked.
func TestZip(t *testing.T) {
	tc, data := toolchain(t, here(), "#!/bin/sh\n")
	a, b := "https://a.example/"+release.Zip("1.26.8", here()), "https://b.example/"+release.Zip("1.26.8", here())
	w, s := newWorld(t)
	w.use("https://a.example,https://b.example/")
	s.files[b] = data
	for range 2 {
		z, err := w.ToolchainZip(t.Context(), &tc)
		must(t, err)
		if z.Size() != tc.Size {
			t.Errorf("zip of %d bytes, want %d", z.Size(), tc.Size)
		}
		must(t, z.Close())
		w.use("off") // what the store has needs no proxy
	}
	if diff := cmp.Diff([]string{a, b}, s.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	sum, size, err := w.zip(t.Context(), tc)
	if sum != tc.ZipSHA256 || size != tc.Size || err != nil {
		t.Errorf("%s of %d bytes, %v", sum, size, err)
	}

	w, s = newWorld(t)
	w.use("https://a.example|https://b.example")
	s.files[a], s.files[b] = strings.Repeat("x", len(data)), data
	_, err = w.ToolchainZip(t.Context(), &tc)
	if fault.ClassOf(err) != fault.Verification || !strings.HasPrefix(err.Error(), tc.Module+": "+a+": ") || len(s.questions()) != 1 {
		t.Errorf("error %v", err)
	}
	wantError(t, err, fault.Verification, err.Error(), "gophersnake lock --update go takes the zip that the proxy serves now, if the checksum database has its h1")

	s.files[a] = "!503"
	tc.H1 = "h1:AAAA"
	if _, _, err = w.zip(t.Context(), tc); fault.ClassOf(err) != fault.Verification || !strings.Contains(err.Error(), "h1:AAAA") {
		t.Errorf("a zip with another h1: %v", err)
	}
	w, _ = newWorld(t)
	w.use("https://a.example")
	if _, _, err = w.zip(t.Context(), tc); fault.ClassOf(err) != fault.Network {
		t.Errorf("a zip that nobody has: %v", err)
	}
}

func TestGoRoot(t *testing.T) {
	tc, data := toolchain(t, here(), "#!/bin/sh\n")
	w, s := newWorld(t)
	w.use("https://a.example")
	if dir, err := w.GoRoot(t.Context(), &tc); fault.ClassOf(err) != fault.Network {
		t.Errorf("%s, %v", dir, err)
	}
	s.files["https://a.example/"+release.Zip("1.26.8", here())] = data
	dir, err := w.GoRoot(t.Context(), &tc)
	must(t, err)
	if info, err := os.Stat(filepath.Join(dir, "bin", "go")); err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("bin/go: %v, %v", info, err)
	}
	s.questions()
	if again, err := w.GoRoot(t.Context(), &tc); again != dir || err != nil || s.questions() != nil {
		t.Errorf("again %s, %v; want %s", again, err, dir)
	}
	_, err = w.GoRoot(t.Context(), &lock.Toolchain{Source: lock.SourceModule, Module: "m"})
	wantError(t, err, fault.Usage, "m: the lock has no toolchain for this machine: it was not available", "run gophersnake lock --update go")
}
