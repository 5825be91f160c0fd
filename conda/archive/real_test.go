package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/tree"
)

const sharedData = "../../../shared/data"

// Published archives that are no whole package, and what is wrong with them. A
// text that ends in "…" is the error's beginning.
var incomplete = map[string]string{
	"packages/fixtures-conda-index/archives/a.tar.bz2":          "a.tar.bz2: has no info/index.json",
	"packages/fixtures-conda-index/archives/b.tar.bz2":          "b.tar.bz2: has no info/index.json",
	"packages/fixtures-conda-index/archives/subfolder.tar.bz2":  "subfolder.tar.bz2: has no info/index.json",
	"packages/fixtures-conda-index/archives/subfolder2.tar.bz2": "subfolder2.tar.bz2: has no info/index.json",
	"packages/fixtures-cph/pkg_with_unicode.tar.bz2":            "pkg_with_unicode.tar.bz2: has no info/index.json",
	"packages/fixtures-cph/pkg_with_unicode.conda":              "pkg_with_unicode.conda: has no info/index.json",
	// Their payload was taken out.
	"packages/fixtures-conda-index/archives/flask-0.11.1-py_0.tar.bz2": `flask-0.11.1-py_0.tar.bz2: info/files: path "site-packages/Flask-0.11.1-py3.5.egg-info/PKG-INFO" is not in the archive`,
	"packages/fixtures-conda-index/archives/fly-2.5.2-0.tar.bz2":       `fly-2.5.2-0.tar.bz2: info/files: path "bin/fly" is not in the archive`,
	"packages/fixtures-conda-index/archives/nano-2.4.1-0.tar.bz2":      `nano-2.4.1-0.tar.bz2: info/files: path "bin/nano" is not in the archive`,
	// Converted on Windows, which lost the targets of the links.
	"packages/fixtures-conda/conda_format_repo/linux-64/zlib-1.2.11-h7b6447c_3.conda": `zlib-1.2.11-h7b6447c_3.conda: pkg-zlib-1.2.11-h7b6447c_3.tar.zst: target "" of the symbolic link "lib/libz.so.1" is empty`,
	"packages/fixtures-conda/conda_format_repo/osx-64/zlib-1.2.11-h1de35cc_3.conda":   `zlib-1.2.11-h1de35cc_3.conda: pkg-zlib-1.2.11-h1de35cc_3.tar.zst: target "" of the symbolic link "lib/libz.1.dylib" is empty`,
	// A zip archive of a directory, and one without a payload.
	"packages/fixtures-rattler/misc/ca-certificates-2024.7.4-hbcca054_0.conda": `ca-certificates-2024.7.4-hbcca054_0.conda: zip member name "…`,
	"packages/fixtures-rattler/sparse/info-only-1.0.0-0.conda":                 "info-only-1.0.0-0.conda: has no zip member pkg-info-only-1.0.0-0.tar.zst",
}

// Published archives whose metadata names what they do not have.
var unfaithful = map[string]bool{
	"packages/fixtures-conda-index/archives/spiffy-test-app-0.5-pyh6afbcc8_0.tar.bz2":   true, // its payload was taken out
	"packages/fixtures-conda/conda_format_repo/linux-64/zlib-1.2.11-h7b6447c_3.tar.bz2": true, // its links are empty files
	"packages/fixtures-conda/conda_format_repo/osx-64/zlib-1.2.11-h1de35cc_3.tar.bz2":   true,
}

// Columns that INDEX.tsv counts by other rules.
var countedOtherwise = map[string]func(*packageRow){
	// It knows placeholders from paths.json only.
	"packages/fixtures-artipie/snappy-1.1.3-0.tar.bz2": func(r *packageRow) { r.text = 1 },
	// It overlooks one of the four scripts.
	"packages/fixtures-rattler/link-scripts/link-scripts-0.1.0-h4616a5c_0.conda": func(r *packageRow) { r.scripts = 4 },
	// It counts the archive, whose payload was taken out.
	"packages/fixtures-conda-index/archives/spiffy-test-app-0.5-pyh6afbcc8_0.tar.bz2": func(r *packageRow) { r.scripts = 1 },
	// It takes deactivate.d for activate.d.
	"channels/cpython/linux-aarch64/libxml2-2.11.5-h3091e33_1.conda": func(r *packageRow) { r.activate = 1 },
}

// packageRow is a row of INDEX.tsv.
type packageRow struct {
	symlinks, text, binary, entryPoints, activate, scripts int
	name, version, noarch                                  string
}

