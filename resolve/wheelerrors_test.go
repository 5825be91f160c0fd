package resolve_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
	"github.com/gophersnake/gophersnake/wheel"
)

// TestPipErrors refuses what cannot be resolved or does not go together.
func TestPipErrors(t *testing.T) {
	const out = "take it out of the pip list, or its conda package out of the environment"
	for name, tt := range map[string]struct {
		pip        []string
		change     func(w *world, r *resolve.Request)
		class      fault.Class
		text, hint string
	}{
		"no uv": {
			[]string{"numpy"},
			func(_ *world, r *resolve.Request) { r.UV.Path = "" }, fault.Usage,
			`environment.yml:7: requirement "numpy": there is no uv on PATH to resolve it`,
			"install uv, take the package from a conda channel, or lock wheels with pixi, conda-lock or uv export --format pylock.toml",
		},
		"provided": {
			[]string{"numpy", "URLLIB3 >=1"}, nil, fault.Usage, `environment.yml:8: requirement "URLLIB3 >=1": the conda package urllib3-2.2-py provides urllib3 2.2`, out,
		},
		"provided by another name": {
			[]string{"msgpack"}, nil, fault.Usage, `environment.yml:7: requirement "msgpack": the conda package msgpack-python-1.0.8-h0 provides msgpack 1.0.8`, out,
		},
		"a wheel that conda provides": {
			[]string{"numpy"}, func(_ *world, r *resolve.Request) {
				both := pylock("numpy-2.4-py3-none-any.whl", "urllib3-2.3-py3-none-any.whl")
				r.UV = scriptedUV(t, map[string]string{"amd64": both, "arm64": both})
			}, fault.Usage, "wheels for linux/amd64: wheel urllib3 2.3: the conda package urllib3-2.2-py provides urllib3 2.2", "take one of the two out",
		},
		"no python": {
			[]string{"numpy"}, func(w *world, _ *resolve.Request) {
				w.files["environment.yml"] = "dependencies:\n- own\n- pip: [numpy]\n"
			}, fault.Usage, "wheels for linux/amd64: there is no python among the conda packages", "add python to the dependencies",
		},
		"pypy": {
			[]string{"numpy"}, func(w *world, _ *resolve.Request) {
				w.channel(t, "c", "noarch/python-3.11.9-0_73_pypy")
				w.files["environment.yml"] = "dependencies:\n- python\n- pip: [numpy]\n"
			}, fault.Usage, "wheels for linux/amd64: python 3.11.9 is PyPy: wheels are installed for CPython only", "",
		},
		"no glibc": {
			[]string{"numpy"},
			func(w *world, _ *resolve.Request) { w.base.Libc = "musl 1.2.4" }, fault.Usage,
			`environment.yml:7: requirement "numpy": wheels are resolved for glibc, and the base b has musl 1.2.4 and no glibc`,
			`choose a base with glibc; a C library that you add yourself can be stated: [conda] virtual-packages = { __glibc = "2.36" }`,
		},
		"none fits": {
			[]string{"numpy"}, func(w *world, r *resolve.Request) {
				w.base.Libc = "glibc 2.26"
			}, fault.Unsatisfiable, "", "lock the wheels for this Python and a C library that is not newer, or choose a newer base",
		},
		"source": {
			[]string{"numpy @ git+https://git.example/numpy"},
			nil, fault.Usage,
			`environment.yml:7: requirement "numpy @ git+https://git.example/numpy" is not for a wheel: gophersnake never builds packages`,
			"give the URL of a file that ends in .whl, or take the package from a conda channel",
		},
		"python is too old": {
			[]string{"numpy"}, func(w *world, _ *resolve.Request) {
				w.wheels = map[string]*wheel.Meta{"requests-2.32-py3-none-any.whl": {RequiresPython: ">=3.12"}}
			}, fault.Usage, "wheels for linux/amd64: wheel requests 2.32 needs Python >=3.12, and the environment has 3.11.9", "ask for another version of one of the two",
		},
		"fetching": {
			[]string{"numpy"}, func(w *world, _ *resolve.Request) {
				w.fail = map[string]error{"wheel tzdata-2024.1-py3-none-any.whl": fault.New(fault.Network, "wheels.example", "no route")}
			}, fault.Network, "wheels.example: no route", "",
		},
		"pylock.toml too": {
			[]string{"numpy"},
			func(_ *world, r *resolve.Request) { r.Environments[0].Conda.Wheels = "pylock.toml" }, fault.Usage,
			`environment.yml:7: requirement "numpy": pip requirements and [conda] wheels exclude each other`, "lock the requirement into pylock.toml, or remove wheels",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := pipWorld(t, tt.pip...)
			r := request(t, pipToml)
			r.UV = scriptedUV(t, pipAnswers)
			if tt.change != nil {
				tt.change(w, &r)
			}
			_, err := resolve.Lock(t.Context(), w, r)
			if name == "none fits" {
				tt.text = "uv's answer:7: wheel numpy 2.4 fits linux/arm64 with Python 3.11.9 and glibc 2.26 by none of its tags: cp311-cp311-manylinux_2_28_aarch64"
			}
			wantError(t, err, tt.class, tt.text, tt.hint)
		})
	}
}

