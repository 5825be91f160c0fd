// Package debian resolves and reads Debian packages without dpkg or apt: what a
// base image of our own is made of.
//
// # Archive
//
// A suite's index is InRelease (deb822 text, signed as RFC 9580 cleartext),
// which lists the Packages files of each component and architecture with their
// size and sha256; these list packages with the path, size and sha256 of each
// .deb. Nothing is believed that the signature does not reach: Verify checks
// the signature and the time the file is valid for, Release.File finds a
// Packages file's digest, and the caller compares.
//
// # Closure
//
// Closure takes the packages asked for and what they need by Pre-Depends and
// Depends, no more: no Recommends, and Essential packages only if something
// asks for them (Debian policy §7.2). Of alternatives the first that can be had
// counts; apt also takes dpkg, which it need not name; a virtual package means the chosen package that provides it, else the
// provider of the highest priority, the first by name. Breaks and
// Conflicts between what was chosen are errors.
//
// # Packages
//
// A .deb (deb(5)) is an ar archive of debian-binary, control.tar and data.tar,
// each plain or packed by gzip, xz or zstd. What a package holds is checked
// before any of it is written: clean relative paths, no devices and FIFOs, hard
// links to earlier files alone, each path once.
//
// # Root
//
// Assemble puts packages into one root as dpkg would, below /usr where /bin,
// /sbin and /lib* are links. No maintainer script is run; what scripts do that
// matters in an image is done by rule, from the packages' own data (docs/debian.md
// lists the rules). A rule makes no file that a package holds. The same packages
// give the same root in any order; a changed rule changes Rules.
package debian
