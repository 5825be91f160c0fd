package fetch

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// filePath returns the path of a "file:" URL (RFC 8089).
func filePath(u *url.URL, where string) (string, error) {
	switch {
	case u.Host != "" && !strings.EqualFold(u.Host, "localhost"):
		return "", fault.New(fault.Usage, where, "host %q of a file URL is not this machine", u.Host).
			WithHint("write file:///PATH")
	case u.Path == "":
		return "", fault.New(fault.Usage, where, "the URL has no path")
	}
	path := u.Path
	if runtime.GOOS == "windows" && len(path) > 2 && path[2] == ':' {
		path = path[1:]
	}
	return filepath.FromSlash(path), nil
}

// file copies a local file and verifies it like any other.
func (j *job) file(ctx context.Context, path string) (Response, error) {
	// A FIFO would block on open, a device might never end.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return Response{}, fault.New(fault.Disk, j.where, "not a regular file")
	}
	if err != nil {
		return Response{}, j.fileError(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return Response{}, j.fileError(err)
	}
	defer f.Close()
	in := &local{j: j, check: ctx.Err, r: bufio.NewReaderSize(f, chunk)}
	if err := in.copyAll(info.Size()); err != nil {
		return Response{}, err
	}
	if err := j.compare(); err != nil {
		return Response{}, err
	}
	return Response{URL: j.where, Size: j.have, SHA256: j.sums.sha256()}, nil
}

// local copies a file; there is nothing to try again.
type local struct {
	j     *job
	check func() error
	r     io.Reader
}

func (l *local) copyAll(total int64) error {
	buf := make([]byte, chunk)
	for {
		if err := l.check(); err != nil {
			return err
		}
		n, err := l.r.Read(buf)
		if n > 0 {
			if err := l.j.write(buf[:n], total); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return l.j.fileError(err)
		}
	}
}

func (j *job) fileError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fault.New(fault.Disk, j.where, "%w", err)
}
