package link_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/tree"
)

// testPackage is a package to be made. Its fields without a meaning of their
// own are filled in.
type testPackage struct {
	name    string
	version string // "1.0" where empty
	depends []string
	noarch  string
	entries []testEntry
	points  []string // entry points
	site    string   // python_site_packages_path
}

// testEntry is a file of a package.
type testEntry struct {
	path        string
	content     string
	target      string // makes it a symbolic link
	dir         bool   // makes it a directory
	mode        int64  // 0664 where 0
	fileMode    string // "text" or "binary": has the placeholder
	placeholder string // default: placeholder
	sha256      string // instead of the right one
	unlisted    bool   // not in paths.json
	missing     bool   // not in the archive
	noLink      bool
	listedAs    string // path_type in paths.json instead of the right one
}

// placeholder is what test packages were "built" with.
const placeholder = "/home/builder/placehold_placehold_placehold_placehold_placehold"

func (p testPackage) record() link.Record {
	r := link.Record{
		Name: p.name, Version: p.version, Build: "0", Depends: p.depends, Noarch: p.noarch, Subdir: "linux-64",
		PythonSitePackagesPath: p.site, Channel: "https://channel.example/c", Timestamp: 1600000000000,
	}
	if r.Version == "" {
		r.Version = "1.0"
	}
	if r.Noarch != "" {
		r.Subdir = "noarch"
	}
	r.FileName = r.Stem() + ".conda"
	r.URL = r.Channel + "/" + r.Subdir + "/" + r.FileName
	return r
}

