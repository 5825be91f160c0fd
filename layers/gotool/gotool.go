// Package gotool makes the layer of a Go toolchain from its module zip or its
// release archive, and the commands of images with several.
//
// # The tree
//
// The files are those of the zip below a root such as usr/local/go, with the
// names and modes of [release.Entries], owned by root:root and dated with the
// Unix epoch, sorted bytewise by path. They are the files of the release
// archive less its directories api, doc, misc and test, which the module does
// not have; of an archive they are left out ([release.Repack]). So the tree is the
// same whichever source a toolchain has.
//
// # The bytes
//
// The fragment holds no directory entry. Where it is compressed by gzip, every
// file that the zip holds deflated keeps its own deflate stream
// ([tree.Writer.AddDeflated]): nothing is compressed anew, and the bytes depend
// on the zip, not only on the files in it. This is why the zip's SHA-256 is
// part of the description. The files of a release archive, one stream of deflate
// for all, come uncompressed and are compressed by [tree.Writer] like any others:
// there the bytes depend on the files alone, and the description has the archive's
// SHA-256.
//
// # Several toolchains
//
// The Go of an image with one lies in /usr/local/go. Of several each lies in
// /opt/go/<version>, and /usr/local/bin/go<version> is a link to its go command;
// toolchains inside a conda environment lie where [release.Place] says.
// That is the name by which people call it, and by which another go command
// finds it on PATH for a go.mod that asks for a newer Go than its own (Go
// Toolchains, "Go toolchain selection", GOTOOLCHAIN=local+path). The go command
// follows the link to find its GOROOT.
package gotool

import (
	"archive/zip"
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// Root is where the toolchain of an image with one Go lies, relative to the
// image's root.
const Root = "usr/local/go"

// Place says where the toolchains of an image lie.
type Place = release.Place

// Commands returns the links that call each of several toolchains by name.
func Commands(place Place, versions []string) []tree.Header {
	links := make([]tree.Header, len(versions))
	for i, v := range versions {
		links[i] = tree.Header{Path: strings.TrimPrefix(place.Command(v), "/"), Kind: tree.Symlink, Target: place.Bin(v) + "/go", Mode: 0o777}
	}
	return links
}

// Description is all that the bytes of a toolchain layer depend on, besides
// layer format and compression.
type Description struct {
	Module    string `json:"module,omitempty"` // "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"
	H1        string `json:"h1,omitempty"`
	ZipSHA256 string `json:"zip-sha256,omitempty"` // hex
	File      string `json:"file,omitempty"`       // "go1.26.8.linux-amd64.tar.gz"
	SHA256    string `json:"sha256,omitempty"`     // hex, of File
	Root      string `json:"root"`
}

// Describe returns the description of a locked toolchain below root.
func Describe(tc lock.Toolchain, root string) Description {
	return Description{Module: tc.Module, H1: tc.H1, ZipSHA256: tc.ZipSHA256, File: tc.File, SHA256: tc.SHA256, Root: root}
}

// Dirs returns the directories of the layer: root, all above it, and all below
// it that have files; sorted bytewise. Errors are of class "verification".
func Dirs(zip io.ReaderAt, size int64, root string) ([]string, error) {
	entries, err := open(zip, size)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var dirs []string
	for _, e := range entries {
		for dir := range tree.Parents(path.Join(root, e.Path)) {
			if !seen[dir] {
				seen[dir] = true
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

// Write writes the fragment of a toolchain. The caller has checked the zip
// against the lock ([release.CheckZip]); what is checked here are names, sizes
// and CRC-32 of the files.
func Write(ctx context.Context, zip io.ReaderAt, size int64, root string, w *tree.Writer) error {
	entries, err := open(zip, size)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := add(e, root, w); err != nil {
			return err
		}
	}
	return nil
}

func open(r io.ReaderAt, size int64) ([]release.Entry, error) {
	z, err := release.OpenZip(r, size)
	if err != nil {
		return nil, err
	}
	return release.Entries(z)
}

func add(e release.Entry, root string, w *tree.Writer) error {
	f := e.File
	h := tree.Header{Path: path.Join(root, e.Path), Mode: e.Mode, Size: int64(f.UncompressedSize64)}
	if f.Method == zip.Deflate {
		raw, err := f.OpenRaw()
		if err != nil {
			return tree.NewError(h.Path, "module zip: %w", err)
		}
		return w.AddDeflated(h, raw, int64(f.CompressedSize64), f.CRC32)
	}
	content, err := f.Open()
	if err != nil {
		return tree.NewError(h.Path, "module zip: %w", err)
	}
	if err := w.Add(h, content); err != nil {
		_ = content.Close() // the first error counts
		return err
	}
	return content.Close()
}
