package world

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// toolScript stands for the go command, as goScript does. What it makes of a
// package is the package's name, its platform and its project.
const toolScript = `#!/bin/sh
echo "$*" >> "$GOCACHE.log"
if [ "$1" = build ]; then
	while [ "$1" != -o ]; do shift; done
	out=$2; shift 3
	/bin/mkdir "$out"
	for p; do { echo "$p for $GOOS/$GOARCH"; while read line; do echo "$line"; done < go.mod; } > "$out${p##*/}"; done
fi
`

// sumServer adds a checksum database to a web. It says of every module what it
// is told to.
type sumServer struct {
	*web
	handler http.Handler
}

// RoundTrip implements http.RoundTripper.
func (s sumServer) RoundTrip(r *http.Request) (*http.Response, error) {
	_, path, ok := strings.Cut(r.URL.Path, "/sumdb/"+sumName)
	if !ok {
		return s.web.RoundTrip(r)
	}
	in := r.Clone(r.Context())
	in.URL.Path = path
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, in)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

const sumName = "sums.example"

// toolWorld is a world with a proxy that has one module with two tools, a
// checksum database for it, and a toolchain that is toolScript.
func toolWorld(t *testing.T) (w *World, s *web, hosts []lock.Toolchain, sums map[string]string) {
	t.Helper()
	w, s = newWorld(t)
	w.use("https://a.example")
	sums = map[string]string{}
	const module, version = "tools.example/M", "v1.0.0" // capitals are escaped in URLs
	data := moduleOf(t, module+"@"+version, map[string]string{
		"go.mod": "module tools.example/M\n\ngo 1.25.0\n", "vet/main.go": "package main\n", "fmt/main.go": "package main\n",
	})
	h1, _, err := release.HashZip(strings.NewReader(data), int64(len(data)))
	must(t, err)
	sums[module+"@"+version] = module + " " + version + " " + h1 + "\n" + module + " " + version + "/go.mod h1:x=\n"
	const at = "https://a.example/tools.example/!m/@v/"
	s.files[at+"list"], s.files[at+version+".info"], s.files[at+version+".zip"] = version+"\n", "{}", data

	signer, verifier, err := note.GenerateKey(rand.Reader, sumName)
	must(t, err)
	w.SumKey = verifier
	server := sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		text, ok := sums[path+"@"+version]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	})
	w.Fetch.HTTP = sumServer{s, sumdb.NewServer(server)}

	tc, gozip := toolchain(t, here(), toolScript)
	s.files["https://a.example/"+release.Zip("1.26.8", here())] = gozip
	return w, s, []lock.Toolchain{tc}, sums
}

// moduleOf makes the zip of a module.
func moduleOf(t *testing.T, prefix string, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range files {
		f, err := z.Create(prefix + "/" + name)
		must(t, err)
		_, err = io.WriteString(f, text)
		must(t, err)
	}
	must(t, z.Close())
	return buf.String()
}

func (w *World) mustTool(t *testing.T, pkg string) lock.Tool {
	t.Helper()
	tool, err := w.Tool(t.Context(), pkg, "latest")
	must(t, err)
	tool.Go = "1.26.8"
	return tool
}

func TestTool(t *testing.T) {
	w, s, _, _ := toolWorld(t)
	vet := w.mustTool(t, "tools.example/M/vet")
	if vet.Module != "tools.example/M" || vet.Version != "v1.0.0" || vet.Needs != "1.25.0" || !strings.HasPrefix(vet.H1, "h1:") {
		t.Errorf("tool %+v", vet)
	}
	s.questions()
	if again := w.mustTool(t, "tools.example/M/fmt"); again.H1 != vet.H1 {
		t.Errorf("tool %+v", again)
	}
	if asked := s.questions(); slices.ContainsFunc(asked, func(u string) bool { return strings.HasSuffix(u, ".zip") }) {
		t.Errorf("the zip was fetched again: %q", asked)
	}
}

