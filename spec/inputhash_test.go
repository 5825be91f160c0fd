package spec

import "testing"

func TestInputHash(t *testing.T) {
	const text = `version = 1
[image]
name = "r.example.com/a"
tags = ["1"]
platforms = ["linux/amd64"]
labels = { a = "1" }
[base]
image = "debian:12"
[conda]
channels = ["a"]
dependencies = ["x"]
[go]
versions = ["1.26"]
[[accounts]]
name = "dev"
uid = 1000
[[cli]]
package = "./cmd/hello"
ldflags = "-s"
[env.k8s]
go.versions = ["1.25"]
`
	mod := Input{"go.mod", "aa"}
	sum := Input{"go.sum", "bb"}
	want := mustRead(t, text).InputHash(mod, sum)
	const golden = "sha256:77507326c9e187fbc76063b30c12d640c303b6f007aab293a93ce62f706e4892"
	if want != golden {
		t.Errorf("got %s, want %s: every lock would be out of date", want, golden)
	}
	for name, same := range map[string]string{
		"layout": `env = { k8s = { go = { versions = ["1.25"] } } }
base.image = "debian:12"
version = 0x1
accounts = [{ uid = 1_000, name = "dev" }] # the developer
go.versions = ["1.26"]
conda = { dependencies = ['x'], channels = ["a"] }
image.platforms = ["linux/amd64"]
`,
		"labels, tags, ldflags, proxy": `version = 1
image = { tags = ["2"], labels = { a = "{{.Version}}" }, platforms = ["linux/amd64"], user = "dev" }
base.image = "debian:12"
conda = { dependencies = ['x'], channels = ["a"] }
go = { versions = ["1.26"], proxy = "https://p.example.com" }
accounts = [{ uid = 1_000, name = "dev" }]
cli = [{ package = "./cmd/hello", ldflags = "-w" }]
layers.budget = 3
env.k8s.go.versions = ["1.25"]
`,
	} {
		if got := mustRead(t, same).InputHash(sum, mod); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	seen := map[string]string{want: "the file itself"}
	for name, other := range map[string]string{
		"base":        text + "base.image = \"debian:13\"\n",
		"accounts":    text + "accounts = [{ name = \"ops\", uid = 1001 }]\n",
		"conda":       text + "conda.pyc = \"drop\"\n",
		"go":          text + "go.tools = [\"a.example/x@v1.0.0\"]\n",
		"platforms":   text + "image.platforms = [\"linux/arm64\"]\n",
		"one variant": text + "[env.more]\n",
	} {
		hash := mustRead(t, other).InputHash(mod, sum)
		if first, ok := seen[hash]; ok {
			t.Errorf("%s: same hash as %s", name, first)
		}
		seen[hash] = name
	}
	if got := mustRead(t, text).InputHash(mod); got == want {
		t.Error("a file less: same hash")
	}
}
