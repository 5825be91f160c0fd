// Package archivetest makes conda packages in memory, for tests: well-formed
// ones from a short description, and hostile ones from hand-made tar entries
// and zip members. Everything it makes is deterministic.
package archivetest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Entry is one entry of a tar archive.
type Entry struct {
	Name    string // written as it is
	Type    byte   // a tar.Type constant; 0 is a file
	Body    string // of a file
	Link    string // target of a symbolic link, source of a hard link
	Mode    int64  // 0 is 0644
	UID     int
	GID     int
	ModTime int64             // seconds since the Unix epoch
	Nanos   int64             // nanoseconds to add to ModTime
	PAX     map[string]string // pax records

	Placeholder string // the build prefix in Body: Package notes it in its metadata
	Binary      bool   // Placeholder stands in a binary file
}

// File returns an entry of a file.
func File(name, body string) Entry { return Entry{Name: name, Body: body} }

// Symlink returns an entry of a symbolic link.
func Symlink(name, target string) Entry {
	return Entry{Name: name, Type: tar.TypeSymlink, Link: target, Mode: 0o777}
}

// HardLink returns an entry of a hard link.
func HardLink(name, source string) Entry {
	return Entry{Name: name, Type: tar.TypeLink, Link: source}
}

// Dir returns an entry of a directory.
func Dir(name string) Entry { return Entry{Name: name, Type: tar.TypeDir, Mode: 0o755} }

// Tar returns a tar archive. It panics on an entry that archive/tar does not
// write.
func Tar(entries ...Entry) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := &tar.Header{
			Name: e.Name, Typeflag: e.Type, Linkname: e.Link, Mode: e.Mode, Uid: e.UID, Gid: e.GID,
			ModTime: time.Unix(e.ModTime, e.Nanos), PAXRecords: e.PAX,
		}
		if e.Nanos != 0 {
			h.Format = tar.FormatPAX
		}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(e.Body))
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			h = &tar.Header{Typeflag: e.Type, Name: e.Name, PAXRecords: e.PAX}
		}
		must(w.WriteHeader(h))
		if h.Size > 0 {
			_, err := w.Write([]byte(e.Body))
			must(err)
		}
	}
	must(w.Close())
	return buf.Bytes()
}

// Zstd returns data as one zstd frame.
func Zstd(data []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	must(err)
	return w.EncodeAll(data, nil)
}

// ZipMember is a member of a zip archive.
type ZipMember struct {
	Name   string
	Data   []byte
	Method uint16 // zip.Store or zip.Deflate, which marks the member only
	Flags  uint16 // general purpose flags; 8 puts a data descriptor behind the member
	Size   uint64 // what the records say, where that is not the length of Data
	CRC    uint32 // what the records say, where that is not the CRC-32 of Data
}

// Zip returns a zip archive of stored members.
func Zip(members ...ZipMember) []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range members {
		h := &zip.FileHeader{
			Name: m.Name, Method: m.Method, Flags: m.Flags, CRC32: m.CRC,
			CompressedSize64: m.Size, UncompressedSize64: m.Size,
		}
		if m.Size == 0 {
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(m.Data)), uint64(len(m.Data))
		}
		if m.CRC == 0 {
			h.CRC32 = crc32.ChecksumIEEE(m.Data)
		}
		out, err := w.CreateRaw(h)
		must(err)
		_, err = out.Write(m.Data)
		must(err)
	}
	must(w.Close())
	return buf.Bytes()
}

// Package describes a conda package. The zero value of a field is a sensible
// one; Conda and TarBz2 make the archive.
type Package struct {
	Name, Version, Build, Subdir string // default: "pkg", "1.0", "0", "noarch"
	Noarch                       string // "", "generic" or "python"
	Depends                      []string
	EntryPoints                  []string // written into info/link.json
	Index                        map[string]any
	Files                        []Entry // the payload; info/paths.json is made of its files and links
	Info                         []Entry // further entries below info/, instead of those made where the names are equal
	NoPathsJSON                  bool    // info/files and info/has_prefix instead
}

// Stem returns NAME-VERSION-BUILD.
func (p Package) Stem() string {
	p = p.withDefaults()
	return p.Name + "-" + p.Version + "-" + p.Build
}

