package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gophersnake/gophersnake/resolve/uv"
)

// uv returns the uv that resolves pip requirements, if there is one on PATH.
func (a *app) uv() (uv.Options, error) {
	dir, err := a.cache()
	if err != nil {
		return uv.Options{}, err
	}
	o := uv.Options{Env: uv.Environ(os.Environ()), Dir: filepath.Join(dir, "uv"), Offline: a.offline}
	if program, err := exec.LookPath("uv"); err == nil {
		if o.Path, err = filepath.Abs(program); err != nil {
			return o, err
		}
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, err
	}
	return o, nil
}
