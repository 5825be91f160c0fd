package main

import (
	"os"

	"github.com/gophersnake/gophersnake/golang/signature"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// maxKey is the most bytes of a key's file.
const maxKey = 1 << 20

// releaseKey returns the key that signs Go's release archives: that of
// --go-signing-key, which must be the same primary key, or the embedded one.
func (a *app) releaseKey() (*signature.Key, error) {
	switch {
	case a.goKeyFile == "" && a.goKey != nil:
		return a.goKey()
	case a.goKeyFile == "":
		return signature.Google()
	}
	file := a.at(a.goKeyFile)
	info, err := os.Stat(file)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxKey) {
		return nil, fault.New(fault.Usage, "--go-signing-key", "%q is not a key's file", a.goKeyFile)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Usage, "--go-signing-key", "%q: %w", a.goKeyFile, bare(err))
	}
	return signature.ReadKey(a.goKeyFile, data, signature.Primary)
}
