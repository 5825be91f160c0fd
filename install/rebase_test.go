package install_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/install"
)

func TestRebase(t *testing.T) {
	t.Parallel()
	moves := []install.Move{{"/opt/conda", "/h/p"}, {"/usr/local/go", "/h/go"}, {"/opt/conda/go", "/h/g2"}, {"/go", "/h/path"}}
	for value, want := range map[string]string{
		"":                                       "",
		"/opt/conda":                             "/h/p",
		"/opt/conda/":                            "/h/p/",
		"/opt/conda/lib:/opt/conda/bin":          "/h/p/lib:/h/p/bin",
		"/opt/conda/go/bin":                      "/h/g2/bin",
		"/opt/conda/gopher":                      "/h/p/gopher",
		"/opt/conda2:/opt/conda.d:/opt/conda-x":  "/opt/conda2:/opt/conda.d:/opt/conda-x",
		"/opt/condaé":                            "/opt/condaé",
		"/srv/opt/conda":                         "/srv/opt/conda",
		"x.org/opt/conda":                        "x.org/opt/conda",
		"opt/conda":                              "opt/conda",
		"-I/opt/conda/include -L/opt/conda/lib":  "-I/h/p/include -L/h/p/lib",
		"-Wl,-rpath,/opt/conda/lib":              "-Wl,-rpath,/h/p/lib",
		"--sysroot=/opt/conda/x86_64/sysroot":    "--sysroot=/h/p/x86_64/sysroot",
		"-DCMAKE_INSTALL_PREFIX:PATH=/opt/conda": "-DCMAKE_INSTALL_PREFIX:PATH=/h/p",
		"file:///opt/conda/etc/xml/catalog file:///etc/xml/catalog": "file:///h/p/etc/xml/catalog file:///etc/xml/catalog",
		"https://x.org/opt/conda":                                   "https://x.org/opt/conda",
		"https://opt/conda":                                         "https://opt/conda",
		"'/opt/conda'\n\"/opt/conda\"":                              "'/h/p'\n\"/h/p\"",
		"/go/bin:/usr/local/go/bin:/going:$PATH":                    "/h/path/bin:/h/go/bin:/going:$PATH",
		"git.example/go,direct":                                     "git.example/go,direct",
		"\xff/opt/conda\xff":                                        "\xff/opt/conda\xff",
	} {
		if got := install.Rebase(value, moves); got != want {
			t.Errorf("Rebase(%q) = %q, want %q", value, got, want)
		}
	}
}
