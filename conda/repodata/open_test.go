package repodata

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/tree"
)

// class returns an error's class.
func class(err error) string {
	var e *tree.Error
	if !errors.As(err, &e) {
		return "none"
	}
	return e.Class()
}

// all reads every record of a document.
func all(data string, o Options) ([]Record, error) {
	r, err := Open([]byte(data), o)
	if err != nil {
		return nil, err
	}
	var records []Record
	for _, name := range r.Names() {
		own, err := r.Records(name)
		if err != nil {
			return nil, err
		}
		records = append(records, own...)
	}
	return records, nil
}

func TestRefuses(t *testing.T) {
	deep := strings.Repeat("[", 65)
	for _, tt := range []struct{ name, in, class, want string }{
		{"C01", "<!DOCTYPE html><title>Sign in</title>", "network", "not repodata, but an HTML page"},
		{"C01 later", "\ufeff\n <html>", "network", "not repodata, but an HTML page"},
		{"short", `{"packages":{"a-1-0.conda":{"name":"a"`, "network", "ends early, at byte 38"},
		{"short string", `{"packages":{"a-1-0.con`, "network", "ends early, at byte 23"},
		{"short escape", `{"a\`, "network", "ends early, at byte 4"},
		{"short word", `{"a":nul`, "network", "ends early, at byte 8"},
		{"not JSON", `{"packages":{]`, "verification", `byte 13: want a key, got ']'`},
		{"no colon", `{"packages" {}}`, "verification", `byte 12: want ':', got '{'`},
		{"no comma", `{"a":1 "b":2}`, "verification", `byte 7: want ',' or '}', got '"'`},
		{"more", `{} {}`, "verification", `byte 3: want the end, got '{'`},
		{"NUL", "{}\x00", "verification", `byte 2: want the end, got '\x00'`},
		{"a list", `[]`, "verification", `byte 0: want an object, got '['`},
		{"control", "{\"a\nb\":1}", "verification", `byte 3: want a character of a string, got '\n'`},
		{"escape", `{"\x":1}`, "verification", `byte 3: want an escape, got 'x'`},
		{"number", `{"a":-}`, "verification", `byte 6: want a value, got '}'`},
		{"deep", `{"a":` + deep, "verification", "byte 68: nested more than 64 deep"},
		{"packages list", `{"packages":[]}`, "verification", `byte 12: want an object, got '['`},
		{"record null", `{"packages":{"a-1-0.conda":null}}`, "verification", `byte 27: want a record, got 'n'`},
		{"removed", `{"removed":[1]}`, "verification", `byte 12: want a string as removed, got '1'`},
		{"version", `{"repodata_version":4}`, "usage", "repodata_version 4 is newer than this program"},
		{"version kind", `{"repodata_version":"1"}`, "verification", "byte 20: want a value, got '\"'"},
		{"version part", `{"repodata_version":1.5}`, "verification", "byte 20: repodata_version is no whole number"},
		{"C05", `{"packages":{"../x.conda":{}}}`, "verification", `file name "../x.conda" is not name-version-build.conda or .tar.bz2`},
		{"C05 longer", `{"packages":{"../x-1-0.conda":{}}}`, "verification", `file name "../x-1-0.conda" is not name-version-build.conda or .tar.bz2`},
		{"C05 later", `{"packages":{"a-1-0.conda":{},"a-1-/0.conda":{}}}`, "verification", `file name "a-1-/0.conda" is not name-version-build.conda or .tar.bz2`},
		{"C05 escaped", `{"packages":{"a-1-0.conda":{},"a-1-\u002f0.conda":{}}}`, "verification", `file name "a-1-/0.conda" is not name-version-build.conda or .tar.bz2`},
		{"C05 v3", `{"v3":{"conda":{"a-1/0-0":{}}}}`, "verification", `file name "a-1/0-0.conda" is not name-version-build.conda or .tar.bz2`},
		{"format", `{"packages":{"a-1-0.zip":{}}}`, "verification", `file name "a-1-0.zip" is not name-version-build.conda or .tar.bz2`},
		{"no build", `{"packages":{"a-1.conda":{}}}`, "verification", `file name "a-1.conda" is not name-version-build.conda or .tar.bz2`},
		{"empty build", `{"packages":{"a-1-0.conda":{},"a-1-.conda":{}}}`, "verification", `file name "a-1-.conda" is not name-version-build.conda or .tar.bz2`},
		{"empty version", `{"packages":{"a-1-0.conda":{},"a--0.conda":{}}}`, "verification", `file name "a--0.conda" is not name-version-build.conda or .tar.bz2`},
		{"no name", `{"packages":{"-1-0.conda":{}}}`, "verification", `file name "-1-0.conda" is not name-version-build.conda or .tar.bz2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := all(tt.in, Options{Where: "x/noarch"})
			if got := class(err); err == nil || err.Error() != "x/noarch: "+tt.want || got != tt.class {
				t.Errorf("class %s, %v; want %s, x/noarch: %s", got, err, tt.class, tt.want)
			}
		})
	}
}

func TestRefusesRecord(t *testing.T) {
	for _, tt := range []struct{ fields, want string }{
		{`"name":"a","version":"1"`, `build "" is absent`},
		{`"version":"1","build":"0"`, `name "" is absent`},
		{`"name":"b","version":"1","build":"0"`, `name "b" is not the file's`},
		{`"name":"a/../b","version":"1","build":"0"`, `name "a/../b" holds '/'`},
		{`"name":"..","version":"1","build":"0"`, `name ".." begins with a dot`},
		{`"name":"a","version":"1","build":"../../x"`, `build "../../x" begins with a dot`},
		{`"name":"a","version":"1","build":"0/../x"`, `build "0/../x" holds '/'`},
		{`"name":"a","version":"1\\2","build":"0"`, `version "1\\2" holds '\\'`},
		{`"name":"a","version":"1","build":"0\u0000"`, `build "0\x00" holds '\x00'`},
		{`"name":"a","version":"1","build":"` + strings.Repeat("b", 256) + `"`, `build "` + strings.Repeat("b", 256) + `" has more than 255 bytes`},
		{`"name":"a","version":"1","build":"0","subdir":"../up"`, `subdir "../up" begins with a dot`},
		{`"name":"a","version":1,"build":"0"`, `version: want a string`},
		{`"name":"a","version":"1","build":"0","build_number":-1`, `build_number: want a whole number`},
		{`"name":"a","version":"1","build":"0","build_number":"0"`, `build_number: want a whole number`},
		{`"name":"a","version":"1","build":"0","size":1.5`, `size: want a whole number`},
		{`"name":"a","version":"1","build":"0","sha256":"xyz"`, `sha256: want 64 hexadecimal digits, got "xyz"`},
		{`"name":"a","version":"1","build":"0","md5":"abcd"`, `md5: want 32 hexadecimal digits, got "abcd"`},
		{`"name":"a","version":"1","build":"0","depends":"b"`, `depends: want a list`},
		{`"name":"a","version":"1","build":"0","depends":["b",1]`, `depends: want a list of strings`},
		{`"name":"a","version":"1","build":"0","depends":[null]`, `depends: want a list of strings`},
		{`"name":"a","version":"1","build":"0","extra_depends":[]`, `extra_depends: want an object`},
		{`"name":"a","version":"1","build":"0","noarch":"no"`, `noarch: want "generic" or "python", got "no"`},
		{`"name":"a","version":"1","build":"0","noarch":1`, `noarch: want a string`},
		{`"name":"a","version":"1","build":"0","timestamp":"now"`, `timestamp: want a time`},
		{`"name":"a","version":"1","build":"0","track_features":1`, `track_features: want a list`},
	} {
		_, err := all(`{"packages":{"a-1-0.conda":{`+tt.fields+`}}}`, Options{})
		want := `repodata.json: record "a-1-0.conda": ` + tt.want
		if err == nil || err.Error() != want || class(err) != "verification" {
			t.Errorf("%s:\n got %v\nwant %s", tt.fields, err, want)
		}
	}
}

func TestReads(t *testing.T) {
	base := Record{Name: "a", Version: "1", Build: "0", Subdir: "noarch", FileName: "a-1-0.conda"}
	sum := strings.Repeat("AB", 32)
	for _, tt := range []struct {
		fields string
		change func(*Record)
	}{
		{``, func(*Record) {}},
		{`,"depends":null,"constrains":null,"md5":null,"license":null,"noarch":null,"size":null,"timestamp":null,"track_features":null,"extra_depends":null`, func(*Record) {}},
		{`,"new":{"a":[1,{}]},"depends":[]`, func(*Record) {}},
		{`,"depends":["b >=1","c"]`, func(r *Record) { r.Depends = []string{"b >=1", "c"} }},
		{`,"depends":["x"],"depends":["y"]`, func(r *Record) { r.Depends = []string{"y"} }},
		{`,"license":"MIT","license":null`, func(*Record) {}},
		{`,"license":"M\u0049T \u00e9\ud83d\ude00"`, func(r *Record) { r.License = "MIT é😀" }},
		{`,"noarch":true`, func(r *Record) { r.Noarch = "generic" }},
		{`,"noarch":false`, func(*Record) {}},
		{`,"noarch":"python","python_site_packages_path":"lib/x"`, func(r *Record) { r.Noarch, r.SitePackages = "python", "lib/x" }},
		{`,"track_features":"x, y z"`, func(r *Record) { r.TrackFeatures = []string{"x", "y", "z"} }},
		{`,"track_features":["x",""]`, func(r *Record) { r.TrackFeatures = []string{"x"} }},
		{`,"track_features":""`, func(*Record) {}},
		{`,"timestamp":1500000000`, func(r *Record) { r.Timestamp = 1500000000000 }},
		{`,"timestamp":1500000000123`, func(r *Record) { r.Timestamp = 1500000000123 }},
		{`,"timestamp":1500000000.5`, func(r *Record) { r.Timestamp = 1500000000000 }},
		{`,"sha256":"` + sum + `"`, func(r *Record) { r.SHA256 = strings.ToLower(sum) }},
		{`,"build_number":18446744073709551615`, func(r *Record) { r.BuildNumber = 1<<64 - 1 }},
		{`,"extra_depends":{"t":["u"],"s":[],"t":["v"]}`, func(r *Record) { r.Extras = []Extra{{"s", nil}, {"t", []string{"v"}}} }},
		{`,"flags":["gpu"],"features":"mkl","arch":"x86_64","platform":"linux","license_family":"BSD"`, func(r *Record) {
			r.Flags, r.Features, r.Arch, r.Platform, r.LicenseFamily = []string{"gpu"}, "mkl", "x86_64", "linux", "BSD"
		}},
		{`,"indexed_timestamp":1600000000123,"timestamp":1500000000`, func(r *Record) { r.IndexedTimestamp, r.Timestamp = 1600000000123, 1500000000000 }},
		{`,"legacy_bz2_size":9,"legacy_bz2_md5":"0123456789ABCDEF0123456789abcdef"`, func(r *Record) { r.LegacyBz2Size, r.LegacyBz2MD5 = 9, "0123456789abcdef0123456789abcdef" }},
		{` , "subdir" : "linux-64" `, func(r *Record) { r.Subdir = "linux-64" }},
		{`,"version":"1.2"`, func(r *Record) { r.Version = "1.2" }}, // as some channels have it
	} {
		want := base
		tt.change(&want)
		doc := `{"info":{"subdir":"noarch"},"packages.conda":{"a-1-0.conda":{"name":"a","version":"1","build":"0"` + tt.fields + `}}}`
		got, err := all(doc, Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.fields, err)
			continue
		}
		if d := cmp.Diff([]Record{want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fields, d)
		}
	}
}

// TestCandidates checks which files of a name are candidates.
func TestCandidates(t *testing.T) {
	const r = `{"name":"a","version":"1","build":"0"}`
	for _, tt := range []struct {
		name, doc string
		keep      func(*Record) bool
		want      []string
	}{
		{"empty", ``, nil, nil},
		{"blank", " \n", nil, nil},
		{"both", `{"packages":{"a-1-0.tar.bz2":` + r + `},"packages.conda":{"a-1-0.conda":` + r + `}}`, nil, []string{"a-1-0.conda"}},
		{"both, .conda first", `{"packages.conda":{"a-1-0.conda":` + r + `},"packages":{"a-1-0.tar.bz2":` + r + `}}`, nil, []string{"a-1-0.conda"}},
		{"in the other map", `{"packages":{"a-1-0.tar.bz2":` + r + `,"a-1-0.conda":` + r + `}}`, nil, []string{"a-1-0.conda"}},
		{".conda removed", `{"packages":{"a-1-0.tar.bz2":` + r + `},"packages.conda":{"a-1-0.conda":` + r + `},"removed":["a-1-0.conda"]}`, nil, []string{"a-1-0.tar.bz2"}},
		{"all removed", `{"removed":["a-1-0.tar.bz2"],"packages":{"a-1-0.tar.bz2":` + r + `}}`, nil, nil},
		{
			".conda too new", `{"packages":{"a-1-0.tar.bz2":` + r + `},"packages.conda":{"a-1-0.conda":` + r + `}}`,
			func(r *Record) bool { return strings.HasSuffix(r.FileName, ".bz2") },
			[]string{"a-1-0.tar.bz2"},
		},
		{"key twice", `{"packages":{"a-1-0.conda":{"name":"x"},"a-2-0.conda":` + r + `,"a-1-0.conda":` + r + `}}`, nil, []string{"a-1-0.conda", "a-2-0.conda"}},
		{"map twice", `{"packages":{"a-9-0.conda":` + r + `},"packages":{"a-1-0.conda":` + r + `}}`, nil, []string{"a-1-0.conda"}},
		{"map null", `{"packages":{"a-9-0.conda":` + r + `},"packages":null}`, nil, nil},
		{"v3", `{"packages.conda":{"a-1-0.conda":` + r + `},"v3":{"conda":{"a-1-0":` + r + `,"a-2-0":` + r + `},"tar.bz2":{"a-1-0":` + r + `}}}`, nil, []string{"a-1-0.conda", "a-2-0.conda"}},
		{"v3 twice", `{"v3":{"conda":{"a-1-0":` + r + `}},"v3":{"tar.bz2":{"a-2-0":` + r + `}}}`, nil, []string{"a-2-0.tar.bz2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			records, err := all(tt.doc, Options{Keep: tt.keep})
			var got []string
			for _, r := range records {
				got = append(got, r.FileName)
				if (r.Revision == 3) != strings.HasPrefix(tt.name, "v3") {
					t.Errorf("%s: revision %d", r.FileName, r.Revision)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}

func TestUnread(t *testing.T) {
	r, err := Open([]byte(`{"v3":{"whl":{"w-1-0":{"name":"w"},"w-2-0":{}},"conda":{}}}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"whl"}, r.Unread("w")); d != "" {
		t.Error(d)
	}
	if records, err := r.Records("w"); records != nil || err != nil {
		t.Error(records, err)
	}
}
