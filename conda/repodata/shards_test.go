package repodata

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mp writes a small msgpack document: maps of 15, strings of 65,535 bytes.
func mp(v any) []byte {
	switch v := v.(type) {
	case string:
		return append([]byte{0xda, byte(len(v) >> 8), byte(len(v))}, v...)
	case [32]byte:
		return append([]byte{0xc4, 32}, v[:]...)
	case int:
		return []byte{byte(v)}
	case []any: // keys and values
		b := []byte{0x80 | byte(len(v)/2)}
		for _, x := range v {
			b = append(b, mp(x)...)
		}
		return b
	}
	panic(fmt.Sprintf("%T", v))
}

// sharded makes a channel of one name.
func sharded(t *testing.T, info []any, shard []byte) (*mem, string) {
	packed := pack(t, shard)
	sum := sha256.Sum256(packed)
	name := hex.EncodeToString(sum[:]) + ".msgpack.zst"
	index := mp([]any{"version", 1, "info", info, "shards", []any{"a", sum}})
	return &mem{files: map[string][]byte{"noarch/" + shardsFile: pack(t, index), name: packed}}, name
}

func shardOf(name string) []byte {
	return mp([]any{"packages.conda", []any{name + "-1-0.conda", []any{"name", name, "version", "1", "build", "0", "build_number", 7, "sha256", [32]byte{0xab}}}})
}

func TestShardsBaseURL(t *testing.T) {
	for _, tt := range []struct{ base, want string }{
		{"", "noarch/"},
		{"./shards/", "noarch/shards/"},
		{"shards", "noarch/shards/"},
		{"../shards/", "shards/"},
		{"../../shards/", "https://c.example/shards/"},
		{"/shards/", "https://c.example/shards/"},
		{"https://cdn.example/s", "https://cdn.example/s/"},
		{"//cdn.example/s/", "https://cdn.example/s/"},
	} {
		src, name := sharded(t, []any{"shards_base_url", tt.base, "base_url", "../up"}, shardOf("a"))
		src.files[tt.want+name] = src.files[name]
		s, err := Load(context.Background(), &Channel{Name: "c", URL: "https://c.example/x", Source: src}, "noarch", Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Records(context.Background(), "a")
		want := []Record{{
			Name: "a", Version: "1", Build: "0", BuildNumber: 7, Subdir: "noarch", SHA256: "ab" + strings.Repeat("00", 31),
			FileName: "a-1-0.conda", Channel: "c", URL: "https://c.example/x/up/a-1-0.conda",
		}}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: asked for %v: %v\n%s", tt.base, src.got, err, d)
		}
	}
}