// TestToolUnsure checks that nothing is believed that the checksum database
// does not say, and that nothing of it is kept.
func TestToolUnsure(t *testing.T) {
	w, _, _, sums := toolWorld(t)
	w.use("off")
	_, err := w.Tool(t.Context(), "tools.example/M/vet", "latest")
	wantError(t, err, fault.Usage, `go.proxy: no module proxy in "off"`, "set [go] proxy or GOPROXY to the URL of a module proxy: toolchains come as modules")

	w.use("https://a.example")
	text := sums["tools.example/M@v1.0.0"]
	sums["tools.example/M@v1.0.0"] = strings.Replace(text, "h1:", "h1:AAAA", 1)
	for range 2 {
		_, err = w.Tool(t.Context(), "tools.example/M/vet", "latest")
		if fault.ClassOf(err) != fault.Verification || !strings.HasPrefix(err.Error(), "tools.example/M@v1.0.0: SECURITY: the zip's hash is h1:") {
			t.Errorf("another hash: %v", err)
		}
	}
	w, s, _, sums := toolWorld(t)
	delete(sums, "tools.example/M@v1.0.0")
	_, err = w.Tool(t.Context(), "tools.example/M/vet", "latest")
	if fault.ClassOf(err) != fault.Network || !strings.Contains(err.Error(), "tools.example/M@v1.0.0: the module proxy or the checksum database lacks it") {
		t.Errorf("a private module: %v", err)
	}
	if asked := s.questions(); slices.ContainsFunc(asked, func(u string) bool { return strings.HasSuffix(u, ".zip") }) {
		t.Errorf("the zip was fetched: %q", asked)
	}
}

// TestCompileTools checks what is compiled, together and once.
func TestCompileTools(t *testing.T) {
	w, s, hosts, _ := toolWorld(t)
	var notes []string
	w.Note = func(text string) { notes = append(notes, text) }
	vet, format := w.mustTool(t, "tools.example/M/vet"), w.mustTool(t, "tools.example/M/fmt")
	moved := vet
	moved.Envs = []string{"other"}
	arm64 := platforms.Platform{OS: "linux", Arch: "arm64"}
	darwin := platforms.Platform{OS: "darwin", Arch: "arm64"}
	for _, tc := range []struct {
		name  string
		tools []lock.Tool
		p     platforms.Platform
		built string // the packages of one go build; "" is none
	}{
		{"one", []lock.Tool{vet}, arm64, "tools.example/M/vet"},
		{"what is missing", []lock.Tool{vet, format}, arm64, "tools.example/M/fmt"},
		{"nothing", []lock.Tool{format, moved}, arm64, ""},
		{"both at once", []lock.Tool{vet, format}, darwin, "tools.example/M/vet tools.example/M/fmt"},
	} {
		files, err := w.CompileTools(t.Context(), hosts, tc.tools, tc.p)
		must(t, err)
		for i, f := range files {
			data, err := os.ReadFile(f)
			must(t, err)
			want := tc.tools[i].Package + " for " + tc.p.String() + "\nmodule gophersnake.invalid/tools\n\ngo 1.25.0\n\nrequire tools.example/M v1.0.0\n"
			if diff := cmp.Diff(want, string(data)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		}
		data, _ := os.ReadFile(filepath.Join(w.Scratch, "build.log"))
		_ = os.Remove(filepath.Join(w.Scratch, "build.log"))
		_, built, _ := strings.Cut(string(data), " -- ")
		if strings.TrimSpace(built) != tc.built || strings.HasPrefix(string(data), "mod verify\n") != (tc.built != "") {
			t.Errorf("%s: go was called for\n%s", tc.name, data)
		}
	}
	if diff := cmp.Diff([]string{"compiling vet v1.0.0 for linux/arm64", "compiling fmt v1.0.0 for linux/arm64", "compiling vet v1.0.0 for darwin/arm64", "compiling fmt v1.0.0 for darwin/arm64"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	// With all in the store nobody is asked, whatever the proxy.
	s.questions()
	w.use("off")
	if _, err := w.CompileTools(t.Context(), hosts, []lock.Tool{vet, format}, arm64); err != nil || s.questions() != nil {
		t.Errorf("error %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(w.Scratch, "tools-*")); err != nil || left != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCompileToolsErrors(t *testing.T) {
	w, s, hosts, _ := toolWorld(t)
	vet := w.mustTool(t, "tools.example/M/vet")
	_, err := w.CompileTools(t.Context(), nil, []lock.Tool{vet}, here())
	wantError(t, err, fault.Usage, "go: the lock has no Go toolchain for this machine ("+here().String()+")", "programs are compiled on linux and darwin, amd64 and arm64")

	other := vet // a lock with a hash that the proxy's bytes do not have
	other.H1 = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	_, err = w.CompileTools(t.Context(), hosts, []lock.Tool{other}, here())
	if fault.ClassOf(err) != fault.Verification || !strings.HasSuffix(err.Error(), ", not "+other.H1) {
		t.Errorf("another hash: %v", err)
	}
	gone := vet
	gone.Version = "v1.0.1"
	s.files["https://a.example/tools.example/!m/@v/v1.0.1.zip"] = "!503"
	if _, err = w.CompileTools(t.Context(), hosts, []lock.Tool{gone}, here()); fault.ClassOf(err) != fault.Network {
		t.Errorf("no zip: %v", err)
	}
}
