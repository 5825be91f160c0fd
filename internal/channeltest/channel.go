package channeltest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a package of a channel.
type File struct {
	Package
	Name   string // NAME-VERSION-BUILD.conda or .tar.bz2
	Data   []byte // nil: the file is there already
	Size   int64
	MD5    string // hex
	SHA256 string // hex
}

// Path returns SUBDIR/NAME.
func (f File) Path() string { return f.subdir() + "/" + f.Name }

func (f File) subdir() string {
	if f.Subdir == "" {
		return noarch
	}
	return f.Subdir
}

const noarch = "noarch"

// Pack packs packages.
func Pack(packages ...Package) []File {
	files := make([]File, len(packages))
	for i, p := range packages {
		name, data := p.Archive()
		m, s := md5.Sum(data), sha256.Sum256(data)
		files[i] = File{p, name, data, int64(len(data)), hex.EncodeToString(m[:]), hex.EncodeToString(s[:])}
	}
	return files
}

// Options says how the lock files of a channel are written.
type Options struct {
	URL  string // of the channel in lock files; "": paths relative to the channel
	Hash string // "sha256", "md5" or "none"; default: sha256
}

// Write writes a channel below dir: the packages in their subdirs, a
// repodata.json for each of these, and lock files for each subdir that is no
// noarch: SUBDIR.txt (@EXPLICIT) and conda-lock.yml. A channel of nothing but
// noarch packages has noarch.txt, and a conda-lock.yml for Linux.
func Write(dir string, o Options, files ...File) error {
	bySubdir := map[string][]File{}
	for _, f := range files {
		bySubdir[f.subdir()] = append(bySubdir[f.subdir()], f)
		if f.Data == nil {
			continue
		}
		if err := write(filepath.Join(dir, f.subdir(), f.Name), f.Data); err != nil {
			return err
		}
	}
	for subdir, own := range bySubdir {
		if err := write(filepath.Join(dir, subdir, "repodata.json"), repodata(subdir, own)); err != nil {
			return err
		}
	}
	all := bySubdir[noarch]
	targets := []string{noarch}
	if len(bySubdir) > 1 || all == nil {
		targets = nil
	}
	for subdir := range bySubdir {
		if subdir != noarch {
			targets = append(targets, subdir)
		}
	}
	slices.Sort(targets)
	for _, subdir := range targets {
		own := all
		if subdir != noarch {
			own = slices.Concat(bySubdir[subdir], all)
		}
		if err := write(filepath.Join(dir, subdir+".txt"), []byte(Explicit(subdir, o, own...))); err != nil {
			return err
		}
	}
	if targets[0] == noarch {
		targets = []string{"linux-64", "linux-aarch64"}
	}
	return write(filepath.Join(dir, "conda-lock.yml"), []byte(condaLock(targets, bySubdir, o)))
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// Explicit returns an @EXPLICIT file of packages.
func Explicit(subdir string, o Options, files ...File) string {
	var b strings.Builder
	if subdir != noarch {
		fmt.Fprintf(&b, "# platform: %s\n", subdir)
	}
	b.WriteString("@EXPLICIT\n")
	for _, f := range files {
		hash := "#" + f.SHA256
		switch o.Hash {
		case "md5":
			hash = "#" + f.MD5
		case "none":
			hash = ""
		}
		b.WriteString(o.place(f) + hash + "\n")
	}
	return b.String()
}

func (o Options) place(f File) string {
	if o.URL == "" {
		return f.Path()
	}
	return strings.TrimSuffix(o.URL, "/") + "/" + f.Path()
}

// condaLock returns a conda-lock.yml version 1 (CEP 37).
func condaLock(targets []string, bySubdir map[string][]File, o Options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nmetadata:\n  content_hash: {}\n  channels: []\n  platforms: [%s]\n  sources: []\npackage:\n", strings.Join(targets, ", "))
	for _, subdir := range targets {
		for _, f := range slices.Concat(bySubdir[subdir], bySubdir[noarch]) {
			fmt.Fprintf(&b, "- {name: %s, version: %q, manager: conda, platform: %s, dependencies: {}, url: %q, hash: {md5: %s", f.nameOr(), f.versionOr(), subdir, o.place(f), f.MD5)
			if o.Hash == "" || o.Hash == "sha256" {
				fmt.Fprintf(&b, ", sha256: %s", f.SHA256)
			}
			b.WriteString("}, category: main, optional: false}\n")
		}
	}
	return b.String()
}

func (f File) nameOr() string {
	if f.Package.Name == "" {
		return "pkg"
	}
	return f.Package.Name
}

func (f File) versionOr() string {
	if f.Version == "" {
		return "1.0"
	}
	return f.Version
}

// repodata returns a subdir's repodata.json (CEP 36).
func repodata(subdir string, files []File) []byte {
	packages := map[string]map[string]any{"packages": {}, "packages.conda": {}}
	for _, f := range files {
		record := map[string]any{
			"name": f.nameOr(), "version": f.versionOr(), "build": f.buildOr(), "build_number": 0, "subdir": subdir,
			"depends": append([]string{}, f.Depends...), "md5": f.MD5, "sha256": f.SHA256, "size": f.Size,
		}
		if f.Noarch != "" {
			record["noarch"] = f.Noarch
		}
		for key, value := range f.Index {
			record[key] = value
		}
		kind := "packages.conda"
		if f.Legacy {
			kind = "packages"
		}
		packages[kind][f.Name] = record
	}
	text, err := json.MarshalIndent(map[string]any{
		"info": map[string]string{"subdir": subdir}, "packages": packages["packages"],
		"packages.conda": packages["packages.conda"], "removed": []string{}, "repodata_version": 1,
	}, "", "  ")
	if err != nil {
		panic(err) // plain values
	}
	return append(text, '\n')
}

func (f File) buildOr() string {
	if f.Build == "" {
		return "0"
	}
	return f.Build
}