// indexRows reads packages/INDEX.tsv by path below the shared data.
func indexRows(t *testing.T) map[string]packageRow {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(sharedData, "packages/INDEX.tsv"))
	if err != nil {
		t.Skip("the shared data is not here:", err)
	}
	rows := map[string]packageRow{}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	column := map[string]int{}
	for i, name := range strings.Split(lines[0], "\t") {
		column[name] = i
	}
	for _, line := range lines[1:] {
		f := strings.Split(line, "\t")
		number := func(name string) int {
			n, err := strconv.Atoi(f[column[name]])
			if err != nil {
				t.Fatalf("INDEX.tsv: %s: %v", f[0], err)
			}
			return n
		}
		rows[path.Join("packages", f[column["file"]])] = packageRow{
			name: f[column["name"]], version: f[column["version"]], noarch: f[column["noarch"]],
			symlinks: number("symlinks"), text: number("text_prefix"), binary: number("binary_prefix"),
			entryPoints: number("entry_points"), activate: number("activate_d"), scripts: number("link_scripts"),
		}
	}
	return rows
}

// Every published archive at hand opens and reads to its end, and what its
// metadata says is what INDEX.tsv counted and what its payload is.
func TestPublishedPackages(t *testing.T) {
	rows := indexRows(t)
	n := 0
	for _, root := range []string{"packages", "channels/cpython"} {
		err := fs.WalkDir(os.DirFS(sharedData), root, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".conda") && !strings.HasSuffix(file, ".tar.bz2") {
				return err
			}
			n++
			if raceDetector && n%10 != 0 {
				return nil // decompressing has no threads of ours; the rest runs without the detector
			}
			t.Run(file, func(t *testing.T) { testPublished(t, file, rows) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 200 {
		t.Errorf("only %d packages", n)
	}
}

func testPublished(t *testing.T, file string, rows map[string]packageRow) {
	data, err := os.ReadFile(filepath.Join(sharedData, file))
	if err != nil {
		t.Fatal(err)
	}
	if want, ok := incomplete[file]; ok {
		err := readAll(t, path.Base(file), data, noLimits)
		if begin, ok := strings.CutSuffix(want, "…"); ok && err != nil && strings.HasPrefix(err.Error(), begin) {
			want = err.Error()
		}
		wantError(t, err, "verification", want)
		return
	}
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), path.Base(file), noLimits)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Meta(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	testRoundTrip(t, m)
	if row, ok := rows[file]; ok {
		if correct, ok := countedOtherwise[file]; ok {
			correct(&row)
		}
		got := countMeta(t, p, m)
		if diff := cmp.Diff(row, got, cmp.AllowUnexported(packageRow{})); diff != "" {
			t.Errorf("differs from INDEX.tsv (-want +got):\n%s", diff)
		}
	}
	if !unfaithful[file] {
		testPayload(t, p, m)
	}
}

func testRoundTrip(t *testing.T, m *archive.Meta) {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back archive.Meta
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, &back); diff != "" {
		t.Errorf("metadata does not round-trip (-want +got):\n%s", diff)
	}
}

func countMeta(t *testing.T, p *archive.Package, m *archive.Meta) packageRow {
	t.Helper()
	row := packageRow{
		name: m.Index.Name, version: m.Index.Version, noarch: m.Index.Noarch,
		entryPoints: len(m.EntryPoints), activate: len(m.ActivateD), scripts: len(m.Scripts),
	}
	for _, path := range m.Paths {
		switch path.FileMode {
		case "text":
			row.text++
		case "binary":
			row.binary++
		}
	}
	entries, err := p.Listing(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == tree.Symlink {
			row.symlinks++
		}
	}
	return row
}

// testPayload wants every path of the metadata in the payload, with its size
// and hash, and the listing to be what Walk visits.
func testPayload(t *testing.T, p *archive.Package, m *archive.Meta) {
	t.Helper()
	var visited []tree.Header
	sums := map[string]string{}
	err := p.Walk(context.Background(), func(member archive.Member) error {
		visited = append(visited, member.Header)
		if member.Content == nil {
			return nil
		}
		h := sha256.New()
		n, err := io.Copy(h, member.Content)
		if n != member.Size {
			return errors.New("wrong size of " + member.Path)
		}
		sums[member.Path] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := p.Listing(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]archive.Entry{}
	var listed []tree.Header
	for _, e := range entries {
		listed = append(listed, e.Header)
		byPath[e.Path] = e
	}
	if diff := cmp.Diff(listed, visited); diff != "" {
		t.Errorf("Listing and Walk differ:\n%s", diff)
	}
	for _, path := range m.Paths {
		e, ok := byPath[path.Path]
		switch {
		case !ok:
			t.Errorf("path %q is not in the payload", path.Path)
		case e.Kind == tree.Symlink && path.Type == archive.SoftLink:
		case e.Kind != tree.File || path.Type != archive.HardLink:
			t.Errorf("path %q is a %s and %v", path.Path, path.Type, e.Kind)
		case path.Size >= 0 && path.Size != e.Size:
			t.Errorf("path %q: %d bytes, paths.json says %d", path.Path, e.Size, path.Size)
		case path.SHA256 != "" && path.SHA256 != sums[path.Path]:
			t.Errorf("path %q: its hash differs from that of paths.json", path.Path)
		}
	}
}
