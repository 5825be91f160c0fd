package importer

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// pixiFiles returns the pixi.lock files of the shared data by name, whatever
// they are called there.
func pixiFiles(t *testing.T) map[string][]byte {
	t.Helper()
	return sharedFiles(t, func(name, text string) bool {
		return path.Base(name) == "pixi.lock" || strings.Contains(name, "invalid-lockfiles/pixi") ||
			strings.Contains(name, "rattler-pixi") && !strings.Contains(name, "/v0/")
	})
}

// pixiTargets returns the environments of a file with those of their platforms
// that gophersnake knows.
func pixiTargets(top yamltree.Mapping) map[string][]platforms.Platform {
	found := map[string][]platforms.Platform{}
	all, _ := yamltree.AsMapping(top.File, "", top.At["environments"])
	for _, env := range all.Keys {
		m, _ := yamltree.AsMapping(top.File, "", all.At[env])
		packages, _ := yamltree.AsMapping(top.File, "", m.At["packages"])
		found[env] = nil
		for _, key := range packages.Keys {
			if p, err := platforms.BySubdir(strings.TrimSuffix(key, "-foobar")); err == nil {
				found[env] = append(found[env], p)
			}
		}
	}
	return found
}

// TestRealPixi reads every environment of every pixi.lock of the shared data,
// for every platform. What is refused is so for the reason given.
func TestRealPixi(t *testing.T) {
	refused := map[string]string{
		"invalid-lockfiles/pixi-lock-v6-invalid-environments-type.lock": "environments is not a mapping",
		"invalid-lockfiles/pixi-lock-v6-missing-environments.lock":      "file has no environments: it is not a pixi.lock",
		"invalid-lockfiles/pixi-lock-v6-missing-packages.lock":          "file has no list of packages: it is not a pixi.lock",
		"examples/auth/pixi.lock":                                       "version 1 of pixi.lock is too old",
		"v3/robostack-turtlesim-conda-lock.yml":                         "version 3 of pixi.lock is too old",
		"forward-compatible-lock.yml":                                   "version 1000 of pixi.lock is newer than this tool knows (7)",
		"examples/local-build/pixi.lock":                                "has to be built from source",
		"examples/pypi-non-wheel-packages/pixi.lock":                    ".tar.gz\" is a source distribution",
		"v4/absolute-path-lock.yml":                                     "is a source directory",
		"v4/path-based-lock.yml":                                        `package "flask": "git+ssh://github.com/pallets/flask@b90a4f1f4a370e92054b9cc9db0efcb864f87ebe" is a repository`,
		"v4/pypi-matplotlib-lock.yml default darwin/amd64":              `Pillow-9.0.1.tar.gz" is a source distribution`,
		"v6/conda-path-lock.yml":                                        "has to be built from source",
		"v6/derived-channel-lock.yml":                                   `package "child-package" has to be built from source`,
		"v6/multiple-source-packages-with-variants-lock.yml":            "has to be built from source",
		"v6/pixi-build-git-rev-only-source-lock.yml":                    "has to be built from source",
		"v6/pixi-build-git-tag-source-lock.yml":                         "has to be built from source",
		"v6/pixi-build-pinned-source-lock.yml":                          "has to be built from source",
		"v6/pixi-build-url-source-lock.yml":                             "has to be built from source",
		"v6/source-package-with-variants-lock.yml":                      "has to be built from source",
		"v6/sources-lock.yml":                                           "has to be built from source",
		"v7/conda-path-lock.yml":                                        "has to be built from source",
		"v7/conda-source-build-host-packages-lock.yml":                  `package "my-package[12345678] @ ./my-package" has to be built from source`,
		"v7/derived-channel-lock.yml":                                   "has to be built from source",
		"v7/multiple-source-packages-with-variants-lock.yml":            "has to be built from source",
		"v7/partial-source-extra-depends-lock.yml":                      "has to be built from source",
		"v7/partial-source-flags-lock.yml":                              "has to be built from source",
		"v7/partial-source-purls-lock.yml":                              "has to be built from source",
		"v7/partial-source-run-exports-lock.yml":                        "has to be built from source",
		"v7/pixi-build-git-rev-only-source-lock.yml":                    "has to be built from source",
		"v7/pixi-build-git-tag-source-lock.yml":                         "has to be built from source",
		"v7/pixi-build-pinned-source-lock.yml":                          "has to be built from source",
		"v7/pixi-build-url-source-lock.yml":                             "has to be built from source",
		"v7/pypi_absolute_url.yml":                                      "is a source directory",
		"v7/pypi_custom_index.yml":                                      `package "local-pkg": "./local-pkg" is a source directory`,
		"v7/pypi_relative_outside_url.yml":                              "is a source directory",
		"v7/pypi_relative_url.yml":                                      "is a source directory",
		"v7/sources-lfs-lock.yml":                                       "has to be built from source",
		"v7/sources-lock.yml":                                           "has to be built from source",
	}
	used := map[string]bool{}
	count := struct{ files, read, conda, wheels, refused int }{}
	for name, data := range pixiFiles(t) {
		count.files++
		top, err := parseYAML(name, data)
		if err != nil {
			t.Fatal(err)
		}
		target := pixiTargets(top)
		if len(target) == 0 {
			target = map[string][]platforms.Platform{"default": nil}
		}
		for env, list := range target {
			for _, p := range slices.Concat(list, []platforms.Platform{none}) {
				o := PixiOptions{Environment: env, Platforms: []platforms.Platform{p}}
				if p == none {
					o.Platforms = nil
				}
				conda, wheels, err := readPixi(top, o)
				why := ""
				for key, reason := range refused {
					file, rest, _ := strings.Cut(key, " ")
					if strings.HasSuffix(name, file) && (rest == "" || rest == env+" "+p.String() || p == none) {
						why, used[key] = reason, true
					}
				}
				switch {
				case why == "" && err != nil, why != "" && (err == nil || !strings.Contains(err.Error(), why)):
					t.Errorf("%s: %s %s: %v, want %q", name, env, p, err, why)
				case err != nil:
					count.refused++
				case p != none:
					count.read, count.conda, count.wheels = count.read+1, count.conda+len(conda), count.wheels+len(wheels)
				}
				checkImported(t, conda)
				checkWheels(t, wheels)
			}
		}
	}
	t.Logf("%+v", count)
	if len(used) != len(refused) || count.read < 65 || count.conda < 4200 || count.wheels < 46 {
		t.Errorf("%d reasons used of %d, %+v: some files are missing", len(used), len(refused), count)
	}
}

