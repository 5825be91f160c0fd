package store_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gophersnake/gophersnake/internal/store"
)

func Example() {
	tmp, err := os.MkdirTemp("", "example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(tmp)
	s, err := store.Open(filepath.Join(tmp, "cache"))
	if err != nil {
		panic(err)
	}
	defer s.Close()
	ctx := context.Background()
	digest, size, err := s.Put(ctx, strings.NewReader("hello"), "", 0)
	fmt.Println(digest, size, err)
	blob, err := s.Get(ctx, digest)
	if err != nil {
		panic(err)
	}
	defer blob.Close()
	text, err := io.ReadAll(blob)
	fmt.Printf("%s %v\n", text, err)
	// Output:
	// sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 5 <nil>
	// hello <nil>
}
