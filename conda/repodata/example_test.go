package repodata_test

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/gophersnake/gophersnake/conda/repodata"
)

// files is a channel in memory.
type files map[string]string

func (f files) Get(_ context.Context, ref string, _ repodata.Want) ([]byte, error) {
	if text, ok := f[ref]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func ExampleClosure() {
	c := &repodata.Channel{Name: "team", URL: "https://channel.example/team", Source: files{
		"noarch/repodata.json": `{"packages.conda": {
			"app-1.0-0.conda": {"name": "app", "version": "1.0", "build": "0", "depends": ["lib >=2"]},
			"lib-2.1-0.conda": {"name": "lib", "version": "2.1", "build": "0", "depends": ["__glibc >=2.17"]},
			"other-1.0-0.conda": {"name": "other", "version": "1.0", "build": "0"}}}`,
	}}
	set, err := repodata.Closure(context.Background(), []*repodata.Channel{c}, []string{"linux-64", "noarch"}, []string{"app"}, repodata.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range set.Names() {
		for _, r := range set.Records(name) {
			fmt.Println(r.URL, r.Depends)
		}
	}
	// Output:
	// https://channel.example/team/noarch/app-1.0-0.conda [lib >=2]
	// https://channel.example/team/noarch/lib-2.1-0.conda [__glibc >=2.17]
}

func ExampleOpen() {
	// What the channel took in after the cut-off is no candidate.
	const cutOff = 1700000000000
	r, err := repodata.Open([]byte(`{"info": {"subdir": "noarch"}, "packages": {
		"app-1.0-0.tar.bz2": {"name": "app", "version": "1.0", "build": "0", "timestamp": 1600000000},
		"app-2.0-0.tar.bz2": {"name": "app", "version": "2.0", "build": "0", "timestamp": 1800000000}}}`),
		repodata.Options{Keep: func(r *repodata.Record) bool { return r.Published() <= cutOff }})
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := r.Records("app")
	fmt.Println(len(records), records[0].Version, err)
	// Output:
	// 1 1.0 <nil>
}

func ExampleParseChannel() {
	for _, s := range []string{"conda-forge", "https://user:secret@a.example/t/token/team/linux-64", "./channel"} {
		name, _, err := repodata.ParseChannel(s, "https://channel.example")
		fmt.Println(name, err)
	}
	// Output:
	// conda-forge <nil>
	// https://a.example/team <nil>
	// channel <nil>
}
