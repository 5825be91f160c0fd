package daemon_test

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/daemon"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// engine answers as a daemon with the classic store does, from memory. The real
// one is in the end-to-end suite.
type engine struct {
	arch       string
	containerd bool
	images     map[string]engineImage // by ID
	tags       map[string]string      // to IDs
	loads      [][]string             // the files of each archive
	fault      func(w http.ResponseWriter, r *http.Request) bool
}

type engineImage struct{ layers []string }

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Content-Type", "application/json")
	if e.fault != nil && e.fault(w, r) {
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1.41")
	switch {
	case path == "/_ping":
	case path == "/version":
		reply(w, map[string]string{"Os": "linux", "Arch": e.arch, "ApiVersion": "1.41"})
	case path == "/info":
		info := map[string]any{"DriverStatus": [][2]string{{"Backing Filesystem", "extfs"}}}
		if e.containerd {
			info["DriverStatus"] = [][2]string{{"driver-type", "io.containerd.snapshotter.v1"}}
		}
		reply(w, info)
	case path == "/images/json":
		var all []map[string]string
		for id := range e.images {
			all = append(all, map[string]string{"Id": id})
		}
		reply(w, all)
	case path == "/images/load":
		if err := e.load(r.Body); err != nil {
			reply(w, map[string]string{"error": err.Error()})
			return
		}
		reply(w, map[string]string{"stream": "Loaded image"})
	default:
		name := strings.TrimSuffix(strings.TrimPrefix(path, "/images/"), "/json")
		id := name
		if to, ok := e.tags[name]; ok {
			id = to
		}
		img, ok := e.images[id]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			reply(w, map[string]string{"message": "No such image: " + name})
			return
		}
		reply(w, map[string]any{"Id": id, "RootFS": map[string]any{"Type": "layers", "Layers": img.layers}})
	}
}

func reply(w io.Writer, v any) { _ = json.NewEncoder(w).Encode(v) }

// load reads a docker-archive as moby's image/tarexport does: a layer's file is
// opened only if no image has the layers up to it.
func (e *engine) load(body io.Reader) error {
	files := map[string][]byte{}
	var names []string
	for t := tar.NewReader(body); ; {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg {
			files[h.Name] = data
			names = append(names, h.Name)
		}
	}
	e.loads = append(e.loads, names)
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		return err
	}
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(files[manifest[0].Config], &config); err != nil {
		return err
	}
	for i, layer := range manifest[0].Layers {
		if !e.has(config.RootFS.DiffIDs[:i+1]) && files[layer] == nil {
			return errors.New("open " + layer + ": no such file or directory\x1b[31m")
		}
	}
	id := "sha256:" + filepath.Base(manifest[0].Config)
	e.images[id] = engineImage{config.RootFS.DiffIDs}
	for _, tag := range manifest[0].RepoTags {
		e.tags[tag] = id
	}
	return nil
}

func (e *engine) has(layers []string) bool {
	for _, img := range e.images {
		if len(img.layers) >= len(layers) && slices.Equal(img.layers[:len(layers)], layers) {
			return true
		}
	}
	return false
}

func newEngine() *engine {
	return &engine{arch: "amd64", images: map[string]engineImage{}, tags: map[string]string{}}
}

// serve starts an engine behind a socket.
func serve(t *testing.T, e *engine) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	must(t, err)
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}}
	s.Start()
	t.Cleanup(s.Close)
	return "unix://" + socket
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load writes an index to the daemon at host and returns the events' kinds by
// name.
func load(t *testing.T, host, ref string, idx v1.ImageIndex, tags ...string) (output.Result, map[string]output.EventKind, error) {
	t.Helper()
	c, err := daemon.New(daemon.Options{Host: host})
	must(t, err)
	tr, err := output.Parse("docker-daemon:" + ref)
	must(t, err)
	events := map[string]output.EventKind{}
	r, err := output.Write(t.Context(), tr, output.Image{Tags: tags, Index: idx}, output.Options{
		Daemon: c, Progress: func(e output.Event) { events[e.Name] = e.Kind },
	})
	return r, events, err
}

