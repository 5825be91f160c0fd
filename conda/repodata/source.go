package repodata

import (
	"bytes"
	"compress/bzip2"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/tree"
)

// Source gives access to the files of one channel. Its methods may be called
// by several goroutines.
type Source interface {
	// Get returns the bytes of a file: ref is a path relative to the channel,
	// such as "noarch/repodata.json.zst", or an absolute URL that the channel
	// named. fs.ErrNotExist in the error's chain means that the channel answers
	// and has no such file; any other error is an outage. Conditional requests
	// and caches are up to the Source; Content-Encoding must not be negotiated.
	Get(ctx context.Context, ref string, w Want) ([]byte, error)
}

// Stater is a Source that can tell the sha256 (hex) of a file's current bytes
// without giving them: "" where it cannot. Errors are those of Get. It is asked
// before Get where there is a Cache: of a document whose Pack is in the Cache,
// nothing is read. It may have to fetch the file to know; the Get that follows
// where the Cache has no Pack can then be answered without asking again.
type Stater interface {
	Stat(ctx context.Context, ref string, w Want) (sha256 string, err error)
}

// Want says what the bytes must be and which copy of them will do.
type Want struct {
	SHA256 string // hex; "" where it is not known. Bytes with it never change
	Max    int64  // most bytes
	Fresh  bool   // a copy in a cache is broken: ask the server
}

// errTooLarge is the problem of bytes that unpack to more than is allowed.
var errTooLarge = errors.New("too large")

// maxWindow is the most memory that a zstd frame may ask for.
const maxWindow = 128 << 20

// form is how a subdir's repodata is written.
type form struct {
	file   string
	unpack func(p []byte) (io.ReadCloser, error)
}

// forms returns them in the order in which they are tried.
func forms() []form {
	return []form{
		{shardsFile, unzstd},
		{"repodata.json.zst", unzstd},
		{"repodata.json.bz2", func(p []byte) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(bytes.NewReader(p))), nil }},
		{"repodata.json", func(p []byte) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p)), nil }},
	}
}

