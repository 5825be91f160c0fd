package world

import (
	"context"
	"io"
	"os"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/condarc"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
)

// Channels returns the channels that an entry of [conda] channels, or of an
// environment.yml, means: one, or several for a name such as "defaults". Their
// names and URLs hold no secret and no path of this machine: a directory is
// given relative to gophersnake.toml. Secrets of a URL are kept for requests to
// what lies below it.
func (w *World) Channels(_ context.Context, written string) ([]*repodata.Channel, error) {
	if _, _, err := repodata.ParseChannel(written, condarc.DefaultAlias); err != nil {
		return nil, err
	}
	means := w.Conda.Channels(written)
	if len(means) == 0 {
		return nil, fault.New(fault.Usage, "", "channel %q stands for no channel", written).
			WithHint("see default_channels and custom_multichannels in .condarc")
	}
	channels := make([]*repodata.Channel, len(means))
	for i, at := range means {
		name, err := w.public(at)
		if err != nil {
			return nil, err
		}
		channels[i] = w.channel(name)
	}
	return channels, nil
}

// Related returns the channel that another one names (CEP 42), for
// repodata.Options: by its URL, or its directory relative to gophersnake.toml.
func (w *World) Related(_ context.Context, location string) (*repodata.Channel, error) {
	if !strings.Contains(location, "://") && !path.IsAbs(location) {
		location = "./" + location
	}
	name, err := w.public(location)
	if err != nil {
		return nil, err
	}
	return w.channel(name), nil
}

func (w *World) channel(name string) *repodata.Channel {
	return &repodata.Channel{Name: name, URL: name, Source: channel{w, name}}
}

// public returns the name of the channel at a URL or path, and keeps the URL's
// secrets for requests.
func (w *World) public(at string) (string, error) {
	name, err := w.learned().learn(at)
	if err != nil || isRemote(name) {
		return name, err
	}
	if name, err = w.Relative("gophersnake.toml", name); name == "" {
		name = "."
	}
	return name, err
}

// isRemote tells URLs of servers from files.
func isRemote(u string) bool {
	return strings.Contains(u, "://") && !strings.HasPrefix(u, "file://")
}

// channel is the source of a channel's documents.
type channel struct {
	w   *World
	url string // without secrets, or a directory relative to gophersnake.toml
}

// ref returns where a reference of the channel leads. A server cannot name a
// file of this machine, nor leave https.
func (c channel) ref(ref string) (string, error) {
	at := strings.TrimSuffix(c.url, "/") + "/" + ref
	if strings.Contains(ref, "://") || path.IsAbs(ref) && !isRemote(c.url) {
		at = ref
	}
	weaker := strings.HasPrefix(c.url, "https://") && strings.HasPrefix(at, "http://")
	if weaker || isRemote(c.url) && !isRemote(at) {
		return "", fault.New(fault.Verification, c.url, "names %s, which is not asked", fetch.Redact(at))
	}
	return at, nil
}

// Get implements repodata.Source.
func (c channel) Get(ctx context.Context, ref string, want repodata.Want) ([]byte, error) {
	at, err := c.ref(ref)
	if err != nil {
		return nil, err
	}
	if !isRemote(at) {
		return c.w.local(at, want.Max)
	}
	a := ask{url: at, want: want, bytes: true}
	digest, err := c.w.ask(ctx, a)
	if err != nil {
		return nil, err
	}
	data, err := c.w.read(ctx, digest, want.Max)
	if isAbsent(err) && !c.w.Fetch.Offline { // it was broken, and is gone now
		a.want.Fresh = true
		if digest, err = c.w.ask(ctx, a); err == nil {
			data, err = c.w.read(ctx, digest, want.Max)
		}
	}
	return data, err
}

// Stat implements repodata.Stater. Files are not hashed for it.
func (c channel) Stat(ctx context.Context, ref string, want repodata.Want) (string, error) {
	at, err := c.ref(ref)
	if err != nil || !isRemote(at) {
		return "", err
	}
	digest, err := c.w.ask(ctx, ask{url: at, want: want})
	return strings.TrimPrefix(digest, "sha256:"), err
}

// read reads a document from the store.
func (w *World) read(ctx context.Context, digest string, limit int64) ([]byte, error) {
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if limit > 0 && b.Size() > limit {
		return nil, fault.New(fault.Verification, digest, "larger than the limit of %d bytes", limit)
	}
	data := make([]byte, b.Size())
	_, err = io.ReadFull(b, data)
	return data, err
}

// local reads a document of a channel on this machine.
func (w *World) local(name string, limit int64) ([]byte, error) {
	file, err := w.file(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, fault.New(fault.Disk, name, "%w", bare(err))
	case !info.Mode().IsRegular():
		return nil, fault.New(fault.Disk, name, "not a regular file")
	case limit > 0 && info.Size() > limit:
		return nil, fault.New(fault.Verification, name, "larger than the limit of %d bytes", limit)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Disk, name, "%w", bare(err))
	}
	return data, nil
}

// file returns the path of this machine that a path or a file URL means.
func (w *World) file(name string) (string, error) {
	if strings.HasPrefix(name, "file://") {
		var err error
		if name, err = w.Relative("gophersnake.toml", name); err != nil {
			return "", err
		}
	}
	return w.path(name), nil
}

var (
	_ repodata.Source = channel{}
	_ repodata.Stater = channel{}
)
