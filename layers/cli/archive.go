package cli

import (
	"archive/tar"
	"archive/zip"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// level is the compression level of archives, that of layers (design.md §6).
const level = 5

// ArchiveName returns the file name of a program's archive:
// "hello_linux_amd64.tar.gz", "hello_windows_arm64.zip".
func ArchiveName(name string, p platforms.Platform) string {
	ext := ".tar.gz"
	if p.OS == "windows" {
		ext = ".zip"
	}
	return name + "_" + p.OS + "_" + p.Arch + ext
}

// ProgramName returns the name that a program has on a platform: with ".exe"
// for windows.
func ProgramName(name string, p platforms.Platform) string {
	if p.OS == "windows" {
		return name + ".exe"
	}
	return name
}

// Archive writes the archive of a program for one platform: a gzip-compressed
// ustar archive, or for windows a zip. Its only member is the program, mode
// 0755, dated with the Unix epoch (in a zip, whose dates begin later, with
// none). The bytes depend on the arguments alone: the compressor is the one of
// layers.
func Archive(w io.Writer, p platforms.Platform, name string, program io.Reader, size int64) error {
	write := writeTar
	if p.OS == "windows" {
		write = writeZip
	}
	if err := write(w, ProgramName(name, p), program, size); err != nil {
		return fault.New(fault.Disk, ArchiveName(name, p), "%w", err)
	}
	return nil
}

func writeTar(w io.Writer, name string, program io.Reader, size int64) error {
	zw, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(zw)
	err = tw.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: size, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	})
	if err != nil {
		return err
	}
	if err := copyAll(tw, program, size); err != nil {
		return err
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return zw.Close()
}

func writeZip(w io.Writer, name string, program io.Reader, size int64) error {
	zw := zip.NewWriter(w)
	zw.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(0o755)
	fw, err := zw.CreateHeader(h)
	if err != nil {
		return err
	}
	if err := copyAll(fw, program, size); err != nil {
		return err
	}
	return zw.Close()
}

func copyAll(w io.Writer, r io.Reader, size int64) error {
	n, err := io.Copy(w, r)
	if err == nil && n != size {
		err = fmt.Errorf("program has %d bytes, not %d", n, size)
	}
	return err
}
