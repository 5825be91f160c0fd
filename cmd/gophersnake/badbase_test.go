package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

type object = map[string]any

// spoiled is a base image that can be made wrong in every part.
type spoiled struct {
	s      *site
	layer  []byte
	config object
	// manifest and index are as they should be; what the layout's index.json
	// names is top, or the index where that is nil.
	manifest, index object
	top             any
	names           map[string]string // of digests
}

const (
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// newSpoiled makes a good base of one layer for linux/amd64.
func newSpoiled(s *site) *spoiled {
	b := &spoiled{s: s, names: map[string]string{}}
	tar := archivetest.Tar(baseFiles()...)
	var err error
	b.layer, err = gzipped(tar)
	s.check(err)
	b.config = object{"os": "linux", "architecture": "amd64", "rootfs": object{"type": "layers", "diff_ids": []any{digestOf(tar)}}}
	b.manifest = object{"schemaVersion": 2, "mediaType": ociManifest, "config": b.put("config", ociConfig, b.json(b.config)), "layers": []any{b.put("layer", ociLayer, b.layer)}}
	b.index = object{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{b.child()}}
	return b
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (b *spoiled) json(v any) []byte {
	data, err := json.Marshal(v)
	b.s.check(err)
	return data
}

// put writes a blob and returns its descriptor.
func (b *spoiled) put(name, mediaType string, data []byte) object {
	digest := digestOf(data)
	b.names[digest] = name
	b.s.write("base/blobs/sha256/"+strings.TrimPrefix(digest, "sha256:"), string(data))
	return object{"mediaType": mediaType, "digest": digest, "size": len(data)}
}

// child returns the manifest's descriptor in an index.
func (b *spoiled) child() object {
	d := b.put("manifest", ociManifest, b.json(b.manifest))
	d["platform"] = object{"os": "linux", "architecture": "amd64"}
	return d
}

func (b *spoiled) layerDescriptor() object { return b.manifest["layers"].([]any)[0].(object) }
func (b *spoiled) firstChild() object      { return b.index["manifests"].([]any)[0].(object) }

// file returns the path of a descriptor's blob.
func (b *spoiled) file(d object) string {
	return "base/blobs/sha256/" + strings.TrimPrefix(d["digest"].(string), "sha256:")
}

// write writes oci-layout and index.json.
func (b *spoiled) write(refresh bool) {
	if refresh {
		b.index["manifests"] = []any{b.child()}
	}
	top := b.top
	if top == nil {
		top = b.index
	}
	data, raw := b.json(top), true
	if text, ok := top.(string); ok {
		data, raw = []byte(text), false
	}
	mediaType := ociIndex
	if m, ok := top.(object); ok && raw {
		if t, ok := m["mediaType"].(string); ok {
			mediaType = t
		}
	}
	b.s.write("base/oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	b.s.write("base/index.json", string(b.json(object{"schemaVersion": 2, "manifests": []any{b.put("top", mediaType, data)}})))
}

// plain puts the names of digests into an error.
func (b *spoiled) plain(text string) string {
	for digest, name := range b.names {
		text = strings.ReplaceAll(text, digest, "{"+name+"}")
		text = strings.ReplaceAll(text, strings.TrimPrefix(digest, "sha256:"), "{"+name+"}")
	}
	return text
}

// B01 to B18 of promises.md §2, from a layout.
func TestBadBase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(b *spoiled) (written bool) // whether the layout is written already
		code  int
		want  string
	}{
		{"good", func(*spoiled) bool { return false }, 0, ""},
		{"B01 schema 1", func(b *spoiled) bool {
			b.top = object{"schemaVersion": 1, "fsLayers": []any{}, "history": []any{}}
			return false
		}, 2, "gophersnake: base/blobs/sha256/{top}: manifest {top} is of schema 1, which is not supported\nhint: pull the image and push it again with a current tool, then name that\n"},
		{"B02 other platform", func(b *spoiled) bool {
			b.firstChild()["platform"] = object{"os": "linux", "architecture": "s390x"}
			b.top = b.index
			return false
		}, 2, "gophersnake: oci:base: no image for linux/amd64; it has linux/s390x\nhint: take the platform out of platforms, or choose another base\n"},
		{"B03 child's size", func(b *spoiled) bool { b.firstChild()["size"] = 7; b.top = b.index; return false }, 6, "gophersnake: base/blobs/sha256/{manifest}: manifest has 401 bytes, its descriptor says 7\n"},
		{"B04 media type", func(b *spoiled) bool {
			b.firstChild()["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
			b.top = b.index
			return false
		}, 6, "gophersnake: base/blobs/sha256/{manifest}: manifest {manifest} calls itself \"application/vnd.oci.image.manifest.v1+json\" and was sent as \"application/vnd.docker.distribution.manifest.v2+json\"\n"},
		{"B05 ambiguous", func(b *spoiled) bool { b.manifest["manifests"] = []any{}; b.top = b.manifest; return false }, 6, "gophersnake: base/blobs/sha256/{top}: manifest {top} is ambiguous: it has manifests and layers\n"},
		{"B06 too large", func(b *spoiled) bool {
			b.manifest["annotations"] = object{"a": strings.Repeat("a", 4<<20)}
			b.top = b.manifest
			return false
		}, 6, "gophersnake: base/blobs/sha256/{top}: manifest of 4194728 bytes is larger than the limit of 4194304 bytes\n"},
		{"B07 nested", func(b *spoiled) bool {
			x := maps.Clone(b.index)
			for range 6 {
				x = object{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{b.put("inner", ociIndex, b.json(x))}}
			}
			b.top = x
			return false
		}, 6, "gophersnake: base/blobs/sha256/{inner}: indexes are nested deeper than 4\n"},
		{"B08 diff_ids", func(b *spoiled) bool { b.manifest["layers"] = []any{}; b.top = b.manifest; return false }, 6, "gophersnake: base/blobs/sha256/{config}: config has 1 diff_ids, its manifest 0 layers\n"},
		{"B09 config", func(b *spoiled) bool {
			b.manifest["config"] = b.put("config", ociConfig, []byte("<html>"))
			b.top = b.manifest
			return false
		}, 6, "gophersnake: base/blobs/sha256/{config}: config is not valid JSON: at byte 1: invalid character '<' looking for beginning of value\n"},
		{"B11 blob longer", func(b *spoiled) bool {
			b.layerDescriptor()["size"] = len(b.layer) - 7
			b.top = b.manifest
			return false
		}, 6, "gophersnake: base/blobs/sha256/{layer}: longer than the size in its descriptor\n"},
		{"B12 sha512", func(b *spoiled) bool { b.layerDescriptor()["digest"] = "sha512:ab"; b.top = b.manifest; return false }, 6, "gophersnake: base/blobs/sha256/{top}: layer: digest algorithm \"sha512\" is not supported, only sha256 is\n"},
		{"B12 traversal", func(b *spoiled) bool {
			b.layerDescriptor()["digest"] = "sha256:../../../etc/passwd"
			b.top = b.manifest
			return false
		}, 6, "gophersnake: base/blobs/sha256/{top}: layer: \"../../../etc/passwd\" is not 64 lower-case hexadecimal digits\n"},
		{"B13 negative", func(b *spoiled) bool { b.layerDescriptor()["size"] = -1; b.top = b.manifest; return false }, 6, "gophersnake: base/blobs/sha256/{top}: layer {layer}: size \"-1\" is not a number of bytes\n"},
		{"B13 2^63", func(b *spoiled) bool {
			b.layerDescriptor()["size"] = uint64(1) << 63
			b.top = b.manifest
			return false
		}, 6, "gophersnake: base/blobs/sha256/{top}: layer {layer}: size \"9223372036854775808\" is not a number of bytes\n"},
		{"B14 foreign", func(b *spoiled) bool {
			b.layerDescriptor()["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
			b.top = b.manifest
			return false
		}, 2, "gophersnake: base/blobs/sha256/{top}: layer {layer} is foreign: \"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\" layers are not distributed with the image\nhint: push the image with all of its layers to one registry, or pass --allow-foreign-layers\n"},
		{"B15 no oci-layout", func(b *spoiled) bool {
			b.write(false)
			b.s.check(os.Remove(b.s.at("base/oci-layout")))
			return true
		}, 2, "gophersnake: oci:base: not an OCI layout: it has no file oci-layout\nhint: a layout holds oci-layout, index.json and blobs/; a docker-archive is something else\n"},
		{"B15 nothing", func(b *spoiled) bool { b.s.check(os.RemoveAll(b.s.at("base"))); return true }, 2, "gophersnake: base: no such directory\n"},
		{"B16 flipped bit", func(b *spoiled) bool {
			b.write(false)
			data := bytes.Clone(b.layer)
			data[4] ^= 1
			b.s.write(b.file(b.layerDescriptor()), string(data))
			return true
		}, 6, "gophersnake: base/blobs/sha256/{layer}: want {layer}, got sha256:4f926e10dd42cd3278fc55178eaf888f7556328185d8d6ffdb4f36a14c11f202\n"},
		{"B16 short", func(b *spoiled) bool {
			b.write(false)
			b.s.write(b.file(b.layerDescriptor()), string(b.layer[:len(b.layer)-3]))
			return true
		}, 6, "gophersnake: base/blobs/sha256/{layer}: short by 3 bytes\nhint: the source of the image is damaged or was cut off: try again, then push the image anew\n"},
		{"B16 gone", func(b *spoiled) bool {
			b.write(false)
			b.s.check(os.Remove(b.s.at(b.file(b.layerDescriptor()))))
			return true
		}, 7, "gophersnake: base/blobs/sha256/{layer}: the layout has no such blob\nhint: write the layout again, or copy it again from where it came from\n"},
		{"B17 truncated", func(b *spoiled) bool {
			b.write(false)
			b.s.write("base/index.json", `{"schemaVersion":2,"manif`)
			return true
		}, 7, "gophersnake: base/index.json: corrupt: not valid JSON: it ends too early\nhint: write the layout again, or copy it again from where it came from\n"},
		{"B18 file URL", func(b *spoiled) bool {
			b.layerDescriptor()["urls"] = []any{"file:///etc/passwd"}
			b.top = b.manifest
			return false
		}, 2, "gophersnake: base/blobs/sha256/{top}: layer {layer}: has the url \"file:///etc/passwd\", and urls of descriptors are not followed\nhint: push the image with all of its layers to one registry, and name that\n"},
		{"B18 metadata service", func(b *spoiled) bool {
			b.layerDescriptor()["urls"] = []any{"http://me:secret@169.254.169.254/latest?token=secret"}
			b.top = b.manifest
			return false
		}, 2, "gophersnake: base/blobs/sha256/{top}: layer {layer}: has the url \"http://169.254.169.254/latest\", and urls of descriptors are not followed\nhint: push the image with all of its layers to one registry, and name that\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, imageTable+"[base]\nimage = \"oci:base\"\n")
			b := newSpoiled(s)
			if !tt.spoil(b) {
				b.write(false)
			}
			got := s.run("-q", "build", "-o", "oci:image")
			if tt.code == 0 {
				s.digest("oci:image")
				return
			}
			if text := b.plain(got.Stderr); got.Code != tt.code || text != tt.want {
				t.Errorf("base: exit %d, want %d\n got %q\nwant %q", got.Code, tt.code, text, tt.want)
			}
			s.absent("image", lockName)
		})
	}
}

// B04, B10 and B11 where only a registry can do them.
func TestBadBaseOfRegistry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(b *spoiled, w http.ResponseWriter, r *http.Request) bool
		code   int
		want   string
	}{
		{"B04 content type", func(b *spoiled, w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			w.Header().Set("Content-Type", ociManifest)
			_, _ = w.Write(b.json(b.index)) // the client judges
			return true
		}, 6, "gophersnake: HOST/base:1: manifest {top} calls itself \"application/vnd.oci.image.index.v1+json\" and was sent as \"application/vnd.oci.image.manifest.v1+json\"\n"},
		{"B10 truncated", func(b *spoiled, w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, b.layerDescriptor()["digest"].(string)) {
				return false
			}
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write(b.layer[:100])
			return true
		}, 5, "gophersnake: HOST/base@{layer}: short by 432 bytes of 532\nhint: try again; if it stays so, the registry has lost part of the image\n"},
		{"B11 longer", func(b *spoiled, w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, b.layerDescriptor()["digest"].(string)) {
				return false
			}
			_, _ = w.Write(append(bytes.Clone(b.layer), "more"...))
			return true
		}, 6, "gophersnake: HOST/base@{layer}: longer than the size in its descriptor\n"},
		{"R01 no credentials", func(_ *spoiled, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			outputtest.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "who are you?\x1b[31m")
			return true
		}, 5, "gophersnake: HOST/base:1: the registry answered 401 Unauthorized: UNAUTHORIZED who are you?\\x1b[31m\nhint: no credentials for HOST were found: log in, or check the image's name\n"},
		{"not found", func(_ *spoiled, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			outputtest.Fail(w, http.StatusNotFound, "NAME_UNKNOWN", "no such repository")
			return true
		}, 5, "gophersnake: HOST/base:1: the registry answered 404 Not Found: NAME_UNKNOWN no such repository\nhint: check the image's name and tag\n"},
		{"web page", func(_ *spoiled, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>log in</html>"))
			return true
		}, 6, "gophersnake: HOST/base:1: manifest sha256:9a6242c8973c15c1f75d9c64c2289f216419e41e8f75e1c7d543ff256612ce7d is not valid JSON: at byte 1: invalid character '<' looking for beginning of value\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := outputtest.NewRegistry(t)
			good := newSite(t, imageTable)
			b := newSpoiled(good)
			var broken atomic.Bool
			r.SetFault(func(w http.ResponseWriter, r *http.Request) bool { return broken.Load() && tt.answer(b, w, r) })
			b.write(false)
			good.write("gophersnake.toml", imageTable+"[base]\nimage = \"oci:base\"\n")
			good.ok("-q", "build", "-o", "docker://"+r.Host()+"/base:1") // has the base's layer
			s := newSite(t, imageTable+"[base]\nimage = \""+r.Host()+"/base:1\"\n")
			broken.Store(true)
			got := s.run("-q", "build", "--max-wait", "1s", "-o", "oci:image")
			text := b.plain(strings.ReplaceAll(got.Stderr, r.Host(), "HOST"))
			if got.Code != tt.code || text != tt.want {
				t.Errorf("base: exit %d, want %d\n got %q\nwant %q", got.Code, tt.code, text, tt.want)
			}
			s.absent("image", lockName)
		})
	}
}
