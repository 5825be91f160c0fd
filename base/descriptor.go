package base

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// descriptor points to content (OCI image specification 1.1, "Content
// Descriptors"). Its size is kept as written until check has seen it.
type descriptor struct {
	MediaType   types.MediaType   `json:"mediaType"`
	Digest      string            `json:"digest"`
	RawSize     json.Number       `json:"size"`
	URLs        []string          `json:"urls"`
	Platform    *platform         `json:"platform"`
	Annotations map[string]string `json:"annotations"`

	size int64 // bytes, set by check
}

// platform is what a descriptor or a config says it is for.
type platform struct {
	OS      string `json:"os"`
	Arch    string `json:"architecture"`
	Variant string `json:"variant"`
}

func (p platform) String() string {
	if p.Variant != "" && !(p.Arch == "arm64" && p.Variant == "v8") {
		return p.OS + "/" + p.Arch + "/" + p.Variant
	}
	return p.OS + "/" + p.Arch
}

// check validates digest, size and urls. The place and what the descriptor is
// go into the error.
func (d *descriptor) check(where, what string, foreign bool) error {
	if err := checkDigest(where, what, d.Digest); err != nil {
		return err
	}
	size, err := strconv.ParseInt(d.RawSize.String(), 10, 64)
	if err != nil || size < 0 {
		return fault.New(fault.Verification, where, "%s %s: size %q is not a number of bytes", what, d.Digest, d.RawSize)
	}
	d.size = size
	for _, u := range d.URLs {
		if !foreign || !harmless(u) {
			return fault.New(fault.Usage, where, "%s %s: has the url %q, and urls of descriptors are not followed", what, d.Digest, withoutSecrets(u)).
				WithHint("push the image with all of its layers to one registry, and name that")
		}
	}
	return nil
}

// checkDigest accepts "sha256:" and 64 lower-case hexadecimal digits.
func checkDigest(where, what, digest string) error {
	algorithm, hex, ok := strings.Cut(digest, ":")
	switch {
	case !ok || algorithm == "":
		return fault.New(fault.Verification, where, "%s: %q is not a digest", what, digest)
	case algorithm != "sha256":
		return fault.New(fault.Verification, where, "%s: digest algorithm %q is not supported, only sha256 is", what, algorithm)
	case len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "":
		return fault.New(fault.Verification, where, "%s: %q is not 64 lower-case hexadecimal digits", what, hex)
	}
	return nil
}

// harmless reports whether a foreign layer's url is one that may stand in a
// manifest: of the web, and not of this machine or its cloud's metadata
// service.
func harmless(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !(ip.IsLinkLocalUnicast() || ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified())
}

// withoutSecrets drops what a URL may hold of secrets: user and query.
func withoutSecrets(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "…"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
