package compile

import (
	"net/url"
	"slices"
	"strings"
)

// Bounds of what is kept of the go command's words.
const (
	maxOutput = 64 << 10
	maxLines  = 20
)

// head is a writer that keeps the first maxOutput bytes.
type head struct{ b []byte }

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), maxOutput-len(h.b))]...)
	return len(p), nil
}

// text returns what was written, without control characters: it may hold text
// of servers and sources, and will be printed on terminals.
func (h *head) text() string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(h.b), "?"))
}

// redact takes the passwords of proxy URLs out of a text.
func (r Request) redact(text string) string {
	for _, s := range strings.FieldsFunc(r.Proxy, func(c rune) bool { return c == ',' || c == '|' }) {
		u, err := url.Parse(s)
		if err != nil || u.User == nil {
			continue
		}
		text = strings.ReplaceAll(text, u.User.String()+"@", "")
		if password, ok := u.User.Password(); ok && password != "" {
			text = strings.ReplaceAll(text, password, "xxxxx")
		}
	}
	return text
}

// classes tells the class of an error from words of the go command. The first
// row that fits counts; the texts are those of Go 1.21 to 1.27.
func classes() []struct{ word, class, hint string } {
	const (
		tidy = "run go mod tidy and commit go.mod and go.sum"
		line = "add a Go version to [go] versions, or lower the go line of go.mod"
		name = "package is a directory of the module beginning with ./, or an import path that its go.mod requires"
		net  = "is the module proxy right, and does the network work?"
	)
	return []struct{ word, class, hint string }{
		{"SECURITY ERROR", "verification", "do not use this module; compare go.sum with its history"},
		{"checksum mismatch", "verification", "do not use this module; compare go.sum with its history"},
		{"missing go.sum entry", "stale", tidy},
		{"updates to go.mod needed", "stale", tidy},
		{"updates to go.sum needed", "stale", tidy},
		{"updates to go.work needed", "stale", "run go work sync and commit go.work"},
		{"import lookup disabled by -mod=readonly", "stale", tidy},
		{"to add it:", "stale", tidy},
		{"GOTOOLCHAIN=local", "usage", line},
		{"GOPROXY=off", "network", "fetch the modules once without --offline"},
		{"dial tcp", "network", net},
		{"i/o timeout", "network", net},
		{"TLS handshake", "network", net},
		{"502 Bad Gateway", "network", net},
		{"503 Service Unavailable", "network", net},
		{".go:", "failed", ""}, // an import in a file, not the package asked for
		{"no required module provides package", "usage", name},
		{"is not in std", "usage", name},
		{"not in GOROOT", "usage", name},
		{"directory not found", "usage", name},
		{"cannot find module providing package", "usage", name},
		{"does not contain package", "usage", name},
		{"go.mod file not found", "usage", name},
		{"outside main module", "usage", name},
		{"is not one of the modules listed in go.work", "usage", "run go work use for it"},
		{"no Go files in", "usage", name},
		{"build constraints exclude all Go files", "usage", "the package has no code for this platform"},
		{"no space left on device", "disk", ""},
	}
}

// classify makes an error of what the go command said. Of compile errors,
// which begin with "# package", the class is always "failed": their text may
// hold any words.
func classify(command, pkg, text string) *Error {
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(text), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "go: downloading ") // not what went wrong
	})
	text = strings.Join(lines, "\n")
	if len(lines) > maxLines {
		lines = append(lines[:maxLines], "…")
	}
	e := newError("failed", pkg, "%s: %s", command, strings.Join(lines, "\n"))
	if strings.HasPrefix(text, "# ") {
		return e
	}
	for _, c := range classes() {
		if strings.Contains(text, c.word) {
			e.Type, e.Advice = c.class, c.hint
			return e
		}
	}
	return e
}
