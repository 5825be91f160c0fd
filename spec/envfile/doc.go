// Package envfile reads environment.yml, the file in which users of conda
// write down what an environment is to hold (CEP 24), with the additions that
// conda-lock and micromamba made to it. It asks nobody, and does not read
// match specifications: it says what the file says for one platform, with
// lines.
//
// Keys:
//
//   - name and prefix: the name is read, the prefix ignored with a warning,
//     since it is a place on somebody's machine.
//   - channels: a list of texts. "nodefaults" means that no channel is added
//     to the list, and takes "defaults" out of it.
//   - dependencies: a list of match specifications, of mappings
//     {pip: [requirement, …]}, and of micromamba's {sel(NAME): specification}
//     with NAME one of unix, linux, osx and win. Any other mapping is an error.
//     Requirements are those of PEP 508: what only pip's own files can hold
//     ("-r FILE", "-e DIR", "--option") is an error.
//   - variables: a mapping of names to texts; numbers and booleans are taken as
//     they are written. What [spec.CheckVariable] refuses in gophersnake.toml is
//     refused here: GOROOT, and URLs with credentials.
//   - platforms and category, which are conda-lock's: the file is for these
//     subdirs only. A category other than "main" is ignored with a warning.
//   - Other keys are ignored with a warning.
//
// A comment "[EXPRESSION]" at the end of a line is a selector: for a platform
// of which it is not true, the line is not there, nor are the lines that are
// indented below it. Names are those of conda-build: linux, osx, win, unix,
// linux64, aarch64, osx64, arm64 (osx-arm64 and win-arm64), win64, x86_64, x86
// and, never true here, those of platforms that gophersnake does not know; they
// are joined by not, and, or and parentheses. A bracket that other words of a
// comment precede is a selector only if it reads as one.
//
// A line "# go_version: go1.21.6" names a Go version. The "go" may be missing.
//
// The file is UTF-8, with or without a byte order mark, with line ends of Unix
// or Windows. The rules of package yamltree hold: one document, no anchors, no
// tags. Errors are of class usage and name the line.
package envfile
