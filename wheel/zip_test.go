package wheel_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

// contents returns the files of an archive.
func contents(t *testing.T, data []byte) []wheeltest.File {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	var all []wheeltest.File
	for _, f := range r.File {
		rc, err := f.Open()
		must(t, err)
		body, err := io.ReadAll(rc)
		must(t, err)
		all = append(all, text(f.Name, string(body)))
	}
	return all
}

// TestDescriptors reads wheels whose sizes follow the members.
func TestDescriptors(t *testing.T) {
	file, data := wheeltest.Wheel{Name: "a", Files: []wheeltest.File{text("x.py", "x")}}.Make()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range contents(t, data) {
		w, err := z.Create(f.Name)
		must(t, err)
		_, err = io.WriteString(w, f.Body)
		must(t, err)
	}
	must(t, z.Close())
	_, err := wheel.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), file, wheel.Limits{})
	must(t, err)
	broken := out.Bytes()
	broken[bytes.Index(broken, []byte("PK\x07\x08"))+4] ^= 1
	_, err = wheel.Open(bytes.NewReader(broken), int64(len(broken)), file, wheel.Limits{})
	wantError(t, err, "verification", stem+`zip member "x.py" overlaps another, or a gap follows it`)
}

// TestZip64 reads a wheel with fields for large members, as Python writes them.
func TestZip64(t *testing.T) {
	file, data := wheeltest.Wheel{Name: "a", Files: []wheeltest.File{text("x.py", "x")}}.Make()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.zip"), filepath.Join(dir, "out.zip")
	must(t, os.WriteFile(in, data, 0o600))
	const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], "w") as new:
    for i in old.infolist():
        with new.open(i.filename, "w", force_zip64=True) as f:
            f.write(old.read(i))
`
	if text, err := exec.Command("python3", "-c", program, in, out).CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no python3")
	} else if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	must(t, err)
	_, err = wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
	must(t, err)
	lie := bytes.Clone(data)
	binary.LittleEndian.PutUint64(lie[30+len("x.py")+4:], 1<<40) // the size in the first header's field
	_, err = wheel.Open(bytes.NewReader(lie), int64(len(lie)), file, wheel.Limits{})
	wantError(t, err, "verification", stem+`zip member "x.py": its header and the directory disagree`)
}

// TestUnicodePath refuses a second name in a field, which some readers prefer.
func TestUnicodePath(t *testing.T) {
	for path, want := range map[string]string{"x": "", "y": `zip member name "x" is another one to other readers`} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		extra := append([]byte{0x99, 0, 0, 0, 0x75, 0x70, 6, 0, 1, 0, 0, 0, 0}, path...)
		_, err := z.CreateRaw(&zip.FileHeader{Name: "x", Extra: extra})
		must(t, err)
		must(t, z.Close())
		_, err = wheel.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), "a-1.0-py3-none-any.whl", wheel.Limits{})
		if want == "" {
			want = "has no directory a-1.0.dist-info"
		}
		wantError(t, err, "verification", stem+want)
	}
}

// TestDamage finds damaged files while they are written.
func TestDamage(t *testing.T) {
	for _, name := range []string{"x.py", "a-1.0.data/scripts/x"} {
		file, data := wheeltest.Wheel{Name: "a", Deflate: true, Files: []wheeltest.File{text(name, strings.Repeat("abc", 100))}}.Make()
		at := bytes.Index(data, []byte(name)) + len(name)
		data[at] = 7 // a block of a type that does not exist (RFC 1951)
		w, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
		must(t, err)
		d, err := w.Describe(t.Context(), env, wheel.Install{SHA256: strings.Repeat("0", 64)})
		if err == nil {
			out := tree.NewWriter(io.Discard, tree.Options{})
			err = wheel.Write(t.Context(), d, w, out)
			_ = out.Close() // returns the same error
		}
		wantError(t, err, "verification", stem+name+": is damaged: flate: corrupt input before offset 1")
	}
}

// TestOtherWheel writes a description with a wheel that is not its own.
func TestOtherWheel(t *testing.T) {
	_, d := describe(t, full(), env)
	w, _ := open(t, wheeltest.Wheel{Name: "a"})
	out := tree.NewWriter(io.Discard, tree.Options{})
	wantError(t, wheel.Write(t.Context(), d, w, out), "verification", stem+`has no file "Full_Wheel-1.2.data/scripts/gui"`)
	must(t, out.Close())
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w, d := describe(t, full(), env)
	if _, err := w.Describe(ctx, env, wheel.Install{SHA256: strings.Repeat("0", 64)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	out := tree.NewWriter(io.Discard, tree.Options{})
	if err := wheel.Write(ctx, d, w, out); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	must(t, out.Close())
}

// TestInstallersFiles refuses a wheel that brings what the installer writes by
// another way.
func TestInstallersFiles(t *testing.T) {
	const info = "lib/python3.11/site-packages/a-1.0.dist-info/"
	for _, name := range []string{"INSTALLER", "REQUESTED", "RECORD"} {
		w, sum := open(t, wheeltest.Wheel{Name: "a", Files: []wheeltest.File{text("a-1.0.data/data/"+info+name, "x")}})
		_, err := w.Describe(t.Context(), env, wheel.Install{SHA256: sum, Requested: true})
		wantError(t, err, "verification", stem+info+name+": the wheel has this path twice")
	}
	w, sum := open(t, wheeltest.Wheel{Name: "a", EntryPoints: "[console_scripts]\nx = x:y\n", Files: []wheeltest.File{text("a-1.0.data/data/bin/x", "x")}})
	_, err := w.Describe(t.Context(), env, wheel.Install{SHA256: sum})
	wantError(t, err, "verification", stem+"bin/x: the wheel has this path twice")
	deep, sum := open(t, wheeltest.Wheel{Name: "a", Files: []wheeltest.File{text(strings.Repeat("d/", 125)+"x", "")}})
	_, err = deep.Describe(t.Context(), env, wheel.Install{SHA256: sum})
	if err == nil || !strings.HasSuffix(err.Error(), "is deeper than 128 directories") {
		t.Errorf("error %v", err)
	}
}
