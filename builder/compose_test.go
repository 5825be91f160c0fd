package builder_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// names returns the entries of an image's own layers, one list a layer.
func names(t *testing.T, img v1.Image) (all [][]string) {
	t.Helper()
	ls, err := img.Layers()
	must(t, err)
	for _, l := range ls {
		var entries []string
		for r := tar.NewReader(bytes.NewReader(readAll(t, l.Uncompressed))); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			owner := ""
			if h.Uid+h.Gid > 0 {
				owner = fmt.Sprintf(" %d:%d", h.Uid, h.Gid)
			}
			entries = append(entries, fmt.Sprintf("%s %o%s", h.Name, h.Mode, owner))
		}
		all = append(all, entries)
	}
	return all
}

func kinds(img builder.Image) string {
	var all []string
	for _, l := range img.Layers {
		all = append(all, l.Kind+" "+l.Name)
	}
	return strings.Join(all, "; ")
}

func TestCompose(t *testing.T) {
	p := newProject(t)
	var plan *link.Plan
	img, err := p.image(amd64, nil, func(_ *lock.Selection, in *builder.Inputs) {
		in.Report = func(pl platforms.Platform, got *link.Plan) {
			if pl != amd64 || plan != nil {
				t.Errorf("a report for %s, before it %v", pl, plan)
			}
			plan = got
		}
	})
	must(t, err)
	if got, want := kinds(img), "go 1.26.8; conda ca-certificates tzdata; conda tool; env conda environment; files files; cli hello; bundle hello; accounts accounts"; got != want {
		t.Errorf("layers are %q, want %q", got, want)
	}
	idx, err := buildImage(t, img)
	must(t, err)
	check(t, idx)
	got := names(t, firstImage(t, idx))
	if plan == nil || len(plan.Descriptions) != 3 {
		t.Errorf("plan %+v", plan)
	}
	for i, want := range map[int]string{
		0: `usr/ 755,usr/local/ 755,usr/local/go/ 755,usr/local/go/bin/ 755,usr/local/go/pkg/ 755,usr/local/go/pkg/tool/ 755,usr/local/go/src/ 755,` +
			`usr/local/go/VERSION 644,usr/local/go/bin/go 755,usr/local/go/pkg/tool/vet 755,usr/local/go/src/empty.go 644,usr/local/go/src/go.mod 644`,
		2: `opt/ 755,opt/conda/ 755,opt/conda/bin/ 755,opt/conda/conda-meta/ 755,opt/conda/bin/tool 755,opt/conda/conda-meta/tool-1.0-0.json 644`,
		3: `opt/ 755,opt/conda/ 755,opt/conda/conda-meta/ 755,opt/conda/conda-meta/history 644`,
		4: `app/ 755 1000:1000,app/link 777 1000:1000,app/main.py 644 1000:1000`,
		5: `usr/ 755,usr/local/ 755,usr/local/bin/ 755,usr/local/bin/hello 755`,
		6: `usr/ 755,usr/share/ 755,usr/share/hello/ 755,usr/share/hello/hello_darwin_amd64.tar.gz 644,usr/share/hello/hello_darwin_arm64.tar.gz 644,usr/share/hello/hello_linux_amd64.tar.gz 644,` +
			`usr/share/hello/hello_linux_arm64.tar.gz 644,usr/share/hello/hello_windows_amd64.zip 644,usr/share/hello/hello_windows_arm64.zip 644`,
		7: `etc/ 755,go/ 2775 0:901,go/bin/ 2775 0:901,go/pkg/ 2775 0:901,go/src/ 2775 0:901,home/ 755,home/dev/ 700 1000:1000,home/nonroot/ 700 65532:65532,` +
			`etc/group 644,etc/passwd 644`,
	} {
		if diff := cmp.Diff(strings.Split(want, ","), got[i]); diff != "" {
			t.Errorf("layer %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestComposeOnBase checks paths and modes over a base with links.
func TestComposeOnBase(t *testing.T) {
	p := newProject(t)
	base := &lock.Base{Facts: lock.Facts{
		Links: []lock.Link{{Path: "usr/local", Target: "data/local"}, {Path: "opt", Target: "data/opt"}, {Path: "bin", Target: "usr/bin"}, {Path: "share", Target: "usr/share"}},
		Dirs:  []lock.Dir{{Path: "data", Mode: 0o711}, {Path: "app", Mode: 0o700, UID: 3, GID: 3}},
		Env:   []string{"PATH=/base/bin", "A=1"},
	}}
	img, err := p.image(amd64, baseImage(t, amd64, types.OCILayer), func(s *lock.Selection, in *builder.Inputs) {
		s.Base = base
		in.Programs[0].Path, in.Programs[0].Bundle = "/bin", "/share/x"
		in.Programs = append(in.Programs, in.Programs[0])
		in.Programs[1].Name, in.Programs[1].Path, in.Programs[1].Bundle = "other", "", ""
	})
	must(t, err)
	idx, err := buildImage(t, img)
	must(t, err)
	ls, err := firstImage(t, idx).Layers()
	must(t, err)
	own, err := firstImage(t, idx).Manifest()
	must(t, err)
	if len(ls) != 10 || len(own.Layers) != 10 {
		t.Fatalf("%d layers", len(ls))
	}
	got := names(t, onlyOwn{firstImage(t, idx)})
	for i, want := range map[int]string{
		0: "data/local/go/bin/go 755", 2: "data/opt/conda/bin/tool 755", 3: "data/opt/conda/conda-meta/history 644", 4: "app/ 700 3:3",
		5: "usr/bin/hello 755", 6: "usr/share/x/hello_linux_amd64.tar.gz 644", 7: "data/local/bin/other 755",
	} {
		if !slices.Contains(got[i], want) {
			t.Errorf("layer %d has no %s: %q", i, want, got[i])
		}
	}
	for _, i := range []int{0, 2, 3, 7} {
		if got[i][0] != "data/ 711" {
			t.Errorf("layer %d begins with %s", i, got[i][0])
		}
	}
}

// onlyOwn hides the base's layer.
type onlyOwn struct{ v1.Image }

func (o onlyOwn) Layers() ([]v1.Layer, error) {
	ls, err := o.Image.Layers()
	return ls[1:], err
}

// TestKeys checks that directories of the base that a toolchain's layer would
// repeat are in its key.
func TestKeys(t *testing.T) {
	p := newProject(t)
	key := func(dirs ...lock.Dir) string {
		img, err := p.image(amd64, nil, func(s *lock.Selection, _ *builder.Inputs) { s.Base = &lock.Base{Facts: lock.Facts{Dirs: dirs}} })
		must(t, err)
		return img.Layers[0].Key
	}
	if key() != key(lock.Dir{Path: "tmp", Mode: 0o1777}) {
		t.Error("/tmp changes the toolchain's key")
	}
	if key() == key(lock.Dir{Path: "usr/local/go/src", Mode: 0o700}) {
		t.Error("a directory below the toolchain does not change its key")
	}
}

func TestEnv(t *testing.T) {
	const dockerd = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, tc := range []struct {
		name                   string
		base, activation, own  []string
		want                   []string
		noActivation, withBase bool
	}{
		{name: "nothing", noActivation: true},
		{name: "activation on scratch", activation: []string{"PATH=/c/bin:$PATH", "A=1"}, want: []string{"PATH=/c/bin:" + dockerd, "A=1"}},
		{name: "activation on a base", base: []string{"A=0", "PATH=/b", "B=2"}, activation: []string{"PATH=/c:$PATH", "A=1"}, want: []string{"A=1", "PATH=/c:/b", "B=2"}},
		{name: "an empty PATH", base: []string{"PATH="}, activation: []string{"PATH=/c:$PATH"}, want: []string{"PATH=/c:" + dockerd}},
		{
			name: "own over all", base: []string{"PATH=/b"}, activation: []string{"PATH=/c:$PATH"}, own: []string{"PATH=$PATH:/o:$PATH", "X=$PATH", "X=2", "E="},
			want: []string{"PATH=/c:/b:/o:/c:/b", "X=2", "E="},
		},
		{name: "a base twice", base: []string{"A=1", "A=2", "PATHS=x"}, noActivation: true, own: []string{"PATH=/o:$PATH"}, want: []string{"A=2", "PATHS=x", "PATH=/o:" + dockerd}},
		{name: "$PATH elsewhere", noActivation: true, own: []string{"LD=$PATH"}, want: []string{"LD=$PATH"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProject(t)
			p.config.Env = tc.own
			img, err := p.image(amd64, nil, func(s *lock.Selection, _ *builder.Inputs) {
				s.Base = &lock.Base{Facts: lock.Facts{Env: tc.base}}
				s.Activation = &lock.Activation{Env: tc.activation}
				if tc.noActivation {
					s.Activation = nil
				}
			})
			must(t, err)
			if diff := cmp.Diff(tc.want, img.Config.Env); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestUser(t *testing.T) {
	passwd := lock.Facts{Passwd: "root:x:0:0::/:/x\nnobody:x:99:98::/:/x\n"}
	for _, tc := range []struct {
		user     string
		accounts []files.Account
		want     string
		homes    []string
	}{
		{"", nil, "65532", []string{"home/nonroot/ 700 65532:65532"}},
		{"", []files.Account{{Name: "nonroot", UID: 7}}, "7", []string{"home/nonroot/ 700 7:7"}},
		{"dev", []files.Account{{Name: "dev", UID: 1000}}, "1000", []string{"home/dev/ 700 1000:1000"}},
		{"nobody", nil, "99", nil},
		{"root", nil, "0", nil},
		{"4711", nil, "4711", nil},
	} {
		p := newProject(t)
		p.user, p.accounts = tc.user, tc.accounts
		img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
			*s = lock.Selection{Base: &lock.Base{Facts: passwd}}
			in.Files, in.Programs = nil, nil
		})
		must(t, err)
		if img.Config.User != tc.want || kinds(img) != "accounts accounts" {
			t.Errorf("user %q is %q, want %q; layers %s", tc.user, img.Config.User, tc.want, kinds(img))
		}
		idx, err := buildImage(t, img)
		must(t, err)
		homes := slices.DeleteFunc(names(t, firstImage(t, idx))[0], func(n string) bool { return !strings.HasPrefix(n, "home/") || n == "home/ 755" })
		if diff := cmp.Diff(tc.homes, homes[:len(homes):len(homes)]); diff != "" && len(homes)+len(tc.homes) > 0 {
			t.Errorf("homes for %q (-want +got):\n%s", tc.user, diff)
		}
	}
}

func TestComposeErrors(t *testing.T) {
	for _, tc := range []struct {
		change func(*lock.Selection, *builder.Inputs)
		class  fault.Class
		text   string
		hint   string
	}{
		{func(_ *lock.Selection, in *builder.Inputs) { in.User = "who" }, fault.Usage, `user "who": no such account, and the base has none of this name`, "add it to [[accounts]], or use a number"},
		{func(_ *lock.Selection, in *builder.Inputs) { in.Owners[0] = "who" }, fault.Usage, `user "who": no such account, and the base has none of this name`, "add it to [[accounts]], or use a number"},
		{func(_ *lock.Selection, in *builder.Inputs) { in.Files[0].Src = "gone" }, fault.Usage, "gone: source of [[files]]: no such file or directory", "paths are relative to gophersnake.toml"},
		{func(_ *lock.Selection, in *builder.Inputs) { in.Files[0].Dest = "/.wh.x" }, fault.Usage, `/.wh.x: path ".wh.x" is an overlay whiteout`, ""},
		{func(s *lock.Selection, _ *builder.Inputs) { s.Groups = nil }, fault.Usage, `gophersnake.lock: package "ca-certificates" is in no group of the plan`, "run gophersnake lock --replan"},
		{func(s *lock.Selection, _ *builder.Inputs) { s.Go = nil }, fault.Stale, `gophersnake.lock: no Go toolchain for linux/amd64, which cli "hello" needs`, "run gophersnake lock"},
		{func(s *lock.Selection, _ *builder.Inputs) { s.Go = []lock.Toolchain{{Host: true}} }, fault.Stale, `gophersnake.lock: no Go toolchain for linux/amd64, which cli "hello" needs`, "run gophersnake lock"},
		{func(_ *lock.Selection, in *builder.Inputs) { in.Programs[0].Name = "a/b" }, fault.Usage, `cli: name "a/b" is not a file name`, ""},
		{func(_ *lock.Selection, in *builder.Inputs) { in.Accounts[0].Groups = []string{"x"} }, fault.Usage, `account dev: group "x" is neither conda, golang nor a group of the base`, ""},
	} {
		p := newProject(t)
		_, err := p.image(amd64, nil, tc.change)
		wantError(t, err, tc.class, tc.text, tc.hint)
	}
}

// TestOpenErrors checks that what goes wrong while a layer is made is told as
// it is.
func TestOpenErrors(t *testing.T) {
	for i, layer := range []string{"go", "conda", "conda", "", "", "cli"} {
		if layer == "" {
			continue
		}
		p := newProject(t)
		img, err := p.image(amd64, nil, nil)
		must(t, err)
		img.Layers = img.Layers[i : i+1]
		p.fail = errors.New("bad")
		if _, err := buildImage(t, img); !errors.Is(err, p.fail) || img.Layers[0].Kind != layer {
			t.Errorf("%s: error %v", img.Layers[0].Kind, err)
		}
	}
	p := newProject(t)
	img, err := p.image(amd64, nil, nil)
	must(t, err)
	content, err := img.Layers[0].Content(t.Context())
	must(t, err)
	p.fail = errors.New("bad")
	if err := content.Fragments[0].Write(t.Context(), nil); !errors.Is(err, p.fail) {
		t.Errorf("error %v", err)
	}
	p.fail = nil
	for module := range p.zips {
		p.zips[module] = []byte("no zip")
	}
	if _, err := buildImage(t, img); fault.ClassOf(err) != fault.Verification {
		t.Errorf("error %v", err)
	}
}

// TestGolden pins the digests of whole images: layer format 1, and how configs,
// manifests and indexes are written.
func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name        string
		compression tree.Compression
		base        bool
	}{
		{"scratch", tree.Gzip, false}, {"scratch", tree.Zstd, false}, {"base", tree.Gzip, true}, {"base", tree.Zstd, true},
	} {
		t.Run(tc.name+" "+tc.compression.String(), func(t *testing.T) {
			p := newProject(t)
			p.compression = tc.compression
			p.config = builder.Config{WorkDir: "/app", Cmd: &[]string{"tool"}, Env: []string{"LANG=C.UTF-8"}, Labels: map[string]string{"l": "v"}, Annotations: map[string]string{"a": "<v>"}}
			var images []builder.Image
			for _, pl := range []platforms.Platform{amd64, arm64} {
				var base v1.Image
				if tc.base {
					base = baseImage(t, pl, types.DockerLayer)
				}
				img, err := p.image(pl, base, func(s *lock.Selection, _ *builder.Inputs) {
					if tc.base {
						s.Base = &lock.Base{Facts: lock.Facts{Links: []lock.Link{{Path: "usr/local/bin", Target: "usr/bin"}}, Env: []string{"PATH=/bin"}, Bash: true}}
					}
				})
				must(t, err)
				images = append(images, img)
			}
			b := builder.Builder{Store: openStore(t, t.TempDir()), Compression: tc.compression}
			r, err := b.Build(t.Context(), images)
			must(t, err)
			check(t, r.Index)
			if diff := cmp.Diff(goldens(t)[tc.name+" "+tc.compression.String()], describe(t, images, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// describe returns the digests of an index and all its parts.
func describe(t *testing.T, images []builder.Image, r *builder.Result) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "index %s\n", digest(t, r.Index))
	m, err := r.Index.IndexManifest()
	must(t, err)
	for i, in := range images {
		img, err := r.Index.Image(m.Manifests[i].Digest)
		must(t, err)
		config, err := img.ConfigName()
		must(t, err)
		fmt.Fprintf(&b, "%s %s\n  config %s\n", in.Platform, m.Manifests[i].Digest, config)
		for _, l := range in.Layers {
			row, _ := rowsOf(r)(l.Key)
			fmt.Fprintf(&b, "  %s\n    key     %s\n    digest  %s\n    diff-id %s\n", l.Kind, row.Key, row.Digest, row.DiffID)
		}
	}
	return b.String()
}

// goldens reads testdata/golden.txt: paragraphs with their names.
func goldens(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden.txt"))
	must(t, err)
	all := map[string]string{}
	for _, part := range strings.Split(string(text), "# ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		all[name] = strings.TrimRight(body, "\n") + "\n"
	}
	return all
}
