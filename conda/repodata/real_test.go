package repodata

import (
	"context"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documents returns all repodata of the shared test data.
func documents(t testing.TB) []string {
	root := shared(t)
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		name := d.Name()
		inMamba := filepath.Base(filepath.Dir(p)) == "mamba-repodata"
		solvers := strings.HasPrefix(name, "channel-") && strings.HasSuffix(name, ".json")
		if strings.HasPrefix(name, "repodata") && (strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".json.zst")) || inMamba || solvers {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// candidates reads a document with encoding/json: records by name, as a map of
// file names, where of one stem only the .conda is left.
func candidates(t *testing.T, data []byte) map[string]map[string]Record {
	t.Helper()
	var doc struct {
		Info     struct{ Subdir string }
		Packages map[string]json.RawMessage `json:"packages"`
		Conda    map[string]json.RawMessage `json:"packages.conda"`
		Removed  []string
		V3       map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	files := map[string]Record{}
	add := func(from map[string]json.RawMessage, ext string, revision int) {
		for key, raw := range from {
			var p plain
			if err := json.Unmarshal(raw, &p); err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			r := p.record(key+ext, doc.Info.Subdir)
			r.Revision = revision
			files[r.FileName] = r
		}
	}
	add(doc.Packages, "", 0)
	add(doc.Conda, "", 0)
	add(doc.V3["tar.bz2"], extBz2, 3)
	add(doc.V3["conda"], extConda, 3)
	byName := map[string]map[string]Record{}
	for file, r := range files {
		stem, ext := cutExt(file)
		if _, better := files[stem+extConda]; ext == extBz2 && better || slices.Contains(doc.Removed, file) {
			continue
		}
		if byName[r.Name] == nil {
			byName[r.Name] = map[string]Record{}
		}
		byName[r.Name][file] = r
	}
	return byName
}

// TestReal compares every field of every record of the shared data with what
// encoding/json makes of it.
func TestReal(t *testing.T) {
	total := 0
	for _, file := range documents(t) {
		data := read(t, file)
		r, err := Open(data, Options{Where: file})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		want := candidates(t, data)
		for _, name := range r.Names() {
			records, err := r.Records(name)
			if err != nil {
				if known := strings.Contains(err.Error(), `holds '\x00'`) || strings.Contains(err.Error(), "notempty"); !known {
					t.Error(err)
				}
				delete(want, name)
				continue
			}
			got := map[string]Record{}
			for _, rec := range records {
				got[rec.FileName] = rec
			}
			total += len(records)
			if !reflect.DeepEqual(want[name], got) || len(got) != len(records) {
				t.Fatalf("%s: %s (-want +got):\n%s", file, name, cmp.Diff(want[name], got))
			}
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("%s: records of %d names are missing", file, len(want))
		}
	}
	if total < 60000 {
		t.Errorf("read %d records only", total)
	}
}

// TestOrder checks that records keep the order of the file.
func TestOrder(t *testing.T) {
	r, err := Open([]byte(`{"packages":{"a-2-0.tar.bz2":{"name":"a","version":"2","build":"0"},"b-1-0.tar.bz2":{"name":"b","version":"1","build":"0"},
		"a-1-0.tar.bz2":{"name":"a","version":"1","build":"0"}},"packages.conda":{"a-0-0.conda":{"name":"a","version":"0","build":"0"}}}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	records, err := r.Records("a")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, rec := range records {
		files = append(files, rec.FileName)
	}
	if d := cmp.Diff([]string{"a-2-0.tar.bz2", "a-1-0.tar.bz2", "a-0-0.conda"}, files); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a", "b"}, r.Names()); d != "" {
		t.Error(d)
	}
}

// TestForms reads the same channel in all its forms.
func TestForms(t *testing.T) {
	root := shared(t, "channels", "cpython")
	for _, subdir := range []string{"linux-64", "linux-aarch64", "noarch", "osx-64", "osx-arm64", "win-64"} {
		var want map[string][]Record
		for _, form := range []string{"repodata.json", "repodata.json.zst", shardsFile} {
			c := &Channel{Name: "cpython", URL: "https://channel.example/cpython", Source: only{dir(root), form}}
			s, err := Load(context.Background(), c, subdir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Form != form {
				t.Errorf("read %s, want %s", s.Form, form)
			}
			got := map[string][]Record{}
			for _, name := range s.Names() {
				if got[name], err = s.Records(context.Background(), name); err != nil {
					t.Fatal(err)
				}
			}
			if want == nil {
				want = got
			}
			if d := cmp.Diff(want, got); d != "" || len(got) == 0 {
				t.Errorf("%s/%s (-want +got):\n%s", subdir, form, d)
			}
		}
		for _, records := range want {
			for _, r := range records {
				if r.URL != "https://channel.example/cpython/"+subdir+"/"+r.FileName || r.Channel != "cpython" || r.Subdir != subdir {
					t.Errorf("%s: URL %q, channel %q, subdir %q", r.FileName, r.URL, r.Channel, r.Subdir)
				}
			}
		}
	}
}

// only has one form of repodata, and the shards.
type only struct {
	dir
	form string
}

func (o only) Get(ctx context.Context, ref string, w Want) ([]byte, error) {
	if strings.Contains(ref, "/repodata") && !strings.HasSuffix(ref, "/"+o.form) {
		return nil, fs.ErrNotExist
	}
	return o.dir.Get(ctx, ref, w)
}
