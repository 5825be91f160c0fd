package tree

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// BenchmarkLevels compresses the files of a real CPython by other levels than
// ours, in members of our size: what a faster layer would cost in bytes.
func BenchmarkLevels(b *testing.B) {
	text := pythonTar(b)
	for level := 1; level <= 6; level++ {
		z, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("gzip-", level), func(b *testing.B) { benchmarkMembers(b, text, z) })
	}
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression} {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			b.Fatal(err)
		}
		b.Run("zstd-"+level.String(), func(b *testing.B) { benchmarkMembers(b, text, z) })
	}
}

// compressor is what benchmarkMembers measures.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

func benchmarkMembers(b *testing.B, text []byte, z compressor) {
	b.SetBytes(int64(len(text)))
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		for rest := text; len(rest) > 0; rest = rest[min(ChunkSize, len(rest)):] {
			z.Reset(&out)
			if _, err := z.Write(rest[:min(ChunkSize, len(rest))]); err != nil {
				b.Fatal(err)
			}
			if err := z.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(out.Len())/float64(len(text)), "ratio")
}

// pythonTar returns the tar of CPython's package.
func pythonTar(b *testing.B) []byte {
	b.Helper()
	const file = "../../shared/data/channels/cpython/linux-64/python-3.11.11-0_cpython.conda"
	z, err := zip.OpenReader(file)
	if os.IsNotExist(err) {
		b.Skip("shared data: " + err.Error())
	}
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "pkg-") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			b.Fatal(err)
		}
		plain, err := zstd.NewReader(r)
		if err != nil {
			b.Fatal(err)
		}
		defer plain.Close()
		text, err := io.ReadAll(plain)
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	b.Fatal("no pkg- in " + file)
	return nil
}
