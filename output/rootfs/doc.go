// Package rootfs unpacks the layers of an image into a directory, and trusts
// none of their bytes.
//
// # What an image's files become
//
// Layers are applied bottom to top as the OCI image specification says
// (layer.md). A directory over a directory keeps what is in it; everything else
// replaces what lower layers have at its path. A whiteout (.wh.NAME) removes
// what lower layers have at NAME, an opaque one (.wh..wh..opq) all that they
// have in its directory; neither touches what its own layer has, wherever in
// the layer it stands. AUFS's own files (.wh..wh.*) are passed over.
//
// Modes and times are the image's; with Options.Owners the numeric owners are
// too. Without, files belong to who unpacks them, and setuid and setgid bits
// are dropped, which would mean another user than the image's. A directory that
// is named only as the parent of something has mode 0755, owner 0 and the time
// 0. User names and extended attributes are not applied.
//
// # What is refused
//
// The unsafe, with promises.md's numbers: names with ".." (X01), absolute ones
// (X02), of control bytes or invalid UTF-8 (X19), longer than 4096 bytes or
// deeper than 128 (X18); a parent that is a symbolic link (X03) or a file (X15);
// a relative symbolic link that leads out, by itself (X04) or through others
// (X06), or in a circle (X05); a hard link to an absolute name (X07), out of the
// root (X08), or to what is not there yet (X10); devices, fifos and sockets (X11,
// X12); two members of a layer with one name (X09, X14, X15); sparse files. An
// absolute symbolic link is data: it means the root that the image will have.
//
// # How
//
// Every access goes through an os.Root, files are created with O_EXCL, and what
// is in the way is removed, never written to. Directories are writable by their
// owner alone until Close gives them the image's modes.
package rootfs
