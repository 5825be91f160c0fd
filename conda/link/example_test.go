package link_test

import (
	"fmt"

	"github.com/gophersnake/gophersnake/conda/link"
)

func ExampleHistory() {
	packages := []link.Record{{Name: "zlib", Version: "1.3.1", Build: "hb9d3cd8_2", Subdir: "linux-64", Channel: "conda-forge"}}
	fmt.Printf("%s", link.History([]string{"zlib >=1.3"}, packages))
	// Output:
	// ==> 1970-01-01 00:00:00 <==
	// +conda-forge/linux-64::zlib-1.3.1-hb9d3cd8_2
	// # update specs: ["zlib >=1.3"]
}
