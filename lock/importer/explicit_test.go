package importer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
)

const (
	md5    = "d7c89558ba9fa0495403155b64376d81"
	sha256 = "fe51de6107f9edc7aa4f786a70f4a883943bc9d39b3bb7307c04c41410990726"
)

func TestExplicit(t *testing.T) {
	const text = "# made by hand\r\n#platform: linux-64\n\n  @EXPLICIT  \n" +
		"https://user:secret@host.example/t/tk-1/main/linux-64/a-1.0-0.conda#" + md5 + "\n" +
		"https://host.example/main/noarch/b-2.0-py_1.tar.bz2#" + sha256 + "\n" +
		"https://host.example/main/noarch/c-3-0.conda#sha256:" + sha256 + "\n" +
		"# a comment\n" +
		"../pkgs/d-4-0.conda\n" +
		"file:///srv/channel/linux-64/e-5-0.conda\n" +
		"file:///srv/channel/linux-64/e-5-0.conda\n"
	want := []Imported{
		{Platform: amd64, URL: "https://host.example/main/linux-64/a-1.0-0.conda", MD5: md5, Name: "a", Version: "1.0", Build: "0", Subdir: "linux-64", Channel: "https://host.example/main", Line: 5},
		{Platform: amd64, URL: "https://host.example/main/noarch/b-2.0-py_1.tar.bz2", SHA256: sha256, Name: "b", Version: "2.0", Build: "py_1", Subdir: "noarch", Channel: "https://host.example/main", Line: 6},
		{Platform: amd64, URL: "https://host.example/main/noarch/c-3-0.conda", SHA256: sha256, Name: "c", Version: "3", Build: "0", Subdir: "noarch", Channel: "https://host.example/main", Line: 7},
		{Platform: amd64, URL: "../pkgs/d-4-0.conda", Name: "d", Version: "4", Build: "0", Line: 9},
		{Platform: amd64, URL: "file:///srv/channel/linux-64/e-5-0.conda", Name: "e", Version: "5", Build: "0", Subdir: "linux-64", Channel: "file:///srv/channel", Line: 10},
	}
	for _, target := range []platforms.Platform{none, amd64} {
		got, err := Explicit("explicit.txt", []byte(text), target)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestExplicitPlatform(t *testing.T) {
	got, err := Explicit("f", []byte("@EXPLICIT\nhttps://h.example/c/noarch/a-1-0.conda\nhttps://h.example/c/linux-aarch64/b-1-0.conda\n"), none)
	if err != nil || got[0].Platform != arm64 {
		t.Errorf("platform from a subdir: %v, %v", got, err)
	}
	if got, err = Explicit("f", []byte("@EXPLICIT\n"), none); err == nil {
		t.Errorf("no platform at all: %v", got)
	}
	if got, err = Explicit("f", []byte("@EXPLICIT\n"), amd64); err != nil || got != nil {
		t.Errorf("no package: %v, %v", got, err)
	}
}

func TestExplicitErrors(t *testing.T) {
	const at = "https://h.example/c/linux-64/"
	for _, tt := range []struct{ name, text, want string }{
		{"no mark", "python 3.12\n", "usage f: no line says @EXPLICIT | a list of match specifications belongs in dependencies; `conda list --explicit` writes an explicit file"},
		{"mark in lower case", "@explicit\n", "usage f: no line says @EXPLICIT | a list of match specifications belongs in dependencies; `conda list --explicit` writes an explicit file"},
		{"match spec", "@EXPLICIT\npython=3.12\n", `usage f:2: "python=3.12" is not a URL: an explicit file cannot hold match specifications | put it in dependencies`},
		{"bad before the mark", "python=3.12\n@EXPLICIT\n", `usage f:1: "python=3.12" is not a URL: an explicit file cannot hold match specifications | put it in dependencies`},
		{"short hash", "@EXPLICIT\n" + at + "a-1-0.conda#abc\n", `usage f:2: hash "abc" is neither 32 (MD5) nor 64 (SHA-256) lower-case hex digits`},
		{"upper-case hash", "@EXPLICIT\n" + at + "a-1-0.conda#" + strings.ToUpper(md5) + "\n", `usage f:2: hash "` + strings.ToUpper(md5) + `" is neither 32 (MD5) nor 64 (SHA-256) lower-case hex digits`},
		{"md5 called sha256", "@EXPLICIT\n" + at + "a-1-0.conda#sha256:" + md5 + "\n", `usage f:2: hash "sha256:` + md5 + `" is neither 32 (MD5) nor 64 (SHA-256) lower-case hex digits`},
		{"empty hash", "@EXPLICIT\n" + at + "a-1-0.conda#\n", `usage f:2: hash "" is neither 32 (MD5) nor 64 (SHA-256) lower-case hex digits`},
		{"extension", "@EXPLICIT\n" + at + "a-1-0.zip\n", `usage f:2: file "a-1-0.zip" does not end in .conda or .tar.bz2`},
		{"file name", "@EXPLICIT\n" + at + "a-1.conda\n", `usage f:2: file "a-1.conda" is not called NAME-VERSION-BUILD`},
		{"home", "@EXPLICIT\n~/a-1-0.conda\n", `usage f:2: "~/a-1-0.conda" starts with ~, which is not expanded | write the path itself`},
		{"variable", "@EXPLICIT\n$HOME/a-1-0.conda\n", `usage f:2: "$HOME/a-1-0.conda" holds a variable, which is not expanded | write the URL itself; credentials belong in the configuration`},
		{"backslash", "@EXPLICIT\nC:\\pkgs\\a-1-0.conda\n", `usage f:2: path "C:\\pkgs\\a-1-0.conda" has backslashes | write it with slashes`},
		{"scheme", "@EXPLICIT\nftp://h.example/c/noarch/a-1-0.conda\n", `usage f:2: "ftp://h.example/c/noarch/a-1-0.conda" has the scheme "ftp", which is not https, http, oci or file`},
		{"query", "@EXPLICIT\n" + at + "a-1-0.conda?x=1\n", `usage f:2: "` + at + `a-1-0.conda" has a query, which is no part of a package's URL`},
		{"secret in a bad URL", "@EXPLICIT\nhttps://user:secret@h.example:port/a-1-0.conda\n", `usage f:2: "https://h.example:port/a-1-0.conda" is not a URL of a package`},
		{"up", "@EXPLICIT\n" + at + "../a-1-0.conda\n", `verification f:2: "` + at + `../a-1-0.conda" holds the path element ".."`},
		{"hidden slash", "@EXPLICIT\n" + at + "..%2Fa-1-0.conda\n", `verification f:2: "` + at + `..%2Fa-1-0.conda" holds the path element "..%2Fa-1-0.conda"`},
		{"dots in the name", "@EXPLICIT\n" + at + "a-1..2-0.conda\n", `verification f:2: file "a-1..2-0.conda" holds .., a space or a control character`},
		{"other platform", "# platform: win-64\n@EXPLICIT\n", "stale f:1: file is for win-64, not for linux-64"},
		{"unknown platform", "# platform: linux-ppc64le\n@EXPLICIT\n", `usage f:1: subdir "linux-ppc64le" is not one of linux-64, linux-aarch64, osx-64, osx-arm64, win-64, win-arm64`},
		{"other subdir", "@EXPLICIT\nhttps://h.example/c/win-64/a-1-0.conda\n", `stale f:2: package "a" is for win-64, not for linux-64`},
		{"twice", "@EXPLICIT\n" + at + "a-1-0.conda\n\n" + at + "a-2-0.conda\n", `usage f:4: package "a" is listed twice for linux/amd64, first in line 2`},
		{"wheel", "@EXPLICIT\n# pip six @ https://w.example/six.whl --hash=sha256:00\n", "usage f:2: a wheel of conda-lock, which an explicit file cannot lock | import the conda-lock.yml that the file was made from"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Explicit("f", []byte(tt.text), amd64)
			if got := problem(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestRealExplicit reads every @EXPLICIT file of the shared data.
func TestRealExplicit(t *testing.T) {
	files := sharedFiles(t, func(_, text string) bool { return strings.Contains(text, "\n@EXPLICIT") })
	total := 0
	for name, data := range files {
		list, err := Explicit(name, data, none)
		if err != nil {
			t.Error(err)
		}
		lines := 0
		for line := range strings.Lines(string(data)) {
			if strings.Contains(line, "://") && !strings.HasPrefix(line, "#") {
				lines++
			}
		}
		if len(list) != lines {
			t.Errorf("%s: %d packages of %d", name, len(list), lines)
		}
		for _, i := range list {
			if i.Subdir == "" || i.Channel == "" || i.Build == "" {
				t.Errorf("%s:%d: %+v", name, i.Line, i)
			}
		}
		total += len(list)
	}
	if len(files) < 19 || total < 2700 {
		t.Errorf("%d packages in %d files: some are missing", total, len(files))
	}
}

func FuzzExplicit(f *testing.F) {
	f.Add([]byte("# platform: linux-64\n@EXPLICIT\nhttps://h.example/c/noarch/a-1-0.conda#" + md5 + "\n"))
	f.Add([]byte("@EXPLICIT\nfile:///C:/x/linux-64/a-1-0.tar.bz2#sha256:" + sha256 + "\n~/x\n"))
	f.Add([]byte("@EXPLICIT\nhttps://u:p@h/t/x/../a-1-0.conda"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Explicit("f", data, none)
		if err == nil {
			checkImported(t, list)
		}
	})
}

// checkImported checks what every caller relies on.
func checkImported(t *testing.T, list []Imported) {
	t.Helper()
	names := map[string]bool{}
	for _, i := range list {
		id := i.Platform.String() + " " + i.Name
		if names[id] {
			t.Errorf("%s twice", id)
		}
		names[id] = true
		if i.Name == "" || i.Version == "" || i.Build == "" || i.Line < 1 || i.Platform == none {
			t.Errorf("incomplete: %+v", i)
		}
		if strings.ContainsAny(i.Name+i.Version+i.Build, "/\\ \x00") || strings.Contains(i.Name+i.Version+i.Build, "..") && !strings.HasSuffix(i.Name, ".") && !strings.HasSuffix(i.Version, ".") {
			t.Errorf("unsafe: %+v", i)
		}
		if stripSecrets(i.URL) != i.URL {
			t.Errorf("credentials in %q", i.URL)
		}
		if i.MD5 != "" && !isHex(i.MD5, 32) || i.SHA256 != "" && !isHex(i.SHA256, 64) {
			t.Errorf("hash of %+v", i)
		}
	}
}
