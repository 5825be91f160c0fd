package output

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// DaemonInfo is what a Docker daemon says of itself.
type DaemonInfo struct {
	Platform v1.Platform // its own: what it runs without emulation
	// Containerd says that images lie in containerd's store, which wants every
	// blob of an archive. The classic store takes an archive without the layers
	// that it has.
	Containerd bool
}

// Daemon is what docker-daemon: wants of a Docker daemon; package
// output/daemon has one. Errors that are no [Error] are the daemon's own words.
type Daemon interface {
	// Host is the daemon's address, fit to print.
	Host() string
	// Ping fails where no daemon answers.
	Ping(ctx context.Context) (DaemonInfo, error)
	// Images returns the IDs of the images that the daemon has.
	Images(ctx context.Context) ([]string, error)
	// Image returns the ID of an image, by ID or name, and the diffIDs of its
	// layers, the lowest first.
	Image(ctx context.Context, ref string) (id string, layers []string, err error)
	// Load loads a docker-archive.
	Load(ctx context.Context, archive io.Reader) error
}

// maxListed bounds how many images of a daemon are looked at for layers that
// need not be sent.
const maxListed = 500

// loader loads one platform of an index into a daemon.
type loader struct {
	Daemon
	place string
	o     Options
	info  DaemonInfo
	names []string  // REPOSITORY:TAG
	image *manifest // of the daemon's platform
	blobs []*blob   // its config, and its layers from the lowest on
	diffs []string  // diffIDs of the layers
}

// writeDockerDaemon loads the image of the daemon's own platform.
func writeDockerDaemon(ctx context.Context, t Transport, img Image, c *closure, o Options) ([]string, error) {
	tags := img.Tags
	if t.Tag != "" {
		tags = []string{t.Tag}
	}
	if len(tags) == 0 {
		return nil, newError(classUsage, t.place(), "no tag in it and none in image.tags").hint("write docker-daemon:%s:TAG", t.Ref)
	}
	if o.Daemon == nil {
		return nil, newError(classUsage, t.place(), "there is no client for a daemon")
	}
	l := &loader{Daemon: o.Daemon, place: t.place(), o: o}
	for _, tag := range tags {
		l.names = append(l.names, t.repository()+":"+tag)
	}
	var err error
	if l.info, err = l.Ping(ctx); err != nil {
		return nil, l.complain(ctx, "does not answer properly", err)
	}
	if err := l.choose(t, c); err != nil {
		return nil, err
	}
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	return tags, l.check(ctx)
}

// choose finds the daemon's image in the index, and its blobs.
func (l *loader) choose(t Transport, c *closure) (err error) {
	if l.image, err = c.platform(t, &l.info.Platform); err != nil {
		var e *Error
		if errors.As(err, &e) {
			err = e.hint("the daemon at %s is %s: build for that platform too, or use docker-archive and --platform", l.Host(), l.info.Platform)
		}
		return err
	}
	m, err := l.image.parse()
	if err != nil {
		return err
	}
	for _, d := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		b := c.blob(d.Digest)
		if b == nil {
			return newError(classUsage, l.place, "layer %s is not distributable, the daemon would not get it", d.Digest)
		}
		l.blobs = append(l.blobs, b)
	}
	if b := (&closure{blobs: l.blobs}).zstd(); b != nil {
		return zstdError(l.place, b)
	}
	l.diffs, err = c.diffIDs(m)
	return err
}

// load sends the layers that the daemon lacks; where that fails, all of them:
// an image may have been removed meanwhile.
func (l *loader) load(ctx context.Context) error {
	present, err := l.present(ctx)
	if err != nil {
		return err
	}
	for {
		refused, err := l.send(ctx, present)
		if err != nil || refused == nil {
			return err
		}
		var own *Error
		if present == 0 || ctx.Err() != nil || errors.As(refused, &own) {
			return l.complain(ctx, "the image was not loaded", refused)
		}
		present = 0
		l.o.Progress(Event{Kind: EventRetry, Name: "docker daemon " + l.Host(), Problem: "layers are missing there: " + escape(refused.Error())})
	}
}

// present returns how many of the image's layers, from the lowest on, an image
// of the daemon has too.
func (l *loader) present(ctx context.Context) (n int, err error) {
	if l.info.Containerd {
		return 0, nil
	}
	ids, err := l.Images(ctx)
	if err != nil {
		return 0, l.complain(ctx, "its images cannot be listed", err)
	}
	for _, id := range ids[:min(len(ids), maxListed)] {
		_, layers, err := l.Image(ctx, id)
		if err != nil {
			continue // it was removed, or is none; then nothing is saved
		}
		same := 0
		for same < min(len(layers), len(l.diffs)) && layers[same] == l.diffs[same] {
			same++
		}
		n = max(n, same)
	}
	return n, nil
}

// send streams an archive without the lowest layers. It returns what the daemon
// says, or an error of what is streamed, which explains a broken stream better.
func (l *loader) send(ctx context.Context, without int) (refused, err error) {
	for _, b := range l.blobs[1 : 1+without] {
		l.o.Progress(Event{Kind: EventExists, Name: b.name(), Size: b.Size})
	}
	entry, err := l.image.dockerEntry(l.names)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal([]dockerEntry{entry})
	if err != nil {
		return nil, err
	}
	some := new(closure)
	for _, b := range append(l.blobs[:1:1], l.blobs[1+without:]...) {
		if !slices.Contains(some.blobs, b) { // an image may have a layer twice
			some.blobs = append(some.blobs, b)
		}
	}
	r, w := io.Pipe()
	source := make(chan error, 1)
	go func() {
		err := tarLayout(ctx, w, map[string][]byte{"manifest.json": raw}, some, l.o)
		w.CloseWithError(err)
		source <- err
	}()
	refused = l.Load(ctx, struct{ io.Reader }{r}) // who gives up closes what it reads, if it can
	r.CloseWithError(errDaemonClosed)
	if err := <-source; err != nil && !errors.Is(err, errDaemonClosed) {
		return nil, err
	}
	return refused, nil
}

// errDaemonClosed ends the stream to a daemon that reads no further.
var errDaemonClosed = errors.New("the daemon reads no further")

// check asks whether every name is the image now.
func (l *loader) check(ctx context.Context) error {
	for _, name := range l.names {
		id, layers, err := l.Image(ctx, name)
		if err != nil {
			return l.complain(ctx, name+" is not there after loading", err)
		}
		if !slices.Equal(layers, l.diffs) || !l.info.Containerd && id != l.blobs[0].Digest.String() {
			return newError(classNetwork, "docker daemon "+l.Host(), "%s is another image after loading: %s", name, quoteServer(id)).
				hint("something else may have loaded or tagged one meanwhile")
		}
		l.o.Progress(Event{Kind: EventLoaded, Name: name})
	}
	return nil
}

// complain wraps the daemon's own words; errors of ours stay.
func (l *loader) complain(ctx context.Context, what string, err error) error {
	var own *Error
	switch {
	case err == nil || errors.As(err, &own):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	e := newError(classNetwork, "docker daemon "+l.Host(), "%s: %s", what, escape(err.Error()))
	e.Err = err
	return e
}
