package repodata

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const relatedRoot = "https://user:secret@channel.example/t/token/"

// relatedChannel makes a channel at a path from lines
// "PATH SUBDIR RELATION REF …".
func relatedChannel(at string, lines []string) *Channel {
	src := &mem{files: map[string][]byte{"noarch/repodata.json": []byte(`{}`)}}
	for _, line := range lines {
		f := strings.Fields(line)
		if f[0] != at {
			continue
		}
		var relations []string
		for i := 2; i < len(f); i += 2 {
			relations = append(relations, fmt.Sprintf("%q:%q", f[i], f[i+1]))
		}
		src.files[f[1]+"/repodata.json"] = []byte(`{"info":{"channel_relations":{"new":{},` + strings.Join(relations, ",") + `}}}`)
	}
	return &Channel{Name: at, URL: relatedRoot + at, Source: src}
}

func TestRelated(t *testing.T) {
	var chain, long []string
	for i := range 11 {
		line := fmt.Sprintf("c%d noarch base ../c%d", i, i+1)
		if long = append(long, line); i < 10 {
			chain = append(chain, line)
		}
	}
	for _, tt := range []struct {
		name  string
		users string
		lines []string
		want  string
	}{
		{"none", "b a", nil, "b a"},
		{"base", "bio", []string{"bio noarch base ../forge"}, "forge bio"},
		{"label", "forge/label/rc", []string{"forge/label/rc noarch overrides ../.."}, "forge/label/rc forge"},
		{"transitive", "my", []string{"my noarch base ../bio", "bio linux-64 base ../forge/"}, "forge bio my"},
		{"both", "my", []string{"my noarch base ../forge overrides ../hot"}, "forge my hot"},
		{"user agrees", "forge bio", []string{"bio noarch base ../forge"}, "forge bio"},
		{"user's order", "bio forge", []string{"bio noarch base ../forge"}, "bio forge"},
		{"near to its own", "a b", []string{"a noarch overrides ../x", "b noarch base ../y"}, "a x y b"},
		{"shared", "a b", []string{"a noarch base ../x", "b noarch base ../x"}, "x a b"},
		{"each subdir", "a", []string{"a noarch base ../x", "a linux-64 base ../y overrides ../z"}, "y x a z"},
		{"overridden twice", "a b", []string{"a noarch overrides ../x", "b noarch overrides ../x"}, "a b x"},
		{"twice", "a a/ a", nil, "a"},
		{"itself", "a", []string{"a noarch base ../a"}, "a"},
		{"chain", "c0", chain, "c10 c9 c8 c7 c6 c5 c4 c3 c2 c1 c0"},
		{"long chain", "c0", long, "c10/noarch/repodata.json: channel_relations: a chain of more than 10 channels"},
		{"circle", "a", []string{"a noarch base ../b", "b noarch base ../a"}, "a: the relations of channels lead in a circle"},
		{"circle with the user's order", "a b", []string{"a noarch base ../x", "x noarch base ../b"}, "a: the relations of channels lead in a circle"},
		{"same", "a", []string{"a noarch base ../b overrides ../b"}, `a/noarch/repodata.json: channel_relations: "../b" is base and overridden`},
		{"elsewhere", "a", []string{"a noarch base https://other.example/b"}, `a/noarch/repodata.json: channel_relations: "https://other.example/b" does not begin with ../`},
		{"not there", "a", []string{"a noarch base ../gone"}, "gone: status 404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var users []*Channel
			for _, at := range strings.Fields(tt.users) {
				users = append(users, relatedChannel(at, tt.lines))
			}
			asked := map[string]int{}
			v, err := OpenAll(context.Background(), users, []string{"linux-64", "noarch"}, Options{Related: func(_ context.Context, location string) (*Channel, error) {
				at, ok := strings.CutPrefix(location, relatedRoot)
				if asked[at]++; !ok || asked[at] > 1 {
					t.Errorf("asked %d times for %s", asked[at], location)
				}
				if at == "gone" {
					return nil, errors.New("gone: status 404")
				}
				return relatedChannel(at, tt.lines), nil
			}})
			var got []string
			if err != nil {
				got = []string{err.Error()}
			}
			if v != nil {
				for _, s := range v.Subdirs {
					if s.dir == "noarch" {
						got = append(got, s.channel.Name)
					}
				}
			}
			if d := cmp.Diff(tt.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRelatedPath follows a relation on disk, and none where that is not asked
// for.
func TestRelatedPath(t *testing.T) {
	c := relatedChannel("team/rc", []string{"team/rc noarch overrides ../../team"})
	c.URL = "./channels/team/rc"
	var at []string
	o := Options{Related: func(_ context.Context, location string) (*Channel, error) {
		at = append(at, location)
		return &Channel{Name: "team", URL: location, Source: relatedChannel("team", nil).Source}, nil
	}}
	for range 2 {
		v, err := OpenAll(context.Background(), []*Channel{c}, []string{"noarch"}, o)
		if err != nil || (len(v.Subdirs) == 2) != (o.Related != nil) {
			t.Errorf("%v, %v", v, err)
		}
		o.Related = nil
	}
	if d := cmp.Diff([]string{"channels/team"}, at); d != "" {
		t.Error(d)
	}
}
