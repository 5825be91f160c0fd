package importer_test

import (
	"fmt"

	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/platforms"
)

func ExampleRead() {
	const pixiLock = `version: 6
environments:
  default:
    packages:
      linux-64:
      - conda: https://channel.example/main/linux-64/python-3.11.11-0_cpython.conda
      - pypi: https://wheels.example/idna-3.4-py3-none-any.whl
packages:
- conda: https://channel.example/main/linux-64/python-3.11.11-0_cpython.conda
  depends:
  - openssl >=3
- pypi: https://wheels.example/idna-3.4-py3-none-any.whl
  name: idna
  version: '3.4'
`
	conda, wheels, err := importer.Read("pixi.lock", []byte(pixiLock), importer.Options{
		Platform: platforms.Platform{OS: "linux", Arch: "amd64"},
	})
	fmt.Println(conda[0].Name, conda[0].Version, conda[0].Build, conda[0].Depends)
	fmt.Println(wheels[0].Name, wheels[0].Version, err)
	// Output:
	// python 3.11.11 0_cpython [openssl >=3]
	// idna 3.4 <nil>
}
