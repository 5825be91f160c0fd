package solver

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRealReasons has explanations of requests to real channels, word for word.
func TestRealReasons(t *testing.T) {
	defaults := append(
		loadRepo(t, repo{"defaults", "linux-64", plain(t, "repodata", "defaults-current-2021-11", "linux-64", "repodata.json")}),
		loadRepo(t, repo{"defaults", "noarch", plain(t, "repodata", "defaults-current-2021-11", "noarch", "repodata.json")})...)
	free := loadRepo(t, repo{"free", "linux-64", plain(t, "repodata", "free-2016-09", "linux-64", "repodata.json")})
	for _, tt := range []struct {
		name string
		p    Problem
		want string
	}{
		{"two requests", Problem{Records: defaults, Specs: []string{"python 3.6.*", "pandas >=1.3"}}, `the requested packages cannot be installed together
├─ requested "python 3.6.*"
│  └─ python 3.6.13: pandas 1.3.4 py39h8c16a72_0 requires python >=3.9,<3.10.0a0, pandas 1.3.3 py39h8c16a72_0 requires python >=3.9,<3.10.0a0, 4 more disagree
└─ requested "pandas >=1.3"
   ├─ pandas 1.3.4 | 1.3.3
   │  └─ requires python >=3.9,<3.10.0a0
   │     └─ python 3.9.7 | 3.9.4: the request requires python 3.6.*
   ├─ pandas 1.3.4 | 1.3.3
   │  └─ requires python >=3.8,<3.9.0a0
   │     └─ python 3.8.12 | 3.8.8: the request requires python 3.6.*
   └─ pandas 1.3.4 | 1.3.3
      └─ requires python >=3.7,<3.8.0a0
         └─ python 3.7.11 | 3.7.10: the request requires python 3.6.*`},
		{"a dependency below", Problem{Records: defaults, Specs: []string{"python 3.9.*", "tensorflow 2.4.*", "numpy"}}, `the requested packages cannot be installed together
└─ requested "tensorflow 2.4.*"
   └─ tensorflow 2.4.1
      └─ requires tensorflow-base 2.4.1 mkl_py39h43e0292_0 or the like: no match among tensorflow-base 2.6.0`},
		{"one package that names all builds", Problem{Records: free, Specs: []string{"anaconda 4.1.*", "numpy 1.8.*"}}, `the requested packages cannot be installed together
├─ requested "numpy 1.8.*"
│  └─ numpy 1.8.2 | 1.8.1 | 1.8.0: anaconda 4.1.1 np111py34_0 requires numpy 1.11.1 py34_0, anaconda 4.1.1 np111py27_0 requires numpy 1.11.1 py27_0, 4 more disagree
└─ requested "anaconda 4.1.*"
   ├─ anaconda 4.1.1 np111py35_0
   │  └─ requires numpy 1.11.1 py35_0
   │     └─ numpy 1.11.1 py35_0: the request requires numpy 1.8.*
   ├─ anaconda 4.1.1 np111py34_0
   │  └─ requires numpy 1.11.1 py34_0
   │     └─ numpy 1.11.1 py34_0: the request requires numpy 1.8.*
   ├─ anaconda 4.1.1 np111py27_0
   │  └─ requires numpy 1.11.1 py27_0
   │     └─ numpy 1.11.1 py27_0: the request requires numpy 1.8.*
   ├─ anaconda 4.1.0 np111py35_0
   │  └─ requires numpy 1.11.0 py35_2
   │     └─ numpy 1.11.0 py35_2: the request requires numpy 1.8.*
   ├─ anaconda 4.1.0 np111py34_0
   │  └─ requires numpy 1.11.0 py34_2
   │     └─ numpy 1.11.0 py34_2: the request requires numpy 1.8.*
   └─ anaconda 4.1.0 np111py27_0
      └─ requires numpy 1.11.0 py27_2
         └─ numpy 1.11.0 py27_2: the request requires numpy 1.8.*`},
		{"hidden by a channel", Problem{Records: slices.Concat(free, defaults), Specs: []string{"python 3.9.*", "flask"}}, `the requested packages cannot be installed together
└─ requested "python 3.9.*"
   └─ python 3.9.7 | 3.9.4: channel defaults comes after free, which has this name too (strict channel priority)`},
		{"too new", Problem{Records: defaults, Specs: []string{"python 3.9.*", "flask"}, ExcludeNewer: 1600000000000}, `the requested packages cannot be installed together
└─ requested "python 3.9.*"
   └─ python 3.9.7 | 3.9.4: newer than 2020-09-13T12:26:40Z; the first after that is python 3.9.4 of 2021-04-09T16:46:19Z`},
		{"no match", Problem{Records: defaults, Specs: []string{"python 2.7.*", "jupyterlab 3.*"}}, `the requested packages cannot be installed together
├─ requested "python 2.7.*"
│  └─ python 2.7.18: jupyterlab 3.2.1 pyhd3eb1b0_0 requires python >=3.6, jupyterlab 3.2.1 pyhd3eb1b0_1 requires python >=3.6
└─ requested "jupyterlab 3.*"
   └─ jupyterlab 3.2.1
      └─ requires python >=3.6
         └─ python 3.10.0 | 3.9.7 | 3.9.4 | … (4 more) | 3.6.13: the request requires python 2.7.*`},
		{"one of several requests", Problem{Records: defaults, Specs: []string{"cudatoolkit", "python 3.9.*", "pytorch 1.9.*"}, Virtual: []Record{{Name: "__glibc", Version: "2.12", Build: "0"}}}, `the requested packages cannot be installed together
└─ requested "pytorch 1.9.*": no match among pytorch 1.8.1 | 1.7.1 | 1.3.1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.p.Virtual = linux64()
			_, err := answer(t, tt.p)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("got\n%s", got)
			}
		})
	}
}
