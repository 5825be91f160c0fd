// Package channeltest makes small conda packages and channels from text, for
// tests. Everything it makes is deterministic.
//
// # Packages
//
// A package is a txtar archive. Its comment holds one "key: value" a line;
// lines that start with # and blank ones are passed over:
//
//	name: app                  default: pkg
//	version: 1.0               default: 1.0
//	build: 0                   default: 0
//	subdir: linux-64           default: noarch
//	noarch: python             python or generic; default: none
//	depends: python >=3.12     repeatable
//	entry-point: app = app:main   repeatable
//	index: {"license": "MIT"}  more of info/index.json
//	format: tar.bz2            conda or tar.bz2; default: conda
//
// Its files are the payload, or belong to info/. A file's name may be followed
// by words:
//
//	-- bin/app mode=755 mtime=1700000000 text --
//	-- lib/libapp.so binary --
//	-- bin/a -> app --            a symbolic link
//	-- bin/b => bin/app --        a hard link
//
// "text" and "binary" say that the content is relocated: @PREFIX@ in it becomes
// [Placeholder]. In a binary file, "␀" becomes a NUL byte.
//
// # Channels
//
// [Write] makes a directory that is a channel, with repodata.json in each
// subdir, and beside them what locks all of it: @EXPLICIT files for the subdirs
// and a conda-lock.yml.
package channeltest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

// Placeholder is the build prefix of relocated files: 255 bytes, as builders
// make it.
const Placeholder = "/build/placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_" +
	"placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_" +
	"placehold_placehold_placehold_placehold_plac_pre"

// Package is a package and the form it is packed in.
type Package struct {
	archivetest.Package
	Legacy bool // .tar.bz2
}

// Archive returns the package's file name and bytes.
func (p Package) Archive() (fileName string, data []byte) {
	if p.Legacy {
		return p.TarBz2()
	}
	return p.Conda()
}

// Parse reads a package.
func Parse(text []byte) (Package, error) {
	a := txtar.Parse(text)
	var p Package
	n := 0
	for line := range strings.Lines(string(a.Comment)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return p, fmt.Errorf("line %d: %q is not \"key: value\"", n, line)
		}
		if err := p.set(key, strings.TrimSpace(value)); err != nil {
			return p, fmt.Errorf("line %d: %w", n, err)
		}
	}
	for _, f := range a.Files {
		e, err := entry(f)
		if err != nil {
			return p, fmt.Errorf("file %q: %w", f.Name, err)
		}
		if strings.HasPrefix(e.Name, "info/") {
			p.Info = append(p.Info, e)
		} else {
			p.Files = append(p.Files, e)
		}
	}
	return p, nil
}

func (p *Package) set(key, value string) error {
	switch key {
	case "name":
		p.Name = value
	case "version":
		p.Version = value
	case "build":
		p.Build = value
	case "subdir":
		p.Subdir = value
	case "noarch":
		p.Noarch = value
	case "depends":
		p.Depends = append(p.Depends, value)
	case "entry-point":
		p.EntryPoints = append(p.EntryPoints, value)
	case "index":
		if err := json.Unmarshal([]byte(value), &p.Index); err != nil {
			return fmt.Errorf("index: %w", err)
		}
	case "format":
		if value != "conda" && value != "tar.bz2" {
			return fmt.Errorf("format %q is neither conda nor tar.bz2", value)
		}
		p.Legacy = value == "tar.bz2"
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// entry reads a file, its name and the words behind it.
func entry(f txtar.File) (archivetest.Entry, error) {
	words := strings.Fields(f.Name)
	if len(words) == 3 && words[1] == "->" {
		return archivetest.Symlink(words[0], words[2]), nil
	}
	if len(words) == 3 && words[1] == "=>" {
		return archivetest.HardLink(words[0], words[2]), nil
	}
	e := archivetest.File(words[0], string(f.Data))
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "mode":
			e.Mode, err = strconv.ParseInt(value, 8, 64)
		case "mtime":
			e.ModTime, err = strconv.ParseInt(value, 10, 64)
		case "text", "binary":
			e.Placeholder, e.Binary = Placeholder, key == "binary"
			e.Body = strings.ReplaceAll(e.Body, "@PREFIX@", Placeholder)
			if e.Binary {
				e.Body = strings.ReplaceAll(e.Body, "␀", "\x00")
			}
		default:
			err = fmt.Errorf("unknown word %q", word)
		}
		if err != nil {
			return e, err
		}
	}
	return e, nil
}