// TestLoad loads an image under all its tags, and the next one without the
// layers that are there.
func TestLoad(t *testing.T) {
	e := newEngine()
	host := serve(t, e)
	base, old, young := outputtest.NewLayer(t, "base", "b"), outputtest.NewLayer(t, "app", "1"), outputtest.NewLayer(t, "app", "2")
	idx := outputtest.Index(t, []string{"linux/arm64", "linux/amd64"}, base, old)
	r, events, err := load(t, host, "localhost:5000/team/x", idx, "1", "latest")
	must(t, err)
	want, err := idx.Digest()
	must(t, err)
	if r.Digest != want || r.Name != "docker-daemon:localhost:5000/team/x" || !slices.Equal(r.Tags, []string{"1", "latest"}) {
		t.Errorf("result %+v", r)
	}
	for _, tag := range []string{"1", "latest"} {
		name := "localhost:5000/team/x:" + tag
		if len(e.images[e.tags[name]].layers) != 3 || events[name] != output.EventLoaded {
			t.Errorf("%s is %+v, event %q", name, e.images[e.tags[name]], events[name])
		}
	}
	// The config, three layers and manifest.json.
	if len(e.loads) != 1 || len(e.loads[0]) != 5 {
		t.Errorf("loaded %q", e.loads)
	}
	next := outputtest.Index(t, []string{"linux/amd64"}, base, young)
	_, events, err = load(t, host, "localhost:5000/team/x:2", next)
	must(t, err)
	if base.Opens.Load() != 1 || young.Opens.Load() != 1 || len(e.loads[1]) != 4 {
		t.Errorf("base opened %d times, the new layer %d times; loaded %q", base.Opens.Load(), young.Opens.Load(), e.loads[1])
	}
	digest, err := base.Digest()
	must(t, err)
	if events["blob "+digest.String()] != output.EventExists {
		t.Errorf("events %v", events)
	}
	// The same image again is its config.
	_, _, err = load(t, host, "localhost:5000/team/x:2", next)
	must(t, err)
	if len(e.loads[2]) != 2 {
		t.Errorf("loaded %q", e.loads[2])
	}
}

// TestContainerdStore gets whole archives.
func TestContainerdStore(t *testing.T) {
	e := newEngine()
	e.containerd = true
	host := serve(t, e)
	idx := outputtest.Index(t, []string{"linux/amd64"}, outputtest.NewLayer(t, "f", "x"))
	for range 2 {
		_, _, err := load(t, host, "x:1", idx)
		must(t, err)
	}
	if !slices.Equal(e.loads[0], e.loads[1]) || len(e.loads[1]) != 4 {
		t.Errorf("loaded %q", e.loads)
	}
}

// TestRemovedMeanwhile sends everything where a layer that was there is gone.
func TestRemovedMeanwhile(t *testing.T) {
	e := newEngine()
	host := serve(t, e)
	idx := outputtest.Index(t, []string{"linux/amd64"}, outputtest.NewLayer(t, "f", "x"))
	_, _, err := load(t, host, "x:1", idx)
	must(t, err)
	e.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/images/load") && len(e.loads) == 1 {
			clear(e.images)
		}
		return false
	}
	_, events, err := load(t, host, "x:1", idx)
	must(t, err)
	if len(e.loads) != 3 || len(e.loads[1]) != 2 || len(e.loads[2]) != 4 || events["docker daemon "+host] != output.EventRetry {
		t.Errorf("loaded %q, events %v", e.loads, events)
	}
}

