package debian

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		content := h.Uname // the test's place for it
		h.Uname = ""
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	w.Close()
	return buf.Bytes()
}

func pack(t testing.TB, ext string, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	var err error
	switch ext {
	case "":
		return data
	case ".gz":
		w = gzip.NewWriter(&buf)
	case ".xz":
		w, err = xz.NewWriter(&buf)
	case ".zst":
		w, err = zstd.NewWriter(&buf)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	w.Close()
	return buf.Bytes()
}

// deb joins members: name, content, name, content.
func deb(members ...string) []byte {
	var buf bytes.Buffer
	buf.WriteString("!<arch>\n")
	for i := 0; i < len(members); i += 2 {
		fmt.Fprintf(&buf, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", members[i], 0, 0, 0, "100644", len(members[i+1]), members[i+1])
		if len(members[i+1])%2 == 1 {
			buf.WriteByte('\n')
		}
	}
	return buf.Bytes()
}

func TestUnpack(t *testing.T) {
	control := tarOf(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./control", Uname: "Package: x\n"}, tar.Header{Name: "./postinst", Mode: 0o755, Uname: "#!/bin/sh\n"})
	data := tarOf(
		t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./usr/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./usr/x", Mode: 0o644, Uname: "hello"},
		tar.Header{Name: "./usr/y", Typeflag: tar.TypeSymlink, Linkname: "x"},
	)
	for _, ext := range []string{"", ".gz", ".xz", ".zst"} {
		file := deb("debian-binary", "2.0\n", "control.tar"+ext, string(pack(t, ext, control)), "_extra", "x", "data.tar"+ext, string(pack(t, ext, data)))
		var got []string
		err := Unpack(bytes.NewReader(file), "x.deb", Visitor{
			Control: func(name string, content []byte) error {
				got = append(got, name+"="+string(content))
				return nil
			},
			Data: func(h *tar.Header, content io.Reader) error {
				text, err := io.ReadAll(content)
				got = append(got, fmt.Sprintf("%s %c %o %s%s", h.Name, h.Typeflag, h.Mode, h.Linkname, text))
				return err
			},
		})
		want := "control=Package: x\n|postinst=#!/bin/sh\n| 5 755 |usr 5 755 |usr/x 0 644 hello|usr/y 2 0 x"
		if text := strings.Join(got, "|"); err != nil || text != want {
			t.Errorf("%q: %v\n%s\nwant\n%s", ext, err, text, want)
		}
	}
}

func TestUnpackErrors(t *testing.T) {
	control, data := string(tarOf(t, tar.Header{Name: "control", Uname: "x"})), string(tarOf(t))
	good := deb("debian-binary", "2.0\n", "control.tar", control, "data.tar", data)
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "f: is no .deb"},
		{"format", deb("debian-binary", "3.0\n"), "f: is no package of format 2"},
		{"cut", good[:len(good)-600], "f/data.tar: broken: unexpected EOF"},
		{"cut in a header", good[:70], "f: ends early"},
		{"packing", deb("debian-binary", "2.0\n", "control.tar.lz4", control), `f/control.tar.lz4: is packed in a way that is not known: ".lz4"`},
		{"order", deb("debian-binary", "2.0\n", "data.tar", data), `f: has "data.tar" where control.tar was expected`},
		{"more", deb("debian-binary", "2.0\n", "control.tar", control, "data.tar", data, "more.tar", data), `f: has the member "more.tar" behind its data`},
		{"up", deb("debian-binary", "2.0\n", "control.tar", control, "data.tar", string(tarOf(t, tar.Header{Name: "../x"}))), `f/data.tar: path "../x" leaves its root`},
		{"trailer", deb("debian-binary", "2.0\n", "control.tar", control, "data.tar", data+"evil"), "f/data.tar: bytes follow the end of the archive"},
	} {
		err := Unpack(bytes.NewReader(tt.file), "f", Visitor{})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(deb("debian-binary", "2.0\n", "control.tar", strings.Repeat("\x00", 1024), "data.tar", strings.Repeat("\x00", 1024)))
	for _, ext := range []string{".xz", ".zst", ".gz"} {
		packed := string(pack(f, ext, tarOf(f, tar.Header{Name: "./control", Uname: "Package: x\n"})))
		f.Add(deb("debian-binary", "2.0\n", "control.tar"+ext, packed, "data.tar"+ext, packed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Unpack(bytes.NewReader(data), "f", Visitor{Data: func(h *tar.Header, r io.Reader) error {
			if strings.HasPrefix(h.Name, "/") || slices.Contains(strings.Split(h.Name, "/"), "..") {
				t.Errorf("%q leaves the root", h.Name)
			}
			return nil
		}})
		_ = err
	})
}
