package matchspec_test

import (
	"fmt"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

func ExampleParse() {
	for _, s := range []string{"numpy=1.19", "numpy =1.19 py38*", "conda-forge/linux-64::numpy[version='>=1.19,<2']"} {
		spec, err := matchspec.Parse(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(spec)
	}
	_, err := matchspec.Parse("numpy >=1.19,===2")
	fmt.Println(err)
	// Output:
	// numpy 1.19.*
	// numpy ==1.19 py38*
	// numpy >=1.19,<2[channel="conda-forge", subdir="linux-64"]
	// match spec "numpy >=1.19,===2": column 14: unknown operator "==="
}

func ExampleMatchSpec_Matches() {
	spec, err := matchspec.Parse("numpy 1.19.* py38*")
	if err != nil {
		fmt.Println(err)
		return
	}
	v, _ := version.Parse("1.19.2")
	record := &matchspec.Record{Name: "numpy", Version: v, Build: "py38h54aff64_0"}
	fmt.Println(spec.Matches(record))
	// Output: true
}
