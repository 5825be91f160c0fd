package envfile

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/platforms"
)

const shared = "../../../shared/data"

// refused are the real files that are not read, with the reason.
var refused = map[string]string{
	"lockfiles/conda-lock/tests/test-local-pip/environment.yml":         `environment.yml:9: "-e ." is an option of pip, not a requirement`,
	"lockfiles/conda-lock/tests/test-pip-hash-checking/environment.yml": `environment.yml:8: "--hash=sha256:1234" is an option of pip, not a requirement`,
}

// TestReal reads every environment.yml of other tools' tests.
func TestReal(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("the shared data is not here: %v", err)
	}
	read, refusals := 0, 0
	err := fs.WalkDir(os.DirFS(shared), ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		if err != nil || d.IsDir() || !strings.HasPrefix(base, "environment") || !strings.HasSuffix(base, "ml") {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(shared), name)
		if err != nil {
			return err
		}
		f, err := Read(base, data)
		if why := refused[name]; why != "" {
			refusals++
			if err == nil || err.Error() != why {
				t.Errorf("%s: %v, want %s", name, err, why)
			}
			return nil
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		read++
		deps := 0
		for _, p := range platforms.All() {
			part, err := f.For(p)
			if err != nil && !strings.Contains(err.Error(), "platforms has") {
				t.Errorf("%s: %s: %v", name, p, err)
			}
			deps += len(part.Dependencies) + len(part.Pip)
		}
		if deps == 0 {
			t.Errorf("%s has no dependencies", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 30 || refusals != len(refused) {
		t.Errorf("read %d files and refused %d", read, refusals)
	}
}
