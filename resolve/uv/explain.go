package uv

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// explain makes an error of what uv said. Uv tells by its exit code only
// whether it failed, so the class is read from its text.
func explain(ctx context.Context, o Options, q Question, message string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exit *exec.ExitError
	where := "pip for " + q.For
	if !errors.As(err, &exit) {
		return fault.New(fault.Usage, "uv", "cannot be run: %w", bare(err)).WithHint("check the uv that is on PATH")
	}
	text := clean(message, o)
	if o.Offline && strings.Contains(message, "network was disabled") {
		return fault.New(fault.Network, where, "--offline forbids to ask the indexes, and uv's cache has not all that is needed")
	}
	if rest, ok := strings.CutPrefix(text, "No solution found when resolving dependencies"); ok {
		rest = strings.TrimLeft(strings.TrimPrefix(rest, ":"), " ")
		e := fault.New(fault.Unsatisfiable, where, "no wheels fulfil the requirements: %s", strings.TrimPrefix(rest, "\n  cause: "))
		if hint := q.hint(text); hint != "" {
			e = e.WithHint("%s", hint)
		}
		return e
	}
	switch {
	case strings.Contains(text, "No interpreter found") || strings.Contains(text, "No Python found"):
		return fault.New(fault.Usage, "uv", "%s", text).WithHint("uv needs a Python of this machine, of any version, on PATH")
	case exit.ExitCode() == 2 && old.MatchString(text):
		return fault.New(fault.Usage, "uv", "%s", text).WithHint("use a newer uv: one that knows --format pylock.toml")
	case network.MatchString(text):
		return fault.New(fault.Network, where, "uv: %s", text)
	}
	return fault.New(fault.Failed, where, "uv: %s", text)
}

// How uv words what is not its answer.
var (
	old     = regexp.MustCompile(`unexpected argument|invalid value|unrecognized`)
	network = regexp.MustCompile(`(?i)failed to (fetch|download)|error sending request|client error|dns error|timed out|HTTP status|connection (refused|reset)`)
)

// hint names what conda provides of the packages that uv's explanation is
// about, else what to do without a wheel.
func (q Question) hint(text string) string {
	words := strings.FieldsFunc(text, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_'
	})
	var have []string
	for _, p := range q.Provided {
		if slices.Contains(words, p.Name) {
			have = append(have, p.Name+" "+p.Version)
		}
	}
	switch {
	case len(have) > 0:
		return "conda provides " + strings.Join(have, ", ")
	case strings.Contains(text, "no usable wheels"), strings.Contains(text, "no wheels"):
		return "packages are never built from source: take them from a conda channel, or ask for a version that has wheels"
	}
	return ""
}

// clean makes uv's message fit for an error: without its marks, secrets and
// control characters, and without what it hints at, which is for its own users.
func clean(message string, o Options) string {
	for _, secret := range secrets(o.Env) {
		message = strings.ReplaceAll(message, secret, "***")
	}
	message = userinfo.ReplaceAllString(message, "://")
	var lines []string
	for line := range strings.Lines(message) {
		line = strings.TrimRight(line, " \r\n")
		if strings.HasPrefix(line, "warning: ") {
			continue
		}
		if strings.HasPrefix(line, "hint: ") || strings.HasPrefix(line, "For more information") {
			break
		}
		lines = append(lines, printable(line))
	}
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	if text == "" {
		text = "it failed and says nothing"
	}
	return strings.TrimPrefix(text, "error: ")
}

var userinfo = regexp.MustCompile(`://[^/@\s]*@`)

// printable escapes what would move a terminal's cursor or turn text around.
func printable(line string) string {
	var b strings.Builder
	for _, r := range line {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
