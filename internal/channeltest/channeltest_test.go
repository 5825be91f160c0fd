package channeltest_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/channeltest"
)

const app = `# a package of many kinds of files
name: app
version: 2.0
subdir: linux-64
depends: lib >=1
entry-point: app = app:main
index: {"license": "MIT"}

-- bin/app mode=755 mtime=1700000000 text --
#!@PREFIX@/bin/sh
-- bin/a -> app --
-- bin/b => bin/app --
-- lib/x.so binary --
@PREFIX@␀
`

func TestChannel(t *testing.T) {
	p, err := channeltest.Parse([]byte(app))
	if err != nil {
		t.Fatal(err)
	}
	legacy := p
	legacy.Legacy, legacy.Name, legacy.Subdir = true, "old", ""
	files := channeltest.Pack(p, legacy)
	for _, f := range files {
		a, err := archive.Open(bytes.NewReader(f.Data), int64(len(f.Data)), f.Name, archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = a.Walk(context.Background(), func(m archive.Member) error { got = append(got, m.Path); return nil })
		if diff := cmp.Diff([]string{"bin/app", "bin/a", "bin/b", "lib/x.so"}, got); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", f.Name, err, diff)
		}
	}
	dir := t.TempDir()
	if err := channeltest.Write(dir, channeltest.Options{URL: "https://h.test/c"}, files...); err != nil {
		t.Fatal(err)
	}
	want := "# platform: linux-64\n@EXPLICIT\nhttps://h.test/c/linux-64/app-2.0-0.conda#" + files[0].SHA256 +
		"\nhttps://h.test/c/noarch/old-2.0-0.tar.bz2#" + files[1].SHA256 + "\n"
	got, err := os.ReadFile(filepath.Join(dir, "linux-64.txt"))
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, name := range []string{"noarch/repodata.json", "linux-64/repodata.json", "conda-lock.yml", "linux-64/app-2.0-0.conda"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if len(channeltest.Placeholder) != 255 {
		t.Errorf("the placeholder has %d bytes", len(channeltest.Placeholder))
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"name app\n":                 `line 1: "name app" is not "key: value"`,
		"\nnaem: app\n":              `line 2: unknown key "naem"`,
		"format: zip\n":              `line 1: format "zip" is neither conda nor tar.bz2`,
		"index: x\n":                 "line 1: index: invalid character 'x' looking for beginning of value",
		"-- a mod=1 --\n":            `file "a mod=1": unknown word "mod=1"`,
		"-- a mode=9 --\n":           `file "a mode=9": strconv.ParseInt: parsing "9": invalid syntax`,
		"name: a\n-- a text=x --":    "",
		"-- a -> b --\n-- c => a --": "",
	} {
		_, err := channeltest.Parse([]byte(text))
		if got := errorText(err); got != want {
			t.Errorf("%q: got %q, want %q", strings.TrimSpace(text), got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
