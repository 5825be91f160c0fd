package condarc

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// env is an environment.
func env(name string) (string, bool) {
	value, ok := map[string]string{"TOKEN": "tk-1", "HOST": "h.example", "EMPTY": ""}[name]
	return value, ok
}

const everything = `
channels: [a, b]           # not ours
channel_priority: strict
ssl_verify: false
channel_alias: https://u:p@alias.example/t/${TOKEN}/
default_channels:
  - https://$HOST/main
  - extra
custom_channels:
  team: https://$HOST/${MISSING}
  a/b: file:///srv
custom_multichannels:
  all:
    - team
    - https://x.example/y$EMPTY
mirrored_channels:
  conda-forge: ["https://one.example/$TOKEN/cf", oci://two.example/cf]
  none: []
`

func TestRead(t *testing.T) {
	got, err := Read("rc", []byte(everything), env)
	want := Config{
		Alias:    "https://u:p@alias.example/t/tk-1/",
		Defaults: []string{"https://h.example/main", "extra"},
		Custom:   map[string]string{"team": "https://h.example/${MISSING}", "a/b": "file:///srv"},
		Multi:    map[string][]string{"all": {"team", "https://x.example/y"}},
		Mirrors:  map[string][]string{"conda-forge": {"https://one.example/tk-1/cf", "oci://two.example/cf"}, "none": nil},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, text := range []string{"", " \n", "# nothing\n", "channels: [x]\n", "custom_channels:\ndefault_channels: ~\nmirrored_channels: null\n"} {
		got, err := Read("rc", []byte(text), nil)
		if diff := cmp.Diff(Config{}, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	if got, err := Read("rc", []byte("channel_alias: u:p@h.example/x"), nil); got.Alias != "https://u:p@h.example/x" || err != nil {
		t.Errorf("%q, %v", got.Alias, err)
	}
	if got, err := Read("rc", []byte("default_channels: []"), nil); err != nil || got.Defaults == nil || len(got.Defaults) > 0 {
		t.Errorf("%#v, %v", got.Defaults, err)
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"- a\n", "rc:1: the file is not a mapping"},
		{"a: b\nchannel_alias: https://\n", "rc:2: channel_alias is no URL"},
		{"custom_channels:\n  a: https:///\n", "rc:2: custom_channels: \"a\" is given no URL"},
		{"a: b\nchannel_alias: [secret]\n", "rc:2: the file: channel_alias is not text"},
		{"default_channels: {secret: x}\n", "rc:1: the file: default_channels is not a list"},
		{"default_channels: [[secret]]\n", "rc:1: the file: default_channels holds something that is not text"},
		{"\ncustom_channels: secret\n", "rc:2: custom_channels is not a mapping"},
		{"custom_channels:\n  a: https://x\n  b: secret\n", `rc:3: custom_channels: "b" is given no URL`},
		{"custom_channels:\n  a:\n    - secret\n", "rc:3: custom_channels: a is not text"},
		{"custom_multichannels: [secret]\n", "rc:1: custom_multichannels is not a mapping"},
		{"custom_multichannels:\n  a: {secret: b}\n", "rc:2: custom_multichannels: a is not a list"},
		{"mirrored_channels: secret\n", "rc:1: mirrored_channels is not a mapping"},
		{"a: &x 1\nb: *x\n", "rc:1: anchors, aliases, merge keys, tags and directives are not read"},
	} {
		_, err := Read("rc", []byte(tt.text), nil)
		if err == nil || err.Error() != tt.want || fault.ClassOf(err) != fault.Usage || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	a := Config{Alias: "https://a", Defaults: []string{"x"}, Custom: map[string]string{"a": "1", "b": "1"}, Multi: map[string][]string{"m": {"1"}}}
	b := Config{Alias: "https://b", Defaults: []string{}, Custom: map[string]string{"b": "2"}, Multi: map[string][]string{"m": {"2", "3"}}, Mirrors: map[string][]string{"x": {"y"}}}
	want := Config{
		Alias: "https://b", Defaults: []string{}, Custom: map[string]string{"a": "1", "b": "2"},
		Multi: map[string][]string{"m": {"2", "3"}}, Mirrors: map[string][]string{"x": {"y"}},
	}
	if diff := cmp.Diff(want, a.Merge(b)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(a, Config{}.Merge(a).Merge(Config{})); diff != "" || len(a.Custom) != 2 {
		t.Error(diff)
	}
}

func TestChannels(t *testing.T) {
	rc := Config{
		Alias:    "https://alias.example/",
		Defaults: []string{"https://h.example/pkgs/main", "https://u:p@h.example/t/tk/pkgs/extra/", "own"},
		Custom:   map[string]string{"team": "https://t.example/x/", "a/b": "file:///srv", "own": "https://never.example"},
		Multi:    map[string][]string{"all": {"team", "https://x.example/y", "./dir"}, "defaults": {"never"}, "none": {}},
	}
	for _, tt := range []struct {
		c       *Config
		written string
		want    []string
	}{
		{&Config{}, "conda-forge", []string{"https://conda.anaconda.org/conda-forge"}},
		{&Config{}, " conda-forge/label/dev/", []string{"https://conda.anaconda.org/conda-forge/label/dev"}},
		{&Config{}, "defaults", []string{"https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"}},
		{&Config{}, "pkgs/main", []string{"https://repo.anaconda.com/pkgs/main"}},
		{&Config{}, "pkgs/r/label/x", []string{"https://repo.anaconda.com/pkgs/r/label/x"}},
		{&Config{}, "pkgs", []string{"https://conda.anaconda.org/pkgs"}},
		{&Config{}, "https://h.example/x", []string{"https://h.example/x"}},
		{&Config{}, "./x", []string{"./x"}},
		{&Config{}, "/x", []string{"/x"}},
		{&Config{Defaults: []string{}}, "defaults", []string{}},
		{&rc, "conda-forge", []string{"https://alias.example/conda-forge"}},
		{&rc, "team", []string{"https://t.example/x/team"}},
		{&rc, "team/label/dev", []string{"https://t.example/x/team/label/dev"}},
		{&rc, "a/b", []string{"file:///srv/a/b"}},
		{&rc, "a", []string{"https://alias.example/a"}},
		{&rc, "pkgs/extra", []string{"https://u:p@h.example/t/tk/pkgs/extra"}},
		{&rc, "defaults", []string{"https://h.example/pkgs/main", "https://u:p@h.example/t/tk/pkgs/extra/", "https://alias.example/own"}},
		{&rc, "all", []string{"https://alias.example/team", "https://x.example/y", "./dir"}},
		{&rc, "none", []string{}},
	} {
		if diff := cmp.Diff(tt.want, tt.c.Channels(tt.written)); diff != "" {
			t.Errorf("%s: %s", tt.written, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte("channel_alias: ${"))
	f.Add([]byte("custom_channels: {a: $TOKEN://x}"))
	f.Add([]byte("channel_alias: /"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Read("rc", text, env)
		var classed interface{ Class() string }
		if err != nil && (!errors.As(err, &classed) || classed.Class() != "usage") {
			t.Fatalf("error %v", err)
		}
		if diff := cmp.Diff(Config{}, c); err != nil && diff != "" {
			t.Fatalf("%v, and yet: %s", err, diff)
		}
		for _, written := range []string{"defaults", "team/label/x", "all"} {
			for _, u := range c.Channels(written) {
				if isName(u) {
					t.Errorf("%s means %q", written, u)
				}
			}
		}
	})
}
