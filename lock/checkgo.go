package lock

import (
	"fmt"
	"path"
	"regexp"
	"slices"

	"github.com/gophersnake/gophersnake/platforms"
)

var (
	goVersion   = regexp.MustCompile(`^[1-9][0-9]*(\.[0-9]+){1,2}((rc|beta)[1-9][0-9]*)?$`)
	fingerprint = regexp.MustCompile(`^([0-9A-F]{40}|[0-9A-F]{64})$`)
	passedOver  = regexp.MustCompile(`^(module|release|module and release): [^\x00-\x1f\x7f]+$`)
)

func (c *checker) toolchain(key string, t *Toolchain) {
	r := row{c, key, fmt.Sprintf("go %s for %s", t.Version, t.Platform)}
	r.envs(t.Envs)
	if t.Platform == (platforms.Platform{}) {
		r.usage("platform", "is missing")
	}
	if !goVersion.MatchString(t.Version) {
		r.usage("version", "%q is not a version of Go", t.Version)
	}
	switch t.Source {
	case SourceModule:
		r.goModule(t)
	case SourceRelease:
		r.goRelease(t)
	case SourceConda:
		r.goConda(t)
	default:
		r.usage("source", "%q is not module, release or conda", t.Source)
	}
	r.notNegative("size", t.Size)
	for _, why := range t.PassedOver {
		if !passedOver.MatchString(why) {
			r.usage("passed-over", "holds %q, which is not a source and a reason", why)
		}
	}
}

func (r row) goModule(t *Toolchain) {
	want := fmt.Sprintf("golang.org/toolchain@v0.0.1-go%s.%s-%s", t.Version, t.Platform.OS, t.Platform.Arch)
	if t.Module != want {
		r.usage("module", "%q is not %s", t.Module, want)
	}
	if t.H1 != "" && !isH1(t.H1) {
		r.usage("h1", "%q is not h1: and a SHA-256 in base64", t.H1)
	}
	if t.ZipSHA256 != "" || t.Image {
		r.hex("zip-sha256", t.ZipSHA256, 64)
	}
	r.without(t, "module", "file", "sha256", "signed-by")
}

func (r row) goRelease(t *Toolchain) {
	if want := fmt.Sprintf("go%s.%s-%s.tar.gz", t.Version, t.Platform.OS, t.Platform.Arch); t.File != want {
		r.usage("file", "%q is not %s", t.File, want)
	}
	if t.SHA256 != "" || t.Image {
		r.hex("sha256", t.SHA256, 64)
	}
	if t.SignedBy != "" || t.Image {
		r.given("signed-by", t.SignedBy)
		if !fingerprint.MatchString(t.SignedBy) {
			r.usage("signed-by", "%q is not the fingerprint of a key", t.SignedBy)
		}
	}
	r.without(t, "release", "module", "h1", "zip-sha256")
}

func (r row) goConda(t *Toolchain) {
	r.part("file", t.File)
	if ok, _ := path.Match("go-*-*.*", t.File); !ok { // the pattern is well-formed
		r.usage("file", "%q is no package of go", t.File)
	}
	r.hex("sha256", t.SHA256, 64)
	if !t.Image || t.Host {
		r.usage("host", "is true, but what lies in a conda environment compiles nothing here")
	}
	r.without(t, "conda", "module", "h1", "zip-sha256", "signed-by")
}

// without refuses keys that another source has.
func (r row) without(t *Toolchain, source string, keys ...string) {
	values := map[string]string{"module": t.Module, "h1": t.H1, "zip-sha256": t.ZipSHA256, "file": t.File, "sha256": t.SHA256, "signed-by": t.SignedBy}
	if i := slices.IndexFunc(keys, func(key string) bool { return values[key] != "" }); i >= 0 {
		r.usage(keys[i], "does not go with the source %s", source)
	}
}
