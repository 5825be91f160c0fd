package version_test

import (
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/conda/version"
)

func ExampleVersion_Compare() {
	var versions []version.Version
	for _, s := range []string{"1.1.post1", "1.1", "1.1rc1", "1!0.1", "1.1.dev2"} {
		v, err := version.Parse(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		versions = append(versions, v)
	}
	slices.SortFunc(versions, version.Version.Compare)
	fmt.Println(versions)
	// Output: [1.1rc1 1.1.dev2 1.1 1.1.post1 1!0.1]
}

func ExampleParse() {
	v, err := version.Parse("1!2.0RC1+local.1")
	fmt.Println(v, v.Canonical(), err)
	p, _ := version.Parse("1!2.0")
	fmt.Println(v.StartsWith(p), v.Compare(p))
	_, err = version.Parse("1.0-rc_1")
	fmt.Println(err)
	// Output:
	// 1!2.0RC1+local.1 1!2.0rc1+local.1 <nil>
	// true -1
	// version "1.0-rc_1": column 7: "-" and "_" in one version
}

func ExampleParseSpec() {
	spec, err := version.ParseSpec("(>=1.8,<2)|3.*")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []string{"1.7", "1.8.0", "2", "3.1"} {
		v, _ := version.Parse(s)
		fmt.Println(v, spec.Matches(v))
	}
	fmt.Println(spec.String())
	// Output:
	// 1.7 false
	// 1.8.0 true
	// 2 false
	// 3.1 true
	// >=1.8,<2|3.*
}

func ExampleSyntaxError() {
	_, err := version.ParseSpec(">=1.0,===2")
	fmt.Println(err)
	// Output: version spec ">=1.0,===2": column 7: unknown operator "==="
}
