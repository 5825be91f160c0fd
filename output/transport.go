package output

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// The transports that Parse knows.
const (
	Docker        = "docker"
	OCI           = "oci"
	OCIArchive    = "oci-archive"
	DockerArchive = "docker-archive"
	DockerDaemon  = "docker-daemon"
	RootFS        = "rootfs"
)

// Transport is a parsed destination.
type Transport struct {
	Scheme string // Docker, OCI, OCIArchive, DockerArchive, DockerDaemon or RootFS
	Path   string // the directory or file as written; "" for Docker and DockerDaemon
	Ref    string // HOST/REPOSITORY[:TAG] as written, of Docker, DockerArchive and DockerDaemon; may be "" for DockerArchive
	Tag    string // of Docker, DockerDaemon, OCI and OCIArchive; "" where none is written
}

// refName is the grammar of org.opencontainers.image.ref.name (image-spec,
// annotations.md).
var refName = regexp.MustCompile(`^[A-Za-z0-9]+(?:(?:--|[-._:@+])[A-Za-z0-9]+)*(?:/[A-Za-z0-9]+(?:(?:--|[-._:@+])[A-Za-z0-9]+)*)*$`)

// Parse reads a destination as in containers-transports(5). Errors are of class
// usage.
func Parse(s string) (Transport, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return Transport{}, badOutput(s, "transport is missing, want one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs")
	}
	t := Transport{Scheme: scheme}
	switch scheme {
	case Docker:
		ref, ok := strings.CutPrefix(rest, "//")
		if !ok {
			return Transport{}, badOutput(s, "docker wants two slashes: docker://REF")
		}
		t.Ref = ref
		return t, t.checkRef(s)
	case DockerDaemon:
		if strings.HasPrefix(rest, "//") {
			return Transport{}, badOutput(s, "docker-daemon wants no slashes: docker-daemon:REF")
		}
		t.Ref = rest
		return t, t.checkRef(s)
	case RootFS:
		t.Path = rest
	case OCI, OCIArchive:
		t.Path, t.Tag, ok = strings.Cut(rest, ":")
		if ok && !refName.MatchString(t.Tag) {
			return Transport{}, badOutput(s, "tag %q does not start and end with a letter or digit, or has other characters than those and - . _ : @ + /", t.Tag)
		}
	case DockerArchive:
		t.Path, t.Ref, ok = strings.Cut(rest, ":")
		if ok {
			if err := t.checkRef(s); err != nil {
				return Transport{}, err
			}
			t.Tag = ""
		}
	default:
		return Transport{}, badOutput(s, "transport is not one of docker, oci, oci-archive, docker-archive, docker-daemon, rootfs")
	}
	if t.Path == "" {
		return Transport{}, badOutput(s, "path is empty")
	}
	if strings.ContainsRune(t.Path, 0) {
		return Transport{}, badOutput(s, "path has a NUL byte")
	}
	return t, nil
}

// checkRef validates Ref and splits Tag off it.
func (t *Transport) checkRef(s string) error {
	ref := t.Ref
	if ref == "" {
		return badOutput(s, "reference is empty")
	}
	if strings.Contains(ref, "@") {
		return badOutput(s, "a digest cannot be chosen, it follows from the content; want REPOSITORY[:TAG]")
	}
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		t.Tag = ref[i+1:]
		if _, err := name.NewTag(ref); err != nil {
			return badOutput(s, "%w", refError{err})
		}
		return nil
	}
	if _, err := name.NewRepository(ref); err != nil {
		return badOutput(s, "%w", refError{err})
	}
	return nil
}

// refError is a parser's error on one line.
type refError struct{ err error }

func (e refError) Error() string { return "reference is not valid: " + escape(e.err.Error()) }
func (e refError) Unwrap() error { return e.err }

func badOutput(s, format string, args ...any) *Error {
	return newError(classUsage, fmt.Sprintf("output %q", s), format, args...)
}

// String returns the destination as Parse reads it.
func (t Transport) String() string {
	switch {
	case t.Scheme == Docker:
		return "docker://" + t.Ref
	case t.Scheme == DockerDaemon:
		return t.Scheme + ":" + t.Ref
	case t.Scheme == DockerArchive && t.Ref != "":
		return t.Scheme + ":" + t.Path + ":" + t.Ref
	case t.Tag != "":
		return t.Scheme + ":" + t.Path + ":" + t.Tag
	}
	return t.Scheme + ":" + t.Path
}

// repository returns the repository of Ref.
func (t Transport) repository() string {
	if t.Scheme != DockerArchive && t.Tag != "" {
		return strings.TrimSuffix(t.Ref, ":"+t.Tag)
	}
	return t.Ref
}

// place is the name of t in errors.
func (t Transport) place() string { return fmt.Sprintf("output %q", t.String()) }
