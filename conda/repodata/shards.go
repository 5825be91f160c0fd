package repodata

import (
	"context"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/tree"
)

// shardsFile is the index of shards (CEP 16).
const shardsFile = "repodata_shards.msgpack.zst"

// maxShard is the most bytes of an unpacked shard or index. They have hundreds
// of kilobytes in the largest channels.
const maxShard = 64 << 20

// shards finds records by fetching the shard of each name.
type shards struct {
	info    Info
	channel *Channel
	subdir  string
	opts    Options
	base    string            // what shards' file names are appended to
	digests map[string]string // hex sha256 by name

	mu     sync.Mutex
	unread map[string][]string
}

// openShards reads an unpacked index.
func openShards(data []byte, c *Channel, subdir string, o Options) (*shards, error) {
	text, bad := fromMsgpack(data)
	if bad != "" {
		return nil, tree.NewError(o.where(), "%s", bad)
	}
	r := reader{scanner: scanner{data: text}}
	s := &shards{channel: c, subdir: subdir, opts: o, digests: map[string]string{}, unread: map[string][]string{}}
	version := 1
	for more := r.open('{', '}'); more; more = r.more('}') {
		switch string(unquote(r.key())) {
		case "version":
			version = r.smallInt("version")
		case "info":
			r.readInfo()
		case "shards":
			r.each('{', '}', func() {
				name := string(unquote(r.key()))
				s.digests[name] = r.string("a shard's hash")
			})
		default:
			r.skip()
		}
	}
	if !r.end() {
		return nil, tree.NewError(o.where(), "not an index of shards: %s", r.bad)
	}
	if version != 1 {
		return nil, tree.NewError(o.where(), "version %d of sharded repodata is newer than this program", version).WithClass("usage").WithHint("update this program")
	}
	if s.info = r.info; s.info.Subdir == "" {
		s.info.Subdir = o.Subdir
	}
	s.opts.Subdir = s.info.Subdir
	return s, s.check()
}

// check checks the hashes and finds where the shards are.
func (s *shards) check() error {
	for name, digest := range s.digests {
		if b, err := hex.DecodeString(digest); err != nil || len(b) != 32 {
			return tree.NewError(s.opts.where(), "shard of %q: %q is no sha256", name, digest)
		}
	}
	ref := dirRef(s.info.ShardsBaseURL)
	if inside := path.Join(s.subdir, ref); !isURL(ref) && !path.IsAbs(ref) && !strings.HasPrefix(inside, "../") {
		s.base = dirRef(inside)
		return nil
	}
	base, err := resolve(s.channel.join(s.subdir)+"/", ref)
	if err != nil {
		return tree.NewError(s.opts.where(), "shards_base_url: %w", err)
	}
	s.base = base
	return nil
}

// Names returns the sorted names.
func (s *shards) Names() []string {
	names := make([]string, 0, len(s.digests))
	for name := range s.digests {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Unread is Repodata.Unread of the shards that were read.
func (s *shards) Unread(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unread[name])
}

// records fetches and reads the shard of a name.
func (s *shards) records(ctx context.Context, name string) ([]Record, error) {
	digest, ok := s.digests[name]
	if !ok {
		return nil, nil
	}
	o := s.opts
	ref := s.base + digest + ".msgpack.zst"
	o.Where = s.channel.where(ref)
	var r *Repodata
	err := fetch(ctx, s.channel, ref, Want{SHA256: digest}, o, func(packed []byte) (err error) {
		r, err = openShard(packed, o)
		return err
	})
	if isAbsent(err) {
		return nil, tree.NewError(o.Where, "the index has this shard, of %q, but the channel does not", name).WithClass("network").WithHint("the channel may be changing: try again")
	}
	if err != nil {
		return nil, err
	}
	for _, other := range r.Names() {
		if other != name {
			return nil, tree.NewError(o.Where, "the shard of %q has a record of %q", name, other)
		}
	}
	if formats := r.Unread(name); formats != nil {
		s.mu.Lock()
		s.unread[name] = formats
		s.mu.Unlock()
	}
	return r.Records(name)
}

func openShard(packed []byte, o Options) (*Repodata, error) {
	data, err := form{shardsFile, unzstd}.unpacked(packed, &o)
	if err != nil {
		return nil, err
	}
	text, bad := fromMsgpack(data)
	if bad != "" {
		return nil, tree.NewError(o.where(), "%s", bad)
	}
	return Open(text, o)
}
