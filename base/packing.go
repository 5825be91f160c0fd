package base

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// packing is how a layer's tar is compressed.
type packing uint8

const (
	unknown packing = iota
	plain
	gzipped
	zstandard
)

// dockerZstd is not in any specification, but some tools write it.
const dockerZstd types.MediaType = "application/vnd.docker.image.rootfs.diff.tar.zstd"

// packingOf returns the packing that a layer's media type promises. Content is
// never sniffed: what the media type says is what other readers will do.
func packingOf(t types.MediaType) packing {
	switch t {
	case types.OCILayer, types.DockerLayer, types.OCIRestrictedLayer, types.DockerForeignLayer:
		return gzipped
	case types.OCILayerZStd, dockerZstd:
		return zstandard
	case types.OCIUncompressedLayer, types.DockerUncompressedLayer, types.OCIUncompressedRestrictedLayer:
		return plain
	}
	return unknown
}

// maxWindow bounds the memory of one zstd frame (promises.md §3.3).
const maxWindow = 128 << 20

// unpacked is the tar of a layer: bounded, and compared with its diffID at the
// end.
type unpacked struct {
	src    io.ReadCloser // compressed and verified
	tar    io.Reader
	done   func()
	hash   hash.Hash
	diffID string
	where  string
	read   int64
	bound  int64 // bytes
	why    string
	err    error
}

// unpack opens the tar of a layer's compressed bytes and takes over src.
func (l Limits) unpack(src io.ReadCloser, mediaType types.MediaType, size int64, diffID, where string) (*unpacked, error) {
	l = l.withDefaults()
	u := &unpacked{src: src, done: func() {}, hash: sha256.New(), diffID: diffID, where: where, bound: l.Unpacked, why: "the limit"}
	if byRatio := max(1<<30, mulCap(size, l.Ratio)); byRatio < u.bound {
		u.bound, u.why = byRatio, "its compressed size allows"
	}
	switch packingOf(mediaType) {
	case gzipped:
		z, err := gzip.NewReader(bufio.NewReaderSize(src, 64<<10))
		if err != nil {
			return nil, errors.Join(u.explain(err), src.Close())
		}
		u.tar = z
	case zstandard:
		z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, errors.Join(u.explain(err), src.Close())
		}
		u.tar, u.done = z, z.Close
	default:
		u.tar = src
	}
	return u, nil
}

// mulCap multiplies without overflow.
func mulCap(a, b int64) int64 {
	const most = 1<<63 - 1
	if b > 0 && a > most/b {
		return most
	}
	return a * b
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.tar.Read(p)
	u.hash.Write(p[:n])
	u.read += int64(n)
	switch {
	case u.read > u.bound:
		n, err = 0, fault.New(fault.Verification, u.where, "layer unpacks to more than %s of %d bytes", u.why, u.bound)
	case errors.Is(err, io.EOF):
		if err = u.end(); err == nil {
			err = io.EOF
		}
	case err != nil:
		err = u.explain(err)
	}
	u.err = err
	return n, err
}

// end reads what the decompressor left, so that the compressed bytes are
// verified to their end, and compares the diffID.
func (u *unpacked) end() error {
	if _, err := io.Copy(io.Discard, u.src); err != nil {
		return err
	}
	if got := "sha256:" + hex.EncodeToString(u.hash.Sum(nil)); got != u.diffID {
		return fault.New(fault.Verification, u.where, "the layer's tar: want diffID %s, got %s", u.diffID, got)
	}
	return nil
}

// explain tells errors of the compressed stream's source, which have a class,
// from those of its format.
func (u *unpacked) explain(err error) error {
	var classed interface{ Class() string }
	if errors.As(err, &classed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.Verification, u.where, "the layer's compressed stream is broken: %w", err)
}

func (u *unpacked) Close() error {
	u.done()
	return u.src.Close()
}
