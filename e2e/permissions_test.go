//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const permissionsToml = `version = 1
[image]
name = %q
tags = ["1"]
platforms = ["linux/amd64"]
user = "dev"
workdir = "/workspace"
[base]
image = %q
[conda]
lock = "environment.txt"
[go]
versions = ["1.26.8"]
[go.env]
GOPROXY = "off"
[[accounts]]
name = "dev"
uid = 1000
[env.group]
image.permissions = "group"
go.in-prefix = true
[env.any]
image.permissions = "root-group"
`

// attempt is what somebody tries in an image.
type attempt struct {
	script string
	works  bool
}

// TestPermissions builds one image with each of the permissions, and tries what
// users may write there and what not.
func TestPermissions(t *testing.T) {
	t.Parallel()
	dir, s := copyDir(t, filepath.Join(repo, "examples", "quickstart")), runStore(t)
	ref := registry + "/permissions"
	config := strings.Replace(strings.Replace(permissionsToml, "%q", `"`+ref+`"`, 1), "%q", `"`+base(t)+`"`, 1)
	if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	s.gs(t, dir, "lock")
	s.gs(t, dir, "push", "--locked")
	const install = "cd /tmp/m && go install -buildvcs=false . && $(go env GOPATH)/bin/m 2>&1"
	for _, tt := range []struct {
		env, user, goroot string
		attempts          []attempt
	}{
		{"default", "--userspec=1000:1000 --groups=1000", "/usr/local/go", []attempt{
			{"go version && touch ~/x", true},
			{"touch /go/x", false},
			{"touch /opt/conda/x", false},
			{"echo x >> /opt/conda/share/zoneinfo/UTC", false},
			{"rm -f /opt/conda/share/zoneinfo/UTC", false},
			{"echo >> /etc/passwd", false},
		}},
		{"default", "--userspec=2000:2000 --groups=901", "/usr/local/go", []attempt{{"touch /go/src/x", true}, {"touch /opt/conda/x", false}}},
		{"group", "--userspec=1000:1000 --groups=" + groupsOf, "/opt/conda/go", []attempt{
			{install, true},
			{"touch /opt/conda/x && mkdir /opt/conda/share/new && test \"$(stat -c %g /opt/conda/share/new)\" = 900", true},
			{"cp /opt/conda/share/zoneinfo/UTC /tmp/UTC && rm -f /opt/conda/share/zoneinfo/UTC && mv /tmp/UTC /opt/conda/share/zoneinfo/", true},
			{"echo >> /opt/conda/conda-meta/history", true},
			{"echo x >> /opt/conda/share/zoneinfo/Asia/Tokyo", false},
			{"echo >> /etc/passwd", false},
			{"touch /workspace/x", false},
		}},
		{"any", "--userspec=1234567:0 --groups=0", "/usr/local/go", []attempt{
			{install, true},
			{"touch /opt/conda/x /workspace/x ~/x", true},
			{"echo x >> /opt/conda/share/zoneinfo/UTC", true},
			{"echo >> /etc/passwd", false},
			{"touch /usr/local/bin/x", false},
		}},
		{"any", "--userspec=1000:0 --groups=0", "/usr/local/go", []attempt{{"touch /go/bin/x /opt/conda/y ~/y", true}}},
		{"any", "--userspec=1234567:1234567 --groups=1", "/usr/local/go", []attempt{{"touch /go/bin/y", false}, {"touch /opt/conda/z", false}}},
	} {
		t.Run(tt.env+" "+strings.Fields(tt.user)[0], func(t *testing.T) {
			root, image := filepath.Join(dir, "root-"+tt.env), ref+":1"
			if tt.env != "default" {
				image += "-" + tt.env
			}
			if _, err := os.Stat(root); err != nil {
				s.gs(t, dir, "build", "--locked", "--env", tt.env, "-o", "rootfs:"+filepath.Base(root))
				checkNoSpecial(t, root)
				writeModule(t, filepath.Join(root, "tmp", "m"), "module m\ngo 1.26.8\n")
			}
			mountSystem(t, root)
			user := strings.ReplaceAll(tt.user, groupsOf, memberOf(t, root, "dev"))
			for _, a := range slices.Concat(tt.attempts, []attempt{
				{"echo x > " + tt.goroot + "/VERSION", false}, {"touch " + tt.goroot + "/bin/x", false}, {"rm -f " + tt.goroot + "/bin/go", false},
			}) {
				cmd := exec.CommandContext(t.Context(), "chroot", append(strings.Fields(user), root, "sh", "-c", a.script)...)
				cmd.Env = append([]string{"HOME=/home/dev"}, imageEnv(t, image)...)
				if out, err := cmd.CombinedOutput(); (err == nil) != a.works {
					t.Errorf("%s: %q works: %v, want %v\n%s", user, a.script, err == nil, a.works, out)
				}
			}
		})
	}
}

// groupsOf stands for the groups that an image has its user in.
const groupsOf = "GROUPS"

// memberOf returns the numbers of the groups that a user of a root is in.
func memberOf(t *testing.T, root, user string) string {
	t.Helper()
	all := []string{"1000"}
	for line := range strings.Lines(readFile(t, filepath.Join(root, "etc", "group"))) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) == 4 && slices.Contains(strings.Split(f[3], ","), user) {
			all = append(all, f[2])
		}
	}
	return strings.Join(all, ",")
}

// checkNoSpecial looks for files of a root that give rights or that everybody may
// write.
func checkNoSpecial(t *testing.T, root string) {
	t.Helper()
	for _, what := range []string{"-type f -perm /6000", "-type f -perm -0002", "-type d -perm -0002 ! -perm -1000"} {
		if out := run(t, "find", append([]string{root, "-xdev"}, strings.Fields(what)...)...); out != "" {
			t.Errorf("find %s:\n%s", what, out)
		}
	}
}
