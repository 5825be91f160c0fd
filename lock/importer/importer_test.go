package importer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
	win   = platforms.Platform{OS: "windows", Arch: "amd64"}
	none  = platforms.Platform{}
)

const shared = "../../../shared/data"

// sharedFiles returns the real lock files for which keep says so, by name.
func sharedFiles(t *testing.T, keep func(name, text string) bool) map[string][]byte {
	t.Helper()
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("the shared data is not here: %v", err)
	}
	files := map[string][]byte{}
	for _, dir := range []string{"lockfiles", "channels/cpython/locks"} {
		err := fs.WalkDir(os.DirFS(shared), dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(shared, name))
			if err == nil && keep(name, string(data)) {
				files[name] = data
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// problem returns an error as "class text | hint".
func problem(err error) string {
	if err == nil {
		return "no error"
	}
	s := string(fault.ClassOf(err)) + " " + err.Error()
	var f *fault.Error
	if errors.As(err, &f) && f.Hint() != "" {
		s += " | " + f.Hint()
	}
	return s
}

func TestStripSecrets(t *testing.T) {
	for in, want := range map[string]string{
		"https://user:secret@host.example/main/x.conda":     "https://host.example/main/x.conda",
		"https://user:se@cret@host.example/x.conda":         "https://host.example/x.conda",
		"https://$USER:$PASS@host.example/x.conda":          "https://host.example/x.conda",
		"https://host.example/t/tk-123/main/noarch/x.conda": "https://host.example/main/noarch/x.conda",
		"https://host.example/t/$TOKEN/main/x.conda":        "https://host.example/main/x.conda",
		"https://host.example/main/t/x.conda":               "https://host.example/main/t/x.conda",
		"git+https://user:secret@host.example/x.git@v1":     "git+https://host.example/x.git@v1",
		"./a@b/x.conda": "./a@b/x.conda",
	} {
		if got := stripSecrets(in); got != want {
			t.Errorf("stripSecrets(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStripAll(t *testing.T) {
	got := stripAll([]string{
		"https://user:secret@h.example/main::a >=1", "b[extra] @ git+https://user:secret@h.example/b.git@v1 ; os_name == 'nt'",
		"c@https://h.example/t/tk-1/c-1-py3-none-any.whl", "d @ file:../d", "e >=1", "f @ ./a@b",
	})
	want := []string{
		"https://h.example/main::a >=1", "b[extra] @ git+https://h.example/b.git@v1 ; os_name == 'nt'",
		"c @ https://h.example/c-1-py3-none-any.whl", "d @ file:../d", "e >=1", "f @ ./a@b",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if stripAll(nil) != nil {
		t.Error("nil became something")
	}
}

func TestFileURL(t *testing.T) {
	for _, tt := range []struct{ url, dir, base, want string }{
		{"https://host.example/noarch/x.conda", "", "", "https://host.example/noarch/x.conda"},
		{"oci://host.example/noarch/x.conda", "", "", "oci://host.example/noarch/x.conda"},
		{"file:///srv/channel/noarch/x.conda", "/home/a/project", "/srv/project", "../channel/noarch/x.conda"},
		{"file://localhost/srv/project/x.conda", "/srv/project", "/srv/project", "x.conda"},
		{"file:///srv/a%20b/x.conda", "/", "/srv", "a b/x.conda"},
		{"pkgs/x.conda", "/srv/project/locks", "/srv/project", "locks/pkgs/x.conda"},
		{"../x.conda", "/srv/project/locks", "/srv/project/", "x.conda"},
		{"./x.conda", "/srv", "/srv/project", "../x.conda"},
		{"/x.conda", "/srv", "/", "x.conda"},
		{"/opt/x.conda", "/srv", "/srv/a/b", "../../../opt/x.conda"},
		{"file:///C:/channel/x.conda", "C:/work", "C:/work", "../channel/x.conda"},
		{"x.conda", "c:/project/locks", "C:/project", "locks/x.conda"},
	} {
		got, err := FileURL(tt.url, tt.dir, tt.base)
		if err != nil || got != tt.want {
			t.Errorf("FileURL(%q, %q, %q) = %q, %v, want %q", tt.url, tt.dir, tt.base, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ url, dir, base, want string }{
		{"file://server/share/x.conda", "/", "/", `usage "file://server/share/x.conda" is not a URL of a file on this machine`},
		{"file:///%zz", "/", "/", `usage "file:///%zz" is not a URL of a file on this machine`},
		{"x.conda", "srv", "/", `failed "srv" is not an absolute path`},
		{"D:/x.conda", "C:/", "C:/work", `usage "D:/x.conda" lies on another drive than "C:/work" | move the packages to the drive of gophersnake.toml, or serve them over HTTP`},
	} {
		if _, err := FileURL(tt.url, tt.dir, tt.base); problem(err) != tt.want {
			t.Errorf("FileURL(%q, %q, %q): %s, want %s", tt.url, tt.dir, tt.base, problem(err), tt.want)
		}
	}
}

func TestFileNames(t *testing.T) {
	for _, tt := range []struct{ file, name, version, build string }{
		{"numpy-1.26.4-py312h_0.conda", "numpy", "1.26.4", "py312h_0"},
		{"ld_impl_linux-64-2.40-h41732ed_0.tar.bz2", "ld_impl_linux-64", "2.40", "h41732ed_0"},
		{"_libgcc_mutex-0.1-conda_forge.conda", "_libgcc_mutex", "0.1", "conda_forge"},
		{"x-1!2.0+local-0.conda", "x", "1!2.0+local", "0"},
	} {
		var i Imported
		if err := i.setFileName("f", tt.file); err != nil {
			t.Error(err)
		}
		if got := []string{i.Name, i.Version, i.Build}; !cmp.Equal(got, []string{tt.name, tt.version, tt.build}) {
			t.Errorf("%s: %q", tt.file, got)
		}
	}
	for _, bad := range []string{"x.conda", "x-1.conda", "-1-0.conda", "x--0.conda", "x-1-.conda", ".conda"} {
		var i Imported
		if err := i.setFileName("f", bad); err == nil || !strings.HasSuffix(err.Error(), "is not called NAME-VERSION-BUILD") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
