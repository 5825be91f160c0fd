package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

func matrixLock() *lock.Lock {
	amd64, arm64, darwin := platforms.Platform{OS: "linux", Arch: "amd64"}, platforms.Platform{OS: "linux", Arch: "arm64"}, platforms.Platform{OS: "darwin", Arch: "arm64"}
	refused := []string{"module: the module proxy does not give it"}
	return &lock.Lock{Go: []lock.Toolchain{
		{Envs: []string{""}, Version: "1.20.14", Platform: amd64, Source: "module", H1: "h1:x", ZipSHA256: "0", Image: true, Default: true},
		{Envs: []string{""}, Version: "1.22.6", Platform: amd64, Source: "conda", File: "go-1.22.6-0.conda", SHA256: "2", Size: 5, Image: true},
		{Envs: []string{""}, Version: "1.22.6", Platform: arm64, Source: "release", SHA256: "1", SignedBy: strings.Repeat("AB", 20), Size: 7, Image: true, PassedOver: refused},
		{Envs: []string{"b"}, Version: "1.26.8", Platform: amd64, Source: "module", H1: "h1:x", Host: true},
		{Envs: []string{"a"}, Version: "1.26.8", Platform: amd64, Source: "module", H1: "h1:x", ZipSHA256: "0", Size: 9, Image: true},
		{Envs: []string{""}, Version: "1.26.8", Platform: amd64, Source: "module", H1: "h1:x", ZipSHA256: "0", Size: 9, Image: true, Host: true},
		{Envs: []string{""}, Version: "1.26.8", Platform: darwin, Source: "module", H1: "h1:x", Host: true},
		{Envs: []string{""}, Version: "1.26.8", Platform: arm64, Source: "release", SHA256: "1", Host: true, PassedOver: refused},
		{Envs: []string{""}, Version: "1.27.0", Platform: darwin, Source: "module", Host: true, PassedOver: []string{"module: the checksum database has no such module", "release: the download index has none"}},
	}}
}

// TestMatrixTable pins the table that lock prints.
func TestMatrixTable(t *testing.T) {
	var out bytes.Buffer
	a := &app{process: process{stderr: &out}, globals: globals{logLevel: "info", progress: "plain"}}
	a.newProgress().toolchains(matrixLock())
	const want = `go       platform      source   use             verified by
1.20.14  linux/amd64   module   image           checksum database, zip fetched
1.22.6   linux/amd64   conda    image           the channel's repodata
1.22.6   linux/arm64   release  image           download index, signed by ABABABABABABABABABABABABABABABABABABABAB
                                                  not as module: the module proxy does not give it
1.26.8   linux/amd64   module   image, compile  checksum database, zip fetched
1.26.8   darwin/arm64  module   compile         checksum database
1.26.8   linux/arm64   release  compile         download index, signature when it is used
                                                  not as module: the module proxy does not give it
1.27.0   darwin/arm64  module   compile         not available
                                                  not as module: the checksum database has no such module
                                                  not as release: the download index has none
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	out.Reset()
	if a.newProgress().toolchains(&lock.Lock{}); out.Len() > 0 {
		t.Errorf("without Go: %q", out.String())
	}
}

// TestMatrixJSON pins what lock --json prints.
func TestMatrixJSON(t *testing.T) {
	var out bytes.Buffer
	a := &app{process: process{stdout: &out}, globals: globals{json: true}}
	l := &lock.Lock{Go: matrixLock().Go[2:4]}
	if err := a.lockResult(l); err != nil {
		t.Fatal(err)
	}
	want := `{"digest":"` + l.Digest() + `","go":[` +
		`{"version":"1.22.6","platform":"linux/arm64","source":"release","use":["image"],"verified":"download index, signed by ABABABABABABABABABABABABABABABABABABABAB","hash":"sha256:1",` +
		`"signedBy":"ABABABABABABABABABABABABABABABABABABABAB","size":7,"passedOver":["module: the module proxy does not give it"]},` +
		`{"version":"1.26.8","platform":"linux/amd64","source":"module","use":["compile"],"verified":"checksum database","hash":"h1:x"}]}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
