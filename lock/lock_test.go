package lock

import (
	"bytes"
	"encoding/base64"
	"flag"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gophersnake/gophersnake/platforms"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	amd64  = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64  = platforms.Platform{OS: "linux", Arch: "arm64"}
	darwin = platforms.Platform{OS: "darwin", Arch: "arm64"}
)

// sha returns a made-up digest.
func sha(c string) string { return "sha256:" + hex64(c) }

func hex64(c string) string { return strings.Repeat(c, 64) }

func h1(c byte) string {
	return "h1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{c}, 32))
}

// small is a lock with every kind of block, as a resolver might hand it over.
func small() *Lock {
	conda := func(name, version, build, subdir, digit string, envs []string, ps ...platforms.Platform) Conda {
		return Conda{
			Envs: envs, Platforms: ps, Name: name, Version: version, Build: build, Subdir: subdir,
			URL:    "https://channel.example/main/" + subdir + "/" + name + "-" + version + "-" + build + ".conda",
			SHA256: hex64(digit), Size: 1000, Timestamp: 1700000000000, Channel: "main",
		}
	}
	both := []string{"", "k8s"}
	python := conda("python", "3.12.7", "h0_0_cpython", "linux-64", "1", both, amd64)
	python.Depends = []string{"libffi >=3.4,<4.0a0", "tzdata", "openssl >=3.3.2,<4.0a0"}
	python.Constrains = []string{"python_abi 3.12.* *_cp312"}
	python.MD5 = strings.Repeat("9", 32)
	pythonARM := conda("python", "3.12.7", "h1_0_cpython", "linux-aarch64", "2", both, arm64)
	tzdata := conda("tzdata", "2025b", "h78e105d_0", "noarch", "3", both, arm64, amd64)
	tzdata.Noarch = "generic"
	pyyaml := conda("pyyaml", "6.0.2", "py312_1", "linux-64", "4", []string{"k8s"}, amd64)
	pyyaml.URL = "../channel/linux-64/pyyaml-6.0.2-py312_1.conda"
	pyyaml.License = "MIT"
	pyyaml.TrackFeatures = []string{"slow"}
	goAt := func(p platforms.Platform, image bool) Toolchain {
		t := Toolchain{
			Envs: both, Platform: p, Version: "1.26.8", Source: "module", H1: h1(7), Host: true, Image: image,
			Module: "golang.org/toolchain@v0.0.1-go1.26.8." + p.OS + "-" + p.Arch,
		}
		if image {
			t.ZipSHA256, t.Size = hex64("5"), 75000000
		}
		return t
	}
	return &Lock{
		Version: Version, LayerFormat: LayerFormat, InputHash: sha("a"),
		Base: []Base{{
			Envs: both, Platform: amd64, Image: "debian:12-slim", Manifest: sha("b"), Config: sha("c"),
			Layers: []Blob{{Digest: sha("d"), DiffID: sha("e"), Size: 28000000, MediaType: "application/vnd.oci.image.layer.v1.tar+gzip"}},
			Facts: Facts{
				Env:       []string{"PATH=/usr/local/sbin:/usr/bin", "LANG=C.UTF-8"},
				Libc:      "glibc 2.36",
				OSRelease: "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n",
				Passwd:    "root:x:0:0:root:/root:/bin/bash\n",
				Group:     "root:x:0:\n",
				Links:     []Link{{"lib", "usr/lib"}, {"bin", "usr/bin"}},
				Dirs:      []Dir{{"tmp", 0o1777, 0, 0}},
				Sh:        true, Bash: true, UsrBinEnv: true,
			},
		}, {
			Envs: both, Platform: arm64,
			Debian: Debian{Suite: "bookworm", ExtraSuites: []string{"bookworm-security"}, Snapshot: "20261101T000000Z", Components: []string{"main"}, Packages: []string{"bash"}, Release: "12.15", SignedBy: "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"},
			Facts:  Facts{Libc: "glibc 2.36", Sh: true},
		}},
		Deb: []Deb{{
			Envs: both, Platform: arm64, Name: "bash", Version: "5.2.15-2+b13", Architecture: "arm64", Security: true,
			Path: "pool/main/b/bash/bash_5.2.15-2+b13_arm64.deb", SHA256: hex64("e"), Size: 1400000,
		}},
		Solve: []Solve{{
			Envs: both, Platform: amd64, Channels: []string{"https://channel.example/main"}, Priority: "strict",
			Specs: []string{"python 3.12.*", "pyyaml"}, Pip: []string{"attrs"}, Virtual: []string{"__glibc=2.36=0", "__linux=4.18=0"},
			ExcludeNewer: "7d", Cutoff: "2026-11-01T00:00:00Z", Variables: []string{"MODE=fast"}, Differs: []string{"python 3.12.7"},
		}},
		Wheel: []Wheel{
			{Envs: both, Platforms: []platforms.Platform{arm64, amd64}, Name: "attrs", Version: "24.2.0", URL: "https://wheels.example/attrs-24.2.0-py3-none-any.whl", SHA256: hex64("c"), Size: 63001, RequiresPython: ">=3.7", Requested: true},
			{Envs: []string{"k8s"}, Platforms: []platforms.Platform{amd64}, Name: "markupsafe", Version: "3.0.2", URL: "wheels/MarkupSafe-3.0.2-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", SHA256: hex64("d"), Size: 23001},
		},
		Conda:      []Conda{tzdata, pyyaml, pythonARM, python},
		Go:         []Toolchain{goAt(darwin, false), goAt(arm64, true), goAt(amd64, true)},
		Tool:       []Tool{{both, "honnef.co/go/tools/cmd/staticcheck", "honnef.co/go/tools", "v0.8.2", h1(8), "1.26.0", "1.26.8"}},
		Activation: []Activation{{Envs: both, Platform: amd64, Env: []string{"CONDA_PREFIX=/opt/conda", "PATH=/opt/conda/bin:$PATH"}}},
		Plan: []Group{
			{Envs: both, Packages: []string{"python"}},
			{Envs: both, Packages: []string{"tzdata"}},
			{Envs: []string{"k8s"}, Packages: []string{"pyyaml"}},
		},
		Layer: []Layer{
			{Key: sha("f"), DiffID: sha("0"), Digest: sha("1"), Size: 12},
			{Key: sha("6"), DiffID: sha("7"), Digest: sha("8"), Size: 34},
		},
	}
}