// TestErrors is every way in which a daemon is away, refuses, or dies.
func TestErrors(t *testing.T) {
	amd := outputtest.Index(t, []string{"linux/amd64"}, outputtest.NewLayer(t, "f", strings.Repeat("x", 1<<20)))
	zstd := outputtest.NewLayer(t, "z", "z")
	zstd.Type = "application/vnd.oci.image.layer.v1.tar+zstd"
	zstdDigest, err := zstd.Digest()
	must(t, err)
	bad := outputtest.NewLayer(t, "bad", "bad")
	bad.Source = func() (io.Reader, error) { return strings.NewReader("short"), nil }
	badDigest, err := bad.Digest()
	must(t, err)
	badSize, err := bad.Size()
	must(t, err)
	on := func(part string, do func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, part) {
				return false
			}
			do(w)
			return true
		}
	}
	refuse := func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusInternalServerError)
		reply(w, map[string]string{"message": "no space left\x1b[2J"})
	}
	for _, tt := range []struct {
		name  string
		idx   v1.ImageIndex
		tags  []string
		arch  string
		fault func(http.ResponseWriter, *http.Request) bool
		class string
		want  string
		hint  string
	}{
		{
			name: "no tag", idx: amd, tags: []string{}, class: "usage", want: `output "docker-daemon:team/x": no tag in it and none in image.tags`,
			hint: "write docker-daemon:team/x:TAG",
		},
		{
			name: "other platform", idx: amd, arch: "arm64", class: "usage",
			want: `output "docker-daemon:team/x": the index has no image for linux/arm64, only for linux/amd64`,
			hint: "the daemon at HOST is linux/arm64: build for that platform too, or use docker-archive and --platform",
		},
		{
			name: "zstd", idx: outputtest.Index(t, []string{"linux/amd64"}, zstd), class: "usage",
			want: `output "docker-daemon:team/x": layer ` + zstdDigest.String() + ` is zstd, docker reads gzip only`,
			hint: `set compression = "gzip" in [layers], and take a base with gzip layers`,
		},
		{name: "refuses", idx: amd, fault: on("/images/load", refuse), class: "network", want: `docker daemon HOST: the image was not loaded: Error response from daemon: no space left\x1b[2J`},
		{name: "refuses in the stream", idx: amd, fault: on("/images/load", func(w http.ResponseWriter) { reply(w, map[string]string{"error": "bad\nimage"}) }), class: "network", want: `docker daemon HOST: the image was not loaded: bad\nimage`},
		{name: "dies", idx: amd, fault: on("/images/load", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }), class: "network", want: `docker daemon HOST: it went away while the image was loaded`, hint: "its log may tell why; no name was changed"},
		{name: "not a daemon", idx: amd, fault: on("/version", func(w http.ResponseWriter) { fmt.Fprint(w, "<html>") }), class: "network", want: `docker daemon HOST: does not answer properly: invalid character '<' looking for beginning of value`},
		{name: "lists nothing", idx: amd, fault: on("/images/json", refuse), class: "network", want: `docker daemon HOST: its images cannot be listed: Error response from daemon: no space left\x1b[2J`},
		{name: "says yes and has nothing", idx: amd, fault: on("/images/load", func(w http.ResponseWriter) { reply(w, map[string]string{"stream": "yes"}) }), class: "network", want: `docker daemon HOST: team/x:1 is not there after loading: Error response from daemon: No such image: team/x:1`},
		{
			name: "source breaks", idx: outputtest.Index(t, []string{"linux/amd64"}, bad), class: "verification",
			want: fmt.Sprintf("blob %s: ends after 5 bytes, want %d", badDigest, badSize),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEngine()
			if e.fault = tt.fault; tt.arch != "" {
				e.arch = tt.arch
			}
			host := serve(t, e)
			tags := tt.tags
			if tags == nil {
				tags = []string{"1"}
			}
			_, _, err := load(t, host, "team/x", tt.idx, tags...)
			var got *output.Error
			if !errors.As(err, &got) {
				t.Fatalf("%T %v", err, err)
			}
			text := strings.ReplaceAll(err.Error(), host, "HOST")
			if diff := cmp.Diff([]string{tt.class, tt.want, tt.hint}, []string{got.Class(), text, strings.ReplaceAll(got.Hint(), host, "HOST")}); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(e.tags) > 0 {
				t.Errorf("tags %v", e.tags)
			}
		})
	}
}

// TestAway is no daemon, and DOCKER_HOST that names none.
func TestAway(t *testing.T) {
	none := "unix://" + filepath.Join(t.TempDir(), "none")
	c, err := daemon.New(daemon.Options{Host: none})
	must(t, err)
	_, err = c.Ping(t.Context())
	var got *output.Error
	if !errors.As(err, &got) || got.Class() != "network" || got.Error() != "docker daemon "+none+": no daemon answers" ||
		got.Hint() != "start it, or set DOCKER_HOST to where it is" {
		t.Errorf("%+v", err)
	}
	for host, want := range map[string][2]string{
		"localhost":              {"DOCKER_HOST: it is not a URL", "set it to unix://PATH or tcp://HOST:PORT"},
		"unix://":                {"DOCKER_HOST: it is not a URL", "set it to unix://PATH or tcp://HOST:PORT"},
		"ftp://u:secret@h":       {"DOCKER_HOST: scheme ftp is not one of unix, tcp, npipe", "set it to unix://PATH or tcp://HOST:PORT"},
		"ssh://u@docker.example": {"DOCKER_HOST: ssh is not spoken", "forward the socket with ssh -L /tmp/docker.sock:/var/run/docker.sock HOST and set DOCKER_HOST=unix:///tmp/docker.sock"},
	} {
		_, err := daemon.New(daemon.Options{Host: host})
		if !errors.As(err, &got) || got.Class() != "usage" || got.Error() != want[0] || got.Hint() != want[1] {
			t.Errorf("%s: %+v", host, err)
		}
	}
	if _, err := daemon.New(daemon.Options{Host: "tcp://127.0.0.1:1", CertPath: t.TempDir()}); err == nil || !strings.HasPrefix(err.Error(), "DOCKER_HOST: no client for it: ") {
		t.Errorf("no certificates: %v", err)
	}
	if os.Geteuid() == 0 {
		return // root opens every socket
	}
	locked := strings.TrimPrefix(serve(t, newEngine()), "unix://")
	must(t, os.Chmod(locked, 0))
	c, err = daemon.New(daemon.Options{Host: "unix://" + locked})
	must(t, err)
	if _, err = c.Ping(t.Context()); err == nil || err.Error() != "docker daemon unix://"+locked+": its socket may not be opened: permission denied" {
		t.Error(err)
	}
}
