package lock

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
)

// goRow returns a good row of a source.
func goRow(source string) Toolchain {
	t := Toolchain{Envs: []string{""}, Platform: platforms.Platform{OS: "linux", Arch: "amd64"}, Version: "1.26.8", Source: source, Image: true, Size: 7}
	switch sum := strings.Repeat("1", 64); source {
	case SourceModule:
		t.Module, t.H1, t.ZipSHA256 = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64", "h1:"+strings.Repeat("A", 43)+"=", sum
	case SourceRelease:
		t.File, t.SHA256, t.SignedBy = "go1.26.8.linux-amd64.tar.gz", sum, strings.Repeat("A", 40)
		t.PassedOver = []string{"module: the proxy has none"}
	case SourceConda:
		t.File, t.SHA256 = "go-1.26.8-h123_0.conda", sum
	}
	return t
}

// TestToolchainSources checks rows of all sources, there and back, and what each
// may not hold.
func TestToolchainSources(t *testing.T) {
	host := goRow(SourceModule)
	host.Image, host.Host, host.ZipSHA256, host.Size = false, true, "", 0
	for _, rows := range [][]Toolchain{{goRow(SourceModule)}, {goRow(SourceRelease)}, {goRow(SourceConda), host}} {
		l := &Lock{Version: Version, LayerFormat: LayerFormat, InputHash: "sha256:" + strings.Repeat("0", 64), Go: rows}
		text, err := Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Unmarshal("f", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(rows, back.Go); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	const where = "go 1.26.8 for linux/amd64: "
	for _, tc := range []struct {
		source string
		spoil  func(t *Toolchain)
		want   string
	}{
		{SourceModule, func(t *Toolchain) { t.File = "x" }, "file does not go with the source module"},
		{SourceModule, func(t *Toolchain) { t.SignedBy = "x" }, "signed-by does not go with the source module"},
		{SourceRelease, func(t *Toolchain) { t.File = "go1.26.7.linux-amd64.tar.gz" }, `file "go1.26.7.linux-amd64.tar.gz" is not go1.26.8.linux-amd64.tar.gz`},
		{SourceRelease, func(t *Toolchain) { t.SHA256 = "" }, "sha256 is missing"},
		{SourceRelease, func(t *Toolchain) { t.SignedBy = "" }, "signed-by is missing"},
		{SourceRelease, func(t *Toolchain) { t.SignedBy = "me" }, `signed-by "me" is not the fingerprint of a key`},
		{SourceRelease, func(t *Toolchain) { t.H1 = "h1:" }, "h1 does not go with the source release"},
		{SourceRelease, func(t *Toolchain) { t.Size = -1 }, "size -1 is negative"},
		{SourceRelease, func(t *Toolchain) { t.PassedOver = []string{"web: x"} }, `passed-over holds "web: x", which is not a source and a reason`},
		{SourceConda, func(t *Toolchain) { t.File = "../go-1-2.conda" }, `file "../go-1-2.conda" holds a path`},
		{SourceConda, func(t *Toolchain) { t.File = "gone-1-2.conda" }, `file "gone-1-2.conda" is no package of go`},
		{SourceConda, func(t *Toolchain) { t.SHA256 = "x" }, `sha256 "x" is not 64 lower-case hex digits`},
		{SourceConda, func(t *Toolchain) { t.Host = true }, "host is true, but what lies in a conda environment compiles nothing here"},
		{SourceConda, func(t *Toolchain) { t.Module = "x" }, "module does not go with the source conda"},
	} {
		row := goRow(tc.source)
		tc.spoil(&row)
		l := &Lock{Version: Version, LayerFormat: LayerFormat, InputHash: "sha256:" + strings.Repeat("0", 64), Go: []Toolchain{row}}
		if _, err := Marshal(l); err == nil || err.Error() != where+tc.want {
			t.Errorf("error %v, want %s", err, where+tc.want)
		}
	}
	twice := []Toolchain{goRow(SourceConda), goRow(SourceConda)}
	twice[1].Version = "1.25.0"
	l := &Lock{Version: Version, LayerFormat: LayerFormat, InputHash: "sha256:" + strings.Repeat("0", 64), Go: twice}
	if _, err := Marshal(l); err == nil || err.Error() != "environment default has a Go of conda for linux/amd64 twice" {
		t.Errorf("error %v", err)
	}
}
