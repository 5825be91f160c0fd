package link_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/tree"
)

func ExampleHistory() {
	packages := []link.Record{{Name: "zlib", Version: "1.3.1", Build: "hb9d3cd8_2", Subdir: "linux-64", Channel: "conda-forge"}}
	fmt.Printf("%s", link.History([]string{"zlib >=1.3"}, packages))
	// Output:
	// ==> 1970-01-01 00:00:00 <==
	// +conda-forge/linux-64::zlib-1.3.1-hb9d3cd8_2
	// # update specs: ["zlib >=1.3"]
}

func ExampleDescribe() {
	const built = "/home/builder/placeholder_placeholder"
	name, data := archivetest.Package{Name: "hello", Version: "2.1", Subdir: "linux-64", Files: []archivetest.Entry{
		{Name: "bin/hello", Body: "#!" + built + "/bin/sh\necho hello\n", Mode: 0o775, Placeholder: built},
		{Name: "lib/libhello.so", Body: "\x7fELF\x00" + built + "/share\x00\x01", Placeholder: built, Binary: true},
	}}.Conda()
	p, err := archive.Open(bytes.NewReader(data), int64(len(data)), name, archive.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	meta, err := p.Meta(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Phase A: from metadata alone.
	plan, err := link.Describe(ctx, link.Environment{Subdir: "linux-64", Prefix: "/opt/env"}, []link.Package{{
		Record: link.Record{
			Name: "hello", Version: "2.1", Build: "0", Subdir: "linux-64", FileName: name, URL: "https://channel.example/" + name,
			SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), Size: int64(len(data)),
		},
		Meta: meta, Listing: p.Listing,
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Phase B: each package by itself, in any order.
	var files bytes.Buffer
	for _, d := range plan.Descriptions {
		w := tree.NewWriter(io.Discard, tree.Options{Tar: &files})
		if err := errors.Join(link.Write(ctx, d, p, w, link.WriteOptions{}), w.Close()); err != nil {
			fmt.Println(err)
			return
		}
	}
	for r := tar.NewReader(&files); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		content, _ := io.ReadAll(r)
		if !strings.HasSuffix(h.Name, ".json") {
			fmt.Printf("%s %o %q\n", h.Name, h.Mode, strings.TrimRight(string(content), "\x00\x01"))
		}
	}
	// Output:
	// opt/env/bin/hello 775 "#!/opt/env/bin/sh\necho hello\n"
	// opt/env/lib/libhello.so 644 "\x7fELF\x00/opt/env/share"
}
