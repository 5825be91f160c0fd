package compile

import (
	"io/fs"
	"time"
)

// Memo remembers the hashes of source files, so that those which did not change
// are not read again. What a file is recognised by is its path, size, time of
// change to content and to inode, and inode number, as git's index does. The
// zero value remembers nothing yet.
type Memo struct {
	Files map[string]Remembered `json:"files"` // by absolute path

	// Now is when hashing begins. A file changed in the two seconds before is
	// not remembered: it may change again within the clock's resolution.
	Now time.Time `json:"-"`

	used map[string]Remembered
}

// Remembered is a file as it was when it was hashed.
type Remembered struct {
	Size    int64  `json:"size"`
	Changed int64  `json:"changed"` // content, in nanoseconds since the epoch
	Inode   int64  `json:"inode"`   // likewise, of the inode; 0 where the system does not tell
	Number  uint64 `json:"number"`  // of the inode; 0 likewise
	SHA256  string `json:"sha256"`  // hex
}

// settled is how old a change has to be.
const settled = 2 * time.Second

func remembered(info fs.FileInfo) Remembered {
	r := Remembered{Size: info.Size(), Changed: info.ModTime().UnixNano()}
	r.Inode, r.Number = inode(info)
	return r
}

// get returns the hash of a file that is as it was.
func (m *Memo) get(path string, info fs.FileInfo) (string, bool) {
	if m == nil {
		return "", false
	}
	have, ok := m.Files[path]
	now := remembered(info)
	now.SHA256 = have.SHA256
	if !ok || now != have {
		return "", false
	}
	m.keep(path, have)
	return have.SHA256, true
}

// put remembers a hash, of what the file was before it was read.
func (m *Memo) put(path string, info fs.FileInfo, sum string) {
	if m == nil {
		return
	}
	r := remembered(info)
	if latest := m.Now.Add(-settled).UnixNano(); r.Changed > latest || r.Inode > latest {
		return
	}
	r.SHA256 = sum
	m.keep(path, r)
}

func (m *Memo) keep(path string, r Remembered) {
	if m.used == nil {
		m.used = map[string]Remembered{}
	}
	m.used[path] = r
}

// done forgets files that are no sources any more.
func (m *Memo) done() {
	if m != nil {
		m.Files, m.used = m.used, nil
	}
}
