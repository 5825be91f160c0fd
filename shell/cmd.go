package shell

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxLine is the most characters of a line that cmd reads.
const maxLine = 8191 - len(`@set ""`)

// cmd is the dialect of batch files.
type cmd struct{}

// quote returns what stands in set "NAME=…": everything up to the line's last
// quote is the value. A quote in the value ends the part where & and its like
// are plain, the next one begins another.
func (cmd) quote(value string) (string, error) {
	if strings.ContainsAny(value, "\r\n") {
		return "", errors.New("the value has a line break")
	}
	if !utf8.ValidString(value) {
		return "", errUnicode
	}
	var b strings.Builder
	plain := true
	for _, r := range value {
		switch {
		case r == '"':
			plain = !plain
		case r == '%':
			b.WriteByte('%')
		case !plain && strings.ContainsRune("&|<>^()", r):
			b.WriteByte('^')
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

func (cmd) set(s Step, quoted string) string {
	return crlf("@set \"%s=%s\"\n", s.Name, quoted)
}

func (cmd) unset(s Step) string { return crlf("@set \"%s=\"\n", s.Name) }

func (cmd) prompt(s Step) string {
	return crlf("@if defined PROMPT set \"%[1]s=%%PROMPT%%\"\n@if defined PROMPT set \"PROMPT=%[2]s%%PROMPT%%\"\n", s.Keep, s.Value)
}

func (cmd) promptBack(s Step) string {
	return crlf("@if defined %[1]s set \"PROMPT=%%%[1]s%%\"\n@set \"%[1]s=\"\n", s.Keep)
}

func (cmd) source(string) string { return "" } // a script for sh

// frame refuses delayed expansion, which would read "!" in values, and chooses
// the code page of what is not ASCII.
func (cmd) frame(script string) string {
	head := crlf("@if \"!!\"==\"\" (echo gophersnake: delayed expansion is on: activate where it is off 1>&2& exit /b 1)\n")
	if strings.IndexFunc(script, func(r rune) bool { return r > '~' }) < 0 {
		return head + script
	}
	return head +
		crlf("@for /f \"tokens=2 delims=:.\" %%%%a in ('chcp') do @set \"__gophersnake_page=%%%%a\"\n@chcp 65001 >nul\n") +
		script +
		crlf("@chcp %%__gophersnake_page%% >nul\n@set \"__gophersnake_page=\"\n")
}

// crlf formats lines as batch files have them: labels and blocks of files with
// other lines are not always found.
func crlf(format string, args ...any) string {
	return strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\r\n")
}
