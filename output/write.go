package output

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is what one environment builds.
type Image struct {
	Name  string        // [image] name, for the names in a docker-archive; may be ""
	Tags  []string      // [image] tags, in order; may be empty
	Index v1.ImageIndex // layers may be lazy, see the package comment
}

// Options say how to write. The zero value works.
type Options struct {
	// Keychain finds credentials for registries; nil means none. If it has a
	// method Sources() []string, that list of files and helpers is named when
	// nothing was found.
	Keychain authn.Keychain

	// Transport sends requests; nil means one like http.DefaultTransport. It
	// must not retry and must not keep cookies.
	Transport http.RoundTripper

	// Insecure says which hosts ("name" or "name:port") may be spoken to in
	// plain http besides loopback; nil means none.
	Insecure func(host string) bool

	// Jobs is how many requests are under way at once; 0 means 4. Where it is
	// not 1, up to 16 parts are asked for at once: a question costs little but
	// the way there and back.
	Jobs int

	// MaxWait is the longest time that one request may spend waiting to be
	// repeated, Retry-After included; 0 means two minutes.
	MaxWait time.Duration

	// Stall is how long a connection may stay silent before its request is
	// given up and repeated; 0 means two minutes.
	Stall time.Duration

	// Clock tells the time and waits; nil means the real one.
	Clock Clock

	// Jitter returns numbers in [0, 1) that spread retries; nil means random.
	Jitter func() float64

	// Hook, if not nil, is called before each operation on a file of a layout or
	// an archive, and its error is that operation's: for tests of what happens
	// when one fails, or when the process ends before it.
	Hook func(op, path string) error

	// Progress, if not nil, is told what happens. Calls do not overlap.
	Progress func(Event)

	// UserAgent is sent with each request; "" means gophersnake.
	UserAgent string

	// BlobHome is a repository that keeps the blobs of many images: a push to
	// its registry uploads each blob there, once, and mounts it from there. nil
	// means none.
	BlobHome *name.Repository

	// MountFrom are more repositories that a registry may take blobs over from,
	// besides those of base images. Those of other registries are ignored.
	MountFrom []name.Repository

	// ByDigest publishes the index under its digest alone, without tags.
	ByDigest bool

	// IfTagIs is what each tag has to be before it is set, "sha256:<hex>" or
	// [Absent]; "" means anything. It is asked before the push and once more
	// before the tags are set: the protocol has no exchange in one step.
	IfTagIs string

	// Rehash reads everything back that was published and hashes it, instead
	// of asking whether it is there with its right size.
	Rehash bool

	// FirstPlatform is the platform that manifest.json of a docker-archive
	// holds; nil means the index's first.
	FirstPlatform *v1.Platform

	// Daemon is the Docker daemon of docker-daemon:; nil means none.
	Daemon Daemon

	// Owners says that files of a rootfs: get the owners that the image says,
	// which needs root's rights. Without it they belong to the process.
	Owners bool
}

// Absent as Options.IfTagIs wants tags that do not exist.
const Absent = "absent"

// Result says what was written.
type Result struct {
	Name      string          // what to print before @Digest: the reference, or the destination without docker://
	Digest    v1.Hash         // of the index
	MediaType types.MediaType // of the index
	Size      int64           // of the index itself, in bytes
	Total     int64           // of all manifests, configs and layers, in bytes
	Platforms []v1.Platform   // in the index's order
	Tags      []string        // the tags that were written, in order; right also beside an error
}

// EventKind is the kind of an Event.
type EventKind string

// The kinds of events.
const (
	EventStart    EventKind = "start"    // a blob begins to be written; Size
	EventProgress EventKind = "progress" // Bytes of Size are on their way
	EventDone     EventKind = "done"     // a blob or manifest is written
	EventExists   EventKind = "exists"   // the destination has it already
	EventMounted  EventKind = "mounted"  // the registry took it from another repository
	EventTagged   EventKind = "tagged"   // a tag resolves to the index
	EventLoaded   EventKind = "loaded"   // a name of a daemon is the image; Name is REPOSITORY:TAG
	EventRetry    EventKind = "retry"    // Problem; it is repeated after Wait
	EventWait     EventKind = "wait"     // the host asked for a pause of Wait
)

