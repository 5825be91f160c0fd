// Package release says which Go toolchains exist and what their bytes must be.
//
// # Where toolchains come from
//
// A Go toolchain is a version of the module golang.org/toolchain: Go 1.26.8
// for linux/amd64 is v0.0.1-go1.26.8.linux-amd64 (Go Toolchains, "Downloaded
// toolchains", go.dev/doc/toolchain). Any module proxy serves it. This package
// speaks the GOPROXY protocol (Go Modules Reference, "GOPROXY protocol")
// through the one-method interface [Proxy]: it has no HTTP client of its own.
//
//	golang.org/toolchain/@v/list        the versions the proxy tells of
//	golang.org/toolchain/@v/V.info      there if the proxy has version V
//	golang.org/toolchain/@v/V.zip       the toolchain
//
// Older toolchains, and those that a proxy refuses, are archives of the download
// site, whose index is JSON ([Downloads]):
//
//	?mode=json&include=all           versions, files, sizes, SHA-256
//	go1.26.8.linux-amd64.tar.gz      the toolchain
//	go1.26.8.linux-amd64.tar.gz.asc  its signature
//
// # What is trusted
//
// The hash "h1:" of a zip ([HashZip]) must be the one in the checksum database
// ([Sums]): signed with the embedded key, proved to be in the log, and the log
// proved to have only grown since the last look. The environment's GOSUMDB and
// GONOSUMDB play no part. h1 covers file names and contents, not the zip's own
// encoding, so locks keep the zip's SHA-256 too.
//
// An archive must have the SHA-256 of the index, and a signature by the key of
// package signature; both are the caller's to check.
//
// # From zip to GOROOT
//
// The zip has neither modes nor go.mod files below its root. [Entries] holds
// the rules that give both back; a layer and a directory made of the same zip
// by them are the same tree. [Repack] makes a zip of the same kind of an archive.
package release

import (
	"context"
	"io"

	"github.com/gophersnake/gophersnake/platforms"
)

// Proxy is all that this package asks of the world: files of a module proxy,
// or of a checksum database, which looks the same from here.
type Proxy interface {
	// Get opens the file at a slash-separated path below the server's base
	// URL, such as "golang.org/toolchain/@v/list". An answer that says the
	// server has no such file or does not give it (404, 410, 403) is an
	// error for which errors.Is(err, fs.ErrNotExist) holds; anything else
	// that goes wrong is not.
	Get(ctx context.Context, path string) (io.ReadCloser, error)
}

// Path is the path of the module that toolchains are versions of.
const Path = "golang.org/toolchain"

// versionPrefix begins every version of the module (cmd/go's
// internal/toolchain, gotoolchainVersion).
const versionPrefix = "v0.0.1-go"

// Module returns the path and version of the module that is a toolchain:
// "golang.org/toolchain" and "v0.0.1-go1.26.8.linux-amd64" for "1.26.8" and
// linux/amd64.
func Module(version string, p platforms.Platform) (path, modVersion string) {
	return Path, versionPrefix + version + suffix(p)
}

// Zip returns the path of a toolchain's zip below a module proxy.
func Zip(version string, p platforms.Platform) string {
	return file(version, p, ".zip")
}

func file(version string, p platforms.Platform, ext string) string {
	path, v := Module(version, p)
	return path + "/@v/" + v + ext
}

func suffix(p platforms.Platform) string { return "." + p.OS + "-" + p.Arch }
