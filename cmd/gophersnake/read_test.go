package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// openIndex reads a written image by other code than ours: a layout, an
// archive or a registry. at makes paths absolute.
func openIndex(at func(string) string, ref string) (v1.ImageIndex, error) {
	scheme, rest, _ := strings.Cut(ref, ":")
	switch scheme {
	case "docker":
		r, err := name.ParseReference(strings.TrimPrefix(rest, "//"))
		if err != nil {
			return nil, err
		}
		return remote.Index(r)
	case "oci":
		dir, tag, _ := strings.Cut(rest, ":")
		return openLayout(at(dir), tag)
	case "oci-archive", "docker-archive":
		dir, err := unpack(at(rest))
		if err != nil {
			return nil, err
		}
		return openLayout(dir, "")
	}
	return nil, fmt.Errorf("unknown transport %q", scheme)
}

func openLayout(dir, tag string) (v1.ImageIndex, error) {
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	m, err := top.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, d := range m.Manifests {
		if tag == "" && len(m.Manifests) == 1 || tag != "" && d.Annotations["org.opencontainers.image.ref.name"] == tag {
			return top.ImageIndex(d.Digest)
		}
	}
	return nil, fmt.Errorf("%s: no index with tag %q among %d", dir, tag, len(m.Manifests))
}

// unpack unpacks an archive beside itself.
func unpack(file string) (string, error) {
	dir := file + ".unpacked"
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir, nil
		}
		if err != nil {
			return "", err
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return "", err
		}
		to := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return "", err
		}
	}
}

// validateImage hashes everything of a written image. A docker-archive is read
// as docker does, too.
func validateImage(at func(string) string, ref string) error {
	idx, err := openIndex(at, ref)
	if err != nil {
		return err
	}
	if file, ok := strings.CutPrefix(ref, "docker-archive:"); ok {
		img, err := tarball.ImageFromPath(at(file), nil)
		if err != nil {
			return err
		}
		if err := validate.Image(img); err != nil {
			return err
		}
	}
	return validateIndex(idx)
}

// validateIndex is validate.Index, which does not read zstd: there only
// digests and sizes are compared.
func validateIndex(idx v1.ImageIndex) error {
	m, err := idx.IndexManifest()
	if err != nil {
		return err
	}
	for _, d := range m.Manifests {
		img, err := idx.Image(d.Digest)
		if err != nil {
			return err
		}
		layers, err := img.Layers()
		if err != nil {
			return err
		}
		for _, l := range layers {
			if t, err := l.MediaType(); err != nil || t != types.OCILayerZStd {
				return errors.Join(err, validate.Index(idx))
			}
			if err := validateZstd(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func validateZstd(l v1.Layer) error {
	for _, part := range []struct {
		hash func() (v1.Hash, error)
		open func() (io.ReadCloser, error)
	}{{l.Digest, l.Compressed}, {l.DiffID, l.Uncompressed}} {
		want, err := part.hash()
		if err != nil {
			return err
		}
		r, err := part.open()
		if err != nil {
			return err
		}
		got, _, err := v1.SHA256(r)
		if closed := r.Close(); err == nil {
			err = closed
		}
		if err == nil && got != want {
			err = fmt.Errorf("layer is %s, want %s", got, want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func openImage(at func(string) string, ref, platform string) (v1.Image, error) {
	idx, err := openIndex(at, ref)
	if err != nil {
		return nil, err
	}
	m, err := idx.IndexManifest()
	if err != nil {
		return nil, err
	}
	var have []string
	for _, d := range m.Manifests {
		have = append(have, d.Platform.String())
		if d.Platform.String() == platform {
			return idx.Image(d.Digest)
		}
	}
	return nil, fmt.Errorf("no platform %s among %s", platform, have)
}

// printConfig prints what an image says of itself, a value a line.
func printConfig(w io.Writer, img v1.Image) error {
	file, err := img.ConfigFile()
	if err != nil {
		return err
	}
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	c := file.Config
	fmt.Fprintf(w, "platform %s/%s\ncreated %s\nuser %s\nworkdir %s\n", file.OS, file.Architecture, file.Created.UTC().Format("2006-01-02T15:04:05Z"), c.User, c.WorkingDir)
	fmt.Fprintf(w, "entrypoint %q\ncmd %q\n", c.Entrypoint, c.Cmd)
	for _, kv := range c.Env {
		fmt.Fprintf(w, "env %s\n", kv)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Labels)) {
		fmt.Fprintf(w, "label %s=%s\n", key, c.Labels[key])
	}
	for _, key := range slices.Sorted(maps.Keys(m.Annotations)) {
		fmt.Fprintf(w, "annotation %s=%s\n", key, m.Annotations[key])
	}
	return nil
}

// namedLayers returns an image's layers and what made them.
func namedLayers(img v1.Image) (names []string, layers []v1.Layer, err error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	for _, h := range file.History {
		if !h.EmptyLayer {
			names = append(names, strings.TrimPrefix(h.CreatedBy, "gophersnake: "))
		}
	}
	layers, err = img.Layers()
	if err == nil && len(names) != len(layers) {
		err = fmt.Errorf("%d layers, %d entries of history", len(layers), len(names))
	}
	return names, layers, err
}

// printLayers prints platform, name and digest of each layer.
func printLayers(w io.Writer, idx v1.ImageIndex) error {
	m, err := idx.IndexManifest()
	if err != nil {
		return err
	}
	for _, d := range m.Manifests {
		img, err := idx.Image(d.Digest)
		if err != nil {
			return err
		}
		names, layers, err := namedLayers(img)
		if err != nil {
			return err
		}
		for i, l := range layers {
			digest, err := l.Digest()
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s %s %s\n", d.Platform, names[i], digest)
		}
	}
	return nil
}

// printFiles prints the entries of an image's layers, each as
// "path mode uid:gid @mtime size sha256" or "path mode uid:gid @mtime -> target".
func printFiles(w io.Writer, img v1.Image, want string) error {
	names, layers, err := namedLayers(img)
	if err != nil {
		return err
	}
	for i, l := range layers {
		if !strings.Contains(names[i], want) {
			continue
		}
		if want == "" {
			fmt.Fprintf(w, "# %s\n", names[i])
		}
		r, err := l.Uncompressed()
		if err != nil {
			return err
		}
		err = printTar(w, r)
		if closed := r.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printTar(w io.Writer, r io.Reader) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %04o %d:%d @%d", h.Name, h.Mode, h.Uid, h.Gid, h.ModTime.Unix())
		switch h.Typeflag {
		case tar.TypeReg:
			sum := sha256.New()
			if _, err := io.Copy(sum, t); err != nil {
				return err
			}
			fmt.Fprintf(w, " %d %s\n", h.Size, hex.EncodeToString(sum.Sum(nil))[:16])
		case tar.TypeSymlink:
			fmt.Fprintf(w, " -> %s\n", h.Linkname)
		case tar.TypeDir:
			fmt.Fprintln(w)
		default:
			return fmt.Errorf("%s has the type %q", h.Name, h.Typeflag)
		}
	}
}

// printText prints a file of the topmost layer that has it.
func printText(w io.Writer, img v1.Image, path string) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range slices.Backward(layers) {
		r, err := l.Uncompressed()
		if err != nil {
			return err
		}
		for t := tar.NewReader(r); ; {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if h.Name == path {
				_, err := io.Copy(w, t)
				return err
			}
		}
	}
	return fmt.Errorf("no layer has %s", path)
}
