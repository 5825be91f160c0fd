// Package link installs conda packages into a prefix that exists only as a
// stream of files: nothing is unpacked and nothing of a package is run.
//
// It works in two phases. [Describe] reads the metadata of all packages of an
// environment and makes one immutable [Description] per package. [Write]
// streams one package from its archive by its description alone, so that
// packages may be written in any order, side by side, or not at all where the
// bytes of a description's [Description.Key] are known.
//
// # Rules, version 1
//
// The installed bytes are rattler's, for a target of another platform, with
// the differences of docs/link-differences.md. The rules, from CEP 34, CEP 17
// and, where these are silent, rattler and conda:
//
//   - What info/paths.json lists is installed; other files of the archive are
//     not. A listed file must be there and have the listed SHA-256 (a symbolic
//     link's is that of what it leads to, and is not checked).
//   - Paths of noarch Python packages: site-packages/ becomes the environment's
//     (python_site_packages_path of the python package, else
//     lib/pythonX.Y/site-packages), python-scripts/ becomes bin/. Each entry
//     point becomes a script in bin/, mode 0775, indented with tabs.
//   - Placeholders in text are replaced everywhere, in UTF-8, UTF-16 and
//     UTF-32. A first line "#!" that would be longer than a kernel reads, or
//     has a prefix with a space, finds its interpreter through sh (Python) or
//     env (others).
//   - Placeholders in binary files are replaced within their C string, which
//     is padded with zeros: the size stays. A prefix longer than the
//     placeholder is refused. On Windows binary files are left as they are; on
//     macOS a relocated program would need a new signature and is refused.
//   - A Python source whose placeholder is replaced loses its .pyc files: they
//     hold the source's size and would never be used.
//   - A path that several packages have belongs to the one that is last in
//     topological order; the others' files are left out and reported. The same
//     holds for a file where another package needs a directory.
//   - A directory of one package that another makes a symbolic link to a
//     directory of the environment is that directory.
//   - Symbolic links are kept verbatim. A relative one that leaves the prefix
//     is refused, an absolute one reported.
//   - Modes and whole seconds of modification times are as packaged, without
//     setuid, setgid, sticky and world-write. Owners are 0.
//   - conda-meta/NAME-VERSION-BUILD.json comes last: rattler's, without what
//     names the installing machine (extracted_package_dir, link.source) or the
//     request (requested_specs), mode 0644, time 0.
package link
