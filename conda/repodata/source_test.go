package repodata

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const docA = `{"info":{"subdir":"noarch"},"packages":{"a-1-0.conda":{"name":"a","version":"1","build":"0"}}}`

func TestLoadOrder(t *testing.T) {
	outage := errors.New("status 503")
	ctx := context.Background()
	broken := pack(t, []byte(docA))
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		errs  map[string]error
		form  string
		got   []string
		class string
		want  string
	}{
		{
			name: "plain", files: map[string][]byte{"noarch/repodata.json": []byte(docA)}, form: "repodata.json",
			got: []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst", "noarch/repodata.json.bz2", "noarch/repodata.json"},
		},
		{
			name: "zst first", files: map[string][]byte{"noarch/repodata.json": []byte("<"), "noarch/repodata.json.zst": pack(t, []byte(docA))}, form: "repodata.json.zst",
			got: []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst"},
		},
		{
			name: "outage", files: map[string][]byte{"noarch/repodata.json.zst": pack(t, []byte(docA))}, errs: map[string]error{"noarch/repodata_shards.msgpack.zst": outage},
			got: []string{"noarch/repodata_shards.msgpack.zst"}, class: "none", want: "status 503",
		},
		{
			name: "not there", class: "usage", want: "conda-forge: has no repodata for noarch: file does not exist",
			got: []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst", "noarch/repodata.json.bz2", "noarch/repodata.json"},
		},
		{
			name: "C01", files: map[string][]byte{"noarch/repodata_shards.msgpack.zst": []byte("<html><body>Sign in")}, class: "network",
			got:  []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata_shards.msgpack.zst fresh"},
			want: "conda-forge/noarch/repodata_shards.msgpack.zst: not repodata, but an HTML page",
		},
		{
			name: "C02", files: map[string][]byte{"noarch/repodata.json.zst": broken[:len(broken)-9]}, class: "network",
			got:  []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst", "noarch/repodata.json.zst fresh"},
			want: "conda-forge/noarch/repodata.json.zst: ends early, after " + strconv.Itoa(len(broken)-9) + " bytes",
		},
		{
			name: "empty", files: map[string][]byte{"noarch/repodata.json.zst": {}}, class: "network",
			got:  []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst", "noarch/repodata.json.zst fresh"},
			want: "conda-forge/noarch/repodata.json.zst: ends early, after 0 bytes",
		},
		{
			name: "not zstd", files: map[string][]byte{"noarch/repodata.json.zst": []byte(docA)}, class: "verification",
			got:  []string{"noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst"},
			want: "conda-forge/noarch/repodata.json.zst: broken: invalid input: magic number mismatch",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := &mem{files: tt.files, errs: tt.errs}
			s, err := Load(ctx, &Channel{Name: "conda-forge", URL: "https://channel.example/conda-forge", Source: src}, "noarch", Options{})
			if d := cmp.Diff(tt.got, src.got); d != "" {
				t.Error(d)
			}
			if tt.want != "" {
				if err == nil || err.Error() != tt.want || class(err) != tt.class {
					t.Errorf("class %s, %v; want %s, %s", class(err), err, tt.class, tt.want)
				}
				return
			}
			if err != nil || s.Form != tt.form {
				t.Errorf("%v, %+v", err, s)
			}
		})
	}
}

// blanks returns 1 MiB of blanks as bzip2.
func blanks(t *testing.T) []byte {
	t.Helper()
	bz2, err := hex.DecodeString("425a6839314159265359ca6fb20700080a5000800440000008200030cc0549ea71060140601e2ee48a70a12194df640e")
	if err != nil {
		t.Fatal(err)
	}
	return bz2
}