func unzstd(p []byte) (io.ReadCloser, error) {
	if len(p) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	d, err := zstd.NewReader(bytes.NewReader(p), zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// limited is a reader that fails after so many bytes.
type limited struct {
	io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p[:min(int64(len(p)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// fetch gets a file and uses it. What ends early, or is not what an index
// promised, is asked for once more.
func fetch(ctx context.Context, src Source, ref string, w Want, o Options, use func(packed []byte) error) error {
	w.Max = o.maxSize()
	for {
		p, err := src.Get(ctx, ref, w)
		if errors.Is(err, fs.ErrNotExist) {
			return absent{err}
		}
		if err != nil {
			return err
		}
		err = checkDocument(p, &o)
		if err == nil && w.SHA256 != "" {
			if sum := sha256.Sum256(p); hex.EncodeToString(sum[:]) != w.SHA256 {
				err = tree.NewError(o.where(), "sha256 is %x, not %s", sum, w.SHA256)
			}
		}
		if err == nil {
			err = use(p)
		}
		if err == nil || w.Fresh || w.SHA256 == "" && !isNetwork(err) {
			return err
		}
		w.Fresh = true
	}
}

// unpacked unpacks a file that is small.
func (f form) unpacked(p []byte, o *Options) ([]byte, error) {
	src, err := f.unpack(p)
	if err == nil {
		defer src.Close()
		var out []byte
		if out, err = io.ReadAll(&limited{src, o.maxSize()}); err == nil {
			return out, nil
		}
	}
	return nil, f.problem(err, len(p), o)
}

// problem says what is wrong with a file of n bytes that cannot be unpacked, or
// with the document in it.
func (f form) problem(err error, n int, o *Options) error {
	var known *tree.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, errTooLarge):
		return tooLarge(o)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return tree.NewError(o.where(), "ends early, after %d bytes", n).WithClass("network")
	}
	return tree.NewError(o.where(), "broken: %w", err)
}

func isNetwork(err error) bool {
	var e *tree.Error
	return errors.As(err, &e) && e.Class() == "network"
}

// absent is a channel's answer that it has no such file. A file that a cache
// lacks is not that.
type absent struct{ error }

func (a absent) Unwrap() error { return a.error }

func isAbsent(err error) bool {
	var a absent
	return errors.As(err, &a)
}

// Channel is where packages come from.
type Channel struct {
	Name string // as users call it, without secrets; becomes Record.Channel
	URL  string // or a directory; Record.URL is made from it
	Source
}

// where returns what errors call a file.
func (c *Channel) where(ref string) string {
	if isURL(ref) {
		return c.Name + ": " + redact(ref)
	}
	return strings.TrimSuffix(c.Name, "/") + "/" + ref
}

// Subdir is one directory of a channel. Its methods may be called by several
// goroutines.
type Subdir struct {
	Form string // the file that was read, such as "repodata.json.zst"

	channel *Channel
	dir     string
	info    Info
	from    index
}

// index finds the records of a name.
type index interface {
	records(ctx context.Context, name string) ([]Record, error)
	Names() []string
	Unread(name string) []string
}

func (r *Repodata) records(_ context.Context, name string) ([]Record, error) { return r.Records(name) }

// Load reads what a channel says of a subdir, in the first form that it has.
// For a subdir that it does not have, the error has fs.ErrNotExist in its
// chain. An outage is an error, never a reason to try the next form.
func Load(ctx context.Context, c *Channel, subdir string, o Options) (*Subdir, error) {
	for _, f := range forms() {
		s, err := c.load(ctx, subdir, f, o)
		if err == nil || !isAbsent(err) {
			return s, err
		}
	}
	err := tree.NewError(c.Name, "has no repodata for %s: %w", subdir, absent{fs.ErrNotExist})
	return nil, err.WithClass("usage").WithHint("is %s a conda channel?", c.Name)
}

func (c *Channel) load(ctx context.Context, subdir string, f form, o Options) (*Subdir, error) {
	ref := subdir + "/" + f.file
	o.Where, o.Subdir = c.where(ref), subdir
	if f.file == shardsFile {
		o.MaxSize = min(o.maxSize(), maxShard)
	}
	s := &Subdir{Form: f.file, channel: c, dir: subdir}
	p, err := f.cached(ctx, c, ref, o)
	if err != nil {
		return nil, err
	}
	if p != nil {
		s.from, s.info = p, p.Info
		return s, nil
	}
	err = fetch(ctx, c, ref, Want{}, o, func(packed []byte) (err error) {
		if f.file != shardsFile {
			r, err := f.open(ctx, packed, o)
			if err == nil {
				s.from, s.info = r, r.Info
			}
			return err
		}
		data, err := f.unpacked(packed, &o)
		if err != nil {
			return err
		}
		shards, err := openShards(data, c, subdir, o)
		if err != nil {
			return err
		}
		s.from, s.info = shards, shards.info
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Names returns the names of packages, in the order of the file; shards have
// them sorted.
func (s *Subdir) Names() []string { return s.from.Names() }

// Unread is Repodata.Unread of what has been read.
func (s *Subdir) Unread(name string) []string { return s.from.Unread(name) }

// Records returns the candidates of a name, with URL and Channel filled.
func (s *Subdir) Records(ctx context.Context, name string) ([]Record, error) {
	records, err := s.from.records(ctx, name)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	base, err := resolve(s.channel.join(s.dir)+"/", dirRef(s.info.BaseURL))
	if err != nil {
		return nil, tree.NewError(s.where(), "base_url: %w", err)
	}
	var all strings.Builder
	all.Grow(len(records) * (len(base) + 64))
	for i := range records {
		at := all.Len()
		all.WriteString(base)
		all.WriteString(escapePath(base, records[i].FileName))
		records[i].Channel = s.channel.Name
		records[i].URL = all.String()[at:]
	}
	return records, nil
}
