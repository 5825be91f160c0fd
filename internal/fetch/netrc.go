package fetch

import (
	"net"
	"strings"
)

// Netrc returns a Client.Auth that reads a netrc file as ftp(1) describes it:
// "machine HOST login USER password SECRET", in any number of lines. The first
// complete entry of a host counts. A "default" entry is left out, since it
// would send a password to every host, and so are macros. Names with blanks may
// stand in double quotes. The source is the file's name, for errors.
func Netrc(text, source string) func(host string) (Login, bool) {
	logins := map[string]Login{}
	var host, user, pass string
	known := false // the entry is of a machine and has a password
	keep := func() {
		if _, ok := logins[host]; known && user != "" && !ok {
			logins[host] = Login{User: user, Secret: NewSecret(pass), Source: source}
		}
		host, user, pass, known = "", "", "", false
	}
	words := netrcWords(text)
	for i := 0; i < len(words); i++ {
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		switch words[i] {
		case "machine":
			keep()
			host = strings.ToLower(value)
		case "default":
			keep()
			continue
		case "login":
			user = value
		case "password":
			pass, known = value, host != ""
		case "account":
		default:
			continue
		}
		i++
	}
	keep()
	return func(host string) (Login, bool) {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if l, ok := logins[strings.ToLower(host)]; ok {
			return l, true
		}
		return Login{Source: source}, false
	}
}

// netrcWords splits the text at white space. It leaves out lines that begin
// with "#" and macros, which end at an empty line.
func netrcWords(text string) []string {
	var words []string
	macro := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if macro {
			macro = line != ""
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		for line != "" {
			var word string
			if word, line = netrcWord(line); word == "macdef" {
				macro, line = true, ""
				continue
			}
			words = append(words, word)
		}
	}
	return words
}

// netrcWord cuts the first word off a line that begins with one.
func netrcWord(line string) (word, rest string) {
	if line[0] != '"' {
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			return line, ""
		}
		return line[:end], strings.TrimLeft(line[end:], " \t")
	}
	var b strings.Builder
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			return b.String(), strings.TrimLeft(line[i+1:], " \t")
		case c == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
