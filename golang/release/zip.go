package release

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sync/errgroup"
)

// Limits of a module zip.
const (
	MaxFiles    = 1_000_000 // files in it
	MaxUnpacked = 4 << 30   // bytes of all its files
)

// OpenZip reads the directory of a module zip and checks it against the limits
// above. A directory that names one file twice is refused: h1 covers one of
// them only. Errors are of class "verification".
func OpenZip(r io.ReaderAt, size int64) (*zip.Reader, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, newError("verification", "module zip", "%w", err)
	}
	if len(z.File) > MaxFiles {
		return nil, newError("verification", "module zip", "has more than %d files", MaxFiles)
	}
	left := uint64(MaxUnpacked)
	names := make(map[string]bool, len(z.File))
	for _, f := range z.File {
		if f.UncompressedSize64 > left {
			return nil, newError("verification", "module zip", "unpacks to more than %d bytes", int64(MaxUnpacked))
		}
		left -= f.UncompressedSize64
		if names[f.Name] {
			return nil, newError("verification", "module zip", "has two files %q", f.Name)
		}
		names[f.Name] = true
	}
	z.RegisterDecompressor(zip.Deflate, inflater())
	return z, nil
}

// inflater returns a decompressor that is faster than the standard library's
// and keeps its windows for the next file.
func inflater() zip.Decompressor {
	var pool sync.Pool
	return func(r io.Reader) io.ReadCloser {
		if fr, ok := pool.Get().(io.ReadCloser); ok {
			if fr.(flate.Resetter).Reset(r, nil) == nil {
				return &pooled{ReadCloser: fr, pool: &pool}
			}
		}
		return &pooled{ReadCloser: flate.NewReader(r), pool: &pool}
	}
}

type pooled struct {
	io.ReadCloser
	pool *sync.Pool
}

func (p *pooled) Close() error {
	if p.pool == nil {
		return nil
	}
	err := p.ReadCloser.Close()
	p.pool.Put(p.ReadCloser)
	p.pool = nil
	return err
}

// copyFile writes the content of a file of a zip and checks its size; its
// CRC-32 is checked by package zip.
func copyFile(w io.Writer, f *zip.File) error {
	rc, err := f.Open()
	if err != nil {
		return newError("verification", "module zip", "file %q: %w", f.Name, err)
	}
	n, err := io.Copy(w, io.LimitReader(rc, int64(f.UncompressedSize64)+1))
	if cerr := rc.Close(); err == nil {
		err = cerr
	}
	if err == nil && uint64(n) != f.UncompressedSize64 {
		err = fmt.Errorf("has %d bytes or more, not %d", n, f.UncompressedSize64)
	}
	if err != nil {
		return newError(classOf(err, "verification"), "module zip", "file %q: %w", f.Name, err)
	}
	return nil
}

// HashZip returns the two hashes of a module zip. h1 is that of go.sum
// (golang.org/x/mod/sumdb/dirhash, Hash1): "h1:" and the base64 of the SHA-256
// of the lines that
//
//	sha256sum $(find . -type f | LC_ALL=C sort)
//
// prints for the zip's files. zipSHA256 is the hex SHA-256 of the zip itself.
// Nothing is unpacked to disk; files are hashed on all processors.
func HashZip(r io.ReaderAt, size int64) (h1, zipSHA256 string, err error) {
	z, err := OpenZip(r, size)
	if err != nil {
		return "", "", err
	}
	var g errgroup.Group
	g.Go(func() error {
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil {
			return newError(classOf(err, "disk"), "module zip", "%w", err)
		}
		zipSHA256 = hex.EncodeToString(h.Sum(nil))
		return nil
	})
	lines := make([]string, len(z.File))
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error { return hashFiles(z.File, lines, w, workers) })
	}
	if err := g.Wait(); err != nil {
		return "", "", err
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[lineName:], b[lineName:]) })
	h := sha256.New()
	for _, line := range lines {
		_, _ = io.WriteString(h, line) // a hash never fails
	}
	return "h1:" + base64.StdEncoding.EncodeToString(h.Sum(nil)), zipSHA256, nil
}

// lineName is where the file name begins in a line of sha256sum.
const lineName = 2*sha256.Size + 2

// hashFiles makes the line of every step-th file from first on.
func hashFiles(files []*zip.File, lines []string, first, step int) error {
	h := sha256.New()
	for i := first; i < len(files); i += step {
		f := files[i]
		if strings.Contains(f.Name, "\n") {
			return newError("verification", "module zip", "file name %q has a newline", f.Name)
		}
		h.Reset()
		if err := copyFile(h, f); err != nil {
			return err
		}
		lines[i] = fmt.Sprintf("%x  %s\n", h.Sum(nil), f.Name)
	}
	return nil
}

// CheckZip reports whether a zip is the one that a lock or the checksum
// database wants. module ("golang.org/toolchain@v0.0.1-go…") names it in
// errors, which are of class "verification"; an empty zipSHA256 is not
// checked.
func CheckZip(r io.ReaderAt, size int64, module, h1, zipSHA256 string) error {
	gotH1, gotSHA256, err := HashZip(r, size)
	if err != nil {
		return err
	}
	if gotH1 != h1 {
		return newError("verification", module, "SECURITY: the zip's hash is %s, not %s", gotH1, h1).
			advise("the module proxy gives other bytes than the checksum database has; do not use them")
	}
	if zipSHA256 != "" && gotSHA256 != zipSHA256 {
		return newError("verification", module, "same files in another zip: sha256 is %s, not %s", gotSHA256, zipSHA256).
			advise("run lock --update go to take this zip")
	}
	return nil
}
