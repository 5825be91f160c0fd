package link

import (
	"path"
	"strings"
)

// IdleScript says why a link script changes nothing in an environment of a subdir
// that is made and never changed, or returns "" where it may: no script is run to
// find out. The scripts that are known to be idle are
//
//   - those that run when a package is removed (CEP 34: pre-unlink, post-unlink);
//   - those of another system: .bat runs on Windows only, .sh elsewhere;
//   - shell scripts that only write text to $PREFIX/.messages.txt, which installers
//     show to people and delete. They consist of comments, set, exit 0, echo and
//     printf to that file, and here-documents for cat to that file; none of which
//     may run a command to make its text.
func IdleScript(file, subdir string, content []byte) string {
	name := path.Base(file)
	switch stem, isBat := strings.CutSuffix(name, ".bat"); {
	case strings.HasSuffix(strings.TrimSuffix(stem, ".sh"), "-unlink"):
		return "runs only when a package is removed"
	case isBat != strings.HasPrefix(subdir, "win-"):
		return "is for another system"
	case !isBat && onlyMessages(string(content)):
		return "only writes a message"
	}
	return ""
}

// onlyMessages reports whether all that a shell script does is to write text to
// $PREFIX/.messages.txt. What it does not know is not that.
func onlyMessages(script string) bool {
	lines := strings.Split(script, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.Trim(lines[i], " \t")
		switch {
		case line == "", line[0] == '#', line == ":", line == "exit 0", isSet(line):
			continue
		}
		if !writesMessages(&line) {
			return false
		}
		command, rest, _ := strings.Cut(line, " ")
		switch {
		case command == "echo" || command == "printf":
			if !isText(rest) {
				return false
			}
		case command == "cat":
			n := hereDocument(rest, lines[i+1:])
			if n < 0 {
				return false
			}
			i += n
		default:
			return false
		}
	}
	return true
}

// isSet reports whether a line only sets options of the shell.
func isSet(line string) bool {
	options, ok := strings.CutPrefix(line, "set ")
	return ok && strings.Trim(options, "-+ aefilopux") == ""
}

// writesMessages cuts the redirection to .messages.txt out of a line, and reports
// whether there is one.
func writesMessages(line *string) bool {
	for _, target := range []string{
		`"${PREFIX}/.messages.txt"`, `"$PREFIX/.messages.txt"`, `"${PREFIX}"/.messages.txt`, `"$PREFIX"/.messages.txt`,
		`${PREFIX}/.messages.txt`, `$PREFIX/.messages.txt`,
	} {
		for _, redirection := range []string{" >> ", " >>", " > ", " >"} {
			before, after, ok := strings.Cut(*line, redirection+target)
			if ok && (after == "" || after[0] == ' ') {
				*line = before + after
				return true
			}
		}
	}
	return false
}

// isText reports whether arguments are words of text alone: nothing is run,
// redirected or assigned in them.
func isText(arguments string) bool {
	quote := byte(0)
	for i := 0; i < len(arguments); i++ {
		c := arguments[i]
		switch {
		case quote == '\'':
			if c == '\'' {
				quote = 0
			}
		case c == '`', c == '$' && runs(arguments[i:]):
			return false
		case c == '\\':
			i++
			if i == len(arguments) {
				return false // goes on in the next line
			}
		case quote == '"':
			if c == '"' {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(";&|<>()\r", c) >= 0:
			return false
		}
	}
	return quote == 0
}

// runs reports whether a text that begins with "$" is more than a variable's
// value.
func runs(text string) bool {
	if strings.HasPrefix(text, "$(") || strings.HasPrefix(text, "$[") || strings.HasPrefix(text, "$'") {
		return true
	}
	name, ok := strings.CutPrefix(text, "${")
	if !ok {
		return false
	}
	name, _, ok = strings.Cut(name, "}")
	return !ok || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != ""
}

// hereDocument returns how many of the lines are a here-document, given what
// stands between cat and the end of its line, or -1 for anything else.
func hereDocument(rest string, lines []string) int {
	word, ok := strings.CutPrefix(strings.TrimSpace(rest), "<<")
	if !ok {
		return -1
	}
	word, tabs := strings.CutPrefix(word, "-")
	word = strings.TrimSpace(word)
	end := strings.Trim(word, `"'`)
	verbatim := end != word
	if end == "" || strings.Trim(end, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return -1
	}
	for i, line := range lines {
		if tabs {
			line = strings.TrimLeft(line, "\t")
		}
		if line == end {
			return i + 1
		}
		for at := range len(line) {
			if !verbatim && (line[at] == '`' || line[at] == '$' && runs(line[at:])) {
				return -1
			}
		}
	}
	return -1
}