// TestBzip2 reads a document of nothing but blanks, whole and cut short.
func TestBzip2(t *testing.T) {
	bz2 := blanks(t)
	for cut, want := range map[int]string{0: "", 5: "c/noarch/repodata.json.bz2: ends early, after 43 bytes"} {
		c := &Channel{Name: "c", URL: "c", Source: &mem{files: map[string][]byte{"noarch/repodata.json.bz2": bz2[:len(bz2)-cut]}}}
		_, err := Load(context.Background(), c, "noarch", Options{})
		if want == "" {
			if err != nil {
				t.Error(err)
			}
		} else if err == nil || err.Error() != want || class(err) != "network" {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestTooLarge is C03: in each form, no more than the limit is unpacked.
func TestTooLarge(t *testing.T) {
	big := bytes.Repeat([]byte(" "), 1<<20)
	bz2 := blanks(t)
	for _, form := range []string{"repodata.json.zst", shardsFile, "repodata.json.bz2", "repodata.json"} {
		data := map[string][]byte{"repodata.json": big, "repodata.json.bz2": bz2}[form]
		if data == nil {
			data = pack(t, big)
		}
		c := &Channel{Name: "c", URL: "c", Source: &mem{files: map[string][]byte{"noarch/" + form: data}}}
		_, err := Load(context.Background(), c, "noarch", Options{MaxSize: 1 << 16})
		want := "c/noarch/" + form + ": too large: more than 65536 bytes when unpacked"
		if err == nil || err.Error() != want || class(err) != "verification" {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, tt := range []struct{ channel, base, want string }{
		{"https://c.example/x", "", "https://c.example/x/noarch/a-1-0.conda"},
		{"https://c.example/x/", "./", "https://c.example/x/noarch/a-1-0.conda"},
		{"https://c.example/x", "../linux-64", "https://c.example/x/linux-64/a-1-0.conda"},
		{"https://c.example/x", "https://cdn.example/y", "https://cdn.example/y/a-1-0.conda"},
		{"https://c.example/x", "/y/", "https://c.example/y/a-1-0.conda"},
		{"https://c.example/x", "//cdn.example/y/", "https://cdn.example/y/a-1-0.conda"},
		{"file:///srv/x", "../y", "file:///srv/x/y/a-1-0.conda"},
		{"channels/x", "", "channels/x/noarch/a-1-0.conda"},
		{"channels/x", "../linux-64", "channels/x/linux-64/a-1-0.conda"},
		{"channels/x", "https://cdn.example/y/", "https://cdn.example/y/a-1-0.conda"},
		{"oci://r.example/x", "", "oci://r.example/x/noarch/a-1-0.conda"},
		{"https://c.example/x", "file:///etc", `conda-forge/noarch/repodata.json: base_url: "file:///etc/" leads out of the network`},
		{"https://c.example/x", "mailto:x", `conda-forge/noarch/repodata.json: base_url: "mailto:x/" leads out of the network`},
		{"https://c.example/x", "http://[", `conda-forge/noarch/repodata.json: base_url: "http://[/" is no URL`},
	} {
		doc := `{"info":{"base_url":"` + tt.base + `"},"repodata_version":2,` + docA[len(`{"info":{"subdir":"noarch"},`):]
		c := &Channel{Name: "conda-forge", URL: tt.channel, Source: &mem{files: map[string][]byte{"noarch/repodata.json": []byte(doc)}}}
		s, err := Load(context.Background(), c, "noarch", Options{})
		if err != nil {
			t.Fatal(err)
		}
		records, err := s.Records(context.Background(), "a")
		var got string
		if err == nil {
			got = records[0].URL
		} else {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s + %s:\n got %s\nwant %s", tt.channel, tt.base, got, tt.want)
		}
	}
	if got, want := escapePath("https://c/", "a-1!2+b-é#.conda"), "a-1!2+b-%C3%A9%23.conda"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// memory is a Cache.
type memory map[string][]byte

func (m memory) Get(_ context.Context, key string) (io.ReaderAt, error) {
	if p, ok := m[key]; ok {
		return bytes.NewReader(p), nil
	}
	return nil, fs.ErrNotExist
}

func (m memory) Put(_ context.Context, key string, write func(io.Writer) error) error {
	var b bytes.Buffer
	err := write(&b)
	m[key] = b.Bytes()
	return err
}

func TestCache(t *testing.T) {
	ctx := context.Background()
	packed := pack(t, []byte(docA))
	c := &Channel{Name: "c", URL: "https://c.example", Source: &mem{files: map[string][]byte{"noarch/repodata.json.zst": packed}}}
	cache := memory{}
	var want []Record
	for _, state := range []string{"cold", "warm", "broken", "made again"} {
		if state == "broken" {
			for key := range cache {
				cache[key] = cache[key][:20]
			}
		}
		s, err := Load(ctx, c, "noarch", Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if warm := s.from.(*Repodata).held == nil; warm != (state == "warm" || state == "made again") {
			t.Errorf("%s: %T", state, s.from)
		}
		got, err := s.Records(ctx, "a")
		if want == nil {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" || err != nil || len(got) != 1 {
			t.Errorf("%s: %v\n%s", state, err, d)
		}
	}
	sum := sha256.Sum256(packed)
	if _, ok := cache["gsrepo-2:noarch:"+hex.EncodeToString(sum[:])]; !ok || len(cache) != 1 {
		t.Errorf("%d keys", len(cache))
	}
}

// readOnly is a Cache in a directory that is gone.
type readOnly struct{ memory }

func (readOnly) Put(context.Context, string, func(io.Writer) error) error {
	return &fs.PathError{Op: "open", Path: "cache", Err: fs.ErrNotExist}
}

// TestCacheFails checks that a cache's problem is not taken for the channel's.
func TestCacheFails(t *testing.T) {
	src := &mem{files: map[string][]byte{"noarch/repodata.json.zst": pack(t, []byte(docA))}}
	_, err := Closure(context.Background(), []*Channel{{Name: "c", URL: "c", Source: src}}, []string{"noarch"}, nil, Options{Cache: readOnly{}})
	if err == nil || err.Error() != "open cache: file does not exist" {
		t.Errorf("%v", err)
	}
}

// stated tells digests without giving the bytes.
type stated struct{ *mem }

func (s stated) Stat(ctx context.Context, ref string, w Want) (string, error) {
	p, err := s.Get(ctx, ref, w)
	if err != nil {
		return "", err
	}
	s.got[len(s.got)-1] = "stat " + ref
	if len(p) == 0 {
		return "", nil
	}
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:]), nil
}

// TestStat checks that nothing is read of a document whose Pack is there.
func TestStat(t *testing.T) {
	const shards, zst = "noarch/repodata_shards.msgpack.zst", "noarch/repodata.json.zst"
	src := &mem{files: map[string][]byte{zst: pack(t, []byte(docA))}, errs: map[string]error{}}
	c := &Channel{Name: "c", URL: "https://c.example", Source: stated{src}}
	cache := memory{}
	for _, tt := range []struct {
		name   string
		change func()
		cache  Cache
		want   []string
		err    string
	}{
		{"no cache", nil, nil, []string{shards, zst}, ""},
		{"cold", nil, cache, []string{shards, "stat " + zst, zst}, ""},
		{"warm", nil, cache, []string{shards, "stat " + zst}, ""},
		{"broken pack", func() {
			for key := range cache {
				cache[key] = cache[key][:20]
			}
		}, cache, []string{shards, "stat " + zst, zst}, ""},
		{"other bytes", func() { src.files[zst] = pack(t, []byte(docA+" ")) }, cache, []string{shards, "stat " + zst, zst}, ""},
		{"not there", func() { delete(src.files, zst) }, cache, []string{shards, zst, "noarch/repodata.json.bz2", "noarch/repodata.json"}, "c: has no repodata for noarch: file does not exist"},
		{"not known", func() { src.files[zst] = nil }, cache, []string{shards, "stat " + zst, zst, zst + " fresh"}, "c/noarch/repodata.json.zst: ends early, after 0 bytes"},
		{"outage", func() { src.errs[zst] = errors.New("status 503") }, cache, []string{shards, zst}, "status 503"},
	} {
		src.got = nil
		if tt.change != nil {
			tt.change()
		}
		s, err := Load(context.Background(), c, "noarch", Options{Cache: tt.cache})
		if d := cmp.Diff(tt.want, src.got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if records, err := s.Records(context.Background(), "a"); err != nil || len(records) != 1 {
			t.Errorf("%s: %d records, %v", tt.name, len(records), err)
		}
	}
}
