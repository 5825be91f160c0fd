package base

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/platforms"
)

const (
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
)

type obj = map[string]any

// world is the content of a registry or a layout: good until a test spoils it.
type world struct {
	t      testing.TB
	blobs  map[string][]byte
	labels map[string]string // digest → what errors show in its place
	cut    map[string]int    // digest → bytes after which an answer breaks off, each time
	breaks map[string]int    // digest → how often it does; 0 = always
	top    []byte            // what the tag 1 names
	type_  string            // its content type
	asked  []string          // paths of the requests
	ranges []string          // their Range headers
}

func newWorld(t testing.TB) *world {
	return &world{t: t, blobs: map[string][]byte{}, labels: map[string]string{}, cut: map[string]int{}, breaks: map[string]int{}}
}

// put stores a blob and names it in errors.
func (w *world) put(label string, raw []byte) string {
	d := digestOf(raw)
	w.blobs[d], w.labels[d] = raw, label
	return d
}

func (w *world) json(v any) []byte {
	w.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

func (w *world) desc(mediaType, digest string) obj {
	return obj{"mediaType": mediaType, "digest": digest, "size": len(w.blobs[digest])}
}

// image stores an image and returns its manifest.
func (w *world) image(p platforms.Platform, layers ...[]byte) obj {
	diffIDs, descs := []string{}, []any{}
	for i, l := range layers {
		diffIDs = append(diffIDs, digestOf(l))
		descs = append(descs, w.desc(ociLayer+"+gzip", w.put(fmt.Sprintf("layer%d", i+1), gzipOf(l))))
	}
	c := obj{
		"os": p.OS, "architecture": p.Arch, "rootfs": obj{"type": "layers", "diff_ids": diffIDs},
		"config": obj{"Env": []string{"PATH=/usr/bin"}, "User": "root"},
	}
	return obj{"schemaVersion": 2, "mediaType": ociManifest, "config": w.desc(ociConfig, w.put("config", w.json(c))), "layers": descs}
}

// index returns an index of manifests by platform.
func (w *world) index(manifests map[platforms.Platform]obj) obj {
	var list []any
	for _, p := range slices.SortedFunc(maps.Keys(manifests), platforms.Compare) {
		d := w.desc(ociManifest, w.put("manifest "+p.String(), w.json(manifests[p])))
		d["platform"] = obj{"os": p.OS, "architecture": p.Arch}
		list = append(list, d)
	}
	return obj{"schemaVersion": 2, "mediaType": ociIndex, "manifests": list}
}

// tag makes a document the one that the tag 1 names.
func (w *world) tag(v any) {
	raw, ok := v.([]byte)
	if !ok {
		raw = w.json(v)
	}
	w.top, w.type_ = raw, ociManifest
	if m, ok := v.(obj); ok && m["mediaType"] != nil {
		w.type_ = m["mediaType"].(string)
	}
	w.put("top", raw)
}

// serve starts a registry and returns the reference of the tag 1.
func (w *world) serve() string {
	server := httptest.NewServer(w)
	w.t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	w.labels[host] = "HOST"
	return host + "/base:1"
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.asked = append(w.asked, r.URL.Path)
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	raw, ok := w.blobs[id]
	switch {
	case r.URL.Path == "/v2/":
		return
	case id == "1":
		rw.Header().Set("Content-Type", w.type_)
		raw = w.top
	case !ok:
		http.Error(rw, `{"errors":[{"code":"BLOB_UNKNOWN","message":"gone"}]}`, http.StatusNotFound)
		return
	case strings.Contains(r.URL.Path, "/manifests/"):
		var m struct{ MediaType string }
		_ = json.Unmarshal(raw, &m)
		rw.Header().Set("Content-Type", m.MediaType)
	default:
		w.ranges = append(w.ranges, r.Header.Get("Range"))
	}
	if n, ok := w.cut[id]; ok {
		if w.breaks[id]--; w.breaks[id] == 0 {
			delete(w.cut, id)
		}
		rw.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		_, _ = rw.Write(raw[:n])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(raw))
}

// layout writes the world into an OCI layout and returns the directory.
func (w *world) layout() string {
	dir := w.t.TempDir()
	for name, data := range w.layoutFiles() {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	return dir
}

func (w *world) layoutFiles() map[string][]byte {
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`), "index.json": w.top}
	for d, data := range w.blobs {
		files[blobName(d)] = data
	}
	return files
}

// archive writes the world into an OCI archive and returns the file.
func (w *world) archive() string {
	var entries []entry
	files := w.layoutFiles()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, file("./"+name, string(files[name])))
	}
	name := filepath.Join(w.t.TempDir(), "base.tar")
	if err := os.WriteFile(name, tarOf(entries...), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return name
}

// plain replaces digests and hosts in an error by their labels.
func (w *world) plain(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for what, label := range w.labels {
		text = strings.ReplaceAll(text, what, "{"+label+"}")
		text = strings.ReplaceAll(text, strings.TrimPrefix(what, "sha256:"), "{"+label+"}")
	}
	return text
}

// noWait is a Source.Wait that does not.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// entry is a tar header with its content.
type entry struct {
	tar.Header
	body string
}

func file(name, body string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(body))}, body}
}

func dir(name string) entry { return dirOf(name, 0o755, 0, 0) }

func dirOf(name string, mode int64, uid, gid int) entry {
	return entry{Header: tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: mode, Uid: uid, Gid: gid}}
}

func link(name, target string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}}
}

func hard(name, target string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target, Mode: 0o644}}
}

func tarOf(entries ...entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipOf(raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(raw)
	_ = w.Close()
	return b.Bytes()
}

func zstdOf(raw []byte) []byte {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	_, _ = w.Write(raw)
	_ = w.Close()
	return b.Bytes()
}

// elf is the start of an ELF file for a machine, with text in it.
func elf(machine uint16, text string) string {
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	head[18], head[19] = byte(machine), byte(machine>>8)
	return string(head) + text
}

func devHeader(name string) tar.Header { return typeHeader(name, tar.TypeChar) }

func typeHeader(name string, flag byte) tar.Header {
	return tar.Header{Name: name, Typeflag: flag, Mode: 0o644}
}

func asHinted(err error, target *interface{ Hint() string }) bool { return errors.As(err, target) }
