package wheels_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/tree"
)

// TestGolden pins the bytes of layer format 1.
func TestGolden(t *testing.T) {
	var got strings.Builder
	for _, c := range []tree.Compression{tree.Gzip, tree.Zstd} {
		a := &archives{}
		requested := a.wheel(tool())
		requested.Requested = true
		e := newEnv(a, requested, a.wheel(other()))
		e.Conda.Compression = c
		l := mustLayer(t, e)
		m := makeLayer(t, l, c)
		fmt.Fprintf(&got, "%v\n  key      %s\n  digest   %s\n  diff-id  %s\n", c, l.Key, m.digest, m.diffID)
		for _, f := range m.fragments {
			fmt.Fprintf(&got, "  fragment %s\n", strings.Replace(f, " ", "\n    digest ", 1))
		}
	}
	if diff := cmp.Diff(golden, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, got.String())
	}
}

const golden = `gzip
  key      sha256:c35ddc68d4721561518e758fdfa9688d12f7ff6f4f3158f03e096a7b4a934c3d
  digest   3e482afdd014caf7c67408f614307a99971a61bcf756b6b261c199e1384bf4ea
  diff-id  0fe7347a4e403803f436f4401925553425e15cfb578503794eb6999939fa425d
  fragment sha256:24c77c4d8e085c98e231c58b704c183c7a9eacfc5764f72f4b13fe9a04cbcd1e
    digest d802d2e32d925969bcb67675978eb31d7ef27e85dc9da3f1dc357fa9d5cd9ebe
  fragment sha256:143394c2ae0fdbc53fcb3f45083a09380c2a3accd660f852f219addb0d3f65ab
    digest d1489c4a43787f29339f343c8662fe52b935c3b0e6b46f0048adc0d5258a1ec9
zstd
  key      sha256:cf6ce0be4ec17b441460336c95980f707db7fd8e8fee449132a6e461838f9849
  digest   c6708c1b8760527ef3698f05e3eb3cc288121e57883bfce42b4d7f724c4c04f6
  diff-id  0fe7347a4e403803f436f4401925553425e15cfb578503794eb6999939fa425d
  fragment sha256:24c77c4d8e085c98e231c58b704c183c7a9eacfc5764f72f4b13fe9a04cbcd1e
    digest 88d2b45511347bbdf56b3bcbd37ee7bd0c4bef736e0c6d8a40a0ba728a5066ab
  fragment sha256:143394c2ae0fdbc53fcb3f45083a09380c2a3accd660f852f219addb0d3f65ab
    digest 71e195a5a3bf421e1c706755d31e4ca167e6f2ef5e493850e022e303e0ba6817
`
