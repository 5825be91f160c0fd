package matchspec_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

func TestMatches(t *testing.T) {
	v, err := version.Parse("1.8.2")
	if err != nil {
		t.Fatal(err)
	}
	record := &matchspec.Record{
		Name: "p", Version: v, Build: "py38_mkl_3", BuildNumber: 3,
		Channel: "https://mirror.example/x/conda-forge/", Subdir: "linux-64",
		FileName: "p-1.8.2-py38_mkl_3.conda", URL: "https://mirror.example/x/conda-forge/linux-64/p-1.8.2-py38_mkl_3.conda",
		MD5:     "8b1a9953c4611296a827abf8c47804d7",
		License: "BSD-3-Clause", LicenseFamily: "BSD", TrackFeatures: []string{"mkl", "x"}, Flags: []string{"blas:mkl"},
	}
	for spec, want := range map[string]bool{
		"p": true, "P": true, "q": false,
		"p 1.8.*": true, "p 1.8": false,
		"p * py38_mkl_3": true, "p * PY38_MKL_3": true, "p * py38": false,
		"p * py38*": true, "p * *mkl*": true, "p * *38*_3": true, "p * *_2": false, "p * py38_mkl_3*": true, "p * *3*3*3": false,
		"p * ^py3[78]_.*$": true, "p * ^py37.*$": false, "p * ^PY38.*$": true,
		"p[build_number=3]": true, "p[build_number='!=3']": false, "p[build_number='<3']": false, "p[build_number='<=3']": true,
		"p[build_number='>3']": false, "p[build_number='>=3']": true,
		"conda-forge::p": true, "x/conda-forge::p": true, "forge::p": false, "defaults::p": false, "*::p": true,
		"https://mirror.example/x/conda-forge::p": true, "https://example.org/conda-forge::p": false,
		"conda-forge/linux-64::p": true, "conda-forge/noarch::p": false, "*/linux-64::p": true,
		"p[fn=p-1.8.2-py38_mkl_3.conda]": true, "p[fn=x]": false,
		"https://mirror.example/x/conda-forge/linux-64/p-1.8.2-py38_mkl_3.conda":     true,
		"https://mirror.example/y/conda-forge/linux-64/p-1.8.2-py38_mkl_3.conda":     false,
		"p[md5=8B1A9953C4611296A827ABF8C47804D7]":                                    true,
		"p[md5=00000000000000000000000000000000]":                                    false,
		"p[sha256=0000000000000000000000000000000000000000000000000000000000000000]": false,
		"p[license=bsd-3-clause]":                                                    true, "p[license=MIT]": false,
		"p[license_family=BSD]": true, "p[license_family=GPL]": false,
		"p[track_features=mkl]": true, "p[track_features='x mkl']": true, "p[track_features='x,y']": false,
		"p[flags=['blas:*']]": true, "p[flags=['blas:*', cuda]]": false,
		"p[extras=[a], when='q >9', namespace=n]": true,
	} {
		m, err := matchspec.Parse(spec)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := m.Matches(record); got != want {
			t.Errorf("%q: %v", spec, got)
		}
		if m.Plain() && want != (m.MatchesName(record.Name) && m.MatchesBuild(record.Version, record.Build, record.BuildNumber)) {
			t.Errorf("%q is said to be plain", spec)
		}
	}
}

func TestPatternNames(t *testing.T) {
	for spec, want := range map[string]bool{
		"*": true, "py*": true, "PY*": true, "*on": true, "^py.*$": true, "x*": false, "^t.*n$": false, "python": true,
	} {
		m, err := matchspec.Options{Patterns: true}.Parse(spec)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := m.MatchesName("python"); got != want {
			t.Errorf("%q: %v", spec, got)
		}
	}
}

func TestConditions(t *testing.T) {
	for in, want := range map[string]string{
		"a":                                 "a",
		"a and b or c and d":                "a and b or c and d",
		"a and (b or c)":                    "a and (b or c)",
		"a and(b or(c and d))":              "a and (b or c and d)",
		"(a and b) and c":                   "a and b and c",
		"((a))":                             "a",
		"pandoc >=2 or tensorflow-core 1.*": "pandoc >=2 or tensorflow-core 1.*",
		"a 1.* *or* and b":                  "a 1.* *or* and b",
		"a[build='or'] or b":                `a[build="or"] or b`,
		"a[version='(1|2),3'] and b":        `a[version="(==1|==2),==3"] and b`,
		"a[build='x or y'] or b":            "",
	} {
		m, err := matchspec.Parse(`p[when="` + in + `"]`)
		if want == "" {
			if err == nil {
				t.Errorf("%q: read as %q", in, m.When)
			}
			continue
		}
		if err != nil {
			t.Error(err)
		} else if got := m.When.String(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
