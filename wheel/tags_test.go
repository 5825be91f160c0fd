package wheel

import (
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRank(t *testing.T) {
	debian := Target{Python: "3.11.9", OS: "linux", Arch: "amd64", Glibc: "2.36"}
	best := []string{
		"a-1-cp311-cp311-manylinux_2_36_x86_64.whl",
		"a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
		"a-1-cp311-cp311-manylinux1_x86_64.whl",
		"a-1-cp311-abi3-manylinux_2_17_x86_64.whl",
		"a-1-cp37-abi3-manylinux_2_17_x86_64.whl",
		"a-1-py3-none-manylinux_2_17_x86_64.whl",
		"a-1-py311-none-any.whl",
		"a-1-py2.py3-none-any.whl",
		"a-1-py30-none-any.whl",
	}
	last := -1
	for _, file := range best {
		n, err := ParseName(file)
		if err != nil {
			t.Fatal(err)
		}
		rank, ok := n.Rank(debian)
		if !ok || rank <= last {
			t.Errorf("%s: rank %d %v after %d", file, rank, ok, last)
		}
		last = rank
	}
	for _, tc := range []struct {
		file string
		t    Target
		fits bool
	}{
		{"a-1-cp311-cp311-manylinux_2_37_x86_64.whl", debian, false},
		{"a-1-cp311-cp311-manylinux_2_17_aarch64.whl", debian, false},
		{"a-1-cp312-cp312-manylinux_2_17_x86_64.whl", debian, false},
		{"a-1-cp312-abi3-manylinux_2_17_x86_64.whl", debian, false},
		{"a-1-cp311-cp311-musllinux_1_1_x86_64.whl", debian, false},
		{"a-1-py2-none-any.whl", debian, false},
		{"a-1-cp311-cp311-linux_x86_64.whl", debian, true},
		{"a-1-cp311-cp311-musllinux_1_1_x86_64.whl", Target{Python: "3.11", OS: "linux", Arch: "amd64", Musl: "1.2"}, true},
		{"a-1-cp311-cp311-musllinux_1_2_aarch64.whl", Target{Python: "3.11", OS: "linux", Arch: "arm64", Musl: "1.1"}, false},
		{"a-1-cp311-cp311-manylinux2010_aarch64.whl", Target{Python: "3.11", OS: "linux", Arch: "arm64", Glibc: "2.36"}, false},
		{"a-1-cp311-cp311-manylinux2014_aarch64.whl", Target{Python: "3.11", OS: "linux", Arch: "arm64", Glibc: "2.36"}, true},
		{"a-1-cp311-abi3-linux_x86_64.whl", Target{Python: "3.13", OS: "linux", Arch: "amd64", FreeThreaded: true}, false},
		{"a-1-cp313-cp313t-linux_x86_64.whl", Target{Python: "3.13", OS: "linux", Arch: "amd64", FreeThreaded: true}, true},
		{"a-1-cp313-cp313t-linux_x86_64.whl", Target{Python: "3.13", OS: "linux", Arch: "amd64"}, false},
		{"a-1-cp37-cp37m-linux_x86_64.whl", Target{Python: "3.7", OS: "linux", Arch: "amd64"}, true},
		{"a-1-cp311-cp311-macosx_10_9_x86_64.whl", Target{Python: "3.11", OS: "darwin", Arch: "amd64", MacOS: "13"}, true},
		{"a-1-cp311-cp311-macosx_11_0_arm64.whl", Target{Python: "3.11", OS: "darwin", Arch: "arm64", MacOS: "11.0"}, true},
		{"a-1-cp311-cp311-macosx_12_0_arm64.whl", Target{Python: "3.11", OS: "darwin", Arch: "arm64", MacOS: "11.0"}, false},
		{"a-1-cp311-cp311-win_arm64.whl", Target{Python: "3.11", OS: "windows", Arch: "arm64"}, true},
		{"a-1-cp312-none-any.whl", Target{Python: "3.12", OS: "windows", Arch: "arm64"}, true},
		{"a-1-py3-none-any.whl", Target{Python: "3", OS: "linux", Arch: "amd64"}, false},
		{"a-1-py3-none-any.whl", Target{Python: "2.7", OS: "linux", Arch: "amd64"}, false},
		{"a-1-py3-none-any.whl", Target{Python: "3.11", OS: "plan9", Arch: "amd64"}, false},
		{"a-1-py3-none-any.whl", Target{Python: "3.11", OS: "linux", Arch: "mips"}, false},
	} {
		n, err := ParseName(tc.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := n.Rank(tc.t); ok != tc.fits {
			t.Errorf("%s fits %+v: %v", tc.file, tc.t, ok)
		}
	}
}

// oracle makes the tags of a target with packaging.tags. It wants the version
// whose order Tags follows: older ones put "linux_…" last and do not know
// PEP 803.
const oracle = `
import json, sys
try:
    import packaging
    from packaging import tags, _manylinux, _musllinux
    assert tuple(map(int, packaging.__version__.split(".")[:2])) >= (26, 3)
except (ImportError, AssertionError):
    sys.exit(77)
out = []
for t in json.load(sys.stdin):
    pair = lambda s: tuple(map(int, s.split(".")[:2]))
    python = pair(t["Python"])
    arch = {"amd64": "x86_64", "arm64": "aarch64"}[t["Arch"]]
    if t["OS"] == "windows":
        platforms = ["win_" + t["Arch"]]
    elif t["OS"] == "darwin":
        platforms = list(tags.mac_platforms(pair(t["MacOS"]), {"amd64": "x86_64", "arm64": "arm64"}[t["Arch"]]))
    else:
        platforms = ["linux_" + arch]
        if t["Glibc"]:
            _manylinux._get_glibc_version = lambda: _manylinux._GLibCVersion(*pair(t["Glibc"]))
            _manylinux._have_compatible_abi = lambda *a: True
            platforms += _manylinux.platform_tags([arch])
        if t["Musl"]:
            _musllinux._get_musl_version = lambda *a: _musllinux._MuslVersion(*pair(t["Musl"]))
            platforms += _musllinux.platform_tags([arch])
    cp = "cp%d%d" % python
    abi = cp + ("t" if t["FreeThreaded"] else "m" if python < (3, 8) else "")
    all = list(tags.cpython_tags(python, [abi], platforms)) + list(tags.compatible_tags(python, cp, platforms))
    out.append([str(x) for x in all])
json.dump(out, sys.stdout)
`

func TestTagsLikePackaging(t *testing.T) {
	var targets []Target
	for _, python := range []string{"3.6", "3.8", "3.11.9", "3.13", "3.15"} {
		for _, arch := range []string{"amd64", "arm64"} {
			for _, free := range []bool{false, true} {
				if free && python != "3.13" && python != "3.15" {
					continue
				}
				for _, t := range []Target{
					{OS: "linux"},
					{OS: "linux", Glibc: "2.17"},
					{OS: "linux", Glibc: "2.36"},
					{OS: "linux", Glibc: "2.5"},
					{OS: "linux", Musl: "1.2"},
					{OS: "darwin", MacOS: "11.0"},
					{OS: "darwin", MacOS: "13.3"},
					{OS: "darwin", MacOS: "26.0"},
					{OS: "windows"},
				} {
					t.Python, t.Arch, t.FreeThreaded = python, arch, free
					targets = append(targets, t)
				}
			}
		}
	}
	targets = append(targets, Target{Python: "3.9", OS: "darwin", Arch: "amd64", MacOS: "10.15"})
	in, err := json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-c", oracle)
	cmd.Stdin = strings.NewReader(string(in))
	text, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		t.Skip("there is no python3")
	case errors.As(err, &exit) && exit.ExitCode() == 77:
		t.Skip("python3 has no packaging 26.3")
	case err != nil:
		t.Fatal(err)
	}
	var want [][]string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for i, target := range targets {
		var got []string
		for _, tag := range target.Tags() {
			got = append(got, tag.String())
		}
		// packaging names the interpreter's own tag for any system again.
		if diff := cmp.Diff(slices.Compact(want[i]), got); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", target, diff)
		}
	}
}
