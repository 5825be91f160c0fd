package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

// cmdWheel makes a wheel of one module below the server's /wheels, and adds it
// to a pylock.toml.
func cmdWheel(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: wheel PYLOCK FILE [METADATA…]")
	}
	n, err := wheel.ParseName(args[1])
	if err != nil {
		return err
	}
	w := wheeltest.Wheel{
		Name: n.Distribution, Version: n.Version, EntryPoints: "[console_scripts]\n" + n.Distribution + " = " + n.Distribution + ":main\n",
		Files: []wheeltest.File{wheeltest.Text(n.Distribution+".py", "def main(): print('"+n.Version+"')\n")},
	}
	for _, line := range args[2:] {
		w.Metadata += line + "\n"
	}
	_, data := w.Make()
	file := filepath.Join(ts.MkAbs("srv"), "wheels", args[1])
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return err
	}
	lock, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if info, err := lock.Stat(); err == nil && info.Size() == 0 {
		fmt.Fprint(lock, "lock-version = \"1.0\"\ncreated-by = \"test\"\n")
	}
	fmt.Fprintf(lock, "\n[[packages]]\nname = %q\nversion = %q\nwheels = [{ url = %q, hashes = { sha256 = \"%x\" } }]\n",
		n.Project(), n.Version, ts.Getenv("SERVER")+"/wheels/"+args[1], sha256.Sum256(data))
	return lock.Close()
}
