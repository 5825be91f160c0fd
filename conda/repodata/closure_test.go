package repodata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// channel makes a channel of lines "SUBDIR NAME DEPENDS,…".
func channel(name string, lines ...string) *Channel {
	files := map[string][]string{}
	for _, line := range lines {
		f := append(strings.SplitN(line, " ", 3), "")
		depends := `[]`
		if f[2] != "" {
			depends = `["` + strings.ReplaceAll(f[2], ",", `","`) + `"]`
		}
		path := f[0] + "/repodata.json"
		files[path] = append(files[path], fmt.Sprintf(`"%s-1-0.conda":{"name":"%[1]s","version":"1","build":"0","depends":%s}`, f[1], depends))
	}
	src := &mem{files: map[string][]byte{}}
	for path, records := range files {
		src.files[path] = []byte(`{"packages.conda":{` + strings.Join(records, ",") + `}}`)
	}
	return &Channel{Name: name, URL: "https://channel.example/" + name, Source: src}
}

func TestClosure(t *testing.T) {
	channels := []*Channel{
		channel("first", "linux-64 a b >1,c[version='>1'],__glibc >=2.17", "noarch b", "noarch unused"),
		channel("second", "noarch a d", "noarch b other::e 1.*", "linux-64 c a", "linux-64 d", "noarch e", "win-64 f"),
	}
	set, err := Closure(context.Background(), channels, []string{"linux-64", "noarch"}, []string{"a", "none"}, Options{Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a", "b", "c", "d", "e"}, set.Names()); d != "" {
		t.Error(d)
	}
	var urls []string
	for _, r := range set.Records("a") {
		urls = append(urls, r.URL)
	}
	if d := cmp.Diff([]string{"https://channel.example/first/linux-64/a-1-0.conda", "https://channel.example/second/noarch/a-1-0.conda"}, urls); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"first", "second"}, set.Channels("b")); d != "" { // C11
		t.Error(d)
	}
	if d := cmp.Diff([]string{"second"}, set.Channels("c")); d != "" {
		t.Error(d)
	}
	if set.Channels("none") != nil || set.Records("none") != nil {
		t.Error("none was found")
	}
}

func TestClosureErrors(t *testing.T) {
	ctx := context.Background()
	subdirs := []string{"linux-64", "noarch"}
	outage := channel("down", "noarch a")
	outage.Source.(*mem).errs = map[string]error{"linux-64/repodata.json.zst": errors.New("status 500")}
	bad := channel("bad", "noarch a b/../c,d", "noarch d")
	text := bad.Source.(*mem).files["noarch/repodata.json"]
	bad.Source.(*mem).files["noarch/repodata.json"] = []byte(strings.Replace(string(text), `"build":"0"`, `"build":0`, 1))
	for _, tt := range []struct {
		channels []*Channel
		want     string
	}{
		{[]*Channel{channel("good", "noarch a"), outage}, "status 500"},
		{[]*Channel{channel("good", "noarch a"), channel("empty", "win-64 a")}, "empty: has no repodata for linux-64 or noarch"},
		{[]*Channel{bad}, `bad/noarch/repodata.json: record "a-1-0.conda": build: want a string`},
	} {
		if _, err := Closure(ctx, tt.channels, subdirs, []string{"a"}, Options{}); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Closure(stopped, []*Channel{channel("good", "noarch a")}, subdirs, []string{"a"}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}

// TestClosureUnread finds wheels in shards, a cached document and a new one.
func TestClosureUnread(t *testing.T) {
	wheel := []any{"v3", []any{"whl", []any{"a-1-0", []any{"name", "a"}}}}
	shards, name := sharded(t, []any{"subdir", "noarch"}, mp(wheel))
	shards.files["noarch/"+name] = shards.files[name]
	plain := &mem{files: map[string][]byte{"noarch/repodata.json": []byte(`{"v3":{"zip":{"a-1-0":{}}}}`)}}
	cache := memory{}
	for range 2 {
		channels := []*Channel{{Name: "s", URL: "s", Source: shards}, {Name: "p", URL: "p", Source: plain}}
		set, err := Closure(context.Background(), channels, []string{"noarch"}, []string{"a"}, Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"whl", "zip"}, set.Unread("a")); d != "" || len(set.Names()) > 0 {
			t.Error(set.Names(), d)
		}
	}
	if len(cache) != 1 {
		t.Errorf("%d documents in the cache", len(cache))
	}
}

// TestClosureExtras follows extras where one is asked for, before or after the
// name was read, and conditions.
func TestClosureExtras(t *testing.T) {
	record := func(name, more string) string {
		return fmt.Sprintf(`"%s-1-0":{"name":"%[1]s","version":"1","build":"0"%s}`, name, more)
	}
	doc := `{"v3":{"conda":{` + strings.Join([]string{
		record("app", `,"depends":["lib","late"],"extra_depends":{"gui":["qt"],"web":["http[extras=[tls]]"]}`),
		record("late", `,"depends":["lib[extras=fast]","win[when=\"(__win or posix >=1) and tty\"]","bad[when="]`),
		record("lib", `,"extra_depends":{"fast":["simd[version=\">1\"]"]}`),
		record("http", `,"extra_depends":{"tls":["ssl"]}`),
		record("qt", ""), record("ssl", ""), record("simd", ""), record("win", ""), record("posix", ""), record("tty", ""), record("bad", ""), record("other", ""),
	}, ",") + `}}}`
	c := &Channel{Name: "c", URL: "c", Source: &mem{files: map[string][]byte{"noarch/repodata.json": []byte(doc)}}}
	always := []string{"app", "bad", "late", "lib", "posix", "simd", "tty", "win"}
	for spec, more := range map[string][]string{
		"app": nil, "app[extras=[gui]]": {"http", "qt", "ssl"}, "app >=1": nil,
	} {
		for _, jobs := range []int{1, 8} {
			set, err := Closure(context.Background(), []*Channel{c}, []string{"noarch"}, []string{spec}, Options{Jobs: jobs})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Sorted(slices.Values(slices.Concat(always, more)))
			if d := cmp.Diff(want, set.Names()); d != "" {
				t.Errorf("%s: %s", spec, d)
			}
		}
	}
}

// TestClosureForms walks the real channel by its shards and by its JSON.
func TestClosureForms(t *testing.T) {
	root := shared(t, "channels", "cpython")
	var want map[string][]Record
	for _, form := range []string{shardsFile, "repodata.json.zst"} {
		c := &Channel{Name: "cpython", URL: "https://channel.example/cpython", Source: only{dir(root), form}}
		set, err := Closure(context.Background(), []*Channel{c}, []string{"linux-64", "noarch"}, []string{"python", "requests"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]Record{}
		for _, name := range set.Names() {
			got[name] = set.Records(name)
		}
		if want == nil {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" || len(got["urllib3"]) == 0 || len(got["pip"]) != 0 {
			t.Errorf("%s: %d names\n%s", form, len(got), d)
		}
	}
}

func TestSpecName(t *testing.T) {
	for spec, want := range map[string]string{
		"a": "a", " a >=1,<2": "a", "a>=1": "a", "a=1=b": "a", "A 1.*": "a", "c::a 1": "a", "c/noarch:ns:a": "a", "a[version='x::y']": "a",
		"*": "", "a*": "", "^a.*$": "", "": "", "@feature": "", "__glibc >=2.17": "__glibc", "py_x-1.y ==1": "py_x-1.y", "a!=1": "a", "a~=1": "a",
	} {
		if got := specName(spec); got != want {
			t.Errorf("specName(%q) = %q, want %q", spec, got, want)
		}
	}
}
