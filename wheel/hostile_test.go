package wheel_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

const stem = "a-1.0-py3-none-any.whl: "

// TestRefusedWheels opens wheels whose metadata is wrong.
func TestRefusedWheels(t *testing.T) {
	const info = "a-1.0.dist-info/"
	x := func(hash string) []wheeltest.File { return []wheeltest.File{{Name: "x.py", Hash: hash}} }
	for want, w := range map[string]wheeltest.Wheel{
		"WHEEL: Wheel-Version \"\" is none":                                                 {Format: "Tag: x\n"},
		"WHEEL: line \"x\" is no header field":                                              {Format: "x\n"},
		"METADATA: the project's name is \"b\", but the file's name says \"a\"":             {Files: []wheeltest.File{text(info+"METADATA", "Name: b\nVersion: 1.0\n")}},
		"METADATA: the version is \"2\", but the file's name says \"1.0\"":                  {Files: []wheeltest.File{text(info+"METADATA", "Name: A\nVersion: 2\n")}},
		"METADATA: requirement \"b\\x1b[2J\" has a control character":                       {Metadata: "Requires-Dist: b\x1b[2J\n"},
		"METADATA: is larger than 8388608 bytes":                                            {Metadata: strings.Repeat("x", 8<<20)},
		"RECORD: RECORD has no hash of \"x.py\"":                                            {Files: x(" ")},
		"RECORD: RECORD has a hash of \"x.py\" by \"md5\", not by sha256 or better":         {Files: x("md5=1B2M2Y8AsgTpgAmY7PhCfg")},
		"RECORD: RECORD has a hash of \"x.py\" by \"sha1\", not by sha256 or better":        {Files: x("sha1=x")},
		"RECORD: RECORD has a damaged hash of \"x.py\": \"sha256=AAAA\"":                    {Files: x("sha256=AAAA")},
		"RECORD: does not name \"x.py\", which the wheel has":                               {Files: x("none")},
		"RECORD: names \"y.py\", which the wheel does not have":                             {Record: "y.py," + wrongHash + ",0\n"},
		"RECORD: path \"../y\" leaves its root":                                             {Record: "../y," + wrongHash + ",0\n"},
		"RECORD: path \"y\" occurs twice, and differs":                                      {Record: "y,a,0\ny,b,0\n"},
		"RECORD: line \"y\" does not have 3 fields":                                         {Record: "y\n"},
		"RECORD: parse error on line 1, column 4: extraneous or missing \" in quoted-field": {Record: "\"y\n"},
		"entry_points.txt: line \"[a\" is no group":                                         {EntryPoints: "[a\n"},
		"entry_points.txt: is not UTF-8":                                                    {EntryPoints: "\xff"},
		"entry_points.txt: command \"c\" occurs twice, and differs":                         {EntryPoints: "[console_scripts]\nc=a:b\n[gui_scripts]\nc=a:b\nc=a:c\n"},
	} {
		w.Name = "a"
		if strings.Contains(want, "no hash of") {
			w.Files, w.Record = x("none"), "x.py,,0\n"
		}
		file, data := w.Make()
		_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
		wantError(t, err, "verification", stem+info+want)
	}
	for want, w := range map[string]wheeltest.Wheel{
		"has two directories of its own kind: b-1.0.dist-info and a-1.0.dist-info": {},
		"the directory b-1.0.dist-info is not named after the wheel":               {Files: []wheeltest.File{text("b-1.0.dist-info/x", "")}},
		"the directory b.data is not named after the wheel":                        {Files: []wheeltest.File{text("b.data/x", "")}},
	} {
		w.Name = "a"
		if w.Files == nil {
			w.Files = []wheeltest.File{text("A-1.dist-info/x", "")}
			want = strings.Replace(want, "b-1.0.dist-info", "A-1.dist-info", 1)
		}
		file, data := w.Make()
		_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
		wantError(t, err, "verification", stem+want)
	}
	file, data := wheeltest.Wheel{Name: "a", Format: "Wheel-Version: 2.0\n"}.Make()
	_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
	wantError(t, err, "usage", stem+info+"WHEEL: Wheel-Version 2.0 is not supported, only 1.x")
	_, err = wheel.Open(bytes.NewReader(data), int64(len(data)), "a.whl", wheel.Limits{})
	wantError(t, err, "usage", `wheel file name "a.whl" does not have 5 or 6 parts that are joined by "-"`)
	_, err = wheel.Open(bytes.NewReader(wheeltest.Zip(nil, false)), endSize, file, wheel.Limits{})
	wantError(t, err, "verification", stem+"has no directory a-1.0.dist-info")
}

