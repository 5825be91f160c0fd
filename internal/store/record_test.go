package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type note struct {
	Digest string
	Size   int64
	Dirs   []string
}

func TestRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir)
	var got note
	if ok, err := s.LoadRecord(t.Context(), "fragments", "a key\n/../", &got); ok || err != nil {
		t.Fatalf("absent record: %v, %v", ok, err)
	}
	for _, want := range []note{{"sha256:1", 1, nil}, {"sha256:2", 2, []string{"etc", "a\nb"}}} {
		if err := s.SaveRecord(t.Context(), "fragments", "a key\n/../", want); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Store{s, open(t, dir)} {
			got = note{}
			if ok, err := s.LoadRecord(t.Context(), "fragments", "a key\n/../", &got); !ok || err != nil {
				t.Fatalf("LoadRecord: %v, %v", ok, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
	}
	var number int
	if ok, err := s.LoadRecord(t.Context(), "fragments", "a key\n/../", &number); ok || err != nil {
		t.Errorf("a record of another type: %v, %v", ok, err)
	}
	if ok, err := s.LoadRecord(t.Context(), "layers", "a key\n/../", &got); ok || err != nil {
		t.Errorf("another bucket: %v, %v", ok, err)
	}
}

// A noted record is there at once, for all, and waits for no disk.
func TestNoteRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s, syncs := open(t, dir), 0
	s.hook = func(op, _ string) error {
		if op == "sync" {
			syncs++
		}
		return nil
	}
	must(t, s.NoteRecord(t.Context(), "notes", "key", 1))
	if syncs != 0 {
		t.Errorf("%d syncs for a noted record", syncs)
	}
	must(t, s.SaveRecord(t.Context(), "notes", "other", 1))
	if syncs != 2 {
		t.Errorf("%d syncs for a saved record, want its file's and its directory's", syncs)
	}
	for _, s := range []*Store{s, open(t, dir)} {
		var got int
		if ok, err := s.LoadRecord(t.Context(), "notes", "key", &got); !ok || err != nil || got != 1 {
			t.Errorf("LoadRecord: %d, %v, %v", got, ok, err)
		}
	}
}

func TestRecordBucket(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	for bucket, want := range map[string]string{
		"":     `record bucket "": want a-z, 0-9 and -`,
		"../x": `record bucket "../x": want a-z, 0-9 and -`,
		"A":    `record bucket "A": want a-z, 0-9 and -`,
	} {
		if err := s.SaveRecord(t.Context(), bucket, "k", 1); err == nil || err.Error() != want {
			t.Errorf("SaveRecord in %q: %v", bucket, err)
		}
		if _, err := s.LoadRecord(t.Context(), bucket, "k", nil); err == nil || err.Error() != want {
			t.Errorf("LoadRecord in %q: %v", bucket, err)
		}
	}
}

// A record that is not what was saved is absent, whatever was done to it.
func TestCorruptRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir)
	want := note{"sha256:1", 1, []string{"etc"}}
	save := func(key string) string {
		t.Helper()
		if err := s.SaveRecord(t.Context(), "notes", key, want); err != nil {
			t.Fatal(err)
		}
		path, err := s.recordPath("notes", key)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := save("key")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var got note
		if ok, err := s.LoadRecord(t.Context(), "notes", "key", &got); ok || err != nil {
			t.Fatalf("%s: %v, %v", name, ok, err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Fatalf("%s: the file is still there", name)
		}
	}
	for n := range text {
		check("torn", text[:n])
	}
	for n := range text {
		flipped := bytes.Clone(text)
		flipped[n] ^= 1
		check("flipped", flipped)
	}
	check("no checksum", text[64:])
	other, err := os.ReadFile(save("other key"))
	if err != nil {
		t.Fatal(err)
	}
	check("misplaced", other)
}

func FuzzUnseal(f *testing.F) {
	f.Add(seal([]byte(`{"bucket":"b","key":"k","value":1}`)))
	f.Add([]byte("\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, ok := unseal(text); ok && (len(text) < 65 || !bytes.Equal(text, seal(text[65:]))) {
			t.Errorf("unseal believed %q", text)
		}
	})
}
