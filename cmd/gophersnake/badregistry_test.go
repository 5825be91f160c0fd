package main

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// refusal is a registry's answer to requests of a method whose path has a part.
func refusal(method, part string, status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || !strings.Contains(r.URL.Path, part) {
			return false
		}
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		}
		outputtest.Fail(w, status, code, message)
		return true
	}
}

// TestBadRegistry: R01 to R06 of promises.md §2, as people see them: the exit
// code, what was attempted, where, in the registry's words, and what to do.
// Package output tests what takes long (R05, when sessions are lost for ever) and
// what is no error (R03).
func TestBadRegistry(t *testing.T) {
	t.Parallel()
	var once atomic.Bool
	for _, tt := range []struct {
		name  string
		auth  string // of the registry in config.json; "" is none
		fault func(http.ResponseWriter, *http.Request) bool
		want  string // "" for success
	}{
		{
			"R01 no credentials", "",
			refusal("POST", "", 401, "UNAUTHORIZED", "authentication required"),
			"HOST/app: blob BLOB: no credentials for HOST were found and it wants some (401 UNAUTHORIZED: \"authentication required\")\n" +
				"hint: looked in DIR/docker/config.json; log in with docker login HOST or podman login HOST\n",
		},
		{
			"R01 wrong credentials", "bWU6d3Jvbmc=",
			refusal("POST", "", 401, "UNAUTHORIZED", "authentication required"),
			"HOST/app: blob BLOB: the credentials for HOST are refused (401 UNAUTHORIZED: \"authentication required\")\n" +
				"hint: log in again with docker login HOST or podman login HOST\n",
		},
		{
			"R02 push denied", "",
			refusal("POST", "", 403, "DENIED", "requested access to the resource is denied"),
			"HOST/app: blob BLOB: push is denied (403 DENIED: \"requested access to the resource is denied\")\n" +
				"hint: the account needs the scope repository:app:pull,push\n",
		},
		{
			"R04 immutable tag, 409", "",
			refusal("PUT", "/manifests/2", 409, "TAG_INVALID", "tag is immutable"),
			"HOST/app: tag \"2\" is refused (409 TAG_INVALID: \"tag is immutable\"); tags set before: \"1\"\n" + moveHint,
		},
		{
			"R04 immutable tag, 412", "",
			refusal("PUT", "/manifests/1", 412, "PRECONDITION", "The operation can't be done: immutable"),
			"HOST/app: tag \"1\" is refused (412 PRECONDITION: \"The operation can't be done: immutable\")\n" + moveHint,
		},
		{
			"R04 immutable tag, 400", "",
			refusal("PUT", "/manifests/1", 400, "TAG_ALREADY_EXISTS", "the tag exists"),
			"HOST/app: tag \"1\" is refused (400 TAG_ALREADY_EXISTS: \"the tag exists\")\n" + moveHint,
		},
		{
			"R05 an upload's session is lost once", "",
			func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == "PUT" && once.CompareAndSwap(false, true) && refusal("PUT", "/blobs/", 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")(w, r)
			},
			"",
		},
		{
			"R06 a Location elsewhere in plain http", "",
			func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != "POST" {
					return false
				}
				w.Header().Set("Location", "http://storage.example/upload?sig=canary")
				w.WriteHeader(http.StatusAccepted)
				return true
			},
			"http://storage.example/upload: plain http is not spoken to this host\n" +
				"hint: if the network to it is safe, allow it with --insecure-registry storage.example\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			registry := outputtest.NewRegistry(t)
			s := newSite(t, "version = 1\n[image]\nname = \""+registry.Host()+"/app\"\ntags = [\"1\", \"2\"]\nplatforms = [\"linux/amd64\"]\n[conda]\nlock = \"chan/noarch.txt\"\n")
			s.channel("chan", channeltest.Options{}, simple("app", "1.0", "app"))
			s.check(os.MkdirAll(s.at("docker"), 0o755))
			config := "{}"
			if tt.auth != "" {
				config = `{"auths": {"` + registry.Host() + `": {"auth": "` + tt.auth + `"}}}`
			}
			s.write("docker/config.json", config)
			s.env = append(s.env, "DOCKER_CONFIG="+s.at("docker"))
			registry.SetFault(tt.fault)
			if tt.want == "" {
				s.ok("-q", "push")
				registry.SetFault(nil)
				s.check(validateImage(s.at, "docker://"+registry.Host()+"/app:2"))
				return
			}
			got := s.run("-q", "push", "--jobs", "1")
			want := strings.NewReplacer("HOST", registry.Host(), "DIR", s.dir).Replace("gophersnake: " + tt.want)
			if stderr := blobDigest.ReplaceAllString(got.Stderr, "blob BLOB"); got.Code != 5 || stderr != want || got.Stdout != "" {
				t.Errorf("exit %d, %s\n got %s\nwant %s", got.Code, got.Stdout, stderr, want)
			}
			if !strings.Contains(tt.want, "tags set before") && outputtest.Count(registry.Log(), "PUT", "/manifests/2") > 0 {
				t.Error("a tag was set")
			}
		})
	}
}

var blobDigest = regexp.MustCompile(`blob sha256:[0-9a-f]{64}`)

const moveHint = "hint: the registry may forbid that a tag moves: choose a new tag, or push by another name\n"