const endSize = 22

// TestEntryPoints refuses what would leave bin or write code (promises X25).
func TestEntryPoints(t *testing.T) {
	for line, problem := range map[string]string{
		"../../x = a:b":       `command "../../x" is not a file name`,
		`a\b = a:b`:           `command "a\\b" is not a file name`,
		"#!x = a:b":           "", // a comment
		"c  =  a.b : c.d [x]": "",
		"c = a":               "is not of the form command = module:function",
		"c":                   "is not of the form command = module:function",
		"c = a;b:c":           `"a;b" is not a Python module`,
		"c = a:b()":           `"b()" is not a Python name`,
		"c = a:b\rimport os":  `"b\rimport os" is not a Python name`,
		"c = :b":              `"" is not a Python module`,
		"c = a.1:b":           `"a.1" is not a Python module`,
		" = a:b":              `command "" is not a file name`,
		".. = a:b":            `command ".." is not a file name`,
		"c\x01 = a:b":         `command "c\x01" is not a file name`,
	} {
		file, data := wheeltest.Wheel{Name: "a", EntryPoints: "[console_scripts]\n" + line + "\n"}.Make()
		_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
		if problem == "" {
			must(t, err)
			continue
		}
		want := fmt.Sprintf("entry point %q: %s", strings.TrimSpace(line), problem)
		if strings.HasPrefix(problem, "is not of") {
			want = strings.Replace(want, ": is", " is", 1)
		}
		wantError(t, err, "verification", stem+"a-1.0.dist-info/entry_points.txt: "+want)
	}
}

// TestRefusedArchives opens zip archives that not all readers read alike, or
// that hold what no wheel does.
func TestRefusedArchives(t *testing.T) {
	file, good := wheeltest.Wheel{Name: "a", Files: []wheeltest.File{text("x.py", "xyz")}}.Make()
	le := binary.LittleEndian
	dir := bytes.Index(good, []byte("PK\x01\x02")) // of x.py
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	made := func(fs ...wheeltest.File) []byte { return wheeltest.Zip(fs, false) }
	end := len(good) - endSize
	comment := append(change(end+20, 3), "abc"...)
	prefixed := append([]byte("#!/bin/sh\n"), good...)
	gap := append(append(bytes.Clone(good[:dir]), 0, 0, 0, 0), good[dir:]...)
	le.PutUint32(gap[len(gap)-6:], uint32(dir+4))
	overlap := change(dir+42, 0) // x.py and the next member at one place
	second := dir + 46 + len("x.py")
	le.PutUint32(overlap[second+42:], 0)
	for want, data := range map[string][]byte{
		"is not a zip archive: 3 bytes":                                                []byte("abc"),
		"does not end with a zip archive's end record: truncated, or bytes follow it":  append(bytes.Clone(good), 0),
		"does not end with a zip archive's end record: truncated, or bytes follow it ": comment,
		`zip member "x.py" overlaps another, or a gap precedes it`:                     prefixed,
		"has bytes between its zip members and the directory":                          gap,
		`zip member "a-1.0.dist-info/METADATA" overlaps another, or a gap precedes it`: overlap,
		`zip member "x.py" is encrypted`:                                               change(dir+8, 1),
		`zip member "x.py" has the compression method 12, not stored or deflated`:      change(dir+10, 12),
		`zip member "x.py" has an impossible size`:                                     change(dir+24, 4),
		`zip member "x.py": its header and the directory disagree`:                     change(30, 'y'),
		`zip member "x.py": its header and the directory disagree `:                    change(22, 9),
		`zip member "x.py": its header and the directory disagree  `:                   change(14, 0, 0, 0, 0),
		`zip member "x.py" overlaps another, or a gap follows it`:                      change2(good, 6, dir+8, 8),
		`zip member name "../x" is unsafe`:                                             made(text("../x", "")),
		`zip member name "/x" is unsafe`:                                               made(text("/x", "")),
		`zip member name "a\x01" is unsafe`:                                            made(text("a\x01", "")),
		`zip member name ".wh.x" is unsafe`:                                            made(text(".wh.x", "")),
		`zip member name "xä" is another one to other readers`:                         noUTF8(made(text("xä", ""))),
		`zip member "x" occurs twice`:                                                  made(text("x", "1"), text("x", "1")),
		`zip member "x/y" is below the file "x"`:                                       made(text("x", "1"), text("x/y", "1")),
		`zip member "x" is no regular file`:                                            made(wheeltest.File{Name: "x", Body: "y", Mode: 0o120777}),
		`zip member "y" is no regular file`:                                            made(wheeltest.File{Name: "y", Mode: 0o20644}),
		`zip member "z/" is no regular file`:                                           made(wheeltest.File{Name: "z/", Mode: 0o120777}),
		`is not a zip archive, or a damaged one: EOF`:                                  change(end+16, 0xff, 0xff),
	} {
		_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
		wantError(t, err, "verification", stem+strings.TrimRight(want, " "))
	}
}

