package resolve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

const cannot = "conda for linux/amd64: the requested packages cannot be installed together\n"

// TestRefused checks what is said where there is no answer.
func TestRefused(t *testing.T) {
	const stated = `; a C library that you add yourself can be stated: [conda] virtual-packages = { __glibc = "2.36" }`
	const based = oneImage + "[base]\nimage = \"debian:12\"\n[conda]\nchannels = [\"c\"]\n"
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, toml string
		libc       string
		channel    string // lines
		class      fault.Class
		want, hint string
	}{
		{
			"conflict", one + `dependencies = ["x", "z"]`, "", "noarch/x-1-0: y 1\nnoarch/z-1-0: y 2\nnoarch/y-1-0\nnoarch/y-2-0", fault.Unsatisfiable,
			cannot + "├─ requested \"x\" (gophersnake.toml:7)\n│  └─ x 1 0\n│     └─ requires y 1\n│        └─ y 1 0: z 1 0 requires y 2\n" +
				"└─ requested \"z\" (gophersnake.toml:7)\n   └─ z 1 0\n      └─ requires y 2\n         └─ y 2 0: x 1 0 requires y 1", "",
		},
		{
			"a line of environment.yml", one + `file = "environment.yml"`, "", "noarch/x-1-0", fault.Unsatisfiable,
			cannot + "└─ requested \"nosuch >=2\" (environment.yml:4): no such package", "",
		},
		{
			"hidden by a channel", oneImage + "[conda]\nchannels = [\"c\", \"d\"]\ndependencies = [\"x >1\"]", "", "noarch/x-1-0", fault.Unsatisfiable,
			cannot + "└─ requested \"x >1\" (gophersnake.toml:7)\n   └─ x 2 0: channel d comes after c, which has this name too (strict channel priority)",
			`to take a package from a later channel, ask for CHANNEL::NAME, or set [conda] channel-priority = "flexible"`,
		},
		{
			"glibc too old", based + `dependencies = ["x"]`, "glibc 2.36", "linux-64/x-1-0: __glibc >=2.38", fault.Unsatisfiable,
			cannot + "└─ requested \"x\" (gophersnake.toml:9)\n   └─ x 1 0\n      └─ requires __glibc >=2.38: the target has __glibc 2.36 0",
			"the base debian:12 has glibc 2.36: choose a newer base" + stated,
		},
		{
			"musl", based + `dependencies = ["x"]`, "musl 1.2.4", "linux-64/x-1-0: __glibc", fault.Unsatisfiable,
			cannot + "└─ requested \"x\" (gophersnake.toml:9)\n   └─ x 1 0\n      └─ requires __glibc: the target has no __glibc",
			"the base debian:12 has musl 1.2.4 and no glibc: choose a base with glibc" + stated,
		},
		{
			"scratch", one + `dependencies = ["x"]`, "", "linux-64/x-1-0: __glibc", fault.Unsatisfiable,
			cannot + "└─ requested \"x\" (gophersnake.toml:7)\n   └─ x 1 0\n      └─ requires __glibc: the target has no __glibc",
			"the image has no base, so that it has no C library: set [base] image to an image with glibc" + stated,
		},
		{
			"a base without libc", based + `dependencies = ["x"]`, "", "linux-64/x-1-0: __glibc", fault.Unsatisfiable,
			cannot + "└─ requested \"x\" (gophersnake.toml:9)\n   └─ x 1 0\n      └─ requires __glibc: the target has no __glibc",
			"the base debian:12 has no C library: choose a base with glibc" + stated,
		},
		{
			"too new", one + "dependencies = [\"x\"]\nexclude-newer = \"7d\"", "", "noarch/x-2-0 t=1763424000000\nnoarch/x-3-0 t=1795132800000\nnoarch/x-2.5-0 t=1795046400000", fault.Unsatisfiable,
			"", "",
		},
		{
			"nothing old enough", one + "dependencies = [\"x >2\"]\nexclude-newer = \"7d\"", "", "noarch/x-2-0 t=1763424000000\nnoarch/x-3-0 t=1795132800000\nnoarch/x-2.5-0 t=1795046400000", fault.Unsatisfiable,
			cannot + "└─ requested \"x >2\" (gophersnake.toml:7)\n   └─ x 3 | 2.5: newer than 2026-11-13T00:00:00Z; the first after that is x 2.5 of 2026-11-19T00:00:00Z",
			`exclude-newer = "7d" leaves out what appeared after 2026-11-13T00:00:00Z`,
		},
		{
			"undated", one + "dependencies = [\"x\"]\nexclude-newer = \"7d\"", "", "noarch/x-1-0 t=1763424000000: y\nnoarch/y-2-0", fault.Policy,
			`conda for linux/amd64: exclude-newer = "7d": package y-2-0 of channel c does not say when it appeared`,
			"take it from a channel whose packages have timestamps, or remove [conda] exclude-newer",
		},
		{
			"no sha256", one + `dependencies = ["x"]`, "", "noarch/x-1-0 nohash", fault.Verification,
			"https://channel.example/c/noarch/x-1-0.conda: the channel tells no sha256 of it",
			"ask the channel's owner for an index with sha256, or pass --allow-md5 to take the bytes that are served now",
		},
		{
			"no channel", oneImage + "[conda]\ndependencies = [\"x\"]", "", "", fault.Usage,
			"conda: no channel to take packages from", `name one: [conda] channels = ["conda-forge"]`,
		},
		{
			"bad spec of the file", one + `file = "bad.yml"`, "", "", fault.Usage,
			`bad.yml:2: match spec "x >>1": column 3: unknown operator ">>"`, "",
		},
		{
			"a secret in a spec", one + `file = "secret.yml"`, "", "", fault.Usage,
			`secret.yml:2: the URL of package "x" holds credentials`, "remove them: credentials come from .netrc or RATTLER_AUTH_FILE",
		},
		{
			"bad virtual package", one + "dependencies = [\"x\"]\nvirtual-packages = { __cuda = \"12..4\" }", "", "noarch/x-1-0", fault.Usage,
			`conda.virtual-packages.__cuda: version "12..4": column 4: expected a digit or a letter`, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{base: lock.Facts{Libc: tt.libc}, files: map[string]string{
				"environment.yml": "name: e\ndependencies:\n- x\n- nosuch >=2\n", "secret.yml": "dependencies:\n- https://channel.example/t/TOKEN/c::x\n",
				"bad.yml": "dependencies:\n- x >>1\n",
			}}
			w.channel(t, "c", strings.Fields("noarch/other-1-0")...)
			if tt.channel != "" {
				w.channel(t, "c", strings.Split(tt.channel, "\n")...)
			}
			w.channel(t, "d", "noarch/x-2-0")
			r := request(t, tt.toml+"\n")
			r.Now = now
			_, err := resolve.Lock(t.Context(), w, r)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, tt.class, tt.want, tt.hint)
		})
	}
}

