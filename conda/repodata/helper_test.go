package repodata

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// shared returns a path in the shared test data.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	return p
}

// read reads a file, and unpacks it if it is a .zst.
func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil && strings.HasSuffix(name, ".zst") {
		data, err = form{"", unzstd}.unpacked(data, &Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// pack packs text as zstd.
func pack(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// dir is a channel on disk, mem one in memory.
type dir string

func (d dir) Get(_ context.Context, ref string, _ Want) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), ref))
}

type mem struct {
	files map[string][]byte
	errs  map[string]error

	mu  sync.Mutex
	got []string
}

func (m *mem) Get(_ context.Context, ref string, w Want) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.got = append(m.got, ref); w.Fresh {
		m.got[len(m.got)-1] += " fresh"
	}
	if err, ok := m.errs[ref]; ok {
		return nil, err
	}
	if p, ok := m.files[ref]; ok {
		return p, nil
	}
	return nil, fmt.Errorf("%s: %w", ref, fs.ErrNotExist)
}

// plain is a record as encoding/json reads it.
type plain struct {
	Name, Version, Build, Subdir, Features, License, Arch, Platform, MD5, SHA256 string
	BuildNumber                                                                  uint64          `json:"build_number"`
	Depends, Constrains, Flags                                                   []string        `json:",omitempty"`
	Noarch                                                                       any             `json:",omitempty"`
	TrackFeatures                                                                any             `json:"track_features"`
	SitePackages                                                                 string          `json:"python_site_packages_path"`
	LicenseFamily                                                                string          `json:"license_family"`
	LegacyBz2MD5                                                                 string          `json:"legacy_bz2_md5"`
	LegacyBz2Size                                                                int64           `json:"legacy_bz2_size"`
	Size, Timestamp                                                              int64           `json:",omitempty"`
	Indexed                                                                      int64           `json:"indexed_timestamp"`
	Extra                                                                        json.RawMessage `json:"extra_depends"`
}

// record returns what Records should return for a record.
func (p *plain) record(file, subdir string) Record {
	r := Record{
		Name: p.Name, Version: p.Version, Build: p.Build, BuildNumber: p.BuildNumber, Subdir: p.Subdir, FileName: file,
		Depends: p.Depends, Constrains: p.Constrains, Flags: p.Flags, Features: p.Features, SitePackages: p.SitePackages,
		MD5: p.MD5, SHA256: p.SHA256, Size: p.Size, LegacyBz2MD5: p.LegacyBz2MD5, LegacyBz2Size: p.LegacyBz2Size,
		License: p.License, LicenseFamily: p.LicenseFamily, Arch: p.Arch, Platform: p.Platform,
		Timestamp: millis(p.Timestamp), IndexedTimestamp: millis(p.Indexed),
	}
	if r.Subdir == "" {
		r.Subdir = subdir
	}
	switch v := p.Noarch.(type) {
	case string:
		r.Noarch = v
	case bool:
		r.Noarch = map[bool]string{true: "generic"}[v]
	}
	switch v := p.TrackFeatures.(type) {
	case string:
		r.TrackFeatures = strings.Fields(strings.ReplaceAll(v, ",", " "))
	case []any:
		for _, s := range v {
			r.TrackFeatures = append(r.TrackFeatures, s.(string))
		}
	}
	if len(p.Extra) > 0 {
		d := json.NewDecoder(bytes.NewReader(p.Extra))
		d.Token()
		for d.More() {
			name, _ := d.Token()
			e := Extra{Name: name.(string)}
			d.Decode(&e.Depends)
			if len(e.Depends) == 0 {
				e.Depends = nil
			}
			r.Extras = append(r.Extras, e)
		}
	}
	for _, list := range []*[]string{&r.Depends, &r.Constrains, &r.Flags, &r.TrackFeatures} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return r
}

func millis(n int64) int64 {
	if n > 253402300799 {
		return n
	}
	return n * 1000
}
