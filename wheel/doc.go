// Package wheel reads Python packages in wheel format and installs them into a
// prefix that exists only as a stream of files: nothing is unpacked and nothing
// of a package is run.
//
// [ParseName] and [Target] tell which wheels fit a system, [Open] reads one.
// Installing has two phases. [Wheel.Describe] plans it from the wheel's
// metadata and makes one immutable [Description]; [Settle] finds what several
// wheels, or a wheel and others, own together. [Write] streams a wheel by its
// description alone, so that wheels may be written in any order, side by side,
// or not at all where the bytes of a description's [Description.Key] are known.
//
// # What is refused
//
// A wheel is refused, with a [tree.Error] of class "verification", when
//
//   - the zip archive is ambiguous: records that disagree with each other,
//     gaps, overlaps, bytes before the first or after the last record, a
//     comment, a name twice, a name in an unknown encoding;
//   - a member is encrypted, compressed by other means than deflate, or
//     anything but a file or directory;
//   - a path is not as [tree.CheckPath] wants it, or is below a file;
//   - there is not exactly one .dist-info directory, or it, METADATA and the
//     file's name disagree on the project's name (PEP 503) or version (PEP 440);
//   - RECORD and the archive do not name the same files, a file has no hash
//     there, or one by MD5 or SHA-1, or its bytes are others. RECORD itself and
//     its signatures have none;
//   - an entry point is no command, module and function;
//   - a limit is passed (see [Limits]).
//
// Wheel-Version 1 is read whatever its minor version; a newer one is of class
// "usage" (PEP 427).
//
// # Rules, version 1
//
// The installed files are those of pip and uv, with these differences:
//
//   - Files of the archive's root, and of NAME-VERSION.data/purelib and
//     platlib, go to site-packages; scripts to bin; headers to
//     include/pythonX.Y/PROJECT; data to the prefix. Nothing may go to
//     conda-meta, which is conda's.
//   - A script whose first line begins with "#!python" gets one with the path
//     of the environment's Python, and its own options, which pip drops. A line
//     that would be longer than a kernel reads, or has a prefix with a space,
//     finds Python through sh.
//   - Each command of entry_points.txt (console_scripts, gui_scripts) becomes a
//     script in bin. Its text is our own, and shorter: what others have besides
//     is for Windows. It beats a file of the same name in the scripts
//     directory. pip's own wheel gets no pipX.Y, which pip and uv add.
//   - INSTALLER says gophersnake. REQUESTED is there if the project was asked
//     for. direct_url.json is not written, and those three of the wheel itself
//     are left out, as are signatures of RECORD.
//   - RECORD keeps the wheel's order, with paths relative to site-packages; the
//     files that the installer makes follow, RECORD last, without a hash.
//   - Byte code is not made.
//   - Modes are 0755 for all scripts, and for files that are executable in the
//     archive as pip reads it (uv: also without a file type), else 0644. Times are the archive's, in whole seconds; a DOS time
//     is taken as UTC. Files that the installer makes have the Unix epoch.
//   - A path that another package has is left out where the bytes are equal and
//     refused where not: pip overwrites.
package wheel
