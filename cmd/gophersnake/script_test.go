package main

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gophersnake/gophersnake/output/outputtest"
)

var update = flag.Bool("update", false, "rewrite what scripts compare output with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gophersnake": main})
}

// TestScripts runs the program as a process of its own: one script for each
// command or promise. Commands that scripts have besides testscript's are
// listed in commands_test.go.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup:               setup,
		Cmds:                commands(),
	})
}

// setup gives each script its own store, registry and file server. The host of
// the registry is $REGISTRY; the server shows $WORK/srv below $SERVER.
func setup(env *testscript.Env) error {
	t := env.T().(testing.TB)
	registry := outputtest.NewRegistry(t)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(env.WorkDir, "srv"))))
	t.Cleanup(server.Close)
	env.Setenv("REGISTRY", registry.Host())
	env.Setenv("SERVER", server.URL)
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("GOPROXY", "off")
	env.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(env.WorkDir))
	return nil
}