// TestPylockErrors refuses locked wheels that cannot be installed.
func TestPylockErrors(t *testing.T) {
	const toml = "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"b\"\n[conda]\nlock = \"env.txt\"\nwheels = \"pylock.toml\"\n"
	many := []string{}
	for i := range 14 {
		many = append(many, fmt.Sprintf("numpy-2.4-cp3%d-abi3-musllinux_1_2_x86_64.whl", i+12))
	}
	const lockAgain = "lock the wheels for this Python and a C library that is not newer, or choose a newer base"
	for name, tt := range map[string]struct {
		pylock     string
		class      fault.Class
		text, hint string
	}{
		"no hash": {
			pylock("six-1.0-py3-none-any.whl nohash"), fault.Verification, "https://wheels.example/six-1.0-py3-none-any.whl: has no sha256 in pylock.toml", "lock it again with sha256 hashes",
		},
		"other systems": {
			pylock("numpy-2.4-cp311-cp311-manylinux_2_39_x86_64.whl", "numpy-2.4-cp312-cp312-win_amd64.whl"), fault.Unsatisfiable,
			"pylock.toml:7: wheel numpy 2.4 fits linux/amd64 with Python 3.11.9 and glibc 2.36 by none of its tags: cp311-cp311-manylinux_2_39_x86_64, cp312-cp312-win_amd64", lockAgain,
		},
		"many others": {
			pylock(many...), fault.Unsatisfiable, "pylock.toml:7: wheel numpy 2.4 fits linux/amd64 with Python 3.11.9 and glibc 2.36 by none of its tags: " +
				"cp312-abi3-musllinux_1_2_x86_64, cp313-abi3-musllinux_1_2_x86_64, cp314-abi3-musllinux_1_2_x86_64, cp315-abi3-musllinux_1_2_x86_64, cp316-abi3-musllinux_1_2_x86_64, " +
				"cp317-abi3-musllinux_1_2_x86_64, cp318-abi3-musllinux_1_2_x86_64, cp319-abi3-musllinux_1_2_x86_64, cp320-abi3-musllinux_1_2_x86_64, cp321-abi3-musllinux_1_2_x86_64, " +
				"cp322-abi3-musllinux_1_2_x86_64, cp323-abi3-musllinux_1_2_x86_64, and 2 more", lockAgain,
		},
		"conda's": {
			pylock("PIP-24.0-py3-none-any.whl"), fault.Usage, "wheels for linux/amd64: wheel pip 24.0: the conda package pip-25.3-py provides pip 25.3", "take one of the two out",
		},
		"not there": {"", fault.Failed, "open pylock.toml: file does not exist", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{base: lock.Facts{Libc: "glibc 2.36"}, files: map[string]string{
				"env.txt": explicit("linux-64/python-3.11.9-h0_cpython.conda#"+hash("3"), "noarch/pip-25.3-py.conda#"+hash("4")), "pylock.toml": tt.pylock,
			}, meta: map[string]*archive.Meta{"pip-25.3-py.conda": {Index: archive.Index{Name: "pip", Version: "25.3", Build: "py", Noarch: "python"}}}}
			if tt.pylock == "" {
				delete(w.files, "pylock.toml")
			}
			_, err := resolve.Lock(t.Context(), w, request(t, toml))
			wantError(t, err, tt.class, tt.text, tt.hint)
		})
	}
	w := &world{files: map[string]string{"pylock.toml": pylock("six-1.0-py3-none-any.whl")}}
	_, err := resolve.Lock(t.Context(), w, request(t, strings.Replace(oneImage, "x", "y", 1)+"[conda]\nlock = \"pylock.toml\"\n"))
	wantError(t, err, fault.Usage, "pylock.toml: a pylock.toml has no conda packages", "name it by [conda] wheels, beside dependencies that have python")
}

