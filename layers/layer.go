// Package layers holds what all kinds of layers have in common: a layer is
// known by its key before its bytes exist.
//
// Each kind has a package of its own: condaenv, wheels, gotool, cli, files.
package layers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// Layer is one layer of an image. Its key follows from the lock and the user's
// own sources alone; its content may have to be fetched.
type Layer struct {
	Kind string // "go", "tools", "conda", "env", "wheels", "cli", "bundle", "files", "accounts", "permissions"
	Name string // for people: "go 1.26.8", "python"
	Key  string // see Key

	// Guess is about how many bytes the compressed layer will have, by the sizes
	// of the archives that the lock names; 0 where they tell nothing.
	Guess int64

	// Likely is a key like Key of what nearly always decides the bytes, where Key
	// has to cover more: the packages of this layer without their neighbours. It
	// serves forecasts alone; "" where Key is as exact.
	Likely string

	// Content returns what the layer is made of. It may fetch, and is asked
	// only when no store has the layer's bytes.
	Content func(ctx context.Context) (*Content, error)
}

// Content is what a layer is made of: its directories, which stand once at its
// head, and its fragments in order.
type Content struct {
	Dirs      []tree.Header
	Fragments []Fragment
}

// Fragment is a part of a layer that is made, stored and reused by itself.
type Fragment struct {
	Key   string // "sha256:<hex>" of all that its bytes depend on
	Write func(ctx context.Context, w *tree.Writer) error
}

// Title returns the name of a layer that many packages share: their names, or
// the first ones and how many there are of what.
func Title(names []string, what string) string {
	if len(names) > 6 {
		return fmt.Sprintf("%s … %d %s", strings.Join(names[:5], " "), len(names), what)
	}
	return strings.Join(names, " ")
}

// Key returns "sha256:<hex>" of a layer's complete description: the layer
// format, the kind, the compression and every input by digest. Equal keys mean
// equal bytes, on every machine (design.md §8). A description that is a
// json.RawMessage, as json.Marshal writes it, is taken as it is.
func Key(kind string, c tree.Compression, description any) string {
	text, ok := description.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(description); err != nil {
			panic("layers: a description is not JSON: " + err.Error()) // a bug: descriptions are plain structs
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, `{"layer-format":%d,"kind":%q,"compression":%q,"description":%s}`, lock.LayerFormat, kind, c.String(), text)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Dirs returns headers for paths and all directories above them, each once,
// sorted. A directory that the base has keeps the base's mode and owner;
// others are 0755 root:root. All have the Unix epoch (design.md §6).
func Dirs(base *lock.Facts, paths ...string) []tree.Header {
	all := map[string]bool{}
	for _, p := range paths {
		all[p] = true
		for dir := range tree.Parents(p) {
			all[dir] = true
		}
	}
	delete(all, "")
	dirs := make([]tree.Header, 0, len(all))
	for p := range all {
		a := base.Attr(p)
		dirs = append(dirs, tree.Header{Path: p, Kind: tree.Dir, Mode: a.Mode, UID: a.UID, GID: a.GID})
	}
	SortHeaders(dirs)
	return dirs
}

// TreeDirs returns what the bytes of a layer that fills the tree below root may
// depend on besides its files: Dirs of root, and of those directories below it
// that the base has with a mode or owner of their own. It belongs in the key of
// a layer whose directories are not known before it is made.
func TreeDirs(base *lock.Facts, root string) []tree.Header {
	paths := []string{root}
	for _, d := range base.Dirs {
		if strings.HasPrefix(d.Path, root+"/") {
			paths = append(paths, d.Path)
		}
	}
	return Dirs(base, paths...)
}

// SortHeaders sorts bytewise by path.
func SortHeaders(hs []tree.Header) {
	slices.SortFunc(hs, func(a, b tree.Header) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
}