// change2 sets one byte at two places.
func change2(b []byte, at, also int, to byte) []byte {
	b = bytes.Clone(b)
	b[at], b[also] = to, to
	return b
}

// noUTF8 takes the mark of UTF-8 from the only member.
func noUTF8(b []byte) []byte {
	return change2(b, 7, bytes.Index(b, []byte("PK\x01\x02"))+9, 0)
}

func TestLimits(t *testing.T) {
	file, data := wheeltest.Wheel{Name: "a", Deflate: true, Files: []wheeltest.File{text("x", strings.Repeat("x", 1<<20))}}.Make()
	for want, l := range map[string]wheel.Limits{
		"has more than 2 zip members":                            {Members: 2},
		"unpacks to more than 1048576 bytes, which is the limit": {Unpacked: 1 << 20},
		"unpacks to more than 1000000 bytes, which is the limit": {Ratio: 1, RatioFrom: 1_000_000},
	} {
		_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, l)
		wantError(t, err, "verification", stem+want)
	}
	_, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{Ratio: 1})
	must(t, err)
}

// TestDisk tells a disk's fault from the wheel's.
func TestDisk(t *testing.T) {
	file, data := wheeltest.Wheel{Name: "a"}.Make()
	broken := errors.New("input/output error")
	for _, good := range []int64{0, int64(len(data)) - 10} {
		_, err := wheel.Open(failing{bytes.NewReader(data), good, broken}, int64(len(data)), file, wheel.Limits{})
		wantError(t, err, "disk", stem+"cannot be read: input/output error")
	}
	_, err := wheel.Open(failing{bytes.NewReader(data), 0, &fs.PathError{Op: "read", Path: "p", Err: io.ErrUnexpectedEOF}}, int64(len(data)), file, wheel.Limits{})
	wantError(t, err, "disk", stem+"cannot be read: read p: unexpected EOF")
}

// failing fails below an offset.
type failing struct {
	r    io.ReaderAt
	good int64
	err  error
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at < f.good || f.good == 0 {
		return 0, f.err
	}
	return f.r.ReadAt(b, at)
}

func FuzzOpen(f *testing.F) {
	for _, w := range []wheeltest.Wheel{full(), {Name: "a"}} {
		file, data := w.Make()
		f.Add(file, data)
	}
	f.Fuzz(func(t *testing.T, file string, data []byte) {
		w, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{Unpacked: 1 << 20})
		if err != nil {
			return
		}
		sum := strings.Repeat("0", 64)
		d, err := w.Describe(t.Context(), env, wheel.Install{SHA256: sum})
		if err != nil {
			return
		}
		if _, err := wheel.Settle([]*wheel.Description{d}, nil); err != nil {
			t.Errorf("a wheel is in its own way: %v", err)
		}
		for _, file := range d.Files {
			if strings.HasPrefix(file.Path, "../") || strings.HasPrefix(file.Path, "/") {
				t.Errorf("path %q", file.Path)
			}
		}
	})
}
