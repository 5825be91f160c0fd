package repodata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzSkip compares the scanner with encoding/json: the same texts are valid,
// and strings have the same values.
func FuzzSkip(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e+7,0,true,false,null,"x\"\\\/\b\f\n\r\tĀ"]}`, `"\ud83d\ude00 \ud83d \ude00\ud83d\u0041"`, "\"\xff\xc3\xa9\xe2\x28\"",
		`[1,]`, `{"a" 1}`, `01`, `1.`, `-`, `1e`, `"\x"`, `"\u12g4"`, "\"\n\"", "\"123456789\x1f\"", `tru`, `nulll`, ` [ ] `, `{,}`, ``, `"`, `"\`, `"\u00`, `[[[[1]]]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := scanner{data: data}
		s.skip()
		ok := s.end()
		if strings.Contains(s.bad, "nested more than") {
			return
		}
		if valid := json.Valid(data); ok != valid {
			t.Fatalf("%q: valid %v, want %v: %s", data, ok, valid, s.bad)
		}
		var want string
		if ok && json.Unmarshal(data, &want) == nil {
			s = scanner{data: data}
			if got := s.string("text"); got != want {
				t.Errorf("%q is %q, want %q", data, got, want)
			}
		}
	})
}

// FuzzOpen checks that what can be read has the records that encoding/json
// finds, at whatever place.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `{"packages":null,"removed":null,"info":null}`, `{"info":{"subdir":"noarch","base_url":"../x"},"repodata_version":2}`,
		`{"packages":{"a-1-0.tar.bz2":{"name":"a","version":"1","build":"0","depends":["b >1"],"noarch":true,"track_features":"x, y","timestamp":5}}}`,
		`{"packages":{"a-1-0.tar.bz2":{"name":"a","version":"1","build":"0"}},"packages.conda":{"a-1-0.conda":{"name":"a","version":"1","build":"0"}},"removed":["b"]}`,
		`{"v3":{"conda":{"a-1-0":{"name":"a","version":"1","build":"0","extra_depends":{"t":["u"]}}},"whl":{"a-1-0":{}}}}`,
		`{"packages":{"../x.conda":{}}}`, `{"packages":{"a-1-0.conda":{"name":"b"}}}`, `{"packages":{"a-1-0.conda":{},"a-1-0.conda":{"name":"a"}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(data, Options{})
		if err != nil || len(data) == 0 {
			return
		}
		if strings.TrimSpace(string(data)) != "" && !json.Valid(data) {
			t.Fatalf("%q was read", data)
		}
		for _, name := range r.Names() {
			records, err := r.Records(name)
			if err != nil {
				continue
			}
			for _, rec := range records {
				want, ok := find(data, rec)
				if !ok {
					continue // of a type that encoding/json reads otherwise
				}
				if d := cmp.Diff(want, rec.Depends); d != "" && len(want)+len(rec.Depends) > 0 {
					t.Errorf("%q: %s (-want +got):\n%s", data, rec.FileName, d)
				}
			}
		}
	})
}

// find returns what a record depends on.
func find(data []byte, rec Record) ([]string, bool) {
	var doc map[string]json.RawMessage
	if json.Unmarshal(data, &doc) != nil || rec.Revision == 3 {
		return nil, false
	}
	for _, section := range []string{"packages", "packages.conda"} {
		var files, record map[string]json.RawMessage
		if json.Unmarshal(doc[section], &files) != nil || json.Unmarshal(files[rec.FileName], &record) != nil {
			continue
		}
		var depends []string
		if raw, ok := record["depends"]; ok && json.Unmarshal(raw, &depends) != nil {
			return nil, false
		}
		return depends, true
	}
	return nil, false
}

// FuzzMsgpack checks that what msgpack becomes is JSON.
func FuzzMsgpack(f *testing.F) {
	for _, s := range []string{
		"\x81\xa1a\x01", "\xc4\x02ab", "\xd9\x03a\"\n", "\xdc\x00\x02\xc0\xc3", "\xdf\x00\x00\x00\x01\xa1k\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
		"\xd3\xff\xff\xff\xff\xff\xff\xff\xff", "\xe0", "\xca\x7f\x80\x00\x00", "\xdd\xff\xff\xff\xff", "\xc1", "\x81\x01\x01", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if out, bad := fromMsgpack(data); bad == "" && !json.Valid(out) {
			t.Errorf("%q becomes %q", data, out)
		}
	})
}

// FuzzWindow checks that a document is the same, and its first problem too,
// whatever part of it is seen at once.
func FuzzWindow(f *testing.F) {
	for _, s := range []string{
		``, ` `, ` {}`, `{"packages":{"a-1-0.conda":{"name":"a","x":"\u00e9\n"},"b-1-0.conda":{}},"packages":{"a-2-0.tar.bz2":{"size":12}}}`,
		`{"removed":["a-1-0.conda",null],"info":{"subdir":"noarch","base_url":null},"repodata_version":1,"x":[1.5e3,true,false]}`,
		`{"v3":{"conda":{"a-1-0":{}},"whl":{"w-1-0":[],"v-1-0":{}},"zip":null},"packages":null}`, `{"v3":{"whl":{"w-1-0":{}`,
		`{"packages":{"a-1-0.conda":{"name":tru}}}`, `{"packages":{"../x":{}}} {`, `{"repodata_version":"1"}`, `{"packages":{"a-1-0.conda":[]}}`, `{"info":{"subdir":1}}`,
	} {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, window uint8) {
		want, errWant := Open(data, Options{})
		if len(data) > 1<<12 || isPage(data) {
			return
		}
		got, errGot := open(&reader{packer: newPacker(), src: bytes.NewReader(data), window: max(1, int(window))}, Options{})
		if fmt.Sprint(errWant) != fmt.Sprint(errGot) || class(errWant) != class(errGot) {
			t.Fatalf("%q: %v; as a whole %v", data, errGot, errWant)
		}
		if errWant == nil && !bytes.Equal(want.index, got.index) {
			t.Errorf("%q: another index", data)
		}
	})
}
