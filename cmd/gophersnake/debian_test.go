package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gophersnake/gophersnake/internal/debiantest"
)

// cmdDebian makes an archive of Debian packages, signed by a new key, which
// becomes DIR.asc.
func cmdDebian(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: debian DIR FILE…")
	}
	var suite debiantest.Suite
	for _, name := range args[1:] {
		p, err := debiantest.Parse(unquoted(ts.ReadFile(name)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		suite.Packages = append(suite.Packages, p)
	}
	key, err := debiantest.NewKey(0)
	if err != nil {
		return err
	}
	public, err := key.Public()
	if err != nil {
		return err
	}
	files, err := suite.Files(key)
	if err != nil {
		return err
	}
	dir := ts.MkAbs(args[0])
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(dir+".asc", public, 0o644)
}
