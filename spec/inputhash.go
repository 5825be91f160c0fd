package spec

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
)

// Input is a file that resolving depends on beside gophersnake.toml: go.mod
// and go.sum of [[cli]] modules, environment and lock files.
type Input struct {
	Name   string // relative to gophersnake.toml, slash-separated
	SHA256 string // of its content, in hex
}

// InputHash returns "sha256:<hex>" of what resolving depends on (design.md §4):
// base, conda, go (less go.proxy), the image's platforms and the accounts of
// every environment, and the given files in any order. It is the SHA-256 of
//
//	{"environments":{NAME:{"accounts":…,"base":…,"conda":…,"go":…,"platforms":…}},"files":[{"Name":…,"SHA256":…}],"version":1}
//
// as JSON with sorted keys and without spaces, where each value is what the
// file says after merging. Absent keys stay absent, so that keys of later
// versions do not change the hash. Order and layout of the file, labels, tags
// and ldflags are not part of it.
func (s *Spec) InputHash(files ...Input) string {
	environments := map[string]any{}
	for _, name := range s.Environments() {
		n := s.merged[name]
		wish := map[string]any{}
		for _, key := range []string{"base", "conda", "accounts"} {
			if child := n.get(key); child != nil {
				wish[key] = child.plain()
			}
		}
		if platforms := n.get("image", "platforms"); platforms != nil {
			wish["platforms"] = platforms.plain()
		}
		if golang := n.get("go"); golang != nil {
			table := golang.plain().(map[string]any)
			delete(table, "proxy")
			wish["go"] = table
		}
		environments[name] = wish
	}
	files = append([]Input{}, files...)
	slices.SortFunc(files, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	text, err := json.Marshal(map[string]any{"version": Version, "environments": environments, "files": files})
	if err != nil {
		panic(err) // maps, slices, strings, numbers and booleans only
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// plain returns a value without positions.
func (n *node) plain() any {
	switch n.kind {
	case tableKind:
		m := map[string]any{}
		for _, key := range n.keys {
			m[key] = n.table[key].plain()
		}
		return m
	case listKind:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.plain()
		}
		return list
	case booleanKind:
		return n.text == "true"
	case integerKind:
		if i, err := strconv.ParseInt(n.text, 0, 64); err == nil {
			return i
		}
	}
	return n.text
}