// TestPixiMeansTheSame compares the locks that different tools wrote of one
// environment.
func TestPixiMeansTheSame(t *testing.T) {
	files := sharedFiles(t, func(name, _ string) bool { return strings.HasPrefix(name, "channels/cpython/locks/") })
	type fact struct{ name, version, build, file, sha256, md5 string }
	facts := func(list []Imported, err error) (all []fact) {
		if err != nil {
			t.Error(err)
		}
		for _, i := range list {
			all = append(all, fact{i.Name, i.Version, i.Build, i.URL, i.SHA256, i.MD5})
		}
		slices.SortFunc(all, func(a, b fact) int { return strings.Compare(a.name, b.name) })
		return all
	}
	read := func(name string, p platforms.Platform) []fact {
		t.Helper()
		data, there := files["channels/cpython/locks/"+name]
		if !there {
			t.Fatalf("%s is not there", name)
		}
		conda, wheels, err := Read(name, data, Options{Platform: p})
		if len(conda) < 16 || len(wheels) > 0 {
			t.Errorf("%s: %d packages and %d wheels", name, len(conda), len(wheels))
		}
		return facts(conda, err)
	}
	for _, p := range []platforms.Platform{amd64, arm64} {
		want := read("conda-lock.yml", p)
		for _, name := range []string{"pixi-v6/pixi.lock", "pixi-v7/pixi.lock"} {
			if d := cmp.Diff(want, read(name, p), cmp.AllowUnexported(fact{})); d != "" {
				t.Errorf("%s (-conda-lock.yml +it):\n%s", name, d)
			}
		}
		explicit := read("explicit-"+p.Subdir()+".txt", p)
		for i := range want {
			if explicit[i].md5 == "" {
				want[i].md5 = ""
			} else {
				want[i].sha256 = ""
			}
		}
		if d := cmp.Diff(want, explicit, cmp.AllowUnexported(fact{})); d != "" {
			t.Errorf("explicit (-conda-lock.yml +it):\n%s", d)
		}
	}
}

// checkWheels checks what every caller relies on.
func checkWheels(t *testing.T, list []Imported) {
	t.Helper()
	for _, i := range list {
		if i.Name == "" || i.Version == "" || i.Line < 1 || !strings.HasSuffix(i.URL, ".whl") || strings.ContainsAny(i.Name+i.Version, "/\\ \x00") {
			t.Errorf("incomplete: %+v", i)
		}
		if stripSecrets(i.URL) != i.URL {
			t.Errorf("credentials in %q", i.URL)
		}
		if i.MD5 != "" && !isHex(i.MD5, 32) || i.SHA256 != "" && !isHex(i.SHA256, 64) {
			t.Errorf("hash of %+v", i)
		}
	}
}
