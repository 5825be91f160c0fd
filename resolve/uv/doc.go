// Package uv resolves requirements of PyPI for one target by running the user's
// own uv. It is asked for wheels only, so no code of any package is run.
//
// The question is put to `uv pip compile` so that nothing but the question, the
// indexes and the time decides the answer:
//
//   - Python's version, platform and C library are the target's, not those of
//     this machine. Any Python on PATH serves uv to read metadata by; none is
//     ever downloaded.
//   - --only-binary :all: refuses source distributions, --no-config every
//     configuration file. Of the environment uv sees what [Environ] lets pass:
//     indexes, credentials, certificates, proxies.
//   - What conda provides is shown to uv as local wheels of the same versions
//     without requirements of their own (constraints of the form NAME @ FILE), and
//     left out of the answer. So wheels are chosen that go with them, whether
//     or not PyPI has these versions. Extras of such packages count as empty.
//   - Versions of the last answer are preferred (--output-file exists), so that
//     a new requirement changes as little as it can.
//   - With a cutoff, files that an index got later do not exist (--exclude-newer);
//     one that does not tell when it got a file has no such file.
//
// The answer is a pylock.toml (PEP 751) that lists for each package the wheels
// that fit the target, with hashes. Credentials that an index has in its URL
// may be in it: readers must drop them.
//
// uv knows the manylinux platforms of glibc 2.17, 2.28 and 2.31 to 2.40. The
// newest one that is not newer than the target's is asked for, so a wheel for
// 2.27 is not found for a base with 2.27.
package uv
