package store

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

func TestBlob(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir)
	want := content(1, 1<<20)
	digest := put(t, s, want)
	for _, s := range []*Store{s, open(t, dir)} {
		if size, err := s.Stat(digest); err != nil || size != int64(len(want)) || !s.Has(digest) {
			t.Fatalf("Stat: %d, %v", size, err)
		}
		for range 2 {
			b, err := s.Get(t.Context(), digest)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(b)
			if err != nil || !bytes.Equal(got, want) || b.Size() != int64(len(want)) {
				t.Fatalf("read %d bytes of %d, %v", len(got), b.Size(), err)
			}
			part := make([]byte, 10)
			if _, err := b.ReadAt(part, 1000); err != nil || !bytes.Equal(part, want[1000:1010]) {
				t.Fatalf("ReadAt: %x, %v", part, err)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Read(part); fault.ClassOf(err) != fault.Disk {
				t.Fatalf("Read after Close: %v", err)
			}
		}
	}
}

func TestWriter(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for range 2 {
		if err := w.Reset(); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"one", "two"} {
			if _, err := io.WriteString(w, part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if w.Size() != 6 || w.Digest() != digestOf([]byte("onetwo")) {
		t.Errorf("size %d, digest %s", w.Size(), w.Digest())
	}
	digest, size, err := w.Commit("")
	if err != nil || digest != digestOf([]byte("onetwo")) || size != 6 {
		t.Fatalf("Commit: %s, %d, %v", digest, size, err)
	}
	w.Abort()
	if got, err := readBlob(t.Context(), s, digest); err != nil || string(got) != "onetwo" {
		t.Errorf("after Abort: %q, %v", got, err)
	}
	if _, _, err := w.Commit(""); err == nil || !strings.HasSuffix(err.Error(), ": commit: the blob was committed or given up before") {
		t.Errorf("second Commit: %v", err)
	}
}

func TestPutRefuses(t *testing.T) {
	abc := digestOf([]byte("abc"))
	tests := []struct {
		name, text, digest string
		size               int64
		want               string
		class              fault.Class
	}{
		{"other digest", "abd", abc, 3, "digest is " + digestOf([]byte("abd")) + ", want " + abc, fault.Verification},
		{"short", "ab", abc, 3, abc + ": 2 bytes, want 3", fault.Verification},
		{"long", "abcdef", abc, 3, abc + ": more than 3 bytes", fault.Verification},
		{"sha512", "abc", "sha512:00", 3, `digest "sha512:00": algorithm "sha512" is not sha256`, fault.Verification},
		{"upper case", "abc", strings.ToUpper(abc[7:]), 3, `digest "` + strings.ToUpper(abc[7:]) + `": want sha256:<64 hexadecimal digits>`, fault.Verification},
		{"path", "abc", "sha256:../../../x", 3, `digest "sha256:../../../x": want sha256:<64 hexadecimal digits>`, fault.Verification},
	}
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := s.Put(t.Context(), strings.NewReader(tt.text), tt.digest, tt.size)
			if err == nil || err.Error() != tt.want || fault.ClassOf(err) != tt.class {
				t.Errorf("Put: %v (%s), want %s", err, fault.ClassOf(err), tt.want)
			}
			if names := tmpFiles(t, s); len(names) > 0 {
				t.Errorf("left in tmp: %q", names)
			}
		})
	}
	if usage, err := s.Info(t.Context()); err != nil || usage[0].Files != 0 {
		t.Errorf("Info: %+v, %v", usage, err)
	}
	if _, err := s.Get(t.Context(), "sha256:x"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of no digest: %v", err)
	}
}

// What was changed on disk is removed and absent, and can be made again.
func TestCorruptBlob(t *testing.T) {
	want := content(3, 100<<10)
	tests := []struct {
		name   string
		change func(path string) error
	}{
		{"flipped bit", func(path string) error {
			p := bytes.Clone(want)
			p[50_000] ^= 4
			return os.WriteFile(path, p, 0o600)
		}},
		{"truncated", func(path string) error { return os.Truncate(path, 50_000) }},
		{"empty", func(path string) error { return os.Truncate(path, 0) }},
		{"longer", func(path string) error { return os.WriteFile(path, append(bytes.Clone(want), 0), 0o600) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			digest := put(t, open(t, dir), want)
			s := open(t, dir)
			path := s.blobPath(digest)
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			var told []string
			s.Corrupt = func(path string) { told = append(told, path) }
			_, err := s.Get(t.Context(), digest)
			if !errors.Is(err, ErrAbsent) || !errors.Is(err, fs.ErrNotExist) || err.Error() != digest+": not in the cache" {
				t.Fatalf("Get: %v", err)
			}
			if len(told) != 1 || told[0] != path || s.Has(digest) {
				t.Errorf("Corrupt was told %q; still there: %v", told, s.Has(digest))
			}
			if names := tmpFiles(t, s); len(names) > 0 {
				t.Errorf("left in tmp: %q", names)
			}
			put(t, s, want)
			if got, err := readBlob(t.Context(), s, digest); err != nil || !bytes.Equal(got, want) {
				t.Errorf("made again: %v", err)
			}
		})
	}
}

// A good blob that another process put in the place of a corrupt one stays.
func TestRemoveReplaced(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	digest := put(t, s, []byte("content"))
	old, err := os.Lstat(s.path(versionFile)) // some other file
	if err != nil {
		t.Fatal(err)
	}
	s.remove(s.blobPath(digest), old)
	if !s.Has(digest) {
		t.Error("a file that is not the corrupt one was removed")
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	f.Add("sha256:")
	f.Add("sha512:00")
	f.Fuzz(func(t *testing.T, digest string) {
		sum, err := parseDigest(digest)
		if err != nil {
			return
		}
		if len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" || digest != "sha256:"+sum {
			t.Errorf("parseDigest(%q) = %q", digest, sum)
		}
	})
}
