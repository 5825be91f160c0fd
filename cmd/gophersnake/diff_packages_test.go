package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotice: which files tell of which package.
func TestNotice(t *testing.T) {
	found := map[packageKey]string{}
	for _, f := range [][2]string{
		{"opt/conda/conda-meta/python-dateutil-2.9.0-pyhd8ed1ab_0.json", "{}"},
		{"opt/conda/conda-meta/history", ""},
		{"opt/conda/lib/python3.12/site-packages/python_dateutil-2.9.0.dist-info/RECORD", ""},
		{"opt/conda/lib/python3.12/site-packages/Requests-2.32.3.dist-info/RECORD", ""},
		{"opt/conda/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA", ""},
		{"opt/conda/lib/python3.12/site-packages/setuptools/_vendor/inflect-7.3.1.dist-info/RECORD", ""},
		{"usr/local/go/VERSION", "go1.26.8\ntime 2026-08-28\n"},
		{"opt/go/1.25.4/VERSION", "go1.25.4\n"},
		{"usr/share/x/VERSION", "7\n"},
		{"opt/conda/go/VERSION", "no version\n"},
		{"var/lib/dpkg/status", "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9\nDescription: C\n Package: no\n\nPackage: bash\nVersion: 5.2\n"},
	} {
		if err := notice(f[0], strings.NewReader(f[1]), found); err != nil {
			t.Errorf("%s: %v", f[0], err)
		}
	}
	want := map[packageKey]string{
		{"conda", "python-dateutil"}: "2.9.0 pyhd8ed1ab_0", {"python", "python_dateutil"}: "2.9.0", {"python", "requests"}: "2.32.3",
		{"go", "/usr/local/go"}: "1.26.8", {"go", "/opt/go/1.25.4"}: "1.25.4", {"deb", "libc6"}: "2.36-9", {"deb", "bash"}: "5.2",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	after := map[packageKey]string{{"conda", "python-dateutil"}: "2.9.1 pyhd8ed1ab_0", {"python", "python_dateutil"}: "2.9.1", {"deb", "libc6"}: "2.36-9"}
	var lines []string
	for _, c := range comparePackages(found, after) {
		lines = append(lines, c.String())
	}
	if diff := cmp.Diff([]string{
		"~ conda python-dateutil 2.9.0 pyhd8ed1ab_0 -> 2.9.1 pyhd8ed1ab_0", "- deb bash 5.2", "- go /opt/go/1.25.4 1.25.4", "- go /usr/local/go 1.26.8", "- python requests 2.32.3",
	}, lines); diff != "" {
		t.Error(diff)
	}
}
