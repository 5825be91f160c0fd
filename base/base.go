// Package base reads somebody else's base image: which bytes it is made of,
// and the facts about its file system that the layers above it need.
//
// # References
//
// A base is named in one of three ways:
//
//   - [HOST[:PORT]/]NAME[:TAG][@sha256:HEX], an image in a registry
//     (OCI distribution specification 1.1);
//   - oci:DIR[:TAG], an OCI image layout in a directory;
//   - oci-archive:FILE[:TAG], the same in an uncompressed tar file.
//
// DIR and FILE hold no colon. A TAG of a layout is the annotation
// org.opencontainers.image.ref.name of a descriptor in index.json. Without one,
// index.json itself is the index that platforms are looked up in, and two
// descriptors with different names are an error.
//
// # What is trusted
//
// Nothing that a registry says. A document or a blob is read up to one byte
// beyond the size of its descriptor and hashed while it is read; only sha256 is
// known. A tag is the one thing that cannot be checked, so [Source.Resolve]
// computes the digest of what the tag gave, and [Source.Image] asks for that
// digest only. Descriptors' urls are never followed. Plain HTTP is spoken to
// loopback hosts and to those that Source.Insecure names, and no credential
// leaves for another host.
//
// # Facts
//
// Layers are read as streams, bottom to top, and never unpacked. What is kept
// of them is a tree of names, owners and modes with the few texts that are
// asked for; whiteouts and replaced files follow the OCI image specification
// 1.1, "Image Layer Filesystem Changeset", and a path is always taken through
// the symbolic links of its parents, as a container engine does it.
package base

import (
	"context"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Source reads base images. Its zero value reads public registries and layouts
// relative to the working directory. A Source is safe for concurrent use.
type Source struct {
	// Keychain holds the credentials for registries; nil means none.
	Keychain authn.Keychain
	// Transport sends the requests. It may retry them; a body that breaks off
	// is resumed by Source. Nil means Go's default with TLS 1.2 as a minimum.
	Transport http.RoundTripper
	// Insecure reports whether plain HTTP may be spoken to a host other than
	// the loopback. Nil means to none.
	Insecure func(host string) bool
	// Dir is the directory that relative paths of layouts start at.
	Dir string
	// Cache keeps manifests and configs; nil means none.
	Cache Cache
	// Limits bound what is read.
	Limits Limits
	// AllowForeign accepts layers that are marked as not distributable. Their
	// bytes are still asked of the image's own registry only.
	AllowForeign bool
	// Retries is how often a body that breaks off is asked for again: 0 means
	// three times, a negative number never.
	Retries int
	// Wait pauses between retries; nil waits in real time.
	Wait func(ctx context.Context, d time.Duration) error
}

// Cache keeps documents by their digest ("sha256:<hex>"). What Get returns is
// hashed again, so a cache need not be trusted.
type Cache interface {
	Get(digest string) ([]byte, bool)
	Put(digest string, data []byte)
}

// Limits bound what is read of an image. A zero field means the default that
// it names (promises.md §3.3).
type Limits struct {
	Manifest int64 // bytes of a manifest or an index: 4 MiB
	Config   int64 // bytes of a config: 8 MiB
	Layer    int64 // compressed bytes of one layer: 16 GiB
	Unpacked int64 // bytes of one layer's tar: 32 GiB
	Ratio    int64 // unpacked to compressed, where a layer unpacks to more than 1 GiB: 200
	Members  int   // entries of all layers together: 1,000,000
	Text     int64 // bytes of one file whose text is a fact: 1 MiB
}

// maxNesting is how deep indexes may lie in each other, and maxJSONDepth how
// deep JSON values may.
const (
	maxNesting   = 4
	maxJSONDepth = 64
)

// withDefaults returns the limits with every zero field replaced.
func (l Limits) withDefaults() Limits {
	set := func(field *int64, value int64) {
		if *field == 0 {
			*field = value
		}
	}
	set(&l.Manifest, 4<<20)
	set(&l.Config, 8<<20)
	set(&l.Layer, 16<<30)
	set(&l.Unpacked, 32<<30)
	set(&l.Ratio, 200)
	set(&l.Text, 1<<20)
	if l.Members == 0 {
		l.Members = 1_000_000
	}
	return l
}

func (s *Source) retries() int {
	switch {
	case s.Retries < 0:
		return 0
	case s.Retries == 0:
		return 3
	}
	return s.Retries
}

func (s *Source) wait(ctx context.Context, d time.Duration) error {
	if s.Wait != nil {
		return s.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