func mustMarshal(t *testing.T, l *Lock) string {
	t.Helper()
	text, err := Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGolden(t *testing.T) {
	got := mustMarshal(t, small())
	const file = "testdata/small.lock"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("text of the lock (-want +got):\n%s", d)
	}
	const digest = "sha256:2090ca49c2f4152e90fbecc19320a1817d761d45205514b91a8b8723fda52155"
	if d := small().Digest(); d != digest {
		t.Errorf("digest of the resolved part is %s, want %s", d, digest)
	}
}

func TestRoundTrip(t *testing.T) {
	text := mustMarshal(t, small())
	back, err := Unmarshal("gophersnake.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(text, mustMarshal(t, back)); d != "" {
		t.Errorf("a second time (-first +second):\n%s", d)
	}
	if d := cmp.Diff(canonical(small(), ""), back, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("what was read (-want +got):\n%s", d)
	}
	crlf := strings.ReplaceAll(text, "\n", "\r\n")
	if back, err = Unmarshal("gophersnake.lock", []byte(crlf)); err != nil {
		t.Fatal(err)
	}
	if mustMarshal(t, back) != text {
		t.Error("a checkout with CRLF reads as another lock")
	}
}

// TestEveryField fills each field of every block, so that a field that is
// added to a type cannot be forgotten by the codec.
func TestEveryField(t *testing.T) {
	var l Lock
	fill(reflect.ValueOf(&l).Elem())
	l.Version, l.LayerFormat, l.Layer = Version, LayerFormat, l.Layer[:1]
	text := new(encoder).lock(&l)
	var back Lock
	if err := decodeStrict(text, &back); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if d := cmp.Diff(l, back); d != "" {
		t.Errorf("(-written +read):\n%s", d)
	}
}

