package link_test

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
)

func TestIdleScript(t *testing.T) {
	const message = "only writes a message"
	for _, tt := range []struct{ file, subdir, content, want string }{
		{"bin/.a-pre-unlink.sh", "linux-64", "rm -rf x", "runs only when a package is removed"},
		{"bin/.a-post-unlink.sh", "linux-64", "rm -rf x", "runs only when a package is removed"},
		{"Scripts/.a-post-unlink.bat", "win-64", "del x", "runs only when a package is removed"},
		{"Scripts/.a-post-link.bat", "linux-64", "copy x y", "is for another system"},
		{"python-scripts/.a-post-link.sh", "win-64", "cp x y", "is for another system"},
		{"Scripts/.a-post-link.bat", "win-64", "", ""},

		{"bin/.a-post-link.sh", "linux-64", "", message},
		{"bin/.a-post-link.sh", "linux-64", "#!/bin/bash\nset -euo pipefail\n\n# tells people\nexit 0\n", message},
		{"bin/.a-post-link.sh", "linux-64", "echo hello >> $PREFIX/.messages.txt\n", message},
		{"bin/.a-post-link.sh", "linux-64", "echo 'it; is $(so) > far' >> \"${PREFIX}/.messages.txt\"\n", message},
		{"bin/.a-post-link.sh", "linux-64", "printf '%s\\n' \"at $PREFIX, ${PKG_NAME}\" >>\"$PREFIX\"/.messages.txt", message},
		{"bin/.a-post-link.sh", "linux-64", "cat << EOF > $PREFIX/.messages.txt\n{\"a\": \"$PREFIX\"; rm -rf /}\nEOF\n\n", message},
		{"bin/.a-post-link.sh", "linux-64", "cat >> ${PREFIX}/.messages.txt <<-'END'\n\t$(rm) `rm`\n\tEND\necho >> $PREFIX/.messages.txt", message},

		{"bin/.a-post-link.sh", "linux-64", "touch $PREFIX/x", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a >> $PREFIX/.messages.txt; rm x", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a; rm x >> $PREFIX/.messages.txt", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a > x >> $PREFIX/.messages.txt", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo $(rm x) >> $PREFIX/.messages.txt", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo \"`rm x`\" >> $PREFIX/.messages.txt", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo ${A:=`rm x`} >> $PREFIX/.messages.txt", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo \"a >> $PREFIX/.messages.txt\nrm x\"", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a \\ >> $PREFIX/.messages.txt\\\nrm", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a >> $PREFIX/.messages.txt/../x", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a >> $PREFIX/bin/python", ""},
		{"bin/.a-post-link.sh", "linux-64", "cat << EOF > $PREFIX/.messages.txt\n$(rm x)\nEOF\n", ""},
		{"bin/.a-post-link.sh", "linux-64", "cat << EOF > $PREFIX/.messages.txt\nno end\n", ""},
		{"bin/.a-post-link.sh", "linux-64", "cat << EOF | sh > $PREFIX/.messages.txt\nrm x\nEOF\n", ""},
		{"bin/.a-post-link.sh", "linux-64", "cat /etc/passwd > $PREFIX/.messages.txt", ""},
		{"bin/.a-post-link.sh", "linux-64", "set -e; rm x", ""},
		{"bin/.a-post-link.sh", "linux-64", "echo a >> $PREFIX/.messages.txt\r\n", ""},
		{"bin/.a-post-link.sh", "linux-64", "if true; then\nfi", ""},
	} {
		if got := link.IdleScript(tt.file, tt.subdir, []byte(tt.content)); got != tt.want {
			t.Errorf("%s %s %q: got %q, want %q", tt.subdir, tt.file, tt.content, got, tt.want)
		}
	}
}

// TestIdleScriptsOfPackages reads the scripts of real packages.
func TestIdleScriptsOfPackages(t *testing.T) {
	for file, want := range map[string]string{
		"fixtures-conda-index/archives/conda-index-pkg-a-1.0-py27h5e241af_0.conda": "bin/.conda-index-pkg-a-post-link.sh only writes a message",
		"fixtures-rattler/link-scripts/link-scripts-0.1.0-h4616a5c_0.conda": "Scripts/.link-scripts-post-link.bat is for another system, " +
			"Scripts/.link-scripts-pre-unlink.bat runs only when a package is removed, bin/.link-scripts-post-link.sh , " +
			"bin/.link-scripts-pre-unlink.sh runs only when a package is removed",
	} {
		got := map[string]string{}
		content, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "packages", filepath.FromSlash(file)))
		if err != nil {
			t.Skipf("no shared test data: %v", err)
		}
		p, err := archive.Open(bytes.NewReader(content), int64(len(content)), path.Base(file), archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		meta, err := p.Meta(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = p.Walk(t.Context(), func(m archive.Member) error {
			if slices.Contains(meta.Scripts, m.Path) {
				text, err := io.ReadAll(m.Content)
				got[m.Path] = m.Path + " " + link.IdleScript(m.Path, "linux-64", text)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(slices.Sorted(maps.Values(got)), ", "); all != want {
			t.Errorf("%s:\n got %s\nwant %s", file, all, want)
		}
	}
}
