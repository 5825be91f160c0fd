package output_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/output"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want output.Transport
	}{
		{"docker://registry.example.com/team/x:1.4", output.Transport{Scheme: "docker", Ref: "registry.example.com/team/x:1.4", Tag: "1.4"}},
		{"docker://registry.example.com:5000/x", output.Transport{Scheme: "docker", Ref: "registry.example.com:5000/x"}},
		{"docker://localhost:5000/x:v1", output.Transport{Scheme: "docker", Ref: "localhost:5000/x:v1", Tag: "v1"}},
		{"oci:dir", output.Transport{Scheme: "oci", Path: "dir"}},
		{"oci:/a/b:v1.2-x_y", output.Transport{Scheme: "oci", Path: "/a/b", Tag: "v1.2-x_y"}},
		{"oci-archive:x.tar", output.Transport{Scheme: "oci-archive", Path: "x.tar"}},
		{"oci-archive:x.tar:team/x@1", output.Transport{Scheme: "oci-archive", Path: "x.tar", Tag: "team/x@1"}},
		{"docker-archive:x.tar", output.Transport{Scheme: "docker-archive", Path: "x.tar"}},
		{"docker-daemon:team/x", output.Transport{Scheme: "docker-daemon", Ref: "team/x"}},
		{"docker-daemon:localhost:5000/x:v1", output.Transport{Scheme: "docker-daemon", Ref: "localhost:5000/x:v1", Tag: "v1"}},
		{"rootfs:a:b", output.Transport{Scheme: "rootfs", Path: "a:b"}},
		{"docker-archive:x.tar:team/x:1", output.Transport{Scheme: "docker-archive", Path: "x.tar", Ref: "team/x:1"}},
	} {
		got, err := output.Parse(tc.in)
		if err != nil {
			t.Errorf("%s: %v", tc.in, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.in, diff)
		}
		if got.String() != tc.in {
			t.Errorf("%s: String is %s", tc.in, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                      `output "": transport is missing, want one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs`,
		"image":                 `output "image": transport is missing, want one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs`,
		"podman:x":              `output "podman:x": transport is not one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs`,
		"docker-daemon:":        `output "docker-daemon:": reference is empty`,
		"docker-daemon://x":     `output "docker-daemon://x": docker-daemon wants no slashes: docker-daemon:REF`,
		"rootfs:":               `output "rootfs:": path is empty`,
		"rootfs:a\x00b":         `output "rootfs:a\x00b": path has a NUL byte`,
		"OCI:x":                 `output "OCI:x": transport is not one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs`,
		"docker:x":              `output "docker:x": docker wants two slashes: docker://REF`,
		"docker://":             `output "docker://": reference is empty`,
		"docker://x@sha256:00":  `output "docker://x@sha256:00": a digest cannot be chosen, it follows from the content; want REPOSITORY[:TAG]`,
		"docker://UPPER/x":      "output \"docker://UPPER/x\": reference is not valid: repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: UPPER/x",
		"oci:":                  `output "oci:": path is empty`,
		"oci::tag":              `output "oci::tag": path is empty`,
		"oci:dir:":              `output "oci:dir:": tag "" does not start and end with a letter or digit, or has other characters than those and - . _ : @ + /`,
		"oci:dir:a b":           `output "oci:dir:a b": tag "a b" does not start and end with a letter or digit, or has other characters than those and - . _ : @ + /`,
		"oci:a\x00b":            `output "oci:a\x00b": path has a NUL byte`,
		"docker-archive:x.tar:": `output "docker-archive:x.tar:": reference is empty`,
	} {
		_, err := output.Parse(in)
		if err == nil {
			t.Errorf("%q: no error", in)
			continue
		}
		if err.Error() != want {
			t.Errorf("%q:\n got %s\nwant %s", in, err, want)
		}
		if classOf(err) != "usage" {
			t.Errorf("%q: class %s", in, classOf(err))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"docker://h:5000/a/b:t", "oci:d:t", "oci-archive:f", "docker-archive:f:r:t", "docker-daemon:r:t", "rootfs:d:t", "docker://[::1]:5000/x", "x", "oci:a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := output.Parse(s)
		if err != nil {
			if classOf(err) != "usage" {
				t.Errorf("%q: class %s", s, classOf(err))
			}
			return
		}
		if got.String() != s {
			t.Errorf("%q: String is %q", s, got.String())
		}
		again, err := output.Parse(got.String())
		if err != nil || again != got {
			t.Errorf("%q: parsed again: %v, %v", s, again, err)
		}
	})
}
