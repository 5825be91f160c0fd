package base

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

func TestReferences(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for _, good := range []string{"debian:12-slim", "localhost:5000/base:1", "localhost:5000/base@" + digest, "a/b:c@" + digest, "oci:dir", "oci:a/b:tag", "oci-archive:f.tar", "oci-archive:/f.tar:tag"} {
		if err := CheckReference(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	const rule = ": want [HOST[:PORT]/]NAME[:TAG][@sha256:HEX], with a NAME of lower-case letters, digits and . _ - /"
	for bad, want := range map[string]string{
		"UPPER/x":                rule,
		"":                       rule,
		"a b":                    rule,
		"a\nb":                   rule,
		"a@sha512:00":            rule,
		"docker://a":             rule,
		"oci:":                   ": want a path and, after a colon, a tag",
		"oci:dir:":               ": want a path and, after a colon, a tag",
		"oci-archive::1":         ": want a path and, after a colon, a tag",
		"a:" + digest + ":" + "": rule,
	} {
		err := CheckReference(bad)
		if want = fmt.Sprintf("image reference %q is not valid", bad) + want; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if c := fault.ClassOf(err); c != fault.Usage {
			t.Errorf("%s: class %s", bad, c)
		}
	}
}

func TestDigestRef(t *testing.T) {
	for image, want := range map[string]string{
		"debian:12":           "debian@sha256:1",
		"localhost:5000/a":    "localhost:5000/a@sha256:1",
		"localhost:5000/a:1":  "localhost:5000/a@sha256:1",
		"oci:dir:tag":         "oci:dir@sha256:1",
		"oci-archive:a/f.tar": "oci-archive:a/f.tar@sha256:1",
		"localhost:5000/a@sha256:" + strings.Repeat("0", 64): "localhost:5000/a@sha256:1",
	} {
		if got := DigestRef(&lock.Base{Image: image, Manifest: "sha256:1"}); got != want {
			t.Errorf("%s: got %s, want %s", image, got, want)
		}
	}
}

// bad is a bad image: promises.md §2, B01 to B14 and B18.
type bad struct {
	name  string
	spoil func(w *world, m, x obj) any // from a good manifest and index to what the tag names; nil = the index
	class fault.Class
	want  string
}

func child(x obj, n int) obj { return x["manifests"].([]any)[n].(obj) }
func layerOf(m obj) obj      { return m["layers"].([]any)[0].(obj) }

func badImages() []bad {
	foreign := "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
	return []bad{
		{"B01 schema 1", func(_ *world, _, _ obj) any {
			return obj{"schemaVersion": 1, "name": "base", "fsLayers": []any{}, "history": []any{}}
		}, fault.Usage, `HOST/base:1: manifest {top} is of schema 1, which is not supported`},
		{"B01 schema 1 in an index", func(_ *world, _, x obj) any {
			child(x, 0)["mediaType"] = "application/vnd.docker.distribution.manifest.v1+prettyjws"
			return x
		}, fault.Usage, `HOST/base@{manifest linux/amd64}: manifest {manifest linux/amd64} is of schema 1, which is not supported`},
		{"schema 3", func(_ *world, m, _ obj) any { m["schemaVersion"] = 3; return m }, fault.Verification, `HOST/base:1: manifest {top} has schemaVersion 3, not 2`},
		{"B02 lacks the platform", func(_ *world, _, x obj) any {
			child(x, 0)["platform"] = obj{"os": "linux", "architecture": "s390x"}
			return x
		}, fault.Usage, `HOST/base:1: no image for linux/amd64; it has linux/arm64, linux/s390x`},
		{"B02 another variant", func(_ *world, _, x obj) any {
			child(x, 0)["platform"] = obj{"os": "linux", "architecture": "amd64", "variant": "v3"}
			return x
		}, fault.Usage, `HOST/base:1: no image for linux/amd64; it has linux/amd64/v3, linux/arm64`},
		{"B02 single image", func(w *world, _, _ obj) any { return w.image(arm64) }, fault.Usage, `HOST/base:1: no image for linux/amd64; it has linux/arm64`},
		{"B02 empty index", func(_ *world, _, x obj) any { x["manifests"] = []any{}; return x }, fault.Usage, `HOST/base:1: no image for linux/amd64; it has no image at all`},
		{"B02 artifact", func(_ *world, m, _ obj) any {
			m["config"].(obj)["mediaType"] = "application/vnd.oci.empty.v1+json"
			return m
		}, fault.Usage, `HOST/base:1: no image for linux/amd64; it has no image at all`},
		{
			"B03 child shorter", func(_ *world, _, x obj) any { child(x, 0)["size"] = 100_000; return x }, fault.Verification,
			`HOST/base@{manifest linux/amd64}: manifest has N bytes, its descriptor says 100000`,
		},
		{
			"B03 child longer", func(_ *world, _, x obj) any { child(x, 0)["size"] = 10; return x }, fault.Verification,
			`HOST/base@{manifest linux/amd64}: manifest is larger than the limit of 10 bytes`,
		},
		{"B04 content type", func(w *world, _, x obj) any {
			x["mediaType"] = "application/vnd.docker.distribution.manifest.list.v2+json"
			w.tag(w.json(x))
			w.type_ = ociIndex
			return nil
		}, fault.Verification, `HOST/base:1: manifest {top} calls itself "application/vnd.docker.distribution.manifest.list.v2+json" and was sent as "` + ociIndex + `"`},
		{"B04 structure", func(w *world, _, x obj) any {
			delete(x, "mediaType")
			return x
		}, fault.Verification, `HOST/base:1: manifest {top} has the content of another media type than "` + ociManifest + `"`},
		{"B04 descriptor", func(_ *world, _, x obj) any {
			child(x, 0)["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
			return x
		}, fault.Verification, `HOST/base@{manifest linux/amd64}: manifest was sent as "` + ociManifest + `", its descriptor says "application/vnd.docker.distribution.manifest.v2+json"`},
		{
			"B05 layers and manifests", func(_ *world, m, x obj) any { m["manifests"] = x["manifests"]; return m }, fault.Verification,
			`HOST/base:1: manifest {top} is ambiguous: it has manifests and layers`,
		},
		{
			"B05 in another case", func(_ *world, m, _ obj) any { m["Layers"] = []any{}; return m }, fault.Verification,
			`HOST/base:1: manifest {top} is not valid JSON: key "layers" stands twice`,
		},
		{"neither", func(_ *world, m, _ obj) any { delete(m, "layers"); return m }, fault.Verification, `HOST/base:1: manifest {top} is neither an image nor an index`},
		{
			"B06 too large", func(_ *world, m, _ obj) any { m["annotations"] = obj{"a": strings.Repeat("a", 4<<20)}; return m }, fault.Verification,
			`HOST/base:1: manifest is larger than the limit of 4194304 bytes`,
		},
		{
			"B06 child too large", func(_ *world, _, x obj) any { child(x, 0)["size"] = 5 << 20; return x }, fault.Verification,
			`HOST/base@{manifest linux/amd64}: manifest of 5242880 bytes is larger than the limit of 4194304 bytes`,
		},
		{"B07 nested too deep", func(w *world, _, x obj) any {
			for range maxNesting {
				x = obj{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{w.desc(ociIndex, w.put("inner", w.json(x)))}}
				delete(w.labels, digestOf(w.json(x)))
			}
			return x
		}, fault.Verification, `indexes are nested deeper than 4`},
		{"B08 diff_ids", func(_ *world, m, _ obj) any { m["layers"] = []any{}; return m }, fault.Verification, `HOST/base@{config}: config has 1 diff_ids, its manifest 0 layers`},
		{"B08 diff_id of sha512", func(w *world, m, _ obj) any {
			c := `{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["sha512:ab"]}}`
			m["config"] = w.desc(ociConfig, w.put("config", []byte(c)))
			return m
		}, fault.Verification, `HOST/base@{config}: diff_id 1: digest algorithm "sha512" is not supported, only sha256 is`},
		{"B09 config not JSON", func(w *world, m, _ obj) any {
			m["config"] = w.desc(ociConfig, w.put("config", []byte("<html>")))
			return m
		}, fault.Verification, `HOST/base@{config}: config is not valid JSON: at byte 1: invalid character '<' looking for beginning of value`},
		{"B09 config cut off", func(w *world, m, _ obj) any {
			m["config"] = w.desc(ociConfig, w.put("config", []byte(`{"os":`)))
			return m
		}, fault.Verification, `HOST/base@{config}: config is not valid JSON: it ends too early`},
		{"B10 blob truncated", func(w *world, _, x obj) any {
			w.cut[layerDigest(w)] = 100
			return x
		}, fault.Network, `HOST/base@{layer1}: short by N bytes of N`},
		{"B10 truncated in the registry", func(w *world, m, x obj) any {
			layerOf(m)["size"] = len(w.blobs[layerDigest(w)]) + 7
			return m
		}, fault.Network, `HOST/base@{layer1}: short by 7 bytes of N`},
		{"B11 blob longer", func(w *world, m, _ obj) any {
			layerOf(m)["size"] = len(w.blobs[layerDigest(w)]) - 7
			return m
		}, fault.Verification, `HOST/base@{layer1}: longer than the size in its descriptor`},
		{
			"B12 sha512", func(_ *world, m, _ obj) any { layerOf(m)["digest"] = "sha512:ab"; return m }, fault.Verification,
			`HOST/base:1: layer: digest algorithm "sha512" is not supported, only sha256 is`,
		},
		{
			"B12 unknown", func(_ *world, _, x obj) any { child(x, 1)["digest"] = "crc32:ab"; return x }, fault.Verification,
			`HOST/base:1: index entry: digest algorithm "crc32" is not supported, only sha256 is`,
		},
		{
			"B12 no algorithm", func(_ *world, m, _ obj) any { m["config"].(obj)["digest"] = "../x"; return m }, fault.Verification,
			`HOST/base:1: config: "../x" is not a digest`,
		},
		{
			"B12 not hexadecimal", func(_ *world, m, _ obj) any { m["config"].(obj)["digest"] = "sha256:../x"; return m }, fault.Verification,
			`HOST/base:1: config: "../x" is not 64 lower-case hexadecimal digits`,
		},
		{"B13 negative", func(_ *world, m, _ obj) any { layerOf(m)["size"] = -1; return m }, fault.Verification, `HOST/base:1: layer {layer1}: size "-1" is not a number of bytes`},
		{
			"B13 2^63", func(_ *world, m, _ obj) any { layerOf(m)["size"] = uint64(1 << 63); return m }, fault.Verification,
			`HOST/base:1: layer {layer1}: size "9223372036854775808" is not a number of bytes`,
		},
		{"B13 none", func(_ *world, m, _ obj) any { delete(layerOf(m), "size"); return m }, fault.Verification, `HOST/base:1: layer {layer1}: size "" is not a number of bytes`},
		{
			"B13 huge", func(_ *world, m, _ obj) any { layerOf(m)["size"] = 1 << 40; return m }, fault.Verification,
			`HOST/base:1: layer {layer1} of 1099511627776 bytes is larger than the limit of 17179869184`,
		},
		{"B14 foreign", func(_ *world, m, _ obj) any {
			layerOf(m)["mediaType"], layerOf(m)["urls"] = foreign, []string{"https://layers.example.com/x"}
			return m
		}, fault.Usage, `HOST/base:1: layer {layer1} is foreign: "` + foreign + `" layers are not distributed with the image`},
		{
			"B18 url to a file", func(_ *world, m, _ obj) any { layerOf(m)["urls"] = []string{"file:///etc/passwd"}; return m }, fault.Usage,
			`HOST/base:1: layer {layer1}: has the url "file:///etc/passwd", and urls of descriptors are not followed`,
		},
		{"B18 url to metadata", func(_ *world, m, _ obj) any {
			m["config"].(obj)["urls"] = []string{"http://u:p@169.254.169.254/latest?token=secret"}
			return m
		}, fault.Usage, `HOST/base:1: config {config}: has the url "http://169.254.169.254/latest", and urls of descriptors are not followed`},
		{
			"B18 no url", func(_ *world, m, _ obj) any { layerOf(m)["urls"] = []string{"http://%zz"}; return m }, fault.Usage,
			`HOST/base:1: layer {layer1}: has the url "…", and urls of descriptors are not followed`,
		},
		{"rootfs type", func(w *world, m, _ obj) any {
			m["config"] = w.desc(ociConfig, w.put("config", []byte(`{"os":"linux","architecture":"amd64","rootfs":{"type":"xfs"}}`)))
			return m
		}, fault.Verification, `HOST/base@{config}: config is of rootfs type "xfs", not "layers"`},
		{
			"unknown layer", func(_ *world, m, _ obj) any { layerOf(m)["mediaType"] = "application/x-squashfs"; return m }, fault.Usage,
			`HOST/base:1: layer {layer1} has the media type "application/x-squashfs", which is not supported`,
		},
		{"key twice", func(w *world, m, _ obj) any {
			w.tag([]byte(strings.Replace(string(w.json(m)), `"layers"`, `"config":{},"layers"`, 1)))
			return nil
		}, fault.Verification, `HOST/base:1: manifest {top} is not valid JSON: key "config" stands twice`},
		{
			"two objects", func(w *world, m, _ obj) any { w.tag(append(w.json(m), "{}"...)); return nil }, fault.Verification,
			`HOST/base:1: manifest {top} is not valid JSON: something follows the object`,
		},
		{"wrong type", func(_ *world, m, _ obj) any { m["layers"] = "x"; return m }, fault.Verification, `HOST/base:1: manifest {top} is not valid JSON: layers is a JSON string`},
		{"deep JSON", func(w *world, _, _ obj) any {
			w.tag([]byte(`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}"))
			return nil
		}, fault.Verification, `HOST/base:1: manifest {top} is not valid JSON: nested deeper than 64`},
		{"list", func(w *world, _, _ obj) any { w.tag([]byte(`[]`)); return nil }, fault.Verification, `HOST/base:1: manifest {top} is not valid JSON: not an object`},
		{
			"child gone", func(w *world, _, x obj) any { delete(w.blobs, child(x, 0)["digest"].(string)); return x }, fault.Network,
			`HOST/base@{manifest linux/amd64}: the registry answered 404 Not Found: BLOB_UNKNOWN gone`,
		},
		{"child exchanged", func(w *world, m, x obj) any {
			m["annotations"] = obj{"a": "b"}
			d := child(x, 0)
			w.blobs[d["digest"].(string)] = w.json(m)
			d["size"] = len(w.json(m))
			return x
		}, fault.Verification, `HOST/base@{manifest linux/amd64}: want {manifest linux/amd64}, got sha256:N`},
		{"layer exchanged", func(w *world, _, x obj) any {
			d := layerDigest(w)
			w.blobs[d] = bytes.Repeat([]byte("x"), len(w.blobs[d]))
			return x
		}, fault.Verification, `HOST/base@{layer1}: the layer's compressed stream is broken: gzip: invalid header`},
		{"layer with a flipped bit", func(w *world, _, x obj) any {
			d := layerDigest(w)
			b := bytes.Clone(w.blobs[d])
			b[4] ^= 1 // gzip's time, which no checksum covers
			w.blobs[d] = b
			return x
		}, fault.Verification, `HOST/base@{layer1}: want {layer1}, got sha256:N`},
		{"wrong diffID", func(w *world, m, _ obj) any {
			c := obj{"os": "linux", "architecture": "amd64", "rootfs": obj{"diff_ids": []string{w.put("diff", nil)}}}
			m["config"] = w.desc(ociConfig, w.put("config", w.json(c)))
			return m
		}, fault.Verification, `HOST/base@{layer1}: the layer's tar: want diffID {diff}, got sha256:N`},
	}
}

func layerDigest(w *world) string { return labelled(w, "layer1") }

// labelled returns the digest that has a label.
func labelled(w *world, want string) string {
	for d, label := range w.labels {
		if label == want {
			return d
		}
	}
	return ""
}

func TestBadImages(t *testing.T) {
	for _, test := range badImages() {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.image(arm64) // fewer labels clash if arm64's come first
			m := w.image(amd64, tarOf(debian()...))
			x := w.index(map[platforms.Platform]obj{amd64: m, arm64: w.image(arm64)})
			if v := test.spoil(w, m, x); v != nil {
				w.tag(v)
			}
			ref := w.serve()
			s := &Source{Wait: noWait}
			b, err := s.Resolve(t.Context(), ref, amd64)
			if err == nil {
				t.Fatalf("resolved to %+v", b)
			}
			got := numbers(strings.ReplaceAll(w.plain(err), "{HOST}", "HOST"), test.want)
			if got != test.want && (!strings.Contains(test.name, "B07") || !strings.HasSuffix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if c := fault.ClassOf(err); c != test.class {
				t.Errorf("class %s, want %s", c, test.class)
			}
		})
	}
}

// numbers puts N where the wanted text has N in place of a number or digest.
func numbers(got, want string) string {
	g, w := strings.Fields(got), strings.Fields(want)
	for i := range min(len(g), len(w)) {
		if w[i] == "N" || w[i] == "sha256:N" {
			g[i] = w[i]
		}
	}
	return strings.Join(g, " ")
}

func TestForeignAllowed(t *testing.T) {
	const foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
	for u, want := range map[string]string{
		"https://layers.example.com/x":     "",
		"file:///etc/passwd":               `: layer {layer1}: has the url "file:///etc/passwd", and urls of descriptors are not followed`,
		"http://169.254.169.254/x":         `: layer {layer1}: has the url "http://169.254.169.254/x", and urls of descriptors are not followed`,
		"http://[::ffff:169.254.169.254]/": `: layer {layer1}: has the url "http://[::ffff:169.254.169.254]/", and urls of descriptors are not followed`,
	} {
		w := newWorld(t)
		m := w.image(amd64, tarOf(debian()...))
		layerOf(m)["mediaType"], layerOf(m)["urls"] = foreign, []string{u}
		w.tag(m)
		ref := w.serve()
		_, err := (&Source{AllowForeign: true}).Resolve(t.Context(), ref, amd64)
		if got := strings.TrimPrefix(w.plain(err), "{HOST}/base:1"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestBadLayouts: promises.md §2, B15 to B17.
func TestBadLayouts(t *testing.T) {
	tests := []struct {
		name  string
		tag   string
		spoil func(w *world, dir string)
		class fault.Class
		want  string
	}{
		{"B15 no oci-layout", "", remove("oci-layout"), fault.Usage, `DIR: not an OCI layout: it has no file oci-layout`},
		{"B15 another version", "", write("oci-layout", `{"imageLayoutVersion":"9"}`), fault.Usage, `BASE/oci-layout: image layout version "9" is not supported, only 1.0.0 is`},
		{"B16 flipped bit", "", func(w *world, dir string) {
			d := layerDigest(w)
			b := bytes.Clone(w.blobs[d])
			b[4] ^= 1
			write(blobName(d), string(b))(w, dir)
		}, fault.Verification, `BASE/blobs/sha256/{layer1}: want {layer1}, got sha256:N`},
		{"B16 short blob", "", func(w *world, dir string) {
			d := layerDigest(w)
			write(blobName(d), string(w.blobs[d][:len(w.blobs[d])-3]))(w, dir)
		}, fault.Verification, `BASE/blobs/sha256/{layer1}: short by 3 bytes`},
		{"B17 index.json truncated", "", write("index.json", `{"schemaVersion":2,"manif`), fault.Disk, `BASE/index.json: corrupt: not valid JSON: it ends too early`},
		{"B17 no index.json", "", remove("index.json"), fault.Disk, `DIR: the layout has no index.json`},
		{"B17 empty", "", write("index.json", ``), fault.Disk, `BASE/index.json: corrupt: not valid JSON: it ends too early`},
		{"blob missing", "", func(w *world, dir string) { remove(blobName(layerDigest(w)))(w, dir) }, fault.Disk, `BASE/blobs/sha256/{layer1}: the layout has no such blob`},
		{"blob is a directory", "", func(w *world, dir string) {
			name := blobName(layerDigest(w))
			remove(name)(w, dir)
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				w.t.Fatal(err)
			}
		}, fault.Usage, `BASE/blobs/sha256/{layer1}: not a regular file`},
		{"oci-layout corrupt", "", write("oci-layout", `{`), fault.Disk, `BASE/oci-layout: corrupt: not valid JSON: it ends too early`},
		{"index.json is no index", "", write("index.json", `{"schemaVersion":2}`), fault.Verification, `BASE/index.json: manifest sha256:N is neither an image nor an index`},
		{"manifest missing", "", func(w *world, dir string) { remove(blobName(labelled(w, "manifest")))(w, dir) }, fault.Disk, `BASE/blobs/sha256/{manifest}: the layout has no such blob`},
		{"tagged manifest missing", ":1", func(w *world, dir string) { remove(blobName(labelled(w, "manifest")))(w, dir) }, fault.Disk, `BASE/blobs/sha256/{manifest}: the layout has no such blob`},
		{"tagged manifest exchanged", ":1", func(w *world, dir string) { write(blobName(labelled(w, "manifest")), "{}")(w, dir) }, fault.Verification, `BASE/blobs/sha256/{manifest}: want {manifest}, got sha256:N`},
		{"below a file", "/index.json/x", nil, fault.Disk, `BASE/index.json/x: not a directory`},
		{"no such tag", ":9", nil, fault.Usage, `DIR:9: the layout has no tag "9"; it has 1`},
		{"no directory", "/no", nil, fault.Usage, `BASE/no: no such directory`},
		{"a file", "/index.json", nil, fault.Usage, `BASE/index.json: not a directory`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			d := w.desc(ociManifest, w.put("manifest", w.json(w.image(amd64, tarOf(debian()...)))))
			d["annotations"] = obj{refName: "1"}
			w.top = w.json(obj{"schemaVersion": 2, "manifests": []any{d}})
			dir := w.layout()
			if test.spoil != nil {
				test.spoil(w, dir)
			}
			s := &Source{Dir: filepath.Dir(dir)}
			_, err := s.Resolve(t.Context(), "oci:"+filepath.Base(dir)+test.tag, amd64)
			w.labels["oci:"+filepath.Base(dir)] = "DIR"
			got := strings.ReplaceAll(w.plain(err), "{DIR}", "DIR")
			if rest, ok := strings.CutPrefix(got, filepath.Base(dir)); ok {
				got = "BASE" + rest
			}
			if got = numbers(got, test.want); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if c := fault.ClassOf(err); c != test.class {
				t.Errorf("class %s, want %s", c, test.class)
			}
			var hinted interface{ Hint() string }
			if test.class == fault.Disk && (!asHinted(err, &hinted) || hinted.Hint() == "") {
				t.Error("no hint how to repair it")
			}
		})
	}
}

func remove(name string) func(*world, string) {
	return func(w *world, dir string) {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			w.t.Fatal(err)
		}
	}
}

func write(name, data string) func(*world, string) {
	return func(w *world, dir string) {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(data), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestBadArchives(t *testing.T) {
	for name, test := range map[string]struct {
		data  []byte
		class fault.Class
		want  string
	}{
		"cut off":    {tarOf(file("oci-layout", strings.Repeat(" ", 2000)))[:600], fault.Disk, "base.tar: not an uncompressed tar archive, or cut off: unexpected EOF"},
		"compressed": {gzipOf(bytes.Repeat([]byte("x"), 1<<20)), fault.Disk, "base.tar: not an uncompressed tar archive, or cut off: archive/tar: invalid tar header"},
		"no layout":  {tarOf(file("manifest.json", "[]")), fault.Usage, "oci-archive:base.tar: not an OCI layout: it has no file oci-layout"},
		"twice":      {tarOf(file("oci-layout", "{}"), file("./oci-layout", "{}")), fault.Verification, `base.tar: the archive has "oci-layout" twice`},
		"corrupt":    {tarOf(file("oci-layout", "{"), dir("blobs")), fault.Disk, "base.tar: oci-layout: corrupt: not valid JSON: it ends too early"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "base.tar"), test.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := (&Source{Dir: dir}).Resolve(t.Context(), "oci-archive:base.tar", amd64)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if c := fault.ClassOf(err); c != test.class {
				t.Errorf("class %s, want %s", c, test.class)
			}
		})
	}
	_, err := (&Source{}).Resolve(t.Context(), "oci-archive:no.tar", amd64)
	if want := "no.tar: no such file"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestResolve reads one image in every packing and from every place.
func TestResolve(t *testing.T) {
	w := newWorld(t)
	lower, middle, upper := tarOf(debian()...), tarOf(file("etc/passwd", "changed")), tarOf(file("bin/.wh.bash", ""), entry{Header: tar.Header{Name: "p", Typeflag: tar.TypeFifo}})
	m := w.image(amd64, lower, middle, upper)
	m["layers"].([]any)[1] = w.desc(ociLayer+"+zstd", w.put("zstd", zstdOf(middle)))
	m["layers"].([]any)[2] = w.desc(ociLayer, w.put("plain", upper))
	x := w.index(map[platforms.Platform]obj{amd64: m, arm64: w.image(arm64)})
	attestation := w.desc(ociManifest, w.put("attestation", []byte("not read")))
	attestation["platform"] = obj{"os": "unknown", "architecture": "unknown"}
	x["manifests"] = append([]any{attestation, w.desc("application/x-else", w.put("else", nil))}, x["manifests"].([]any)...)
	w.tag(x)

	want := &lock.Base{Platform: amd64, Manifest: child(x, 2)["digest"].(string), Config: m["config"].(obj)["digest"].(string)}
	for i, raw := range [][]byte{lower, middle, upper} {
		d := m["layers"].([]any)[i].(obj)
		want.Layers = append(want.Layers, lock.Blob{Digest: d["digest"].(string), DiffID: digestOf(raw), Size: int64(d["size"].(int)), MediaType: d["mediaType"].(string)})
	}
	want.Facts = factsOf(t, amd64, debian(), []entry{file("etc/passwd", "changed"), file("bin/.wh.bash", "")})
	want.Env, want.User = []string{"PATH=/usr/bin"}, "root"

	ref := w.serve()
	places := []string{ref, strings.TrimSuffix(ref, ":1") + "@" + digestOf(w.top), "oci:" + w.layout(), "oci-archive:" + w.archive()}
	for _, place := range places {
		want.Image = place
		got, err := (&Source{}).Resolve(t.Context(), place, amd64)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", place, diff)
		}
		if d, err := (&Source{}).Digest(t.Context(), place, amd64); err != nil || d != want.Manifest {
			t.Errorf("Digest: %s, %v", d, err)
		}
	}
}

func TestLayoutTags(t *testing.T) {
	w := newWorld(t)
	one, two := w.desc(ociManifest, w.put("one", w.json(w.image(amd64)))), w.desc(ociIndex, w.put("two", w.json(w.index(map[platforms.Platform]obj{amd64: w.image(amd64, tarOf(debian()...))}))))
	one["annotations"], two["annotations"] = obj{refName: "one"}, obj{refName: "two"}
	w.top = w.json(obj{"schemaVersion": 2, "manifests": []any{one, two}})
	dir := w.layout()
	for tag, want := range map[string]int{":one": 0, ":two": 1} {
		b, err := (&Source{}).Resolve(t.Context(), "oci:"+dir+tag, amd64)
		if err != nil || len(b.Layers) != want {
			t.Errorf("%s: %v, %v", tag, b, err)
		}
	}
	b, err := (&Source{}).Resolve(t.Context(), "oci:"+dir+":two", amd64)
	if err != nil {
		t.Fatal(err)
	}
	img, err := (&Source{}).Image(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if from, ok := layers[0].(Mountable).MountFrom(); ok {
		t.Errorf("a layout's layer can be mounted from %v", from)
	}
	_, err = (&Source{}).Resolve(t.Context(), "oci:"+dir, amd64)
	if want := "oci:" + dir + ": the layout holds several images: one, two"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
