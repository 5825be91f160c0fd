package debbase_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/internal/debiantest"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/debbase"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// archive holds packages by name. Their sha256 in the lock are made up, so that
// keys do not depend on how a test's packages are compressed.
type archive map[string][]byte

var errGone = errors.New("gone")

func (a archive) DebMeta(_ context.Context, d *lock.Deb) (*debian.Meta, error) {
	return debian.ReadMeta(bytes.NewReader(a[d.Name]), "package "+d.Name, d.SHA256)
}

func (a archive) OpenDeb(_ context.Context, d *lock.Deb) (io.ReadCloser, error) {
	if a[d.Name] == nil {
		return nil, errGone
	}
	return io.NopCloser(bytes.NewReader(a[d.Name])), nil
}

// base returns a small base.
func base(t *testing.T, c tree.Compression) (debbase.Base, archive) {
	t.Helper()
	a := archive{}
	b := debbase.Base{Platform: platforms.Platform{OS: "linux", Arch: "amd64"}, Compression: c, Debs: a}
	for _, text := range []string{
		"Package: app\nVersion: 2\n-- DEBIAN/postinst --\n#!/bin/sh\n-- bin/app mode=4755 group=mail --\napp\n-- bin/second => bin/app --\n-- usr/share/app/link -> ../data --\n",
		"Package: base-passwd\n-- usr/share/base-passwd/passwd.master --\nroot:*:0:0:root:/root:/bin/sh\n-- usr/share/base-passwd/group.master --\nroot:*:0:\nmail:*:8:\n",
		"Package: shell\n-- lib64/ --\n-- bin/sh mode=755 --\nsh\n-- tmp/ mode=1777 --\n",
	} {
		p, err := debiantest.Parse([]byte(text))
		must(t, err)
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "Package: "), "\n")
		a[name] = p.Deb
		b.Packages = append(b.Packages, lock.Deb{Name: name, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(name)))})
	}
	return b, a
}

// TestGolden pins the bytes of layer format 1.
func TestGolden(t *testing.T) {
	var got strings.Builder
	for _, c := range []tree.Compression{tree.Gzip, tree.Zstd} {
		b, _ := base(t, c)
		l := debbase.Layer(b)
		fmt.Fprintf(&got, "%s %v\n  key      %s\n", l.Kind, c, l.Key)
		whole, tarball, fragments := pour(t, l, c)
		fmt.Fprintf(&got, "  digest   %x\n  diff-id  %x\n%s", sha256.Sum256(whole), sha256.Sum256(tarball), fragments)
	}
	if diff := cmp.Diff(golden, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, got.String())
	}
}

// pour makes a layer.
func pour(t *testing.T, l layers.Layer, c tree.Compression) (whole, tarball []byte, fragments string) {
	t.Helper()
	content, err := l.Content(t.Context())
	must(t, err)
	var out, plain bytes.Buffer
	o := tree.Options{Compression: c, Tar: &plain}
	must(t, tree.WriteHead(&out, content.Dirs, o))
	for _, f := range content.Fragments {
		var fragment bytes.Buffer
		w := tree.NewWriter(io.MultiWriter(&out, &fragment), o)
		must(t, f.Write(t.Context(), w))
		must(t, w.Close())
		fragments += fmt.Sprintf("  fragment %s\n    digest %x\n", f.Key, sha256.Sum256(fragment.Bytes()))
	}
	must(t, tree.WriteTail(&out, o))
	return out.Bytes(), plain.Bytes(), fragments
}

