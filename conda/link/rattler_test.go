package link_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/tree"
)

// The differences from rattler that are meant. docs/link-differences.md
// explains them, under these headings. Whatever else differs fails the test.
const (
	diffRecordHost  = "1. Records do not name the machine or the request"
	diffRecordMode  = "2. Records are readable by all"
	diffBookkeeping = "3. No empty history, no CACHEDIR.TAG"
	diffLoser       = "4. Losers are left out"
	diffPatchedTime = "5. Relocated files keep their time"
	diffStalePyc    = "6. No stale .pyc"
	diffEntryTime   = "7. Entry points have time 0"
	diffWorldWrite  = "8. World-write is dropped"
	diffFraction    = "9. Fractions of a second are cut"
	diffTimeZero    = "10. Time 0 stays 0"
	diffStuck       = "11. A winning file replaces empty directories"
)

// TestDifferencesAreDocumented keeps the page and the list in step.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/link-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range []string{
		diffRecordHost, diffRecordMode, diffBookkeeping, diffLoser, diffPatchedTime, diffStalePyc,
		diffEntryTime, diffWorldWrite, diffFraction, diffTimeZero, diffStuck,
	} {
		if !strings.Contains(string(page), "\n## "+heading+"\n") {
			t.Errorf("docs/link-differences.md has no heading %q", heading)
		}
	}
}

const sharedData = "../../../shared/data"

// needRattler skips the test where py-rattler or the real packages are absent.
func needRattler(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("compares bytes, for ten times as long with the race detector; .ci/run runs it without")
	}
	if out, err := exec.Command("python3", "-c", "import rattler").CombinedOutput(); err != nil {
		t.Skipf("python3 with py-rattler is not here: %v\n%s", err, out)
	}
}

// TestRattlerRealPackages installs every real package for Linux with rattler
// and with this package and compares the prefixes.
func TestRattlerRealPackages(t *testing.T) {
	needRattler(t)
	if _, err := os.Stat(sharedData); err != nil {
		t.Skipf("the shared data is not here: %v", err)
	}
	if testing.Short() {
		t.Skip("takes about a minute")
	}
	all := installable(t, realPackages(t, "channels/cpython/linux-64", "channels/cpython/linux-aarch64", "channels/cpython/noarch", "packages"))
	t.Logf("%d packages are compared", len(all))
	for _, subdir := range []string{"linux-64", "linux-aarch64"} {
		for i, inputs := range environments(all, subdir) {
			t.Run(fmt.Sprintf("%s/%d", subdir, i), func(t *testing.T) {
				compareWithRattler(t, link.Environment{Subdir: subdir, Prefix: "/opt/conda"}, inputs)
			})
		}
	}
	for _, prefix := range []string{"/opt/a b", "/opt/" + strings.Repeat("long/", 30) + "conda"} {
		t.Run(fmt.Sprintf("prefix of %d bytes", len(prefix)), func(t *testing.T) {
			compareWithRattler(t, link.Environment{Subdir: "linux-64", Prefix: prefix}, environments(all, "linux-64")[0])
		})
	}
}