// Event is a step of a write.
type Event struct {
	Kind    EventKind
	Name    string // "blob sha256:…", "manifest sha256:…", `tag "…"`, or a host
	Bytes   int64  // so far
	Size    int64  // in all
	Wait    time.Duration
	Problem string // of a retry; fit to print
}

// Clock is the time as this package sees it: retries wait on it, Retry-After
// dates are compared with it.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until ctx ends, and then returns its error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Write writes an image to a destination. It reads no layer that the
// destination has. After an error no tag was moved, except those that
// Result.Tags names.
func Write(ctx context.Context, t Transport, img Image, o Options) (Result, error) {
	c, err := walk(img.Index)
	if err != nil {
		return Result{}, err
	}
	o = o.withDefaults()
	r := Result{
		Name:      t.String(),
		Digest:    c.root.Digest,
		MediaType: c.root.MediaType,
		Size:      c.root.Size,
		Total:     c.total(),
		Platforms: c.platforms,
	}
	switch t.Scheme {
	case Docker:
		r.Name = t.Ref
		r.Tags, err = push(ctx, t, img, c, o)
	case OCI:
		r.Tags, err = writeLayout(ctx, t, layoutTags(t, img), c, o)
	case OCIArchive:
		r.Tags, err = writeOCIArchive(ctx, t, layoutTags(t, img), c, o)
	case DockerArchive:
		r.Tags, err = writeDockerArchive(ctx, t, img, c, o)
	case DockerDaemon:
		r.Tags, err = writeDockerDaemon(ctx, t, img, c, o)
	case RootFS:
		err = writeRootFS(ctx, t, c, o)
	default:
		err = badOutput(t.String(), "transport is not one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs")
	}
	return r, err
}

// layoutTags is the tag that an index gets in an OCI layout: at most one, so
// that `oci:DIR` alone names an image for other tools.
func layoutTags(t Transport, img Image) []string {
	switch {
	case t.Tag != "":
		return []string{t.Tag}
	case len(img.Tags) > 0:
		return img.Tags[:1]
	}
	return nil
}

// asks is how many parts are asked for at once.
func (o Options) asks() int {
	if o.Jobs == 1 {
		return 1
	}
	return 16
}

func (o Options) withDefaults() Options {
	if o.Jobs <= 0 {
		o.Jobs = 4
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Minute
	}
	if o.Stall <= 0 {
		o.Stall = 2 * time.Minute
	}
	if o.Clock == nil {
		o.Clock = realClock{}
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Insecure == nil {
		o.Insecure = func(string) bool { return false }
	}
	if o.Keychain == nil {
		o.Keychain = authn.NewMultiKeychain()
	}
	if o.UserAgent == "" {
		o.UserAgent = "gophersnake"
	}
	if o.Transport == nil {
		o.Transport = defaultTransport(max(o.Jobs, o.asks()))
	}
	progress, mu := o.Progress, new(sync.Mutex)
	o.Progress = func(e Event) {
		if progress != nil {
			mu.Lock()
			defer mu.Unlock()
			progress(e)
		}
	}
	return o
}

// defaultTransport is http.DefaultTransport with a connection for each job.
func defaultTransport(connections int) http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = connections
	return t
}

// progressStep is how many bytes lie between two EventProgress of a blob.
const progressStep = 1 << 20

// meter returns a function for verify that reports progress of a blob.
func (o Options) meter(b *blob) func(int64) {
	var told int64
	return func(n int64) {
		if n-told >= progressStep {
			told = n
			o.Progress(Event{Kind: EventProgress, Name: b.name(), Bytes: n, Size: b.Size})
		}
	}
}

// name is how events and errors call a blob.
func (b *blob) name() string { return "blob " + b.Digest.String() }

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
