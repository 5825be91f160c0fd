//go:build unix

package spec

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

func TestReadFile(t *testing.T) {
	t.Chdir(t.TempDir())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile("good.toml", []byte("version = 1\n"), 0o600))
	must(os.WriteFile("bad.toml", []byte("version = 1\nx = 1\n"), 0o600))
	must(os.Symlink("good.toml", "link.toml"))
	must(os.Symlink("loop.toml", "loop.toml"))
	must(os.Mkdir("dir.toml", 0o700))
	must(syscall.Mkfifo("fifo.toml", 0o600))
	must(os.WriteFile("big.toml", nil, 0o600))
	must(os.Truncate("big.toml", 1<<30))
	for name, want := range map[string]string{
		"good.toml":                       "",
		"link.toml":                       "",
		"bad.toml":                        `bad.toml:2:1: unknown key "x"`,
		"dir.toml":                        "dir.toml: is a directory", // A09
		"fifo.toml":                       "fifo.toml: is not a regular file",
		"big.toml":                        "big.toml: is 1073741824 bytes; at most 8388608 are read",
		"none.toml":                       "none.toml: no such file",
		"loop.toml":                       "loop.toml: too many levels of symbolic links",
		filepath.Join("good.toml", "sub"): "good.toml/sub: not a directory",
	} {
		_, err := ReadFile(name)
		switch {
		case want == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case err == nil || err.Error() != want:
			t.Errorf("%s: got %v, want %s", name, err, want)
		case fault.ClassOf(err) != fault.Usage:
			t.Errorf("%s: class %s", name, fault.ClassOf(err))
		}
	}
	_, err := ReadFile("none.toml")
	var f *fault.Error
	if !errors.As(err, &f) || f.Hint() != "gophersnake init writes one" {
		t.Errorf("hint of %v", err)
	}
}
