package doctor

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

// mac is a sound machine of macOS with a lock.
func mac() (Facts, Want) {
	f := Facts{
		OS: "darwin", User: User{ID: 501, Groups: []int{20}}, Env: map[string]string{},
		Path:   []string{"/usr/local/go/bin", "/usr/bin"},
		Gos:    []Go{{Path: "/usr/local/go/bin/go", Real: "/usr/local/go/bin/go", Root: "/usr/local/go", Version: "1.26.8", Origin: "go.dev or gophersnake"}},
		GoEnv:  map[string]string{"GOVERSION": "go1.26.8", "CGO_ENABLED": "1", "CC": "clang", "GOPATH": "/Users/u/go"},
		Exists: map[string]bool{"clang": true},
	}
	return f, Want{Foreign: true, Lock: &lock.Selection{Go: []lock.Toolchain{{Version: "1.26.8", Image: true}}}}
}

func TestMac(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(f *Facts, w *Want)
		want  []Finding
	}{
		{"sound", func(*Facts, *Want) {}, nil},
		{"sound, with an SDK and a target", func(f *Facts, _ *Want) {
			f.Env["SDKROOT"], f.Exists["/sdk"], f.Env["MACOSX_DEPLOYMENT_TARGET"] = "/sdk", true, "12.3"
		}, nil},
		{"packages of the lock are not for here", func(f *Facts, w *Want) {
			f.Libc, f.OS = "glibc 2.17", "linux"
			w.Lock.Conda = []lock.Conda{{Name: "n", Depends: []string{"__glibc >=2.38"}}}
		}, nil},
		{"Homebrew's go first", func(f *Facts, _ *Want) {
			f.Gos = slices.Insert(f.Gos, 0, Go{Path: "/opt/homebrew/bin/go", Version: "1.25.1", Origin: "Homebrew"})
			f.GoEnv["GOVERSION"] = "go1.25.1"
		}, []Finding{{
			"go-shadowed", Error, "/opt/homebrew/bin/go",
			"is go 1.25.1 (Homebrew) and wins over /usr/local/go/bin/go (go 1.26.8, go.dev or gophersnake) of the lock, because /opt/homebrew/bin comes first on PATH",
			"put /usr/local/go/bin before /opt/homebrew/bin on PATH",
		}}},
		{"SDKROOT of another Xcode", func(f *Facts, _ *Want) {
			f.Env["SDKROOT"], f.Exists["/Xcode/MacOSX11.sdk"] = "/Xcode/MacOSX11.sdk", false
		}, []Finding{{"sdkroot", Error, "SDKROOT", `"/Xcode/MacOSX11.sdk" is no directory, so cgo finds no headers`, `export SDKROOT="$(xcrun --show-sdk-path)"`}}},
		{"conda's compiler without an SDK", func(f *Facts, _ *Want) {
			f.GoEnv["CC"], f.Exists["arm64-apple-darwin20.0.0-clang"] = "arm64-apple-darwin20.0.0-clang", true
		}, []Finding{{
			"sdkroot", Error, "SDKROOT", "is not set, and arm64-apple-darwin20.0.0-clang, which is conda's compiler, has no SDK of its own",
			`export SDKROOT="$(xcrun --show-sdk-path)"`,
		}}},
		{"conda's deployment target", func(f *Facts, _ *Want) { f.Env["MACOSX_DEPLOYMENT_TARGET"] = "10.13" }, []Finding{{
			"macos-target", Warning, "MACOSX_DEPLOYMENT_TARGET",
			`is "10.13", and go 1.26.8 makes programs for macOS 12.0 and newer: the linker warns, or leaves symbols out`, "export MACOSX_DEPLOYMENT_TARGET=12.0",
		}}},
		{"without cgo none of that matters", func(f *Facts, _ *Want) {
			f.Env["MACOSX_DEPLOYMENT_TARGET"], f.GoEnv["CGO_ENABLED"] = "10.13", "0"
		}, nil},
		{"root in a user's home", func(f *Facts, _ *Want) {
			f.User = User{}
			f.Dirs = []Dir{{Name: "GOPATH", Path: "/Users/u/go", At: "/Users/u", Mode: 0o755, UID: 501, GID: 20}}
		}, []Finding{{
			"dir-owner", Warning, "GOPATH", "/Users/u belongs to user 501, who cannot change or remove what root writes there",
			"set HOME to root's own, or work as that user",
		}}},
		{"another's cache", func(f *Facts, _ *Want) {
			f.Dirs = []Dir{{Name: "GOCACHE", Path: "/cache", At: "/cache", Mode: 0o755, UID: 502}, {Name: "--cache-dir", Path: "/cache/g", At: "/cache", Mode: 0o755, UID: 502}}
		}, []Finding{{
			"dir-denied", Error, "GOCACHE", "user 501 may not write to /cache (mode 0755, owner 502:0)", "set GOCACHE to a directory of your own",
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, w := mac()
			test.spoil(&f, &w)
			if diff := cmp.Diff(test.want, Check(f, w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWritable(t *testing.T) {
	for _, test := range []struct {
		d    Dir
		u    User
		want bool
	}{
		{Dir{Mode: 0o755}, User{ID: 0}, true},
		{Dir{Mode: 0o755, Denied: true}, User{ID: 0}, false},
		{Dir{Mode: 0o755, UID: 5}, User{ID: 5}, true},
		{Dir{Mode: 0o555, UID: 5}, User{ID: 5}, false},
		{Dir{Mode: 0o077, UID: 5}, User{ID: 5, Groups: []int{5}}, false}, // the owner's bits alone count
		{Dir{Mode: 0o2775, GID: 901}, User{ID: 5, Groups: []int{5, 901}}, true},
		{Dir{Mode: 0o2775, GID: 901}, User{ID: 5, Groups: []int{5}}, false},
		{Dir{Mode: 0o707, GID: 9}, User{ID: 5, Groups: []int{9}}, false},
		{Dir{Mode: 0o1777}, User{ID: 5}, true},
		{Dir{Mode: 0o755}, User{ID: -1}, true},
	} {
		if got := test.d.writable(test.u); got != test.want {
			t.Errorf("%+v by %+v: %v", test.d, test.u, got)
		}
	}
}

func TestOrigin(t *testing.T) {
	for _, test := range [][4]string{
		{"/usr/bin/go", "/usr/lib/go-1.19/bin/go", "", "system package"},
		{"/usr/bin/go", "/usr/lib/golang/bin/go", "", "system package"},
		{"/usr/local/go/bin/go", "/usr/local/go/bin/go", "", "go.dev or gophersnake"},
		{"/opt/go/1.26.8/bin/go", "/opt/go/1.26.8/bin/go", "", "gophersnake"},
		{"/snap/bin/go", "/usr/bin/snap", "", "snap"},
		{"/opt/homebrew/bin/go", "/opt/homebrew/Cellar/go/1.26.8/libexec/bin/go", "", "Homebrew"},
		{"/home/linuxbrew/.linuxbrew/bin/go", "/home/linuxbrew/.linuxbrew/bin/go", "", "Homebrew"},
		{"/h/.gvm/gos/go1.20/bin/go", "/h/.gvm/gos/go1.20/bin/go", "", "gvm"},
		{"/h/.goenv/shims/go", "/h/.goenv/shims/go", "", "goenv"},
		{"/h/.asdf/shims/go", "/h/.asdf/shims/go", "", "asdf"},
		{"/h/.local/share/mise/shims/go", "/h/.local/bin/mise", "", "mise"},
		{"/h/sdk/go1.21.6/bin/go", "/h/sdk/go1.21.6/bin/go", "", "golang.org/dl"},
		{"/h/go/bin/go", "/h/go/bin/go", "", "go install"},
		{"/c/bin/go", "/c/go/bin/go", "/c", "conda environment /c"},
		{"/nix/store/x-go-1.26/bin/go", "/nix/store/x-go-1.26/share/go/bin/go", "", "Nix"},
		{"C:/Program Files/Go/bin/go.exe", "C:/Program Files/Go/bin/go.exe", "", "go.dev"},
		{"/elsewhere/go", "/elsewhere/go", "", "unknown origin"},
	} {
		if got := Origin(test[0], test[1], "/h", test[2]); got != test[3] {
			t.Errorf("%s: %q, want %q", test[0], got, test[3])
		}
	}
	if got := Origin("/sdk/go1/bin/go", "/sdk/go1/bin/go", "", ""); got != "unknown origin" {
		t.Errorf("without a home: %q", got)
	}
}

// TestToolchain: what go would do about each GOTOOLCHAIN and go.mod.
func TestToolchain(t *testing.T) {
	for _, test := range []struct {
		value, goLine, toolchain string
		named                    []string
		want                     string // ID and a part of the problem
	}{
		{"", "1.26.8", "", nil, ""},
		{"local", "1.20", "", nil, ""},
		{"local", "1.27", "", nil, "go-mod refuses to work"},
		{"auto", "1.27.1", "", nil, "go-mod downloads it"},
		{"", "1.27.1", "", nil, "go-mod GOTOOLCHAIN=auto downloads it"},
		{"auto", "1.27.1", "1.27.3", nil, "go-mod asks for go 1.27.3"},
		{"local+auto", "1.27.1", "", []string{"1.27.1"}, ""},
		{"path", "1.27.1", "", nil, "go-mod finds no command go1.27.1 on PATH"},
		{"local+path", "1.27.1", "", []string{"1.27.1"}, ""},
		{"go1.26.8", "1.26.8", "", nil, ""},
		{"go1.26.8+auto", "1.27", "", nil, "go-mod downloads it"},
		{"go1.25.4+path", "1.20", "", nil, "gotoolchain every go command is go1.25.4, not go 1.26.8 of the lock"},
		{"1.26.8", "1.20", "", nil, `gotoolchain "1.26.8" is none of local, auto, path`},
		{"local+network", "1.20", "", nil, `gotoolchain "local+network" is none of`},
	} {
		f, w := mac()
		f.Env["GOTOOLCHAIN"], f.Named = test.value, test.named
		f.GoMod = GoMod{File: "go.mod:3", Go: test.goLine, Toolchain: test.toolchain}
		got := Check(f, w)
		id, part, _ := strings.Cut(test.want, " ")
		if len(got) != min(1, len(test.want)) || len(got) == 1 && (got[0].ID != id || !strings.Contains(got[0].Problem, part)) {
			t.Errorf("%+v: %+v", test, got)
		}
	}
	f, w := mac()
	f.GoEnv["GOVERSION"], f.Gos[0].Version, w.Lock = "go1.20.3", "1.20.3", nil
	f.Env["GOTOOLCHAIN"] = "go1.25.1" // which that Go does not read
	if got := Check(f, w); got != nil {
		t.Errorf("go 1.20: %+v", got)
	}
}

// TestDocumented: the package comment and docs/doctor.md list the IDs that the
// code uses, each once.
func TestDocumented(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`c\.(?:found\(\w+, |files\()"([a-z-]+)"`).FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
		used["goroot-env"], used["goroot-file"] = true, true // whose severity is a variable
	}
	comment, err := os.ReadFile("doctor.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, found := range map[string][][]byte{
		"package comment": regexp.MustCompile(`(?m)^//\t[a-z]+[a-z-]* `).FindAll(comment, -1),
		"docs/doctor.md":  regexp.MustCompile("(?m)^\\| `[a-z-]+` ").FindAll(page, -1),
	} {
		var ids []string
		for _, m := range found {
			ids = append(ids, strings.Trim(string(m), "/|` \t"))
		}
		slices.Sort(ids)
		var want []string
		for id := range used {
			want = append(want, id)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestJSON: the names of the fields are documented.
func TestJSON(t *testing.T) {
	b, err := json.Marshal(Finding{"id", Error, "s", "p", "r"})
	if err != nil || string(b) != `{"id":"id","severity":"error","subject":"s","problem":"p","remedy":"r"}` {
		t.Errorf("%s, %v", b, err)
	}
}
