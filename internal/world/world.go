// Package world is the real outside: what resolving asks and what layers open,
// through one store and one HTTP client.
//
// # Channels
//
// What a channel's name means is internal/condarc's to know. Names and URLs of
// channels, in records, errors, notes and the store, hold no secret and no path
// of this machine: secrets of a URL are added again to requests to what lies
// below it, which is on the same host, and directories are written relative to
// gophersnake.toml.
//
// A document of a server is kept in the store with its entity tag, its date and
// for how long the server lets it be used. Until then nothing is asked; after
// that, whether it changed; in one run at most once. That a form of repodata is
// not there is used as long as the form that is there instead. What has a known
// sha256, such as a shard, is asked for once in the store's life. With --offline
// what is kept is used whatever its age.
//
// 404 and 410 mean that a file is not there. Everything else that is no file (a
// refusal, an HTML page, an outage after the client's retries) is an error of
// class network, never a reason to try another form or channel.
//
// Mirrors of a channel, then those of its host, are asked first, the channel
// itself last. A mirror that lacks a file or does not answer gives way to the
// next; the latter is said once, and the mirror not asked again in this run.
// Where mirrors lack a form of repodata and the channel itself does not answer,
// a mirror that has another form of it stands for the channel.
package world

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/golang/signature"
	"github.com/gophersnake/gophersnake/internal/condarc"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/platforms"
)

// World is the real world, seen from one project.
type World struct {
	Dir     string              // of gophersnake.toml
	Store   *store.Store        // everything fetched goes there
	Fetch   *fetch.Client       // for packages and modules
	Bases   *base.Source        // for base images
	Proxy   func() string       // Go module proxies as GOPROXY has them; asked only where one is needed
	Mirrors map[string][]string // by host of channels: URLs or hosts to ask first
	Scratch string              // directory of the go command's caches; it exists
	Note    func(string)        // what people should know; may be nil

	Conda    condarc.Config   // where channels are, if not where conda has them
	Keychain authn.Keychain   // credentials for oci:// channels; nil: none
	Now      func() time.Time // for how long servers' answers may be used; nil: they are asked each time

	// GoKey returns the key that signs Go's release archives; nil: the embedded one.
	GoKey func() (*signature.Key, error)

	// SumKey is the verifier key of the checksum database, another in tests only;
	// "": the public one.
	SumKey string

	net network

	goIndex     sync.Once
	goDownloads *release.Downloads

	memoryOnce sync.Once
	memory     *archive.Memory // of all packages

	dropped  sync.Once // setuid bits were told
	verify   sync.Mutex
	verified map[string]bool // module directories whose module cache was checked
}

// maxText is the most bytes of one of the user's files.
const maxText = 64 << 20

// ReadFile reads one of the user's files, relative to gophersnake.toml.
func (w *World) ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(w.path(name)) // opening a FIFO would wait for its writer
	if err == nil && !info.Mode().IsRegular() {
		return nil, fault.New(fault.Usage, name, "not a regular file")
	}
	f, err := os.Open(w.path(name))
	if err != nil {
		return nil, fault.New(fault.Usage, name, "%w", bare(err)).WithHint("paths are relative to gophersnake.toml")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return nil, fault.New(fault.Disk, name, "%w", bare(err))
	}
	if len(data) > maxText {
		return nil, fault.New(fault.Usage, name, "file is larger than %d bytes", maxText)
	}
	return data, nil
}

// path returns a path of this machine.
func (w *World) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.Dir, filepath.FromSlash(name))
}

// Relative returns a URL or path of a lock file as gophersnake.lock has it.
// Paths in a lock file are relative to the lock file.
func (w *World) Relative(lockFile, u string) (string, error) {
	home, err := filepath.Abs(w.Dir)
	if err != nil {
		return "", fault.New(fault.Failed, w.Dir, "%w", err)
	}
	of, err := filepath.Abs(filepath.Dir(w.path(lockFile)))
	if err != nil {
		return "", fault.New(fault.Failed, lockFile, "%w", err)
	}
	return importer.FileURL(u, filepath.ToSlash(of), filepath.ToSlash(home))
}

// Base reads a base image: its digests and the facts of its files.
func (w *World) Base(ctx context.Context, image string, p platforms.Platform) (*lock.Base, error) {
	return w.Bases.Resolve(ctx, image, p)
}

// Documents keeps small documents in a store, for base.Source and the like.
type Documents struct{ Store *store.Store }

// Get returns a document by digest.
func (d Documents) Get(digest string) ([]byte, bool) {
	b, err := d.Store.Get(context.Background(), digest)
	if err != nil {
		return nil, false
	}
	defer b.Close()
	data, err := io.ReadAll(b)
	return data, err == nil
}

// Put keeps a document. A store that cannot is no error: it will be asked for
// again.
func (d Documents) Put(digest string, data []byte) {
	_, _, _ = d.Store.Put(context.Background(), strings.NewReader(string(data)), digest, int64(len(data)))
}

// state keeps what the checksum database client remembers, in the store; but two
// tree heads that do not belong together, which are evidence, in a file of their
// own.
type state struct {
	store *store.Store
	dir   string // for such files
}

// forked ends the names of such files.
const forked = "/forked"

// Place says where people find two such tree heads.
func (s state) Place(name string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(name, "/", "-")+".txt")
}

const bucketSums = "sumdb"

// Load implements release.State.
func (s state) Load(name string) ([]byte, error) {
	var data []byte
	ok, err := s.store.LoadRecord(context.Background(), bucketSums, name, &data)
	if err == nil && !ok {
		err = &fs.PathError{Op: "load", Path: name, Err: fs.ErrNotExist}
	}
	return data, err
}

// Save implements release.State.
func (s state) Save(name string, data []byte) error {
	if strings.HasSuffix(name, forked) {
		return os.WriteFile(s.Place(name), data, 0o600)
	}
	return s.store.SaveRecord(context.Background(), bucketSums, name, data)
}

var _ release.State = state{}

func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