// TestFromWheels takes wheels over from a conda-lock.yml once.
func TestFromWheels(t *testing.T) {
	text := "version: 1\nmetadata: {content_hash: {}, channels: [], platforms: [linux-64, linux-aarch64], sources: []}\npackage:\n"
	for _, subdir := range []string{"linux-64", "linux-aarch64"} {
		for i, file := range []string{subdir + "/python-3.11.9-h0_cpython", "noarch/urllib3-2.2-py", "noarch/tzdata-2024a-h0", subdir + "/msgpack-python-1.0.8-h0", "noarch/python_abi-3.11-cp311"} {
			_, name, _ := strings.Cut(file, "/")
			parts := strings.Split(name, "-")
			n := len(parts)
			text += fmt.Sprintf("- {name: %s, version: %q, manager: conda, platform: %s, dependencies: {}, category: main, url: \"%s%s.conda\", hash: {sha256: %q}}\n",
				strings.Join(parts[:n-2], "-"), parts[n-2], subdir, channel, file, hash(fmt.Sprint(i+1)))
		}
		text += fmt.Sprintf("- {name: six, version: \"1.0\", manager: pip, platform: %s, dependencies: {}, category: main, url: \"%ssix-1.0-py3-none-any.whl\", hash: {sha256: %q}}\n", subdir, wheelURL, hash("9"))
	}
	w := pipWorld(t, "six")
	w.files["conda-lock.yml"] = text
	r := request(t, pipToml)
	r.From = map[string]string{"": "conda-lock.yml"}
	l, first := resolved(t, w, r)
	if got := rows(l, arm); got != "six-1.0-py3-none-any.whl*" {
		t.Errorf("%q", got)
	}
	r.Old, r.From, r.Anew = l, nil, true
	w.questions()
	if _, again := resolved(t, w, r); again != first || w.questions() != nil {
		t.Errorf("the next lock asks, or is another:\n%s", again)
	}
	r.Old, r.From, r.Anew = nil, map[string]string{"": "conda-lock.yml"}, false
	w.files["environment.yml"] += "  - seven\n"
	_, err := resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Stale, `conda-lock.yml: no wheel "seven" for linux/amd64, which "seven" asks for`, "lock with the other tool again")
	w.files["environment.yml"] = strings.Replace(w.files["environment.yml"], "  - six\n  - seven\n", "  - six >1\n", 1)
	_, err = resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Stale, `conda-lock.yml: wheel six 1.0 for linux/amd64 is not what "six >1" asks for`, "lock with the other tool again")

	// Without a pip list, too, what was taken over stays.
	w.files["environment.yml"], _, _ = strings.Cut(w.files["environment.yml"], "- pip:")
	l, first = resolved(t, w, r)
	r.Old, r.From = l, nil
	if _, again := resolved(t, w, r); again != first || rows(l, linux) != "six-1.0-py3-none-any.whl" {
		t.Errorf("the next lock is another:\n%s", again)
	}
}
