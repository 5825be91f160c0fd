package doctor

import (
	"strings"
	"testing"
)

func TestForgets(t *testing.T) {
	for line, want := range map[string]string{ // "" keeps, else the name that is set; "!" forgets
		`PATH=/bin`:                                  "!PATH",
		`export PATH=/usr/bin:/bin`:                  "!PATH",
		`export PATH="/usr/bin:/bin" LANG=C`:         "!PATH",
		`declare -x PATH='/bin'`:                     "!PATH",
		`typeset -gx PATH=/bin # comment`:            "!PATH",
		`if true; then PATH=/bin; fi`:                "!PATH",
		`[ -d /x ] && PATH=/x`:                       "!PATH",
		`export PATH=$GOPATH/bin`:                    "!PATH",
		`export PATH=${GOPATH}/bin:$HOME/bin`:        "!PATH",
		`path=(/usr/bin /bin)`:                       "!PATH",
		`set -gx PATH /usr/bin`:                      "!PATH",
		`set --export --global PATH /usr/bin`:        "!PATH",
		`export PATH=/x:$PATH`:                       "PATH",
		`export PATH=${PATH}:/x`:                     "PATH",
		`export PATH="${PATH:+$PATH:}/x"`:            "PATH",
		`PATH=$(getconf PATH)`:                       "PATH",
		"PATH=`tr a b`":                              "PATH",
		`PATH=$OLDPATH:/x`:                           "PATH",
		`path=($path /x)`:                            "PATH",
		`path=(~/bin $path)`:                         "PATH",
		`set -gx PATH $PATH /x`:                      "PATH",
		`set PATH $fish_user_paths /bin`:             "PATH",
		`PATH=`:                                      "PATH",
		`export PATH`:                                "",
		`PATH=/bin ls`:                               "",
		`PATH="/usr/bin:/bin" exec "$@"`:             "",
		`env PATH=/bin ls`:                           "",
		`# PATH=/bin`:                                "",
		`echo PATH=/bin`:                             "",
		`MANPATH=/usr/share/man`:                     "",
		`export GOPATH=/go`:                          "",
		`fish_add_path /x`:                           "",
		`export GOROOT=/usr/local/go`:                "GOROOT",
		`set -x GOROOT /usr/local/go`:                "GOROOT",
		`export PATH="/a b/bin:$PATH"; export LANG=`: "PATH",
	} {
		got := ""
		for _, s := range statements(Startup{Path: "f", Text: line}) {
			if got = s.name; s.forgets() {
				got = "!" + got
			}
			if s.at != "f:1" {
				t.Errorf("%q: at %s", line, s.at)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzStatements(f *testing.F) {
	for _, s := range []string{"PATH=/bin", "export PATH=\"a\\\"b:$PATH\" X=1", "path=(a b", "set PATH", "PATH=$(a `b`) c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range statements(Startup{Path: "f", Text: text}) {
			if s.name != "PATH" && s.name != "GOROOT" || !strings.HasPrefix(s.at, "f:") || strings.Contains(s.value, "\n") {
				t.Errorf("%q: %+v", text, s)
			}
			s.forgets()
		}
	})
}
