package fetch

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestRedact(t *testing.T) {
	for url, want := range map[string]string{
		"https://h.test/a/b.conda":                         "https://h.test/a/b.conda",
		"https://me:canary@h.test/a":                       "https://h.test/a",
		"https://canary@h.test:8443/a":                     "https://h.test:8443/a",
		"https://h.test/a?sig=canary&x=1#canary":           "https://h.test/a",
		"https://h.test/t/canary/channel/linux-64/a.conda": "https://h.test/t/***/channel/linux-64/a.conda",
		"https://h.test/t/canary":                          "https://h.test/t/***",
		"h.test/t/canary/channel":                          "h.test/t/***/channel",
		"https://me:can/ary@h.test/a":                      "https://h.test/a",
		"https://me:can?ary@h.test/a":                      "https://h.test/a",
		"https://me:can?ary":                               "https://***",
		"https://me:can@ary@h.test/a":                      "https://h.test/a",
		"https://p.test/https://me:canary@h.test/a":        "https://p.test/https://h.test/a",
		"https://p.test/x/@v/v1.0.0.zip":                   "https://p.test/x/@v/v1.0.0.zip",
		"https://[::1]:8080/x/@v/list":                     "https://[::1]:8080/x/@v/list",
		"https://h.test/a\x1b[2J\nb\u202e\xff":             `https://h.test/a\x1b[2J\x0ab\u202e\xff`,
		"dir/a#b?c.conda":                                  "dir/a#b?c.conda",
		"":                                                 "",
	} {
		if got := Redact(url); got != want {
			t.Errorf("Redact(%q) = %q, want %q", url, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("u", "p", "h.test", "/t/x/y", "a=b")
	f.Add("u", "p/?@", "[::1]:80", "//", "#")
	f.Fuzz(func(t *testing.T, user, pass, host, path, query string) {
		got := Redact("https://" + user + ":canary" + pass + "@" + host + path + "?" + query)
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q has control bytes", got)
		}
		plain := !strings.ContainsAny(user, "/?#@:[") && !strings.ContainsAny(pass, "@") && !strings.ContainsAny(host, "/?#@")
		if plain && strings.Contains(got, "canary") && !strings.Contains(host+path, "canary") {
			t.Errorf("%q holds the password", got)
		}
	})
}

func TestSecret(t *testing.T) {
	s := NewSecret("canary")
	if s.Reveal() != "canary" || (Secret{}).Reveal() != "" {
		t.Errorf("Reveal: %q", s.Reveal())
	}
	type holder struct {
		Public  Secret
		private Secret
		Pointer *Secret
	}
	h := holder{s, s, &s}
	encoded, err := json.Marshal(map[string]any{"a": s, "b": h})
	if err != nil {
		t.Fatal(err)
	}
	text := string(encoded) + fmt.Sprint(s, &s, []Secret{s}, map[string]Secret{"k": s}, Login{Secret: s})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08b", "%T", "%p"} {
		text += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, h) + fmt.Sprintf(verb, &h)
	}
	if strings.Contains(text, "canary") || strings.Contains(text, "63616e617279") {
		t.Errorf("printed: %s", text)
	}
	if got := fmt.Sprintf("%s %q %d", s, s, s); got != "*** *** ***" {
		t.Errorf("printed %q", got)
	}
}

func TestNetrc(t *testing.T) {
	text := `# a comment
machine a.test login me password "with \"blank"
machine B.test
	login you
	password #1
machine a.test login second password second
machine nopass.test login x
machine nouser.test password x
macdef init
machine macro.test login x password x

default login anyone password anything
machine last.test password p account acc login l`
	auth := Netrc(text, "~/.netrc")
	got := map[string]string{}
	for _, host := range []string{"a.test", "A.TEST:8443", "b.test", "nopass.test", "nouser.test", "macro.test", "x.test", "last.test", "[::1]:80"} {
		l, ok := auth(host)
		if l.Source != "~/.netrc" {
			t.Errorf("%s: source %q", host, l.Source)
		}
		if ok {
			got[host] = l.User + " " + l.Secret.Reveal()
		}
	}
	want := map[string]string{"a.test": `me with "blank`, "A.TEST:8443": `me with "blank`, "b.test": "you #1", "last.test": "l p"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine a login b password c", "a")
	f.Add("machine \"a\\", "a")
	f.Add("macdef x\n\nmachine", "")
	f.Fuzz(func(t *testing.T, text, host string) {
		if l, ok := Netrc(text, "f")(host); ok && l.User == "" {
			t.Errorf("a login without a user for %q", host)
		}
	})
}
