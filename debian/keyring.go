package debian

import (
	"embed"
)

// keyFiles are the public keys of Debian's own archive, as the package
// debian-archive-keyring has them: those that sign bullseye, bookworm and
// trixie.
//
//go:embed keys/*.asc
var keyFiles embed.FS

// ArchiveKeys returns the keys of Debian's own archive.
func ArchiveKeys() (Keys, error) {
	var all Keys
	entries, err := keyFiles.ReadDir("keys")
	if err != nil {
		return all, err
	}
	for _, e := range entries {
		data, err := keyFiles.ReadFile("keys/" + e.Name())
		if err != nil {
			return all, err
		}
		k, err := ReadKeys(data)
		if err != nil {
			return all, err
		}
		all = all.Add(k)
	}
	return all, nil
}
