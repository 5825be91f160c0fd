package release_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/platforms"
)

func TestPlace(t *testing.T) {
	linux, windows := platforms.Platform{OS: "linux", Arch: "arm64"}, platforms.Platform{OS: "windows", Arch: "amd64"}
	darwin := platforms.Platform{OS: "darwin", Arch: "arm64"}
	for _, tt := range []struct {
		place              release.Place
		root, bin, command string
	}{
		{release.Place{Platform: linux}, "/usr/local/go", "/usr/local/go/bin", "/usr/local/bin/go1.26.8"},
		{release.Place{Platform: linux, Several: true}, "/opt/go/1.26.8", "/opt/go/1.26.8/bin", "/usr/local/bin/go1.26.8"},
		{release.Place{Platform: linux, Prefix: "/opt/conda"}, "/opt/conda/go", "/opt/conda/go/bin", "/opt/conda/bin/go1.26.8"},
		{
			release.Place{Platform: linux, Prefix: "$CONDA_PREFIX", Several: true},
			"$CONDA_PREFIX/go/1.26.8", "$CONDA_PREFIX/go/1.26.8/bin", "$CONDA_PREFIX/bin/go1.26.8",
		},
		{release.Place{Platform: darwin, Prefix: "/Users/x/env"}, "/Users/x/env/go", "/Users/x/env/go/bin", "/Users/x/env/bin/go1.26.8"},
		{
			release.Place{Platform: windows, Prefix: "%CONDA_PREFIX%"},
			`%CONDA_PREFIX%\go\root`, `%CONDA_PREFIX%\go\root\bin`, `%CONDA_PREFIX%\Scripts\go1.26.8.exe`,
		},
		{
			release.Place{Platform: windows, Prefix: `C:\envs\x`, Several: true},
			`C:\envs\x\go\root\1.26.8`, `C:\envs\x\go\root\1.26.8\bin`, `C:\envs\x\Scripts\go1.26.8.exe`,
		},
	} {
		if got := tt.place.Root("1.26.8"); got != tt.root {
			t.Errorf("%+v: root is %s, want %s", tt.place, got, tt.root)
		}
		if got := tt.place.Bin("1.26.8"); got != tt.bin {
			t.Errorf("%+v: bin is %s, want %s", tt.place, got, tt.bin)
		}
		if got := tt.place.Command("1.26.8"); got != tt.command {
			t.Errorf("%+v: command is %s, want %s", tt.place, got, tt.command)
		}
	}
}
