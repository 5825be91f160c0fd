package main

import (
	"archive/tar"
	"bytes"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

// baseFiles are those of the base image of tests: merged /usr, directories of
// odd modes and owners, accounts, bash, glibc.
func baseFiles() []archivetest.Entry {
	link, file, dir := archivetest.Symlink, archivetest.File, archivetest.Dir
	return []archivetest.Entry{
		dir("usr/"), dir("usr/bin/"), dir("usr/lib/"), link("bin", "usr/bin"), link("lib", "usr/lib"),
		{Name: "opt/", Type: tar.TypeDir, Mode: 0o711},
		{Name: "srv/", Type: tar.TypeDir, Mode: 0o2775},
		{Name: "tmp/", Type: tar.TypeDir, Mode: 0o1777},
		dir("data/"), link("srv/data", "../data"),
		{Name: "usr/bin/bash", Body: "bash", Mode: 0o755},
		link("usr/bin/sh", "bash"),
		{Name: "usr/bin/env", Body: "env", Mode: 0o755},
		dir("etc/"), file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/sbin/nologin\n"),
		file("etc/group", "root:x:0:\ndaemon:x:1:\nstaff:x:50:daemon\n"),
		file("etc/os-release", "ID=test\nVERSION_ID=12\n"),
	}
}

// writeBase writes the base image for two platforms as an OCI layout.
func writeBase(dir string) error {
	var adds []mutate.IndexAddendum
	for _, arch := range []string{"amd64", "arm64"} {
		img, err := baseImage(arch, archivetest.Tar(baseFiles()...))
		if err != nil {
			return err
		}
		adds = append(adds, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return p.AppendIndex(mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...),
		layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "12"}))
}

// baseImage returns an image of one layer.
func baseImage(arch string, layer []byte) (v1.Image, error) {
	packed, err := gzipped(layer)
	if err != nil {
		return nil, err
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: arch, Created: v1.Time{Time: time.Unix(1700000000, 0).UTC()}, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Env: []string{"PATH=/usr/bin:/bin", "LANG=C"}, Cmd: []string{"bash"}, Entrypoint: []string{"/usr/bin/env"}, User: "daemon",
			Labels: map[string]string{"maker": "base", "keep": "yes"},
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: "base"}, MediaType: types.OCILayer})
}

// gzipped compresses with the module that go.mod pins, so that digests in
// scripts depend on no Go release.
func gzipped(data []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(data)
	if closed := w.Close(); err == nil {
		err = closed
	}
	return packed.Bytes(), err
}
