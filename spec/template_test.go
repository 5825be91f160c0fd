package spec

import (
	"testing"
	"time"
)

func TestExpand(t *testing.T) {
	v := Values{Version: "1.2.3", Commit: "abc", CondaPrefix: "/opt/conda", Env: map[string]string{"X": "x", "EMPTY": "", "BRACES": "{{.Version}}"}}
	for in, want := range map[string]string{
		"":                                   "",
		"plain }} text":                      "plain }} text",
		"v{{.Version}}-{{ .Commit }}":        "v1.2.3-abc",
		"-X a={{.CondaPrefix}}/bin/python":   "-X a=/opt/conda/bin/python",
		"{{.Env.X}}{{.Env.EMPTY}}{{.Env.X}}": "xx",
		"{{.Env.BRACES}}":                    "{{.Version}}", // values are not read again
	} {
		if got, err := Expand(in, v); err != nil || got != want {
			t.Errorf("Expand(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"{{.Env.UNSET}}":    "template {{.Env.UNSET}}: the environment variable is not set",
		"{{.Date}}":         "unknown template {{.Date}}",
		"{{Version}}":       "unknown template {{Version}}",
		"{{.Env.1X}}":       "unknown template {{.Env.1X}}",
		"{{.Env.}}":         "unknown template {{.Env.}}",
		"{{}}":              "unknown template {{}}",
		"{{.Version":        "template {{.Version: }} is missing",
		"{{.Version | x }}": "unknown template {{.Version | x}}",
	} {
		if got, err := Expand(in, v); err == nil || err.Error() != want || got != "" {
			t.Errorf("Expand(%q) = %q, %v, want %s", in, got, err, want)
		}
	}
}

func TestCheckTag(t *testing.T) {
	for tag, ok := range map[string]bool{"1.2.3": true, "latest": true, "_x": true, "": false, ".x": false, "1.0+dirty": false, "a/b": false} {
		if err := CheckTag(tag); (err == nil) != ok {
			t.Errorf("CheckTag(%q): %v", tag, err)
		}
	}
}

func TestCutoff(t *testing.T) {
	now := time.Date(2026, 11, 8, 12, 0, 0, 0, time.FixedZone("x", 3600))
	for in, want := range map[Cutoff]string{
		"7d": "2026-11-01T11:00:00Z", "12h": "2026-11-07T23:00:00Z", "2w": "2026-10-25T11:00:00Z",
		"2026-11-01": "2026-11-01T00:00:00Z", "2026-11-01T02:00:00+02:00": "2026-11-01T00:00:00Z",
	} {
		if got, err := in.Time(now); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v, want %s", in, got, err, want)
		}
	}
	if got, err := Cutoff("").Time(now); err != nil || !got.IsZero() {
		t.Errorf("empty: %v, %v", got, err)
	}
	for _, in := range []Cutoff{"0d", "d", "7", "7m", "2026-13-01", "99999d", "2026-11-01T02:00:00"} {
		if got, err := in.Time(now); err == nil {
			t.Errorf("%s: %v", in, got)
		}
	}
}
