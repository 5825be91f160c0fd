package arch

import (
	"go/ast"
	"go/types"
	"maps"
	"path"
	"slices"
	"testing"
)

// An effect is a thing of the world that few files may use.
type effect struct {
	what   string
	names  []string          // "import path.Name"
	in     []string          // folders
	except map[string]string // other files, each with its reason
}

// effects says where the process meets its world. An exception that is no longer
// needed fails the test too.
var effects = []effect{
	{
		what:  "the clock: take a func() time.Time as a field",
		names: []string{"time.Now", "time.Since", "time.Until"},
		in:    []string{"bench/...", "cmd/..."},
		except: map[string]string{
			"internal/fetch/client.go": "the zero Client works: Now nil is this clock, for pauses between retries only",
			"output/write.go":          "the zero Options work: Clock nil is this clock, for pauses between retries only",
		},
	},
	{
		what: "the environment: take the value as a field",
		names: []string{
			"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Setenv", "os.Unsetenv", "os.Getwd", "os.Chdir",
			"os.Hostname", "os.UserHomeDir", "os.UserCacheDir", "os.UserConfigDir",
			"net/http.ProxyFromEnvironment", "github.com/google/go-containerregistry/pkg/authn.DefaultKeychain",
		},
		in: []string{"bench/...", "cmd/..."},
	},
	{
		what:  "the environment's proxy, inside of the default transport: take an http.RoundTripper as a field",
		names: []string{"net/http.DefaultTransport", "net/http.DefaultClient", "net/http.Get", "net/http.Head", "net/http.Post"},
		in:    []string{"bench/...", "cmd/..."},
		except: map[string]string{
			"base/guard.go":   "the zero Source works: Transport nil is a copy of this one",
			"output/write.go": "the zero Options work: Transport nil is a copy of this one",
		},
	},
	{
		what:  "the process: return an error, write to a field",
		names: []string{"os.Exit", "os.Args", "os.Stdin", "os.Stdout", "os.Stderr", "fmt.Print", "fmt.Printf", "fmt.Println", "os/signal.Notify", "os/signal.NotifyContext"},
		in:    []string{"bench/...", "cmd/..."},
	},
	{
		what:  "processes: no code of any package is run",
		names: []string{"os.StartProcess", "syscall.Exec", "syscall.ForkExec", "syscall.StartProcess"},
		except: map[string]string{
			"cmd/gophersnake/become_unix.go": "run becomes the program that the user names",
		},
	},
	{
		what: "the standard library's compressors, whose bytes depend on the Go release: use klauspost/compress",
		names: []string{
			"compress/gzip.NewWriter", "compress/gzip.NewWriterLevel", "compress/flate.NewWriter", "compress/flate.NewWriterDict",
			"compress/zlib.NewWriter", "compress/zlib.NewWriterLevel",
		},
		in: []string{"output/outputtest"}, // its bytes are compared with nothing
	},
	{
		what: "compressors: layers are compressed by tree alone",
		names: []string{
			"github.com/klauspost/compress/gzip.NewWriter", "github.com/klauspost/compress/gzip.NewWriterLevel",
			"github.com/klauspost/compress/flate.NewWriter", "github.com/klauspost/compress/zstd.NewWriter",
		},
		in: []string{"tree", "conda/archive/archivetest", "internal/debiantest", "wheel/wheeltest"},
		except: map[string]string{
			"bench/solve/large.go":  "a channel's file is no layer",
			"layers/cli/archive.go": "the archives of programs are files of a layer, not layers",
		},
	},
	{
		what:  "the tar writer: layers are written by tree alone",
		names: []string{"archive/tar.NewWriter"},
		in:    []string{"output/...", "conda/archive/archivetest", "internal/debiantest"}, // an image's archive is no layer
		except: map[string]string{
			"layers/cli/archive.go": "the archives of programs are files of a layer, not layers",
		},
	},
}

func TestEffects(t *testing.T) {
	s := packages(t)
	for _, e := range effects {
		unused := maps.Clone(e.except)
		for _, p := range s.packages {
			if matchAny(e.in, p.path) {
				continue
			}
			s.uses(p, func(f *file, n ast.Node, name string) {
				if !slices.Contains(e.names, name) {
					return
				}
				if _, ok := e.except[f.name]; ok {
					delete(unused, f.name)
					return
				}
				t.Errorf("%s: %s; %v may use it: %s", s.at(n), name, e.in, e.what)
			})
		}
		for name := range unused {
			t.Errorf("%s: is an exception from a rule that it keeps now (%s): remove it from effects", name, e.what)
		}
	}
}

// uses calls f for every name of another package that p's files use.
func (s *sources) uses(p *pkg, yield func(f *file, n ast.Node, name string)) {
	for _, f := range p.files {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok {
				if of, ok := p.info.Uses[x].(*types.PkgName); ok {
					yield(f, n, of.Imported().Path()+"."+sel.Sel.Name)
				}
			}
			return true
		})
	}
}

// hostPaths lists folders whose output must not depend on the separator of the
// machine that makes it, so that they use path, not path/filepath.
var hostPaths = struct {
	folders []string
	except  map[string]string
}{
	folders: []string{"tree", "conda/...", "debian", "layers/...", "lock/...", "plan", "builder", "spec", "resolve/...", "platforms", "attest", "golang/release"},
	except: map[string]string{
		"layers/files/source.go": "reads the user's files, which lie on this machine",
	},
}

func TestHostPaths(t *testing.T) {
	unused := maps.Clone(hostPaths.except)
	for _, p := range packages(t).packages {
		for _, f := range p.files {
			if !slices.Contains(f.imports, "path/filepath") || !matchAny(hostPaths.folders, path.Dir(f.name)) {
				continue
			}
			if _, ok := hostPaths.except[f.name]; !ok {
				t.Errorf("%s: imports path/filepath, so bytes could depend on the host: use path", f.name)
			}
			delete(unused, f.name)
		}
	}
	for name := range unused {
		t.Errorf("%s: is an exception of hostPaths that is not needed", name)
	}
}