// TestRattlerClobbers compares who wins a path, with rattler's own fixtures.
func TestRattlerClobbers(t *testing.T) {
	needRattler(t)
	if _, err := os.Stat(sharedData); err != nil {
		t.Skipf("the shared data is not here: %v", err)
	}
	byFile := map[string]input{}
	for _, in := range realPackages(t, "packages/fixtures-rattler/clobber", "channels/cpython/linux-64") {
		byFile[in.Record.FileName] = in
	}
	const python = "python-3.11.11-0_cpython.conda"
	for _, names := range [][]string{
		{"clobber-1-0.1.0-h4616a5c_0.tar.bz2", "clobber-2-0.1.0-h4616a5c_0.tar.bz2", "clobber-3-0.1.0-h4616a5c_0.tar.bz2"},
		{"clobber-1-0.2.0-h4616a5c_0.tar.bz2", "clobber-2-0.2.0-h4616a5c_0.tar.bz2", "clobber-3-0.2.0-h4616a5c_0.tar.bz2"},
		{"clobber-nested-1-0.1.0-h4616a5c_0.tar.bz2", "clobber-nested-2-0.1.0-h4616a5c_0.tar.bz2", "clobber-nested-3-0.1.0-h4616a5c_0.tar.bz2"},
		{"clobber-pynoarch-1-0.1.0-pyh4616a5c_0.tar.bz2", "clobber-pynoarch-2-0.1.0-pyh4616a5c_0.tar.bz2", python},
		{"clobber-fd-1-0.1.0-h4616a5c_0.conda", "clobber-fd-2-0.1.0-h4616a5c_0.conda", "clobber-fd-3-0.1.0-h4616a5c_0.conda"},
		{"clobber-fd-1-0.1.0-h4616a5c_0.conda", "clobber-fd-2-conflicting-0.1.0-h4616a5c_0.conda", "clobber-fd-3-0.1.0-h4616a5c_0.conda"},
		{"clobber-fd-rev-1-0.1.0-h4616a5c_0.conda", "clobber-fd-rev-2-0.1.0-h4616a5c_0.conda", "clobber-fd-rev-3-0.1.0-h4616a5c_0.conda"},
		{"clobber-fd-1-0.1.0-h4616a5c_0.conda", "clobber-nested-1-0.1.0-h4616a5c_0.tar.bz2", "clobber-nested-2-0.1.0-h4616a5c_0.tar.bz2", "clobber-nested-3-0.1.0-h4616a5c_0.tar.bz2"},
		{"clobber-with-dir-0.1.0-h4616a5c_0.conda", "clobber-without-dir-0.1.0-h4616a5c_0.conda"},
		{"clobber-with-symlink-a-0.1.0-h4616a5c_0.conda", "clobber-with-symlink-b-0.1.0-h4616a5c_0.conda"},
		{"clobber-pypy-0.1.0-h4616a5c_0.conda", "clobber-python-0.1.0-pypy.conda"},
		{"clobber-pypy-0.1.0-h4616a5c_0.conda", "clobber-python-0.1.0-cpython.conda"},
		{"clobber-directory-upgrade-0.1.0-h4616a5c_0.conda", "clobber-with-dir-0.1.0-h4616a5c_0.conda"},
		{"clobber-directory-upgrade-0.2.0-h4616a5c_0.conda", "clobber-with-dir-0.1.0-h4616a5c_0.conda"},
	} {
		t.Run(strings.Join(names[:2], "+"), func(t *testing.T) {
			var inputs []input
			for _, name := range names {
				in, ok := byFile[name]
				if !ok {
					t.Fatalf("%s is not in the shared data", name)
				}
				inputs = append(inputs, in)
			}
			compareWithRattler(t, condaEnv(), inputs)
		})
	}
}