func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[platforms.Platform]() {
		v.Set(reflect.ValueOf(arm64))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("a \"quoted\"\ntext\u202e")
	case reflect.Int, reflect.Int64:
		v.SetInt(1 << 40)
	case reflect.Uint64:
		v.SetUint(1 << 41)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// TestOneText shuffles a lock and cuts its rows apart: the text stays.
func TestOneText(t *testing.T) {
	want := mustMarshal(t, small())
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := small()
		l.Conda = cutConda(r, l.Conda)
		l.Go = cutGo(r, l.Go)
		shuffle(r, l.Conda)
		shuffle(r, l.Go)
		shuffle(r, l.Layer)
		shuffle(r, l.Base[0].Links)
		if got := mustMarshal(t, l); got != want {
			t.Fatalf("seed %d (-want +got):\n%s", seed, cmp.Diff(want, got))
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func cutConda(r *rand.Rand, rows []Conda) []Conda {
	var cut []Conda
	for _, c := range rows {
		if r.IntN(2) == 0 {
			cut = append(cut, c)
			continue
		}
		for _, env := range c.Envs {
			for _, p := range c.Platforms {
				one := c
				one.Envs, one.Platforms = []string{env}, []platforms.Platform{p}
				cut = append(cut, one)
			}
		}
	}
	return cut
}

func cutGo(r *rand.Rand, rows []Toolchain) []Toolchain {
	var cut []Toolchain
	for _, c := range rows {
		if r.IntN(2) == 0 {
			cut = append(cut, c)
			continue
		}
		for _, env := range []string{"k8s", "default"} {
			one := c
			one.Envs = []string{env}
			cut = append(cut, one)
		}
	}
	return cut
}

func TestStrings(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"plain", `"plain"`},
		{"", `""`},
		{`a"b\c`, `"a\"b\\c"`},
		{"tab\tnul\x00", `"tab\tnul\u0000"`},
		{"one\ntwo\n", "'''\none\ntwo\n'''"},
		{"\n\nfirst", "'''\n\n\nfirst'''"},
		{"it's\nfine", "'''\nit's\nfine'''"},
		{"end's\n'", `"end's\n'"`},
		{"three\n'''", `"three\n'''"`},
		{"carriage\r\n", `"carriage\u000D\n"`},
		{"=======\nmark\n", `"=======\nmark\n"`},
		{"right\u202eto left", `"right\u202Eto left"`},
		{"ünï çødé 漢", `"ünï çødé 漢"`},
	} {
		e := &encoder{}
		e.string("k", tt.in)
		if got := e.buf.String(); got != tt.want {
			t.Errorf("%q is written %s, want %s", tt.in, got, tt.want)
		}
		var back struct{ K string }
		if err := decodeStrict([]byte("K = "+e.buf.String()), &back); err != nil || back.K != tt.in {
			t.Errorf("%q reads back as %q, %v", tt.in, back.K, err)
		}
	}
}

func TestResolvedPart(t *testing.T) {
	l := small()
	before, digest := string(l.Resolved()), l.Digest()
	l.SetRow(Layer{Key: sha("2"), DiffID: sha("2"), Digest: sha("2"), Size: 2})
	if string(l.Resolved()) != before || l.Digest() != digest {
		t.Error("a layer row changed the resolved part")
	}
	l.Conda[0].SHA256 = hex64("c")
	if l.Digest() == digest {
		t.Error("another package has the same digest of the lock")
	}
	if !strings.HasPrefix(mustMarshal(t, small()), before) {
		t.Error("the resolved part is not the head of the text")
	}
}

func TestRows(t *testing.T) {
	l := small()
	if _, ok := l.Row(sha("9")); ok {
		t.Error("found a row that is not there")
	}
	l.SetRow(Layer{Key: sha("f"), Size: 99})
	if y, ok := l.Row(sha("f")); !ok || y.Size != 99 || len(l.Layer) != 2 {
		t.Errorf("after SetRow: %v, %v, %d rows", y, ok, len(l.Layer))
	}
	if !l.Prune(func(key string) bool { return key == sha("6") }) || len(l.Layer) != 1 {
		t.Errorf("after Prune: %v", l.Layer)
	}
	if l.Prune(func(string) bool { return true }) {
		t.Error("Prune dropped something that it had to keep")
	}
}

func TestFor(t *testing.T) {
	l := small()
	names := func(s Selection) (list []string) {
		for _, c := range s.Conda {
			list = append(list, c.Name+" "+c.Build)
		}
		for _, g := range s.Groups {
			list = append(list, strings.Join(g.Packages, "+"))
		}
		return list
	}
	for _, tt := range []struct {
		env  string
		p    platforms.Platform
		want []string
	}{
		{"", amd64, []string{"python h0_0_cpython", "tzdata h78e105d_0", "python", "tzdata"}},
		{"default", arm64, []string{"python h1_0_cpython", "tzdata h78e105d_0", "python", "tzdata"}},
		{"k8s", amd64, []string{"python h0_0_cpython", "pyyaml py312_1", "tzdata h78e105d_0", "python", "tzdata", "pyyaml"}},
		{"k8s", arm64, []string{"python h1_0_cpython", "tzdata h78e105d_0", "python", "tzdata"}},
		{"other", amd64, nil},
	} {
		s := l.For(tt.env, tt.p)
		if d := cmp.Diff(tt.want, names(s)); d != "" {
			t.Errorf("%s on %s (-want +got):\n%s", tt.env, tt.p, d)
		}
		if tt.want != nil && (len(s.Go) != 1 || s.Go[0].Platform != tt.p || len(s.Tools) != 1) {
			t.Errorf("%s on %s: Go %v, tools %v", tt.env, tt.p, s.Go, s.Tools)
		}
		known, onAMD := tt.want != nil, tt.want != nil && tt.p == amd64
		if known != (s.Base != nil) || onAMD != (s.Activation != nil) || (known && !onAMD) != (len(s.Debs) == 1) {
			t.Errorf("%s on %s: base %v, activation %v, Debian packages %v", tt.env, tt.p, s.Base, s.Activation, s.Debs)
		}
	}
}

func TestDiff(t *testing.T) {
	if d := Diff(small(), small()); d != nil {
		t.Errorf("a lock differs from itself: %v", d)
	}
	l := small()
	for i := range l.Conda {
		if c := &l.Conda[i]; c.Name == "python" {
			c.Version = "3.12.8"
		}
	}
	l.Conda[0].SHA256 = hex64("e")                                                            // tzdata: other bytes
	l.Conda = slices.Delete(l.Conda, 1, 2)                                                    // pyyaml
	l.Go = append(l.Go, Toolchain{Envs: []string{"k8s"}, Platform: amd64, Version: "1.25.4"}) // a second Go
	l.Go[0].Version = "1.26.9"
	l.Base[0].Manifest = sha("9")
	l.Tool[0].Version = "v0.8.3"
	l.Conda[1].License = "PSF-2.0"
	var got []string
	for _, c := range Diff(small(), l) {
		got = append(got, c.String())
	}
	want := []string{
		"~ base image debian:12-slim sha256:bbbbbbbbbbbb -> debian:12-slim sha256:999999999999 (linux/amd64) in default, k8s",
		"~ conda python 3.12.7 h0_0_cpython -> 3.12.8 h0_0_cpython (linux/amd64) in default, k8s",
		"~ conda python 3.12.7 h1_0_cpython -> 3.12.8 h1_0_cpython (linux/arm64) in default, k8s",
		"- conda pyyaml 6.0.2 py312_1 (linux/amd64) in k8s",
		"~ conda tzdata 2025b h78e105d_0 sha256:333333333333 -> 2025b h78e105d_0 sha256:eeeeeeeeeeee (linux/amd64, linux/arm64) in default, k8s",
		"+ go 1.25 1.25.4 (linux/amd64) in k8s",
		"~ go 1.26 1.26.8 -> 1.26.9 (darwin/arm64) in default, k8s",
		"~ tool honnef.co/go/tools/cmd/staticcheck v0.8.2 by go 1.26.8 -> v0.8.3 by go 1.26.8 in default, k8s",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if n := len(Diff(nil, small())); n != 11 {
		t.Errorf("from nothing: %d changes, want 11: %v", n, Diff(nil, small()))
	}
}
