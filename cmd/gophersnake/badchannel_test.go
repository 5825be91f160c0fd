package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// record returns repodata of one package with these fields over the usual ones.
func record(file, fields string) string {
	return `{"info": {"subdir": "noarch"}, "packages.conda": {"` + file + `": {"name": "app", "version": "1.0", "build": "0", "build_number": 0, "depends": [], "size": 1, "subdir": "noarch", ` + fields + `}}}`
}

const someSHA256 = `"sha256": "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"`

// packed returns a zstd frame of a text that is followed by blanks.
func packed(t *testing.T, text string, blanks int64) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text)
	if _, err := io.Copy(w, io.LimitReader(blank{}, blanks)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// blank reads blanks for ever.
type blank struct{}

func (blank) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// C01 to C09 of promises.md §2: what a channel may answer.
func TestBadChannel(t *testing.T) {
	t.Parallel()
	good := record("app-1.0-0.conda", someSHA256)
	zst := packed(t, good, 1<<20)
	const tooLarge = "gophersnake: HOST/team/noarch/repodata.json.zst: too large: more than 1073741824 bytes when unpacked\n"
	for _, tt := range []struct {
		name, file, content, dependency string
		code                            int
		want                            string
	}{
		{"C01 login page", "repodata.json", "<!DOCTYPE html><title>Sign in</title>", "app", 5, "gophersnake: HOST/team/noarch/repodata.json: an HTML page came instead of the file\nhint: a proxy or a login page may stand between this machine and the server\n"},
		{"C02 truncated", "repodata.json.zst", zst[:len(zst)-9], "app", 5, "gophersnake: HOST/team/noarch/repodata.json.zst: ends early, after 291 bytes\n"},
		{"C02 truncated text", "repodata.json", good[:len(good)-9], "app", 5, "gophersnake: HOST/team/noarch/repodata.json: ends early, at byte 252\n"},
		{"C03 too large", "repodata.json.zst", packed(t, good, 1100<<20), "app", 6, tooLarge},
		{"C04 no hash", "repodata.json", record("app-1.0-0.conda", `"md5": "00000000000000000000000000000000"`), "app", 6, "gophersnake: HOST/team/noarch/app-1.0-0.conda: the channel tells no sha256 of it\nhint: ask the channel's owner for an index with sha256, or pass --allow-md5 to take the bytes that are served now\n"},
		{"C05 file name", "repodata.json", record("../app-1.0-0.conda", someSHA256), "app", 6, "gophersnake: HOST/team/noarch/repodata.json: file name \"../app-1.0-0.conda\" is not name-version-build.conda or .tar.bz2\n"},
		{"C06 name", "repodata.json", record("app-1.0-0.conda", `"name": "../app", `+someSHA256), "app", 6, "gophersnake: HOST/team/noarch/repodata.json: record \"app-1.0-0.conda\": name \"../app\" begins with a dot\n"},
		{"C06 build", "repodata.json", record("app-1.0-0.conda", `"build": "a/../b", `+someSHA256), "app", 6, "gophersnake: HOST/team/noarch/repodata.json: record \"app-1.0-0.conda\": build \"a/../b\" holds '/'\n"},
		{"C07 match spec", "repodata.json", good, "app >=>1", 2, "gophersnake: gophersnake.toml:6:17: conda.dependencies: match spec \"app >=>1\": column 5: unknown operator \">=>\"\nhint: operators are ==, !=, <, <=, >, >=, = and ~=\n"},
		{"C08 unsatisfiable", "repodata.json", record("app-1.0-0.conda", `"depends": ["lib >=2"], `+someSHA256), "app", 4, "gophersnake: conda for linux/amd64: the requested packages cannot be installed together\n└─ requested \"app\" (gophersnake.toml:6)\n   └─ app 1.0 0\n      └─ requires lib >=2: no such package\n"},
		{"C09 circle without an end", "repodata.json", record("app-1.0-0.conda", `"depends": ["app >1"], `+someSHA256), "app", 4, "gophersnake: conda for linux/amd64: the requested packages cannot be installed together\n└─ requested \"app\" (gophersnake.toml:6)\n   └─ app 1.0 0\n      └─ requires app >1: no match among app 1.0 0\n"},
		{"no JSON", "repodata.json", "null", "app", 6, "gophersnake: HOST/team/noarch/repodata.json: byte 0: want an object, got 'n'\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/team/noarch/"+tt.file {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/octet-stream")
				io.WriteString(w, tt.content)
			}))
			defer server.Close()
			s := newSite(t, imageTable+"[conda]\nchannels = [\""+server.URL+"/team\"]\ndependencies = [\""+tt.dependency+"\"]\n")
			got := s.run("--quiet", "lock")
			got.Stderr = strings.NewReplacer(s.dir, "DIR", server.URL, "HOST").Replace(got.Stderr)
			if got.Code != tt.code || got.Stderr != tt.want || got.Stdout != "" {
				t.Errorf("exit %d, want %d\n got %q\nwant %q", got.Code, tt.code, got.Stderr, tt.want)
			}
			s.absent(lockName)
		})
	}
}
