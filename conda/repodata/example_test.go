package repodata_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

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

func ExampleLoad() {
	ctx := context.Background()
	c := &repodata.Channel{Name: "team", URL: "https://channel.example/team", Source: files{
		"noarch/repodata.json": `{"info": {"base_url": "https://cdn.example/team/noarch"}, "repodata_version": 2, "packages.conda": {
			"app-1.0-0.conda": {"name": "app", "version": "1.0", "build": "0"},
			"app-1.1-0.conda": {"name": "app", "version": "1.1", "build": "0"}}, "removed": ["app-1.1-0.conda"]}`,
	}}
	d, err := repodata.Load(ctx, c, "noarch", repodata.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := d.Records(ctx, "app")
	fmt.Println(d.Form, d.Names(), len(records), records[0].URL, err)
	_, err = repodata.Load(ctx, c, "win-64", repodata.Options{})
	fmt.Println(errors.Is(err, fs.ErrNotExist), err)
	// Output:
	// repodata.json [app] 1 https://cdn.example/team/noarch/app-1.0-0.conda <nil>
	// true team: has no repodata for win-64: file does not exist
}

func ExampleView_Closure() {
	const root = "https://channel.example/"
	site := map[string]files{
		"team": {"noarch/repodata.json": `{"info": {"channel_relations": {"base": "../forge"}}, "packages.conda": {
			"app-1.0-0.conda": {"name": "app", "version": "1.0", "build": "0", "depends": ["lib[extras=[fast]]"]}}}`},
		"forge": {"noarch/repodata.json": `{"v3": {"conda": {
			"lib-2.0-0": {"name": "lib", "version": "2.0", "build": "0", "extra_depends": {"fast": ["simd"], "slow": ["mpi"]}},
			"simd-1.0-0": {"name": "simd", "version": "1.0", "build": "0"},
			"tool-1.0-0": {"name": "tool", "version": "1.0", "build": "0"}}}}`},
	}
	open := func(_ context.Context, location string) (*repodata.Channel, error) {
		name := strings.TrimPrefix(location, root)
		return &repodata.Channel{Name: name, URL: location, Source: site[name]}, nil
	}
	ctx := context.Background()
	team, _ := open(ctx, root+"team")
	view, err := repodata.OpenAll(ctx, []*repodata.Channel{team}, []string{"noarch"}, repodata.Options{Related: open})
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := view.Closure(ctx, []string{"noarch"}, []string{"app >=1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range set.Names() {
		fmt.Println(name, set.Channels(name))
	}
	// Output:
	// app [team]
	// lib [forge]
	// simd [forge]
}

func ExampleOpenPack() {
	r, err := repodata.Open([]byte(`{"packages.conda": {
		"app-1.0-0.conda": {"name": "app", "version": "1.0", "build": "0"}}}`), repodata.Options{Subdir: "noarch"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var pack bytes.Buffer
	if err := r.WritePack(&pack); err != nil {
		fmt.Println(err)
		return
	}
	r, err = repodata.OpenPack(bytes.NewReader(pack.Bytes()), repodata.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := r.Records("app")
	fmt.Println(len(records), records[0].FileName, records[0].Subdir, err)
	// Output:
	// 1 app-1.0-0.conda noarch <nil>
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
