package link_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/link"
)

// onDisk writes the package where rattler can fetch it.
func (p testPackage) onDisk(t *testing.T, dir string) input {
	t.Helper()
	content := p.build(t)
	r := p.record()
	r.SHA256, r.Size = hexSum(string(content)), int64(len(content))
	r.Depends = append([]string{}, r.Depends...)
	file := filepath.Join(dir, r.FileName)
	r.URL = "file://" + file
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return openInput(t, r, content)
}

func wide(s string, unit int, order binary.AppendByteOrder) string {
	var b []byte
	for _, c := range s {
		if unit == 2 {
			b = order.AppendUint16(b, uint16(c))
		} else {
			b = order.AppendUint32(b, uint32(c))
		}
	}
	return string(b)
}

// TestRattlerMadePackages compares what no real package at hand has.
func TestRattlerMadePackages(t *testing.T) {
	needRattler(t)
	le, be := binary.LittleEndian, binary.BigEndian
	w := func(unit int, order binary.AppendByteOrder) string { return wide(placeholder, unit, order) }
	slash := func(unit int, order binary.AppendByteOrder) string { return wide("/lib\x00", unit, order) }
	python := testPackage{name: "python", version: "3.12.1", site: "lib/python3.12t/site-packages", entries: []testEntry{{path: "bin/python3.12", content: "elf", mode: 0o775}}}
	relocated := testPackage{name: "relocated", entries: []testEntry{
		{path: "text/plain", content: "a" + placeholder + "/b" + placeholder + placeholder + "\n", fileMode: "text"},
		{path: "text/none", content: "nothing", fileMode: "text"},
		{path: "text/empty", content: "", fileMode: "text"},
		{path: "text/wide", content: w(2, le) + w(2, be) + w(4, le) + w(4, be) + "é", fileMode: "text"},
		{path: "text/bang", content: "#!" + placeholder + "/bin/python3.12 -E\n" + placeholder + "\n", mode: 0o775, fileMode: "text"},
		{path: "text/bang-perl", content: "#! " + placeholder + "/bin/perl -w\n", mode: 0o775, fileMode: "text"},
		{path: "text/bang-end", content: "#!" + placeholder + "/bin/python", mode: 0o775, fileMode: "text"},
		{path: "text/bang-crlf", content: "#!" + placeholder + "/bin/python\r\nx\r\n", fileMode: "text"},
		{path: "text/bang-space", content: "#!" + placeholder + "/bin/my\\ exe -x\n", fileMode: "text"},
		{path: "text/bang-env", content: "#!/usr/bin/env " + placeholder + "/bin/python\n", fileMode: "text"},
		{path: "text/bang-relative", content: "#!bin/sh " + placeholder + strings.Repeat("x", 120) + "\n", fileMode: "text"},
		{path: "text/bang-other", content: "#!/bin/sh\nexec " + placeholder + "/bin/x\n", fileMode: "text"},
		{path: "binary/one", content: "A\x00" + placeholder + "/lib:" + placeholder + "/x\x00tail" + placeholder + "\x00\x00end", fileMode: "binary"},
		{path: "binary/end", content: "A\x00" + placeholder + "/lib", fileMode: "binary"},
		{path: "binary/none", content: "\x7fELF", mode: 0o775, fileMode: "binary"},
		{path: "binary/16le", content: "AA" + w(2, le) + slash(2, le) + "tail", fileMode: "binary"},
		{path: "binary/16le-twin", content: "A\x00" + w(2, le) + slash(2, le) + "tail", fileMode: "binary"},
		{path: "binary/16be", content: "AA" + w(2, be) + slash(2, be) + "tail", fileMode: "binary"},
		{path: "binary/16be-odd", content: "A" + w(2, be) + slash(2, be) + "tail", fileMode: "binary"},
		{path: "binary/32le", content: "AAAA" + w(4, le) + slash(4, le) + "tail", fileMode: "binary"},
		{path: "binary/32le-twin", content: "A\x00\x00\x00" + w(4, le) + slash(4, le) + "tail", fileMode: "binary"},
		{path: "binary/32be", content: "AAAA" + w(4, be) + slash(4, be) + "tail", fileMode: "binary"},
		{path: "binary/mixed", content: placeholder + "\x00" + w(2, le) + slash(2, le) + placeholder + "/y\x00", fileMode: "binary"},
		{path: "modes/setuid", content: "s", mode: 0o6755},
		{path: "modes/open", content: "w", mode: 0o666},
		{path: "modes/closed", content: placeholder, mode: 0o444, fileMode: "text"},
		{path: "links/in", target: "../text/plain"},
		{path: "links/absolute", target: "/etc/passwd"},
		{path: "links/dangling", target: "nowhere"},
		{path: "copied", content: "copied", noLink: true},
		{path: "unlisted", content: "not installed", unlisted: true},
		{path: "py/mod.py", content: "x = '" + placeholder + "'\n", fileMode: "text"},
		{path: "py/__pycache__/mod.cpython-312.pyc", content: "stale"},
		{path: "py/__pycache__/mod.cpython-312.opt-1.pyc", content: "stale"},
		{path: "py/__pycache__/other.cpython-312.pyc", content: "fresh"},
	}}
	noarch := testPackage{name: "noarch-py", noarch: "python", depends: []string{"python"}, entries: []testEntry{
		{path: "site-packages/noarch_py/__init__.py", content: "def main(): pass\n"},
		{path: "python-scripts/tool", content: "#!" + placeholder + "/bin/python\n", mode: 0o775, fileMode: "text"},
		{path: "share/x", content: "x"},
	}, points: []string{"noarch-py = noarch_py:main", "noarch-sub=noarch_py.cli : Cli.run"}}
	for _, prefix := range []string{"/opt/conda", "/p", "/opt/with space", "/opt/" + strings.Repeat("x", 50)} {
		t.Run(prefix, func(t *testing.T) {
			dir := t.TempDir()
			inputs := []input{python.onDisk(t, dir), relocated.onDisk(t, dir), noarch.onDisk(t, dir)}
			compareWithRattler(t, link.Environment{Subdir: "linux-64", Prefix: prefix}, inputs)
		})
	}
}

// TestRattlerOrder compares the winners in random environments, cycles
// included.
func TestRattlerOrder(t *testing.T) {
	needRattler(t)
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			const n = 12
			var inputs []input
			for i := range n {
				p := testPackage{name: fmt.Sprintf("p%02d", (i*7)%n)}
				for range r.IntN(4) {
					if d := r.IntN(n); d != (i*7)%n && (d > (i*7)%n) == (seed%2 == 0) { // no cycles
						p.depends = append(p.depends, fmt.Sprintf("p%02d >=1", d))
					}
				}
				for k := range 20 {
					if r.IntN(3) == 0 {
						p.entries = append(p.entries, testEntry{path: fmt.Sprintf("d%d/f%d", k%3, k), content: p.name})
					}
				}
				inputs = append(inputs, p.onDisk(t, dir))
			}
			compareWithRattler(t, condaEnv(), inputs)
		})
	}
	t.Run("cycle", func(t *testing.T) {
		dir := t.TempDir()
		f := []testEntry{{path: "f", content: "x"}}
		x, y := testPackage{name: "x", depends: []string{"y"}, entries: f}, testPackage{name: "y", depends: []string{"x"}, entries: []testEntry{{path: "f", content: "y"}}, noarch: "generic"}
		compareWithRattler(t, condaEnv(), []input{x.onDisk(t, dir), y.onDisk(t, dir)})
	})
}
