package activate

import (
	"io/fs"
	"path"
	"strings"
	"time"
)

// absolute returns a path as it is from the root, or ok = false where that
// depends on the directory that the process is in.
func (m *machine) absolute(name string) (string, bool) {
	if !strings.HasPrefix(name, "/") {
		if m.dir == "" {
			return name, false
		}
		name = m.dir + "/" + name
	}
	return path.Clean(name), true
}

// inside returns a path below the prefix, or ok = false for what is not there.
func (m *machine) inside(name string) (string, bool) {
	abs, ok := m.absolute(name)
	if !ok {
		return "", false
	}
	if abs == m.Prefix {
		return ".", true
	}
	return strings.CutPrefix(abs, m.Prefix+"/")
}

// relative returns how errors call a file.
func (m *machine) relative(name string) string {
	if rel, ok := m.inside(name); ok {
		return rel
	}
	return name
}

// beyond notes that a script asked for a file outside of the environment, and
// says whether it is there in this world.
func (m *machine) beyond(name string) bool {
	if m.run.outside[name] == 0 {
		m.run.outside[name] = int(m.line)
	}
	return m.world.files
}

// stat says what a file is.
func (m *machine) stat(name string) (Info, bool) {
	rel, ok := m.inside(name)
	if !ok {
		abs, known := m.absolute(name)
		if known && (abs == "/" || strings.HasPrefix(m.Prefix, abs+"/")) {
			return Info{Dir: true, Size: 1}, true
		}
		return Info{Size: 1}, name != "" && (abs == "/dev/null" || m.beyond(name))
	}
	info, err := m.Files.Stat(rel)
	if err != nil && !missing(err) {
		m.fail(err)
	}
	return info, err == nil
}

// executable reports whether a file may be executed.
func (m *machine) executable(name string) bool {
	info, ok := m.stat(name)
	rel, in := m.inside(name)
	if !ok || info.Dir || !in {
		return ok
	}
	x, err := m.Files.Executable(rel)
	if err != nil && !missing(err) {
		m.fail(err)
	}
	return x && err == nil
}

// readFile reads a file of the environment. Others are not there.
func (m *machine) readFile(name string) ([]byte, bool) {
	if path.Clean(name) == "/dev/null" {
		return nil, true
	}
	rel, ok := m.inside(name)
	if !ok {
		m.beyond(name)
		if m.world.files {
			m.notUnderstood("reads %s", name)
		}
		return nil, false
	}
	content, err := m.Files.Read(rel)
	if err != nil && !missing(err) {
		m.fail(err)
	}
	m.spend(len(content))
	return content, err == nil
}

// readDir lists a directory for patterns.
func (m *machine) readDir(name string) ([]fs.DirEntry, error) {
	m.step()
	rel, ok := m.inside(name)
	if !ok {
		if abs, known := m.absolute(name); known && strings.HasPrefix(m.Prefix+"/", strings.TrimSuffix(abs, "/")+"/") {
			next, _, _ := strings.Cut(strings.TrimPrefix(m.Prefix[len(strings.TrimSuffix(abs, "/")):], "/"), "/")
			m.beyond(name)
			return []fs.DirEntry{entry{next, true}}, nil
		}
		if m.beyond(name) {
			m.notUnderstood("lists %s", name)
		}
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	names, err := m.Files.List(rel)
	if err != nil {
		if !missing(err) {
			m.fail(err)
		}
		return nil, err
	}
	var all []fs.DirEntry
	for _, n := range names {
		m.spend(len(n))
		info, err := m.Files.Stat(path.Join(rel, n))
		all = append(all, entry{n, err == nil && info.Dir})
	}
	return all, nil
}

// entry is a name in a directory.
type entry struct {
	name string
	dir  bool
}

// Name implements fs.DirEntry.
func (e entry) Name() string { return e.name }

// IsDir implements fs.DirEntry.
func (e entry) IsDir() bool { return e.dir }

// Type implements fs.DirEntry.
func (e entry) Type() fs.FileMode { return e.Mode().Type() }

// Info implements fs.DirEntry.
func (e entry) Info() (fs.FileInfo, error) { return e, nil }

// Size implements fs.FileInfo.
func (e entry) Size() int64 { return 0 }

// Mode implements fs.FileInfo.
func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// ModTime implements fs.FileInfo.
func (e entry) ModTime() time.Time { return time.Time{} }

// Sys implements fs.FileInfo.
func (e entry) Sys() any { return nil }
