// Package archive reads conda packages as they were published: their metadata
// and, as a stream, their files. Nothing is ever unpacked to disk and nothing
// of a package is run.
//
// # Formats
//
// A package is a set of files, of which those below info/ describe the package
// and all others, its payload, are to be installed (CEP 34). It comes in two
// forms (CEP 35), told apart by the file name:
//
//   - NAME.tar.bz2: one tar archive, compressed with bzip2. Members below
//     info/ may stand anywhere in it.
//   - NAME.conda: a zip archive whose members are stored, not compressed:
//     metadata.json, info-NAME.tar.zst and pkg-NAME.tar.zst, in any order. The
//     first tar archive holds info/ only; the second holds the payload, and in
//     many published packages licence texts below info/licenses/ as well.
//     metadata.json may be missing or empty, as it is in published packages.
//     Other zip members are ignored.
//
// # What is read
//
// info/index.json is required. info/paths.json lists the payload; packages
// older than it have info/files, info/has_prefix and info/no_link instead, and
// where info/files is missing too the archive itself is the list.
// info/link.json says what kind of noarch package this is and names its entry
// points.
//
// # What is refused
//
// A package is refused, with a [tree.Error] of class "verification", when
//
//   - a member's path is not as [tree.CheckPath] wants it (a leading "./" and
//     the trailing slash of a directory are cut off first), when a path is
//     both a file and a directory, or lies below a symbolic link;
//   - a path occurs twice, unless both members are equal, when the second is
//     dropped;
//   - a member is anything but a file, directory, symbolic link, or hard link
//     to an earlier file of the same tar archive;
//   - symbolic links loop, or leave the package by way of each other. (A link
//     that leaves it by its own target is for the installer to judge, who
//     knows where the link will stand: see [Escapes].)
//   - a stream is damaged or truncated, or anything but zero bytes follows the
//     end of a tar archive;
//   - a zip archive is ambiguous: records that disagree with each other, gaps,
//     overlaps, bytes before the first or after the last record;
//   - a limit is passed (see [Limits]).
package archive
