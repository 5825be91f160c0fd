package release_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/golang/release"
)

// distpack makes a release archive by the rules of cmd/distpack: names below
// "go/", sorted, modes by path, one time, no directories; with the directories
// that the module does not have.
func distpack(t testing.TB, members ...tarMember) []byte {
	t.Helper()
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	must(t, err)
	w := tar.NewWriter(z)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: m.mode, Size: int64(len(m.content)), Typeflag: m.kind, Linkname: m.link}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		must(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, m.content)
			must(t, err)
		}
	}
	must(t, w.Close())
	must(t, z.Close())
	return buf.Bytes()
}

type tarMember struct {
	name, content string
	mode          int64
	kind          byte
	link          string
}

// sampleArchive is the archive of what sample is the module of.
func sampleArchive() []tarMember {
	var all []tarMember
	for _, m := range sample() {
		name := strings.TrimPrefix(m.name, prefix)
		if dir, base := path.Split(name); base == "_go.mod" {
			name = dir + "go.mod"
		}
		mode := int64(0o644)
		switch name {
		case "bin/go", "src/make.bash", "lib/wasm/go_js_wasm_exec", "pkg/tool/linux_amd64/vet":
			mode = 0o755
		}
		all = append(all, tarMember{name: "go/" + name, content: m.content, mode: mode})
	}
	for _, dir := range []string{"api", "doc", "misc", "test"} {
		all = append(all, tarMember{name: "go/" + dir + "/x.sh", content: "left out", mode: 0o644})
	}
	slices.SortFunc(all, func(a, b tarMember) int { return strings.Compare(a.name, b.name) })
	return all
}

func repack(t testing.TB, archive []byte, version string) (*bytes.Reader, error) {
	t.Helper()
	var out bytes.Buffer
	err := release.Repack(t.Context(), bytes.NewReader(archive), version, amd64, &out)
	return bytes.NewReader(out.Bytes()), err
}

// TestRepack says that an archive becomes the module of the same files: with its
// h1, and the same files and modes when it is unpacked.
func TestRepack(t *testing.T) {
	z, err := repack(t, distpack(t, sampleArchive()...), "1.26.8")
	must(t, err)
	module := makeZip(t, zip.Deflate, sample()...)
	want, _, err := release.HashZip(module, module.Size())
	must(t, err)
	got, _, err := release.HashZip(z, z.Size())
	if err != nil || got != want {
		t.Errorf("h1 %s, %v; want %s", got, err, want)
	}
	a, b := t.TempDir(), t.TempDir()
	must(t, release.Extract(t.Context(), module, module.Size(), a))
	must(t, release.Extract(t.Context(), z, z.Size(), b))
	if diff := cmp.Diff(files(t, a), files(t, b)); diff != "" {
		t.Errorf("files and modes (-module +archive):\n%s", diff)
	}
	// Archives before 1.21 have directories and modes of their own.
	old := append([]tarMember{{name: "go/", mode: 0o755, kind: tar.TypeDir}, {name: "go/bin/", mode: 0o755, kind: tar.TypeDir}}, sampleArchive()...)
	for i := range old {
		old[i].mode |= 0o775
	}
	i := slices.IndexFunc(old, func(m tarMember) bool { return m.name == "go/VERSION" })
	old[i].content = "go1.20.14"
	z, err = repack(t, distpack(t, old...), "1.20.14")
	must(t, err)
	c := t.TempDir()
	must(t, release.Extract(t.Context(), z, z.Size(), c))
	if diff := cmp.Diff(files(t, a), files(t, c)); diff != "" {
		t.Errorf("files and modes (-module +old archive):\n%s", diff)
	}
}

func TestBadArchives(t *testing.T) {
	with := func(m tarMember) []byte { return distpack(t, append(sampleArchive(), m)...) }
	good := distpack(t, sampleArchive()...)
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for _, tc := range []struct {
		name, want string
		archive    []byte
	}{
		{"no gzip", "release archive: gzip: invalid header", []byte("PK\x03\x04 this is a zip")},
		{"empty", "release archive: EOF", nil},
		{"cut", "release archive: ", good[:len(good)/2]},
		{"flipped byte", "release archive: ", flipped},
		{"no toolchain", "release archive: has no bin/go or no VERSION", distpack(t, tarMember{name: "go/README.md", mode: 0o644})},
		{"dot dot", `release archive: file name "go/../x" is not a clean path below go`, with(tarMember{name: "go/../x", mode: 0o644})},
		{"absolute", `release archive: file name "/etc/passwd" is not a clean path below go`, with(tarMember{name: "/etc/passwd", mode: 0o644})},
		{"outside", `release archive: file name "src/x" is not a clean path below go`, with(tarMember{name: "src/x", mode: 0o644})},
		{"directory outside", `release archive: directory "go/../x/" is not a clean path below go`, with(tarMember{name: "go/../x/", kind: tar.TypeDir})},
		{"link", `release archive: file "go/l" is not a regular file`, with(tarMember{name: "go/l", kind: tar.TypeSymlink, link: "/etc/passwd"})},
		{"device", `release archive: file "go/d" is not a regular file`, with(tarMember{name: "go/d", kind: tar.TypeChar})},
		{"twice", `release archive: has two files "go/VERSION"`, with(tarMember{name: "go/VERSION", mode: 0o644})},
		{"mode", `release archive: file "go/src/x.go" has the mode 0755, not 0644`, with(tarMember{name: "go/src/x.go", mode: 0o755})},
		{"setuid keeps out", `release archive: file "go/src/x.go" has the mode 0777, not 0644`, with(tarMember{name: "go/src/x.go", mode: 0o4777})},
		{"an old archive by a new name", `release archive: SECURITY: is "go1.25.0" and not go1.26.8`, distpack(t, tarMember{name: "go/VERSION", content: "go1.25.0\ntime x\n", mode: 0o644})},
		{
			"another platform's archive", `release archive: SECURITY: file "go/pkg/tool/linux_arm64/vet" is not of the platform, whose tools are in pkg/tool/linux_amd64/`,
			with(tarMember{name: "go/pkg/tool/linux_arm64/vet", mode: 0o755}),
		},
		{"_go.mod", `release archive: file name "go/_go.mod" is one of modules`, with(tarMember{name: "go/_go.mod", mode: 0o644})},
	} {
		_, err := repack(t, tc.archive, "1.26.8")
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) || release.ClassOf(err) != "verification" {
			t.Errorf("%s: %s error %v\nwant %s", tc.name, release.ClassOf(err), err, tc.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := release.Repack(ctx, bytes.NewReader(good), "1.26.8", amd64, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := release.Repack(t.Context(), bytes.NewReader(good), "1.26.8", amd64, full{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a disk that takes nothing: %s %v", release.ClassOf(err), err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, fs.ErrPermission }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzRepack(f *testing.F) {
	f.Add(distpack(f, sampleArchive()...))
	f.Add(distpack(f, tarMember{name: "go/../x", mode: 0o644}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		z, err := repack(t, archive, "1.26.8")
		if err != nil {
			return
		}
		r, err := release.OpenZip(z, z.Size())
		must(t, err)
		if _, err := release.Entries(r); err != nil {
			t.Error(err)
		}
	})
}
