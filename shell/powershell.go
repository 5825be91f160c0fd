package shell

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// powerShell is the dialect of PowerShell from 5.1 on, Windows' own and pwsh. It
// is written in ASCII: what a program prints is read in the code page of the
// console.
type powerShell struct{}

var errUnicode = errors.New("the value is not UTF-8")

func (powerShell) quote(value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", errUnicode
	}
	var parts []string
	rest := value
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return r < ' ' || r > '~' })
		if n < 0 {
			n = len(rest)
		}
		if n > 0 {
			parts = append(parts, "'"+strings.ReplaceAll(rest[:n], "'", "''")+"'")
			rest = rest[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		for _, unit := range utf16.Encode([]rune{r}) {
			parts = append(parts, fmt.Sprintf("[char]0x%04x", unit))
		}
		rest = rest[size:]
	}
	switch {
	case len(parts) == 0:
		return "''", nil
	case len(parts) == 1 && parts[0][0] == '\'':
		return parts[0], nil
	case parts[0][0] != '\'': // [char] + [char] would be a sum
		parts = append([]string{"''"}, parts...)
	}
	return "(" + strings.Join(parts, " + ") + ")", nil
}

// set calls .NET, since an assignment of nothing removes the variable.
func (powerShell) set(s Step, quoted string) string {
	if s.Value == "" {
		return fmt.Sprintf("[Environment]::SetEnvironmentVariable('%s', '')\n", s.Name)
	}
	return fmt.Sprintf("${env:%s} = %s\n", s.Name, quoted)
}

func (powerShell) unset(s Step) string {
	return fmt.Sprintf("Remove-Item -LiteralPath 'Env:%s' -ErrorAction Ignore\n", s.Name)
}

func (p powerShell) prompt(s Step) string {
	quoted, _ := p.quote(s.Value) // plain
	return fmt.Sprintf("$global:%[1]s = $function:prompt\nfunction global:prompt { %[2]s + (& $global:%[1]s) }\n", s.Keep, quoted)
}

func (powerShell) promptBack(s Step) string {
	return fmt.Sprintf("if (Test-Path -LiteralPath 'Variable:global:%[1]s') { Set-Item -Path 'Function:global:prompt' -Value $global:%[1]s; Remove-Variable -Name '%[1]s' -Scope Global }\n", s.Keep)
}

func (powerShell) source(string) string       { return "" } // a script for sh
func (powerShell) frame(script string) string { return script }
