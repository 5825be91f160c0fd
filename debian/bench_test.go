package debian

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkReadPackages reads an index such as Debian's, of 10,000 packages.
func BenchmarkReadPackages(b *testing.B) {
	var index bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&index, "Package: package-%d\nSource: source\nVersion: 1.2.%d-3\nInstalled-Size: 100\nMaintainer: Nobody <nobody@packages.example>\nArchitecture: amd64\n"+
			"Provides: lib-%d (= 1)\nDepends: libc6 (>= 2.34), libssl3 (>= 3.0.0), zlib1g (>= 1:1.1.4), package-%d | other\nRecommends: documentation\nDescription: a package\n"+
			"Homepage: https://packages.example/\nDescription-md5: 0123456789abcdef0123456789abcdef\nTag: admin::configuring, implemented-in::c,\n role::program\n"+
			"Section: libs\nPriority: optional\nFilename: pool/main/p/package/package_%d_amd64.deb\nSize: 12345\nMD5sum: 0123456789abcdef0123456789abcdef\nSHA256: %s\n\n",
			i, i, i, i/2, i, strings.Repeat("0a", 32))
	}
	b.SetBytes(int64(index.Len()))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := ReadPackages(bytes.NewReader(index.Bytes()), "Packages", "amd64", func(*Package) { n++ }); err != nil || n != 10_000 {
			b.Fatal(n, err)
		}
	}
}
