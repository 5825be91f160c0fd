package link_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/tree"
)

// lines returns "path mode time size [→ target]" of files, in their order.
func lines(files []installed) []string {
	var out []string
	for _, f := range files {
		s := fmt.Sprintf("%s %o %d %d", f.Path, f.Mode, f.ModTime, f.Size)
		if f.Kind == tree.Symlink {
			s = fmt.Sprintf("%s %o %d → %s", f.Path, f.Mode, f.ModTime, f.Target)
		}
		if f.UID != 0 || f.GID != 0 {
			s += " owned"
		}
		out = append(out, s)
	}
	return out
}

// TestWrite checks a whole fragment.
func TestWrite(t *testing.T) {
	p := testPackage{
		name: "a", noarch: "python", points: []string{"b-tool = a:main", "a-tool = a:main"},
		entries: []testEntry{
			{path: "z", content: "last in order, first in the archive", mode: 0o6755},
			{path: "open", content: "w", mode: 0o1666},
			file("site-packages/a.py"),
			{path: "bin/text", content: "#!" + placeholder + "/bin/python\n", mode: 0o775, fileMode: "text"},
			{path: "lib/binary", content: placeholder + "\x00", fileMode: "binary"},
			{path: "link", target: "lib/binary"},
			{path: "absolute", target: "/etc/x"},
			{path: "inside", target: "/opt/conda/z"},
			{path: "empty", dir: true},
			{path: "unlisted", content: "x", unlisted: true},
		},
	}
	plan, inputs, err := describe(t, condaEnv(), python312, p)
	if err != nil {
		t.Fatal(err)
	}
	files, warnings, err := write(plan.Descriptions[0], inputs[1].archive)
	if err != nil {
		t.Fatal(err)
	}
	const time = 1577836800
	record := files[len(files)-1]
	want := []string{
		fmt.Sprintf("opt/conda/z 755 %d 35", time),
		fmt.Sprintf("opt/conda/open 664 %d 1", time),
		fmt.Sprintf("opt/conda/lib/python3.12/site-packages/a.py 664 %d 18", time),
		fmt.Sprintf("opt/conda/bin/text 775 %d 24", time),
		fmt.Sprintf("opt/conda/lib/binary 664 %d %d", time, len(placeholder)+1),
		fmt.Sprintf("opt/conda/link 777 %d → lib/binary", time),
		fmt.Sprintf("opt/conda/absolute 777 %d → /etc/x", time),
		fmt.Sprintf("opt/conda/inside 777 %d → /opt/conda/z", time),
		"opt/conda/bin/a-tool 775 0 206",
		"opt/conda/bin/b-tool 775 0 206",
		fmt.Sprintf("opt/conda/conda-meta/a-1.0-0.json 644 0 %d", record.Size),
	}
	if diff := cmp.Diff(want, lines(files)); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
	wantWarnings := []string{
		"a-1.0-0: z: the setuid bit is dropped",
		"a-1.0-0: z: the setgid bit is dropped",
		"a-1.0-0: open: the sticky bit is dropped",
		"a-1.0-0: open: the world-write bit is dropped",
		"a-1.0-0: absolute: the symbolic link leaves the prefix: /etc/x",
	}
	if diff := cmp.Diff(wantWarnings, warnings); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}
	script := "#!/opt/conda/bin/python3.12\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n\nfrom a import main\n\nif __name__ == '__main__':\n" +
		"\tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n\tsys.exit(main())\n"
	if diff := cmp.Diff(script, files[8].Content); diff != "" {
		t.Errorf("entry point (-want +got)\n%s", diff)
	}
	var meta struct{ Files []string }
	if err := json.Unmarshal([]byte(record.Content), &meta); err != nil {
		t.Fatal(err)
	}
	wantFiles := []string{
		"absolute", "bin/a-tool", "bin/b-tool", "bin/text", "empty", "inside", "lib/binary", "lib/python3.12/site-packages/a.py", "link", "open", "z",
	}
	if diff := cmp.Diff(wantFiles, meta.Files); diff != "" {
		t.Errorf("files of the record (-want +got)\n%s", diff)
	}
}