// build returns the bytes of a .conda package.
func (p testPackage) build(t testing.TB) []byte {
	t.Helper()
	r := p.record()
	index, err := json.Marshal(map[string]any{
		"name": r.Name, "version": r.Version, "build": r.Build, "build_number": 0, "depends": append([]string{}, p.depends...),
		"subdir": r.Subdir, "noarch": noarchJSON(p.noarch), "timestamp": r.Timestamp,
	})
	if err != nil {
		t.Fatal(err)
	}
	info := []testEntry{{path: "info/index.json", content: string(index)}, {path: "info/about.json", content: "{}"}, {path: "info/paths.json", content: p.pathsJSON(t)}}
	if p.points != nil {
		text, err := json.Marshal(map[string]any{"noarch": map[string]any{"type": "python", "entry_points": p.points}, "package_metadata_version": 1})
		if err != nil {
			t.Fatal(err)
		}
		info = append(info, testEntry{path: "info/link.json", content: string(text)})
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, member := range []struct {
		name    string
		content []byte
	}{
		{"metadata.json", []byte(`{"conda_pkg_format_version": 2}`)},
		{"pkg-" + r.Stem() + ".tar.zst", tarZst(t, p.entries)},
		{"info-" + r.Stem() + ".tar.zst", tarZst(t, info)},
	} {
		size := uint64(len(member.content))
		w, err := z.CreateRaw(&zip.FileHeader{ // with sizes in front of the content, as readers of streams need them
			Name: member.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(member.content), CompressedSize64: size, UncompressedSize64: size,
		})
		if err == nil {
			_, err = w.Write(member.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func noarchJSON(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (p testPackage) pathsJSON(t testing.TB) string {
	t.Helper()
	paths := []map[string]any{}
	for _, e := range p.entries {
		if e.unlisted {
			continue
		}
		m := map[string]any{"_path": e.path}
		switch {
		case e.dir:
			m["path_type"] = "directory"
		case e.target != "":
			m["path_type"], m["sha256"], m["size_in_bytes"] = "softlink", hexSum("x"), 1
		default:
			m["path_type"], m["sha256"], m["size_in_bytes"] = "hardlink", hexSum(e.content), len(e.content)
		}
		if e.sha256 != "" {
			m["sha256"] = e.sha256
		}
		if e.listedAs != "" {
			m["path_type"] = e.listedAs
		}
		if e.noLink {
			m["no_link"] = true
		}
		if e.fileMode != "" {
			m["file_mode"], m["prefix_placeholder"] = e.fileMode, placeholder
			if e.placeholder != "" {
				m["prefix_placeholder"] = e.placeholder
			}
		}
		paths = append(paths, m)
	}
	text, err := json.Marshal(map[string]any{"paths": paths, "paths_version": 1})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func tarZst(t testing.TB, entries []testEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, e := range entries {
		if e.missing {
			continue
		}
		h := &tar.Header{Name: e.path, Typeflag: tar.TypeReg, Mode: 0o664, Size: int64(len(e.content)), Format: tar.FormatGNU}
		h.ModTime = h.ModTime.AddDate(2019, 0, 0)
		if e.mode != 0 {
			h.Mode = e.mode
		}
		if e.target != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.target, 0
		}
		if e.dir {
			h.Typeflag, h.Name, h.Mode = tar.TypeDir, e.path+"/", 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// input is an opened package.
type input struct {
	link.Package
	archive *archive.Package
}

func (p testPackage) input(t testing.TB) input {
	t.Helper()
	content := p.build(t)
	r := p.record()
	r.SHA256, r.Size = hexSum(string(content)), int64(len(content))
	return openInput(t, r, content)
}

func openInput(t testing.TB, r link.Record, content []byte) input {
	t.Helper()
	a, err := archive.Open(bytes.NewReader(content), int64(len(content)), r.FileName, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	meta, err := a.Meta(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return input{link.Package{Record: r, Meta: meta, Listing: a.Listing}, a}
}

func linkPackages(inputs []input) []link.Package {
	packages := make([]link.Package, len(inputs))
	for i := range inputs {
		packages[i] = inputs[i].Package
	}
	return packages
}

// condaEnv is the usual environment.
func condaEnv() link.Environment { return link.Environment{Subdir: "linux-64", Prefix: "/opt/conda"} }

// describe makes packages and plans their environment.
func describe(t testing.TB, env link.Environment, packages ...testPackage) (*link.Plan, []input, error) {
	t.Helper()
	var inputs []input
	for _, p := range packages {
		inputs = append(inputs, p.input(t))
	}
	plan, err := link.Describe(context.Background(), env, linkPackages(inputs))
	return plan, inputs, err
}

// installed is a file of a fragment.
type installed struct {
	tree.Header
	Content string
}

// write returns the files of one package's fragment, in order, and what was
// warned of.
func write(d *link.Description, p *archive.Package) (files []installed, warnings []string, err error) {
	var stream bytes.Buffer
	w := tree.NewWriter(io.Discard, tree.Options{Tar: &stream})
	err = link.Write(context.Background(), d, p, w, link.WriteOptions{Warn: func(s string) { warnings = append(warnings, s) }})
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, warnings, err
	}
	r := tar.NewReader(&stream)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, warnings, nil
		}
		if err != nil {
			return nil, warnings, err
		}
		f := installed{Header: tree.Header{Path: h.Name, Mode: h.Mode, UID: h.Uid, GID: h.Gid, ModTime: h.ModTime.Unix(), Size: h.Size, Target: h.Linkname}}
		if h.Typeflag == tar.TypeSymlink {
			f.Kind = tree.Symlink
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, warnings, err
		}
		f.Content = string(content)
		files = append(files, f)
	}
}

// install returns all files of an environment by path below the prefix.
func install(t testing.TB, plan *link.Plan, inputs []input) map[string]installed {
	t.Helper()
	byName := map[string]*archive.Package{}
	for _, in := range inputs {
		byName[in.Record.Name] = in.archive
	}
	all := map[string]installed{}
	for _, d := range plan.Descriptions {
		files, _, err := write(d, byName[d.Record.Name])
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			below := strings.TrimPrefix(f.Path, d.Root+"/")
			if _, ok := all[below]; ok {
				t.Errorf("%s is in two fragments", f.Path)
			}
			all[below] = f
		}
	}
	return all
}

// dirsBelow returns the directories of all descriptions, below the prefix.
func dirsBelow(plan *link.Plan) map[string]bool {
	dirs := map[string]bool{}
	for _, d := range plan.Descriptions {
		for _, dir := range d.Dirs() {
			if rest, ok := strings.CutPrefix(dir, d.Root+"/"); ok {
				dirs[path.Clean(rest)] = true
			}
		}
	}
	return dirs
}
