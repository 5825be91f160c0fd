// Package tree holds the files of one image layer and is the only writer of
// layer tar.
//
// # Layer format 1
//
// A layer is a tar stream cut into whole gzip members (RFC 1952), or zstd
// frames (RFC 8878), that are joined end to end:
//
//   - the head: one member with every directory of the layer, once, sorted
//     bytewise;
//   - its fragments, each a sequence of members that hold file and symlink
//     entries and no directory;
//   - the tail: one member with the 1,024 zero bytes that end a tar archive.
//
// A fragment's tar stream is cut into members every [ChunkSize] bytes, so that
// members are compressed side by side and the bytes do not depend on how many
// at once. A file whose deflate stream exists already ([Writer.AddDeflated])
// is a member of its own around that very stream.
//
// Tar entries are ustar (POSIX.1-1988) with a pax header (POSIX.1-2001) only
// for values that ustar cannot hold. They have no user names, no group names
// and whole seconds. Device nodes, hard links and FIFOs do not exist here.
package tree

// Kind is the type of a file in a layer.
type Kind uint8

// The kinds of files. Hard links are written as files (design.md §6).
const (
	File Kind = iota
	Symlink
	Dir
)

// Header describes one file of a layer.
type Header struct {
	Path    string // relative to the image's root, slash-separated, as CheckPath wants it
	Kind    Kind
	Mode    int64  // permission bits; 04000 setuid, 02000 setgid and 01000 sticky may be set by rule
	UID     int    // numeric owner
	GID     int    // numeric group
	ModTime int64  // seconds since the Unix epoch
	Size    int64  // bytes; 0 unless Kind is File
	Target  string // of a Symlink, verbatim
}
