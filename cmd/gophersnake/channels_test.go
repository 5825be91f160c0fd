package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// TestChannelCredentials: channels are found, and their hosts logged in to, as
// conda's and rattler's files say, and no secret of these files goes anywhere
// else (promises.md P11).
func TestChannelCredentials(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, channel string
		path          string // of the channel at the server
		basic         bool   // the server wants the password
		files         map[string]string
		env           []string
		hint          string // where there are no credentials
	}{
		{
			"token in .condarc", "team", "/t/" + canary + "/team", false,
			map[string]string{".condarc": "channels: [other]\ncustom_channels:\n  team: http://HOST/t/${CHANNEL_TOKEN}\n"},
			[]string{"CHANNEL_TOKEN=" + canary},
			"",
		},
		{
			"the later file counts", "team", "/team", true,
			map[string]string{".config/conda/.condarc": "channel_alias: http://never.example\n", ".conda/.condarc": "channel_alias: http://me:" + canary + "@HOST\n"},
			nil, "",
		},
		{
			"CONDARC", "defaults", "/team", true,
			map[string]string{"rc": "default_channels: [\"http://me:" + canary + "@HOST/team\"]\n", ".condarc": "default_channels: [\"http://never.example\"]\n"},
			[]string{"CONDARC=DIR/rc"},
			"",
		},
		{
			"environment.yml", "", "/t/" + canary + "/team", true,
			map[string]string{"environment.yml": "channels:\n  - http://me:" + canary + "@HOST/t/" + canary + "/team\ndependencies: [app]\n"},
			nil,
			"",
		},
		{
			"RATTLER_AUTH_FILE", "http://HOST/team", "/t/" + canary + "/team", false,
			map[string]string{"auth.json": `{"*.0.0.1": {"CondaToken": "` + canary + `"}}`, ".netrc": "machine 127.0.0.1 login me password other-" + canary},
			[]string{"RATTLER_AUTH_FILE=DIR/auth.json"},
			"",
		},
		{
			"netrc after RATTLER_AUTH_FILE", "http://HOST/team", "/team", true,
			map[string]string{"auth.json": `{"other.example": {"BearerToken": "` + canary + `"}}`, ".netrc": "machine 127.0.0.1 login me password " + canary},
			[]string{"RATTLER_AUTH_FILE=DIR/auth.json"},
			"",
		},
		{
			"none", "http://HOST/team", "/team", true,
			map[string]string{"auth.json": `{"other.example": {"BearerToken": "` + canary + `"}}`, ".netrc": ""},
			[]string{"RATTLER_AUTH_FILE=DIR/auth.json"},
			"hint: there are no credentials for HOST in DIR/auth.json or DIR/.netrc\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			s.channel("www/team", channeltest.Options{}, simple("app", "1.0", "app"))
			files := http.FileServer(http.Dir(s.at("www")))
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, password, _ := r.BasicAuth()
				if (password == canary) != tt.basic || !strings.HasPrefix(r.URL.Path, tt.path) {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				r.URL.Path = strings.TrimPrefix(r.URL.Path, "/t/"+canary)
				files.ServeHTTP(w, r)
			}))
			defer server.Close()
			host := strings.TrimPrefix(server.URL, "http://")
			at := strings.NewReplacer("HOST", host, "DIR", s.dir)
			conda := "channels = [\"" + tt.channel + "\"]\ndependencies = [\"app\"]\n"
			if tt.channel == "" {
				conda = "file = \"environment.yml\"\n"
			}
			s.write("gophersnake.toml", at.Replace(imageTable+"[conda]\n"+conda))
			for name, text := range tt.files {
				s.write(name, at.Replace(text))
			}
			for _, kv := range tt.env {
				s.env = append(s.env, at.Replace(kv))
			}
			got := s.run("build", "--log-level", "debug", "-o", "oci:image")
			if strings.Contains(got.Stdout+got.Stderr, canary) {
				t.Errorf("the secret is told: %s%s", got.Stdout, got.Stderr)
			}
			if tt.hint != "" {
				if want := at.Replace(tt.hint); got.Code != 5 || !strings.HasSuffix(got.Stderr, want) {
					t.Errorf("exit %d, no %q in %s", got.Code, want, got.Stderr)
				}
				return
			}
			if want := `url = "http://` + host + `/team/noarch/app-1.0-0.conda"`; got.Code != 0 || !strings.Contains(s.read(lockName), want) {
				t.Fatalf("exit %d, no %s in\n%s\n%s", got.Code, want, s.read(lockName), got.Stderr)
			}
			for _, dir := range []string{lockName, ".cache", "image"} {
				s.check(filepath.WalkDir(s.at(dir), func(p string, d os.DirEntry, err error) error {
					if err == nil && d.Type().IsRegular() {
						if data, err := os.ReadFile(p); err != nil || strings.Contains(p+string(data), canary) {
							t.Errorf("the secret is in %s, %v", p, err)
						}
					}
					return err
				}))
			}
			s.check(os.Rename(s.at(".cache"), s.at("old"))) // then packages are fetched by the lock alone
			s.ok("build", "--locked", "-o", "oci:again")
			s.check(os.RemoveAll(s.at(".cache")))
			s.check(os.Rename(s.at("old"), s.at(".cache")))
			server.Close()
			s.check(os.Remove(s.at(lockName)))
			s.ok("lock", "--offline")
		})
	}
}

// TestBadCredentialFiles: files that name channels and credentials are read
// strictly, and errors do not quote them.
func TestBadCredentialFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, text, env, want string }{
		{".condarc", ".condarc", "a: 1\ncustom_channels:\n  x: " + canary + "\n", "", "gophersnake: DIR/.condarc:3: custom_channels: \"x\" is given no URL\n"},
		{"CONDARC is not there", "", "", "CONDARC=DIR/rc", "gophersnake: DIR/rc: no such file or directory\nhint: it is read for where channels are\n"},
		{
			"RATTLER_AUTH_FILE is not there", "", "", "RATTLER_AUTH_FILE=DIR/auth.json",
			"gophersnake: RATTLER_AUTH_FILE: \"DIR/auth.json\": no such file or directory\n",
		},
		{
			"RATTLER_AUTH_FILE", "auth.json", canary, "RATTLER_AUTH_FILE=DIR/auth.json",
			"gophersnake: DIR/auth.json: not a JSON object of credentials by host\nhint: RATTLER_AUTH_FILE names a file such as {\"channel.example\": {\"BearerToken\": \"…\"}}\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, imageTable+"[conda]\nchannels = [\"x\"]\ndependencies = [\"app\"]\n")
			if tt.file != "" {
				s.write(tt.file, tt.text)
			}
			s.env = append(s.env, strings.ReplaceAll(tt.env, "DIR", s.dir))
			s.fails(2, tt.want, "lock")
		})
	}
}