// Conda returns the package's file name and bytes as .conda.
func (p Package) Conda() (fileName string, data []byte) {
	stem := p.Stem()
	return stem + ".conda", Zip(CondaMembers(stem, Tar(p.InfoEntries()...), Tar(p.Files...))...)
}

// CondaMembers returns the zip members of a .conda from its two tar archives.
func CondaMembers(stem string, info, payload []byte) []ZipMember {
	return []ZipMember{
		{Name: "metadata.json", Data: []byte(`{"conda_pkg_format_version": 2}`)},
		{Name: "pkg-" + stem + ".tar.zst", Data: Zstd(payload)},
		{Name: "info-" + stem + ".tar.zst", Data: Zstd(info)},
	}
}

// TarBz2 returns the package's file name and bytes as .tar.bz2, info/ last.
func (p Package) TarBz2() (fileName string, data []byte) {
	return p.Stem() + ".tar.bz2", Bzip2(Tar(append(p.Files[:len(p.Files):len(p.Files)], p.InfoEntries()...)...))
}

func (p Package) withDefaults() Package {
	for _, f := range []struct {
		field *string
		value string
	}{{&p.Name, "pkg"}, {&p.Version, "1.0"}, {&p.Build, "0"}, {&p.Subdir, "noarch"}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	return p
}

// InfoEntries returns the entries below info/.
func (p Package) InfoEntries() []Entry {
	p = p.withDefaults()
	made := []Entry{File("info/index.json", p.indexJSON())}
	if p.NoPathsJSON {
		made = append(made, p.legacyLists()...)
	} else {
		made = append(made, File("info/paths.json", p.pathsJSON()))
	}
	if p.Noarch != "" || p.EntryPoints != nil {
		made = append(made, File("info/link.json", marshal(map[string]any{
			"package_metadata_version": 1,
			"noarch":                   map[string]any{"type": p.Noarch, "entry_points": p.EntryPoints},
		})))
	}
	var entries []Entry
	for _, e := range made {
		replaced := false
		for _, other := range p.Info {
			replaced = replaced || other.Name == e.Name
		}
		if !replaced {
			entries = append(entries, e)
		}
	}
	return append(entries, p.Info...)
}

func (p Package) indexJSON() string {
	index := map[string]any{
		"name": p.Name, "version": p.Version, "build": p.Build, "build_number": 0,
		"subdir": p.Subdir, "depends": append([]string{}, p.Depends...),
	}
	if p.Noarch != "" {
		index["noarch"] = p.Noarch
	}
	for key, value := range p.Index {
		index[key] = value
	}
	return marshal(index)
}

// pathsJSON lists the payload as builders do: of a link, the hash and size of
// the file it leads to, where that is simple to tell.
func (p Package) pathsJSON() string {
	bodies := map[string]string{}
	list := []map[string]any{}
	for _, e := range p.Files {
		name := strings.TrimPrefix(e.Name, "./")
		path := map[string]any{"_path": name, "path_type": "hardlink"}
		body := e.Body
		switch e.Type {
		case tar.TypeDir:
			continue
		case tar.TypeSymlink:
			path["path_type"] = "softlink"
			body = bodies[name[:strings.LastIndex(name, "/")+1]+e.Link]
		case tar.TypeLink:
			body = bodies[e.Link]
		}
		bodies[name] = body
		sum := sha256.Sum256([]byte(body))
		path["sha256"], path["size_in_bytes"] = hex.EncodeToString(sum[:]), len(body)
		if e.Placeholder != "" {
			path["prefix_placeholder"], path["file_mode"] = e.Placeholder, e.fileMode()
		}
		list = append(list, path)
	}
	return marshal(map[string]any{"paths_version": 1, "paths": list})
}

func (e Entry) fileMode() string {
	if e.Binary {
		return "binary"
	}
	return "text"
}

func (p Package) legacyLists() []Entry {
	var files, prefixes strings.Builder
	for _, e := range p.Files {
		if e.Type == tar.TypeDir {
			continue
		}
		files.WriteString(e.Name + "\n")
		if e.Placeholder != "" {
			prefixes.WriteString(e.Placeholder + " " + e.fileMode() + " " + e.Name + "\n")
		}
	}
	entries := []Entry{File("info/files", files.String())}
	if prefixes.Len() > 0 {
		entries = append(entries, File("info/has_prefix", prefixes.String()))
	}
	return entries
}

func marshal(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	must(err)
	return string(text)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
