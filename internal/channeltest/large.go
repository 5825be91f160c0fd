package channeltest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

// WriteLarge writes a package of large files into its subdir of a channel and
// returns it, without Data, for Write. Window is as in
// [archivetest.Package.WriteConda].
func WriteLarge(dir string, p archivetest.Package, window int, files ...archivetest.Large) (File, error) {
	f := File{Package: Package{Package: p}, Name: p.Stem() + ".conda"}
	if err := os.MkdirAll(filepath.Join(dir, f.subdir()), 0o755); err != nil {
		return f, err
	}
	spool, err := os.CreateTemp(dir, "payload-")
	if err != nil {
		return f, err
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	out, err := os.Create(filepath.Join(dir, f.Path()))
	if err != nil {
		return f, err
	}
	defer out.Close()
	m, s := md5.New(), sha256.New()
	if err := p.WriteConda(io.MultiWriter(out, m, s), spool, window, files...); err != nil {
		return f, err
	}
	info, err := out.Stat()
	if err != nil {
		return f, err
	}
	f.Size, f.MD5, f.SHA256 = info.Size(), hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(s.Sum(nil))
	return f, out.Close()
}