// TestOutage checks that a channel which does not answer is an error, never a
// reason to take its packages from the next one.
func TestOutage(t *testing.T) {
	down := fault.New(fault.Network, "https://channel.example/c", "503 Service Unavailable")
	w := &world{fail: map[string]error{"repodata c/linux-64/repodata_shards.msgpack.zst": down}}
	w.channel(t, "c", "noarch/x-1-0")
	w.channel(t, "d", "noarch/x-2-0")
	_, err := resolve.Lock(t.Context(), w, request(t, oneImage+"[conda]\nchannels = [\"c\", \"d\"]\ndependencies = [\"x\"]\n"))
	wantError(t, err, fault.Network, "https://channel.example/c: 503 Service Unavailable", "")
}

// TestVirtual checks where virtual packages come from.
func TestVirtual(t *testing.T) {
	const arch, kernel, unix = "__archspec=1=x86_64", "__linux=4.18=0", "__unix=0=0"
	for _, tt := range []struct {
		name, toml, libc string
		override         map[string]string
		want             []string
	}{
		{"base", "", "glibc 2.36", nil, []string{arch, "__glibc=2.36=0", kernel, unix}},
		{"musl", "", "musl 1.2.4", nil, []string{arch, kernel, unix}},
		{"an unknown glibc", "", "glibc", nil, []string{arch, "__glibc=2.28=0", kernel, unix}},
		{"override", "", "glibc 2.36", map[string]string{"__glibc": "2.40", "__linux": "", "__cuda": "12.4", "__osx": "14", "__archspec": "x86_64_v3"}, []string{"__archspec=1=x86_64_v3", "__cuda=12.4=0", "__glibc=2.40=0", unix}},
		{"configuration", `virtual-packages = { __glibc = "2.17", __linux = "", __own = "1=b" }`, "musl 1.2.4", map[string]string{"__glibc": "2.40"}, []string{arch, "__glibc=2.17=0", "__own=1=b", unix}},
	} {
		w := &world{base: lock.Facts{Libc: tt.libc}}
		w.channel(t, "c", "noarch/x-1-0")
		r := request(t, oneImage+"[base]\nimage = \"debian:12\"\n[conda]\nchannels = [\"c\"]\ndependencies = [\"x\"]\n"+tt.toml+"\n")
		r.Override = tt.override
		l, _ := resolved(t, w, r)
		if got := strings.Join(l.Solve[0].Virtual, " "); got != strings.Join(tt.want, " ") {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
