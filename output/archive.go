package output

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// writeOCIArchive writes a tar of a layout that holds the index alone.
func writeOCIArchive(ctx context.Context, t Transport, tags []string, c *closure, o Options) ([]string, error) {
	index := newLayoutIndex()
	if err := index.put(c.root.Descriptor, tags); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{layoutFile: []byte(layoutContent), indexFile: raw}
	return tags, writeArchive(ctx, t, files, c, o)
}

// writeArchive writes a tar with the closure's blobs and some small files. Its
// bytes depend on these alone: names are sorted bytewise, times are the epoch.
func writeArchive(ctx context.Context, t Transport, files map[string][]byte, c *closure, o Options) error {
	if info, err := os.Stat(t.Path); err == nil && !info.Mode().IsRegular() {
		return newError(classUsage, t.place(), "%q is not a regular file", t.Path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError(err, t.Path)
	}
	// A symbolic link stays, its target is replaced.
	file := t.Path
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	// The temporary file is its own lock: what a killed process left of it is
	// taken over, and two processes never write it at once.
	tmp := filepath.Join(filepath.Dir(file), ours+filepath.Base(file)+".tmp")
	d := disk{o.Hook}
	lock, err := d.lockFile(ctx, tmp)
	if err != nil {
		return named(file, tmp, err)
	}
	defer func() { _ = lock.Unlock() }()
	return d.replace(file, tmp, func(w io.Writer) error {
		return tarLayout(ctx, w, files, c, o)
	})
}

// tarLayout writes the tar stream.
func tarLayout(ctx context.Context, w io.Writer, files map[string][]byte, c *closure, o Options) error {
	tw := tar.NewWriter(w)
	for _, dir := range []string{"blobs/", blobsDir + "/"} {
		if err := tw.WriteHeader(tarHeader(tar.TypeDir, dir, 0o755, 0)); err != nil {
			return err
		}
	}
	blobs := append([]*blob{}, c.blobs...)
	for _, m := range c.manifests() {
		blobs = append(blobs, &blob{Descriptor: m.Descriptor, data: m.raw})
	}
	sort.Slice(blobs, func(i, j int) bool { return blobs[i].Digest.Hex < blobs[j].Digest.Hex })
	for _, b := range blobs {
		if err := tw.WriteHeader(tarHeader(tar.TypeReg, blobsDir+"/"+b.Digest.Hex, 0o644, b.Size)); err != nil {
			return err
		}
		if err := copyBlob(ctx, tw, b, o); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := tw.WriteHeader(tarHeader(tar.TypeReg, name, 0o644, int64(len(files[name])))); err != nil {
			return err
		}
		if _, err := io.Copy(tw, bytes.NewReader(files[name])); err != nil {
			return err
		}
	}
	return tw.Close()
}

func tarHeader(kind byte, name string, mode, size int64) *tar.Header {
	return &tar.Header{Typeflag: kind, Name: name, Mode: mode, Size: size, ModTime: time.Unix(0, 0)}
}