// realPackages opens every package of the shared data that is for Linux. What
// cannot be read is logged: a few archives are broken on purpose.
func realPackages(t *testing.T, dirs ...string) []input {
	t.Helper()
	var all []input
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(sharedData, dir), func(file string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(file, ".conda") && !strings.HasSuffix(file, ".tar.bz2") {
				return err
			}
			if in, ok := realPackage(t, file); ok {
				all = append(all, in)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func realPackage(t *testing.T, file string) (input, bool) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(bytes.NewReader(content), int64(len(content)), filepath.Base(file), archive.Limits{})
	if err != nil {
		t.Logf("not read: %v", err)
		return input{}, false
	}
	meta, err := a.Meta(t.Context())
	if err != nil {
		t.Logf("not read: %v", err)
		return input{}, false
	}
	if err := a.Walk(t.Context(), func(archive.Member) error { return nil }); err != nil {
		t.Logf("not read: %v", err)
		return input{}, false
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	x := meta.Index
	sum := md5.Sum(content)
	r := link.Record{
		Name: x.Name, Version: x.Version, Build: x.Build, BuildNumber: uint64(x.BuildNumber), Subdir: x.Subdir,
		Depends: x.Depends, Constrains: x.Constrains, Noarch: x.Noarch, License: x.License, LicenseFamily: x.LicenseFamily,
		Timestamp: x.Timestamp, TrackFeatures: x.TrackFeatures, Features: strings.Join(x.Features, " "),
		PythonSitePackagesPath: x.PythonSitePackagesPath, SHA256: hexSum(string(content)), MD5: hex.EncodeToString(sum[:]),
		Size: int64(len(content)), URL: "file://" + absolute, Channel: "https://channel.example/c",
	}
	r.FileName = r.Stem() + ".conda" // a few files have names that rattler does not read
	if strings.HasSuffix(file, ".tar.bz2") {
		r.FileName = r.Stem() + ".tar.bz2"
	}
	if r.Subdir == "" {
		r.Subdir = "linux-64"
		if r.Noarch != "" {
			r.Subdir = "noarch"
		}
	}
	return input{link.Package{Record: r, Meta: meta, Listing: a.Listing}, a}, true
}

// onlyOurs are packages that this package installs and rattler does not, with
// the reason.
var onlyOurs = map[string]string{
	"dotslash-test": "has neither info/paths.json nor info/files",
	"symlink-test":  "has neither info/paths.json nor info/files",
	"zip64-test":    "has neither info/paths.json nor info/files",
}

// installable returns the packages that can be installed. Of the others, it
// says why, and that rattler refuses them too.
func installable(t *testing.T, all []input) []input {
	t.Helper()
	python := testPackage{name: "python", version: "3.11.0"}.onDisk(t, t.TempDir())
	return slices.DeleteFunc(all, func(in input) bool {
		env := condaEnv()
		if in.Record.Subdir != "noarch" {
			env.Subdir = in.Record.Subdir
		}
		if !strings.HasPrefix(env.Subdir, "linux-") {
			return true
		}
		inputs := []input{in}
		if in.Record.Name != "python" {
			inputs = append(inputs, python)
		}
		plan, err := link.Describe(t.Context(), env, linkPackages(inputs))
		if err == nil {
			i := slices.IndexFunc(plan.Descriptions, func(d *link.Description) bool { return d.Record.Name == in.Record.Name })
			_, _, err = write(plan.Descriptions[i], in.archive)
		}
		if err == nil && onlyOurs[in.Record.Name] == "" {
			return false
		}
		if _, rattlerErr := rattlerInstall(t, env, inputs); rattlerErr == nil {
			t.Errorf("%s: rattler installs it: %v", in.Record.Stem(), err)
		} else {
			t.Logf("%s: not compared: %v; rattler: %v", in.Record.Stem(), err, rattlerErr)
		}
		return true
	})
}

// environments spreads the packages that a subdir can have over as few
// environments as hold neither a name nor a path twice. Those with noarch
// Python packages have Python.
func environments(all []input, subdir string) [][]input {
	isPython := func(in input) bool { return in.Record.Name == "python" && in.Record.Subdir == subdir }
	python := all[slices.IndexFunc(all, isPython)]
	var envs []*environment
	for _, in := range all {
		if s := in.Record.Subdir; s != subdir && s != "noarch" {
			continue
		}
		i := slices.IndexFunc(envs, func(e *environment) bool {
			return e.fits(in) && (!in.Meta.NoarchPython || e.names["python"])
		})
		if i < 0 {
			envs = append(envs, &environment{names: map[string]bool{}, files: map[string]bool{}, dirs: map[string]bool{}})
			i = len(envs) - 1
			if in.Meta.NoarchPython {
				envs[i].add(python)
			}
		}
		envs[i].add(in)
	}
	var out [][]input
	for _, e := range envs {
		out = append(out, e.inputs)
	}
	return out
}

// environment is packages without conflicts.
type environment struct {
	inputs             []input
	names, files, dirs map[string]bool
}

func (e *environment) fits(in input) bool {
	for _, p := range in.Meta.Paths {
		if e.files[p.Path] || e.dirs[p.Path] {
			return false
		}
		for dir := range tree.Parents(p.Path) {
			if e.files[dir] {
				return false
			}
		}
	}
	return !e.names[in.Record.Name]
}

func (e *environment) add(in input) {
	e.inputs = append(e.inputs, in)
	e.names[in.Record.Name] = true
	for _, p := range in.Meta.Paths {
		e.files[p.Path] = true
		for dir := range tree.Parents(p.Path) {
			e.dirs[dir] = true
		}
	}
}

// compareWithRattler installs packages in both ways and reports every
// difference that is not meant.
func compareWithRattler(t *testing.T, env link.Environment, inputs []input) {
	t.Helper()
	plan, err := link.Describe(t.Context(), env, linkPackages(inputs))
	if err != nil {
		t.Fatal(err)
	}
	ours := install(t, plan, inputs)
	runs := 1
	if len(plan.Clobbers) > 0 {
		runs = 12 // where a file meets a directory, rattler's result depends on which package it unpacks first
	}
	var problems []string
	for run := range runs {
		prefix, err := rattlerInstall(t, env, inputs)
		if err != nil {
			problems = []string{err.Error()}
			continue
		}
		c := newComparison(t, plan, ours, prefix)
		c.run()
		if problems = c.problems; len(problems) == 0 {
			t.Logf("%d packages, %d files equal (run %d); meant differences: %v", len(inputs), c.equal, run+1, c.counts)
			return
		}
	}
	for _, problem := range problems {
		t.Error(problem)
	}
}

// rattlerInstall returns the prefix that rattler made.
func rattlerInstall(t *testing.T, env link.Environment, inputs []input) (string, error) {
	t.Helper()
	dir := t.TempDir()
	prefix := filepath.Join(dir, "prefix")
	var records []link.Record
	for _, in := range inputs {
		r := in.Record
		if r.Depends == nil {
			r.Depends = []string{}
		}
		records = append(records, r)
	}
	job, err := json.Marshal(map[string]any{
		"target": prefix, "prefix": env.Prefix, "cache": filepath.Join(dir, "cache"), "subdir": env.Subdir, "records": records,
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("python3", "testdata/rattler_install.py")
	command.Stdin = bytes.NewReader(job)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, runErr := command.Output()
	var result struct{ Error *string }
	// py-rattler 0.28 may crash when it exits, after a complete result.
	if err := json.Unmarshal(out, &result); err != nil || result.Error == nil {
		t.Fatalf("py-rattler: %v\n%s", runErr, stderr.Bytes())
	}
	if *result.Error != "" {
		return "", errors.New(*result.Error)
	}
	return prefix, nil
}