func TestShardsRefused(t *testing.T) {
	good := shardOf("a")
	for _, tt := range []struct {
		name   string
		change func(src *mem, shard string)
		shard  []byte
		class  string
		want   string
	}{
		{"absent", func(m *mem, s string) { delete(m.files, s) }, good, "network", "c/noarch/SHARD: the index has this shard, of \"a\", but the channel does not"},
		{"other bytes", func(m *mem, s string) { m.files[s] = []byte("x") }, good, "verification", "c/noarch/SHARD: sha256 is 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881, not HASH"},
		{"page", func(m *mem, s string) { m.files[s] = []byte("<html>") }, good, "network", "c/noarch/SHARD: not repodata, but an HTML page"},
		{"other name", nil, shardOf("b"), "verification", `c/noarch/SHARD: the shard of "a" has a record of "b"`},
		{"cut", nil, good[:20], "verification", `c/noarch/SHARD: byte 20: the document ends early`},
		{"more", nil, append(shardOf("a"), 0), "verification", fmt.Sprintf(`c/noarch/SHARD: byte %d: more follows the end`, len(good))},
		{"extension", nil, []byte("\x81\xa1a\xc7\x00\x00"), "verification", `c/noarch/SHARD: byte 3: a value of unknown kind 0xc7`},
		{"key", nil, []byte("\x81\x01\x01"), "verification", `c/noarch/SHARD: byte 2: a key that is no string`},
		{"number", nil, []byte("\x81\xa1a\xca\x7f\x80\x00\x00"), "verification", `c/noarch/SHARD: byte 8: a number that is not finite`},
		{"deep", nil, []byte(strings.Repeat("\x91", 65) + "\x00"), "verification", `c/noarch/SHARD: byte 65: nested more than 64 deep`},
		{"kind", nil, []byte("\x93\x01\x02\x03"), "verification", `c/noarch/SHARD: byte 0: want an object, got '['`},
		{"record", nil, mp([]any{"packages", []any{"../x-1-0.conda", []any{}}}), "verification", `c/noarch/SHARD: file name "../x-1-0.conda" is not name-version-build.conda or .tar.bz2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, name := sharded(t, []any{"subdir", "noarch"}, tt.shard)
			src.files["noarch/"+name] = src.files[name]
			if tt.change != nil {
				tt.change(src, "noarch/"+name)
			}
			s, err := Load(context.Background(), &Channel{Name: "c", URL: "https://c.example", Source: src}, "noarch", Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Records(context.Background(), "a")
			want := strings.NewReplacer("SHARD", name, "HASH", strings.TrimSuffix(name, ".msgpack.zst")).Replace(tt.want)
			if err == nil || err.Error() != want || class(err) != tt.class {
				t.Errorf("class %s, %v; want %s, %s", class(err), err, tt.class, want)
			}
		})
	}
}

func TestShardIndexRefused(t *testing.T) {
	for _, tt := range []struct {
		index []byte
		class string
		want  string
	}{
		{mp([]any{"version", 2}), "usage", "version 2 of sharded repodata is newer than this program"},
		{mp([]any{"version", "1"}), "verification", `not an index of shards: byte 11: want a value, got '"'`},
		{mp([]any{"shards", []any{"a", "ab"}}), "verification", `shard of "a": "ab" is no sha256`},
		{mp([]any{"shards", 1}), "verification", `not an index of shards: byte 10: want an object, got '1'`},
		{mp([]any{"info", []any{"shards_base_url", "file:///etc"}}), "verification", `shards_base_url: "file:///etc/" leads out of the network`},
		{mp("x"), "verification", `not an index of shards: byte 0: want an object, got '"'`},
		{nil, "verification", "byte 0: the document ends early"},
	} {
		src := &mem{files: map[string][]byte{"noarch/" + shardsFile: pack(t, tt.index)}}
		_, err := Load(context.Background(), &Channel{Name: "c", URL: "https://c.example", Source: src}, "noarch", Options{})
		if err == nil || err.Error() != "c/noarch/"+shardsFile+": "+tt.want || class(err) != tt.class {
			t.Errorf("class %s, %v; want %s, %s", class(err), err, tt.class, tt.want)
		}
	}
}

// FuzzShards checks that no index or shard can do more than be refused.
func FuzzShards(f *testing.F) {
	f.Add(shardOf("a"))
	f.Add(mp([]any{"version", 1, "info", []any{"base_url", "x"}, "shards", []any{"a", [32]byte{1}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &Channel{Name: "c", URL: "https://c.example"}
		if s, err := openShards(data, c, "noarch", Options{}); err == nil && len(s.Names()) != len(s.digests) {
			t.Error("names are missing")
		}
		text, bad := fromMsgpack(data)
		if bad != "" {
			return
		}
		r, err := Open(text, Options{})
		if err != nil {
			return
		}
		for _, name := range r.Names() {
			records, err := r.Records(name)
			for i := range records {
				if p := records[i].check(name); err == nil && p != "" {
					t.Errorf("%q: %s", data, p)
				}
			}
		}
	})
}

// FuzzPack checks that a Pack answers as its document does.
func FuzzPack(f *testing.F) {
	f.Add([]byte(docA))
	f.Add([]byte(`{"v3":{"conda":{"a-1-0":{"name":"a"}},"tar.bz2":{"a-2-0":{}},"whl":{"a-1-0":{}}},"packages":{"a-1-0.conda":{}},"removed":["a-1-0.conda"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Open(data, Options{}); err == nil {
			comparePack(t, data, 1)
		}
	})
}
