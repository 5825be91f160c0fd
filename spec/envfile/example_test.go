package envfile_test

import (
	"fmt"

	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec/envfile"
)

func ExampleRead() {
	f, err := envfile.Read("environment.yml", []byte(`# go_version: go1.21.6
dependencies:
  - python 3.12.*
  - gcc  # [linux64]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	part, err := f.For(platforms.Platform{OS: "linux", Arch: "arm64"})
	fmt.Println(f.GoVersion, part.Dependencies, err)
	// Output: 1.21.6 [{python 3.12.* environment.yml:3}] <nil>
}
