package link_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/tree"
)

// comparison is one prefix in both forms.
type comparison struct {
	t      *testing.T
	plan   *link.Plan
	ours   map[string]installed
	prefix string // rattler's

	listed   map[string]link.File // what we install, by path
	counts   map[string]int
	equal    int
	problems []string
}

func newComparison(t *testing.T, plan *link.Plan, ours map[string]installed, prefix string) *comparison {
	c := &comparison{t: t, plan: plan, ours: ours, prefix: prefix, listed: map[string]link.File{}, counts: map[string]int{}}
	for _, d := range plan.Descriptions {
		for _, f := range d.Files {
			c.listed[f.Path] = f
		}
	}
	return c
}

func (c *comparison) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *comparison) meant(difference string) { c.counts[difference]++ }

func (c *comparison) run() {
	seen := map[string]bool{}
	dirs := map[string]bool{}
	err := filepath.WalkDir(c.prefix, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(c.prefix, file)
		if err != nil || rel == "." {
			return err
		}
		switch {
		case rel == "__clobbers__":
			return fs.SkipDir
		case e.IsDir():
			dirs[rel] = true
		case rel == "CACHEDIR.TAG" || rel == "conda-meta/history":
			c.meant(diffBookkeeping)
		default:
			seen[rel] = true
			c.file(rel, file, e)
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range slices.Sorted(maps.Keys(c.ours)) {
		if seen[p] {
			continue
		}
		if stuck, _ := filepath.Glob(filepath.Join(c.prefix, "__clobbers__", "*", p)); len(stuck) > 0 && emptyTree(filepath.Join(c.prefix, p)) {
			c.meant(diffStuck)
			continue
		}
		c.problem("%s: rattler does not have it", p)
	}
	c.directories(dirs)
}

// directories compares which directories there are. rattler also has those of
// files that lost.
func (c *comparison) directories(theirs map[string]bool) {
	ours := dirsBelow(c.plan)
	for _, dir := range slices.Sorted(maps.Keys(ours)) {
		if !theirs[dir] {
			c.problem("%s: rattler does not have this directory", dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(theirs)) {
		if !ours[dir] && !emptyTree(filepath.Join(c.prefix, dir)) {
			c.problem("%s: only rattler has this directory", dir)
		}
	}
}

// emptyTree reports whether there is no file below a directory.
func emptyTree(dir string) bool {
	errFile := errors.New("a file")
	return filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = errFile
		}
		return err
	}) == nil
}

func (c *comparison) file(rel, file string, e fs.DirEntry) {
	info, err := e.Info()
	if err != nil {
		c.t.Fatal(err)
	}
	our, ok := c.ours[rel]
	if !ok {
		if c.isStalePyc(rel) {
			c.meant(diffStalePyc)
			return
		}
		c.problem("%s: only rattler has it", rel)
		return
	}
	if filepath.Dir(rel) == "conda-meta" && strings.HasSuffix(rel, ".json") {
		c.record(rel, file, info, our)
		return
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(file)
		if err != nil || our.Kind != tree.Symlink || target != our.Target {
			c.problem("%s: rattler has a link to %q, we have kind %d to %q (%v)", rel, target, our.Kind, our.Target, err)
			return
		}
	} else {
		content, err := os.ReadFile(file)
		if err != nil || our.Kind != tree.File || !bytes.Equal(content, []byte(our.Content)) {
			c.problem("%s: content differs: rattler has %d bytes, we have kind %d with %d (%v)", rel, len(content), our.Kind, len(our.Content), err)
			return
		}
		c.mode(rel, int64(info.Mode().Perm()), our.Mode)
	}
	c.time(rel, info, our)
	c.equal++
}

func (c *comparison) mode(rel string, theirs, ours int64) {
	switch {
	case theirs == ours:
	case theirs&^0o002 == ours:
		c.meant(diffWorldWrite)
	default:
		c.problem("%s: mode is %o, rattler's is %o", rel, ours, theirs)
	}
}

func (c *comparison) time(rel string, info fs.FileInfo, our installed) {
	theirs := info.ModTime()
	f := c.listed[rel]
	switch {
	case f.Source == "":
		if our.ModTime != 0 {
			c.problem("%s: the entry point's time is %d, not 0", rel, our.ModTime)
		}
		c.meant(diffEntryTime)
	case f.Placeholder != "":
		c.meant(diffPatchedTime)
	case our.ModTime == 0 && theirs.Unix() == 315532800: // 1980
		c.meant(diffTimeZero)
	case theirs.Unix() == our.ModTime+1:
		c.meant(diffFraction)
	case theirs.Unix() != our.ModTime:
		c.problem("%s: time is %d, rattler's is %d", rel, our.ModTime, theirs.Unix())
	}
}

// isStalePyc reports whether a file is the bytecode of a relocated source.
func (c *comparison) isStalePyc(rel string) bool {
	dir, name := filepath.Split(rel)
	source, _, _ := strings.Cut(name, ".")
	f, ok := c.listed[strings.TrimSuffix(dir, "__pycache__/")+source+".py"]
	return strings.HasSuffix(rel, ".pyc") && ok && f.Placeholder != ""
}

// record compares a file of conda-meta as JSON.
func (c *comparison) record(rel, file string, info fs.FileInfo, our installed) {
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	var want, got map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(our.Content), &got); err != nil {
		c.t.Fatal(err)
	}
	delete(want, "extracted_package_dir")
	delete(want, "requested_specs")
	want["link"].(map[string]any)["source"] = ""
	c.meant(diffRecordHost)
	c.dropAbsent(want)
	if len(c.plan.Clobbers) > 0 { // rattler does not sort again after it moved files
		sortPaths(want)
		sortPaths(got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.problem("%s: (-rattler +ours)\n%s", rel, diff)
	}
	if info.Mode().Perm() != 0o600 || our.Mode != 0o644 || our.ModTime != 0 {
		c.problem("%s: mode %o and time %d, rattler's mode %o", rel, our.Mode, our.ModTime, info.Mode().Perm())
	}
	c.meant(diffRecordMode)
	c.equal++
}

// dropAbsent removes what rattler's record has of files that lost, and of
// stale bytecode.
func (c *comparison) dropAbsent(record map[string]any) {
	absent := map[string]bool{}
	data := record["paths_data"].(map[string]any)
	data["paths"] = slices.DeleteFunc(data["paths"].([]any), func(v any) bool {
		entry := v.(map[string]any)
		p := entry["_path"].(string)
		switch {
		case strings.HasPrefix(p, "__clobbers__/"):
			c.meant(diffLoser)
		case c.isStalePyc(p):
		default:
			return false
		}
		absent[p] = true
		return true
	})
	record["files"] = slices.DeleteFunc(record["files"].([]any), func(v any) bool { return absent[v.(string)] })
}

// sortPaths sorts a record's lists of files.
func sortPaths(record map[string]any) {
	slices.SortFunc(record["files"].([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	key := func(v any) string { return v.(map[string]any)["_path"].(string) }
	data := record["paths_data"].(map[string]any)
	slices.SortFunc(data["paths"].([]any), func(a, b any) int { return strings.Compare(key(a), key(b)) })
}
