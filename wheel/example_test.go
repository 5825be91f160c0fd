package wheel_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

// The wheel with the lowest rank is the one to take.
func ExampleName_Rank() {
	debian := wheel.Target{Python: "3.11", OS: "linux", Arch: "arm64", Glibc: "2.36"}
	for _, file := range []string{
		"numpy-1.26.4-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
		"numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
		"numpy-1.26.4-py3-none-any.whl",
	} {
		n, err := wheel.ParseName(file)
		if err != nil {
			log.Fatal(err)
		}
		rank, fits := n.Rank(debian)
		fmt.Println(n.Platforms[0], fits, rank)
	}
	// Output:
	// manylinux_2_17_aarch64 true 20
	// manylinux_2_17_x86_64 false -1
	// any true 552
}

// A wheel becomes the files of an image's layer.
func Example() {
	file, data := wheeltest.Wheel{
		Name: "hello", EntryPoints: "[console_scripts]\nhello = hello:main\n",
		Files: []wheeltest.File{wheeltest.Text("hello.py", "def main(): print('hello')\n")},
	}.Make()
	w, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	env := wheel.Environment{System: "linux", Prefix: "/opt/conda", Python: "3.11"}
	d, err := w.Describe(ctx, env, wheel.Install{SHA256: fmt.Sprintf("%x", sha256.Sum256(data))})
	if err != nil {
		log.Fatal(err)
	}
	ds, err := wheel.Settle([]*wheel.Description{d}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range ds[0].Files {
		fmt.Println(f.Path, f.Size)
	}
	layer := tree.NewWriter(io.Discard, tree.Options{})
	if err := wheel.Write(ctx, ds[0], w, layer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(layer.Close())
	// Output:
	// bin/hello 112
	// lib/python3.11/site-packages/hello-1.0.dist-info/INSTALLER 12
	// lib/python3.11/site-packages/hello-1.0.dist-info/METADATA 48
	// lib/python3.11/site-packages/hello-1.0.dist-info/RECORD 504
	// lib/python3.11/site-packages/hello-1.0.dist-info/WHEEL 80
	// lib/python3.11/site-packages/hello-1.0.dist-info/entry_points.txt 37
	// lib/python3.11/site-packages/hello.py 27
	// <nil>
}