// TestRecordGolden checks a record's text to the byte.
func TestRecordGolden(t *testing.T) {
	in := testPackage{name: "a", depends: []string{"b >=1,<2"}, entries: []testEntry{
		{path: "t", content: placeholder, fileMode: "text", noLink: true}, {path: "l", target: "t"}, {path: "d", dir: true}, {path: "p", content: "p"},
	}}.input(t)
	in.Record.SHA256, in.Record.Size, in.Record.TrackFeatures = strings.Repeat("0", 64), 1, []string{"f"}
	plan, err := link.Describe(t.Context(), condaEnv(), []link.Package{in.Package})
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := write(plan.Descriptions[0], in.archive)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "build": "0",
  "build_number": 0,
  "depends": [
    "b >=1,<2"
  ],
  "name": "a",
  "sha256": "0000000000000000000000000000000000000000000000000000000000000000",
  "size": 1,
  "subdir": "linux-64",
  "timestamp": 1600000000000,
  "track_features": [
    "f"
  ],
  "version": "1.0",
  "fn": "a-1.0-0.conda",
  "url": "https://channel.example/c/linux-64/a-1.0-0.conda",
  "channel": "https://channel.example/c",
  "files": [
    "d",
    "l",
    "p",
    "t"
  ],
  "paths_data": {
    "paths_version": 1,
    "paths": [
      {
        "_path": "d",
        "path_type": "directory"
      },
      {
        "_path": "l",
        "path_type": "softlink",
        "sha256": "` + hexSum("x") + `",
        "sha256_in_prefix": "` + hexSum("t") + `",
        "size_in_bytes": 1
      },
      {
        "_path": "p",
        "path_type": "hardlink",
        "sha256": "` + hexSum("p") + `",
        "size_in_bytes": 1
      },
      {
        "_path": "t",
        "path_type": "hardlink",
        "no_link": true,
        "sha256": "` + hexSum(placeholder) + `",
        "sha256_in_prefix": "` + hexSum("/opt/conda") + `",
        "size_in_bytes": 10,
        "file_mode": "text",
        "prefix_placeholder": "` + placeholder + `"
      }
    ]
  },
  "link": {
    "source": "",
    "type": 1
  }
}
`
	if diff := cmp.Diff(want, files[len(files)-1].Content); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestClearGroupWrite(t *testing.T) {
	env := condaEnv()
	env.ClearGroupWrite = true
	plan, inputs, err := describe(t, env, testPackage{name: "a", noarch: "python", points: []string{"x = a:b"}, entries: []testEntry{file("f")}}, python312)
	if err != nil {
		t.Fatal(err)
	}
	files := install(t, plan, inputs)
	if files["f"].Mode != 0o644 || files["bin/x"].Mode != 0o755 {
		t.Errorf("modes are %o and %o, want 644 and 755", files["f"].Mode, files["bin/x"].Mode)
	}
}

// TestGroupAsUser checks the modes of images that any user of group 0 runs.
func TestGroupAsUser(t *testing.T) {
	env := condaEnv()
	env.GroupAsUser = true
	private := testEntry{path: "private", content: "p", mode: 0o600}
	plan, inputs, err := describe(t, env, testPackage{name: "a", noarch: "python", points: []string{"x = a:b"}, entries: []testEntry{file("f"), private}}, python312)
	if err != nil {
		t.Fatal(err)
	}
	files := install(t, plan, inputs)
	for name, want := range map[string]int64{"f": 0o664, "private": 0o660, "bin/x": 0o775, "conda-meta/a-1.0-0.json": 0o664} {
		if got := files[name].Mode; got != want {
			t.Errorf("mode of %s is %o, want %o", name, got, want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	mac := link.Environment{Subdir: "osx-arm64", Prefix: "/opt/conda"}
	for _, c := range []struct {
		name, class, err string
		env              link.Environment
		entry            testEntry
	}{
		{name: "X04 relative link", class: "verification", entry: testEntry{path: "lib/l", target: "../../etc"}, err: `a-1.0-0: lib/l: the symbolic link leaves the prefix: "../../etc"`},
		{
			name: "X23 content", class: "verification", entry: testEntry{path: "f", content: "f", sha256: hexSum("g")},
			err: "a-1.0-0: f: sha256 is " + hexSum("f") + ", but info/paths.json says " + hexSum("g"),
		},
		{
			name: "X23 relocated text", class: "verification", entry: testEntry{path: "f", content: placeholder, fileMode: "text", sha256: hexSum("g")},
			err: "a-1.0-0: f: sha256 is " + hexSum(placeholder) + ", but info/paths.json says " + hexSum("g"),
		},
		{
			name: "X23 relocated binary", class: "verification", entry: testEntry{path: "f", content: placeholder, fileMode: "binary", sha256: hexSum("g")},
			err: "a-1.0-0: f: sha256 is " + hexSum(placeholder) + ", but info/paths.json says " + hexSum("g"),
		},
		{name: "missing", class: "verification", entry: testEntry{path: "f", missing: true}, err: `a-1.0-0: f: the package lists this file, but does not hold it: "f"`},
		{name: "no link", class: "verification", entry: testEntry{path: "f", content: "x", listedAs: "softlink"}, err: "a-1.0-0: f: the package lists it as a symbolic link, but holds a file"},
		{
			name: "Mach-O", class: "usage", env: mac, entry: testEntry{path: "lib/x", content: "\xcf\xfa\xed\xfe" + placeholder + "\x00", fileMode: "binary"},
			err: "a-1.0-0: lib/x: relocating the program breaks its code signature, and signing is not supported",
		},
		{
			name: "program for macOS", class: "usage", env: mac, entry: testEntry{path: "bin/x", content: "????" + placeholder + "\x00", fileMode: "binary", mode: 0o755},
			err: "a-1.0-0: bin/x: relocating the program breaks its code signature, and signing is not supported",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.env.Subdir == "" {
				c.env = condaEnv()
			}
			plan, inputs, err := describe(t, c.env, testPackage{name: "a", entries: []testEntry{c.entry}})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = write(plan.Descriptions[0], inputs[0].archive)
			checkError(t, err, c.class, c.err)
		})
	}
}

// TestWriteSystems: what other systems keep.
func TestWriteSystems(t *testing.T) {
	entries := []testEntry{
		{path: "bin/text", content: "#!" + placeholder + "/bin/x\n", fileMode: "text"},
		{path: "data", content: placeholder + "\x00", fileMode: "binary"},
		{path: "plain", content: "\xcf\xfa\xed\xfe", fileMode: "binary", mode: 0o755},
	}
	for _, c := range []struct {
		env        link.Environment
		text, data string
	}{
		{link.Environment{Subdir: "win-64", Prefix: `C:\a b`, Root: "Files"}, "#!C:/a b/bin/x\n", placeholder + "\x00"},
		{link.Environment{Subdir: "osx-64", Prefix: "/opt/x"}, "#!/opt/x/bin/x\n", "/opt/x" + strings.Repeat("\x00", len(placeholder)-5)},
	} {
		plan, inputs, err := describe(t, c.env, testPackage{name: "a", entries: entries})
		if err != nil {
			t.Fatal(err)
		}
		files := install(t, plan, inputs)
		if diff := cmp.Diff([]string{c.text, c.data}, []string{files["bin/text"].Content, files["data"].Content}); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.env.Subdir, diff)
		}
	}
}

// TestWriteLargeText relocates a text file in two passes.
func TestWriteLargeText(t *testing.T) {
	line := strings.Repeat("x", 1000) + placeholder + "\n"
	n := 9<<20/len(line) + 1
	p := testPackage{name: "a", entries: []testEntry{file("first"), {path: "large", content: strings.Repeat(line, n), fileMode: "text"}, file("second")}}
	plan, inputs, err := describe(t, condaEnv(), p)
	if err != nil {
		t.Fatal(err)
	}
	files := install(t, plan, inputs)
	if want := strings.Repeat(strings.Repeat("x", 1000)+"/opt/conda\n", n); files["large"].Content != want {
		t.Errorf("got %d bytes, want %d, or others", len(files["large"].Content), len(want))
	}
	plan.Descriptions[0].Files[1].Size = 1 // as if info/paths.json said so
	_, _, err = write(plan.Descriptions[0], inputs[0].archive)
	checkError(t, err, "verification", fmt.Sprintf("a-1.0-0: large: has %d bytes, but info/paths.json says 1", n*len(line)))
}

func TestWriteCancelled(t *testing.T) {
	plan, inputs, err := describe(t, condaEnv(), testPackage{name: "a", entries: []testEntry{file("f")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := tree.NewWriter(&bytes.Buffer{}, tree.Options{})
	err = link.Write(ctx, plan.Descriptions[0], inputs[0].archive, w, link.WriteOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	_ = w.Close() // ends what the writer began
}

// TestWriteParallel: in any order and side by side a description makes the
// same bytes, also when it has been to a file and back.
func TestWriteParallel(t *testing.T) {
	packages := []testPackage{python312}
	for i := range 8 {
		packages = append(packages, testPackage{
			name: fmt.Sprint("p", i), noarch: "python", points: []string{fmt.Sprintf("t%d = p:main", i)},
			entries: []testEntry{
				{path: "share/x", content: "x"},
				{path: fmt.Sprint("bin/", i), content: strings.Repeat(placeholder, 100*i+1), fileMode: "text"},
				{path: fmt.Sprint("lib/", i), content: strings.Repeat(placeholder+"\x00", 9000), fileMode: "binary"},
			},
		})
	}
	plan, inputs, err := describe(t, condaEnv(), packages...)
	if err != nil {
		t.Fatal(err)
	}
	want := fragments(t, plan, inputs, false)
	for range 3 {
		if diff := cmp.Diff(want, fragments(t, plan, inputs, true)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// fragments returns the digest of each package's compressed fragment.
func fragments(t *testing.T, plan *link.Plan, inputs []input, parallel bool) map[string]string {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	digests := map[string]string{}
	for _, k := range rand.Perm(len(inputs)) {
		in := inputs[k]
		work := func() {
			for _, d := range plan.Descriptions {
				if d.Record.Name != in.Record.Name {
					continue
				}
				var b bytes.Buffer
				w := tree.NewWriter(&b, tree.Options{})
				err := link.Write(t.Context(), stored(t, d), in.archive, w, link.WriteOptions{})
				if err := errors.Join(err, w.Close()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				digests[in.Record.Name] = hexSum(b.String())
				mu.Unlock()
			}
		}
		if parallel {
			wg.Go(work)
		} else {
			work()
		}
	}
	wg.Wait()
	return digests
}

// stored returns the description as another process reads it.
func stored(t *testing.T, d *link.Description) *link.Description {
	text, err := json.Marshal(d)
	if err != nil {
		t.Error(err)
	}
	var back link.Description
	if err := json.Unmarshal(text, &back); err != nil {
		t.Error(err)
	}
	if back.Key() != d.Key() {
		t.Errorf("%s: the key changed in a file", d.Record.Stem())
	}
	return &back
}