func TestLayer(t *testing.T) {
	b, _ := base(t, tree.Gzip)
	_, tarball, _ := pour(t, debbase.Layer(b), tree.Gzip)
	var got []string
	for r := tar.NewReader(bytes.NewReader(tarball)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if !strings.HasPrefix(h.Name, "var/lib/dpkg") {
			got = append(got, fmt.Sprintf("%s %o %d:%d %s", h.Name, h.Mode, h.Uid, h.Gid, h.Linkname))
		}
	}
	want := []string{
		"etc/ 755 0:0 ", "tmp/ 1777 0:0 ", "usr/ 755 0:0 ", "usr/bin/ 755 0:0 ", "usr/lib/ 755 0:0 ", "usr/lib64/ 755 0:0 ", "usr/sbin/ 755 0:0 ",
		"usr/share/ 755 0:0 ", "usr/share/app/ 755 0:0 ", "usr/share/base-passwd/ 755 0:0 ", "var/ 755 0:0 ", "var/lib/ 755 0:0 ",
		"usr/bin/app 755 0:8 ", "usr/bin/second 755 0:8 ", "usr/share/app/link 777 0:0 ../data",
		"usr/share/base-passwd/passwd.master 644 0:0 ", "usr/share/base-passwd/group.master 644 0:0 ", "usr/bin/sh 755 0:0 ",
		"bin 777 0:0 usr/bin", "etc/group 644 0:0 ", "etc/passwd 644 0:0 ", "lib 777 0:0 usr/lib", "lib64 777 0:0 usr/lib64", "sbin 777 0:0 usr/sbin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestKey shows what a layer's key depends on: the packages, the platform and
// the compression, and nothing that needs a package to be opened.
func TestKey(t *testing.T) {
	b, a := base(t, tree.Gzip)
	clear(a)
	keys := []string{debbase.Layer(b).Key}
	for _, change := range []func(b *debbase.Base){
		func(b *debbase.Base) { b.Compression = tree.Zstd },
		func(b *debbase.Base) { b.Platform.Arch = "arm64" },
		func(b *debbase.Base) { b.Packages = b.Packages[1:] },
		func(b *debbase.Base) {
			b.Packages = slices.Clone(b.Packages)
			b.Packages[0].SHA256 = strings.Repeat("0", 64)
		},
	} {
		other := b
		change(&other)
		key := debbase.Layer(other).Key
		if slices.Contains(keys, key) {
			t.Errorf("%+v has a key of others", other)
		}
		keys = append(keys, key)
	}
}

func TestGone(t *testing.T) {
	b, a := base(t, tree.Gzip)
	content, err := debbase.Layer(b).Content(t.Context())
	must(t, err)
	delete(a, "app")
	if err := content.Fragments[0].Write(t.Context(), tree.NewWriter(io.Discard, tree.Options{})); !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
	if _, err := debbase.Layer(b).Content(t.Context()); err == nil || err.Error() != "package app: is no .deb" {
		t.Errorf("got %v", err)
	}
}

func TestFacts(t *testing.T) {
	b, a := base(t, tree.Gzip)
	var metas []*debian.Meta
	for i := range b.Packages {
		m, err := a.DebMeta(t.Context(), &b.Packages[i])
		must(t, err)
		metas = append(metas, m)
	}
	root, err := debian.Assemble(metas)
	must(t, err)
	want := lock.Facts{
		Env:    []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Passwd: "root:*:0:0:root:/root:/bin/sh\n", Group: "root:*:0:\nmail:*:8:\n", Sh: true,
		Links: []lock.Link{{Path: "bin", Target: "usr/bin"}, {Path: "lib", Target: "usr/lib"}, {Path: "lib64", Target: "usr/lib64"}, {Path: "sbin", Target: "usr/sbin"}},
		Dirs:  []lock.Dir{{Path: "tmp", Mode: 0o1777}},
	}
	if diff := cmp.Diff(want, debbase.Facts(root)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const golden = `debian gzip
  key      sha256:01cef123a96d834587da63d5d8f5980992a0558c798ab63fca382000104cfdc9
  digest   f91dd5301dc888dc6f38031b6318a99867f980cc87e7fcfa0a4bb0c9ec4fa2b2
  diff-id  2c802b5e130b478be047f80262e1d960a1bd158a0059ce3e0a5679c1fee3fc3f
  fragment sha256:4753e22ce13508422aef128afac3683868e8d20afd51d40467c89a2e4c660d75
    digest 7e462ccdac4f2184ad31717a8056af21ae0a1aece00bf98f09325d9df2bfe392
  fragment sha256:40c94df3487521893754c9a7579f92d70a006b3bee399d1b862e5504868f87d2
    digest 3fb801ed1b494ff7711253e48248ec9e013069a2d0c07d6cacc1851fefb63910
  fragment sha256:7f41493a86fcd1449e81a66b5a0ff7633b010bba34bc9353cb31dde6ff0774c3
    digest 6301726165ec918d069f48164696dffc7e144dceb5fd7063785228ab3bb7da37
  fragment sha256:3125cfd900839b30dfc298c57a50e7dc55a82283ea5c57b00a45074a391843ba
    digest e1178553bdf801dcfe885d0d599e025271d8400d1d910f915c51cfe2f4f3421c
debian zstd
  key      sha256:f4537284a913534933c269eb22deab79846cfcac329b9db825b2a1f30e6496d4
  digest   c90c5ad7274da9dd90f89dcb08d26b7282c0a814cef48fc73c04327c1e162b2d
  diff-id  2c802b5e130b478be047f80262e1d960a1bd158a0059ce3e0a5679c1fee3fc3f
  fragment sha256:088c165f9ec5aa5fd83abea4c671d0252742f2b9c462fc402f5950916198defd
    digest f92066a02846e333a0fc20892b8d9b18aa0539e01c4f69a9d173e1a6c1ba17e5
  fragment sha256:d18b9e86017506046146b5a0d2f353640da8a0d185fe684092e5008cb3327b26
    digest d6be5ea6e47ba4ffef27f5c56c417f43d620b76488945c3a52479744435ebf25
  fragment sha256:14aa2ca0c349f95cc67e7ba765521405481dbb7285c2813211b35084c41506c0
    digest 52540ffc5985d39faa3662c7a7b355940e7d06fc5f95f206dd355225b495f8ec
  fragment sha256:efc54726fd6e761e1ad2879b2cc36d1549baf993cee5654870dc0d985bd0bcb4
    digest 3e645559737023065a83dbe0e20be6dddd36af35f856b8a804d26e4fa8b2dcb8
`
