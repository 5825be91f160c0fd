package doctor

import (
	"path"
	"strings"
)

// origins tells by a part of a path who installed a go. The first that fits
// counts. "~" stands for the home.
var origins = []struct{ part, name string }{
	{"~/.goenv/", "goenv"},
	{"/goenv/", "goenv"},
	{"~/.asdf/", "asdf"},
	{"/asdf/", "asdf"},
	{"~/.local/share/mise/", "mise"},
	{"/mise/installs/", "mise"},
	{"/mise/shims/", "mise"},
	{"~/.gvm/", "gvm"},
	{"/gvm/gos/", "gvm"},
	{"~/.g/", "g"},
	{"~/sdk/go", "golang.org/dl"},
	{"/golang.org/toolchain@", "module cache"},
	{"/snap/", "snap"},
	{"/homebrew/", "Homebrew"},
	{"/linuxbrew/", "Homebrew"},
	{"/Cellar/", "Homebrew"},
	{"/nix/store/", "Nix"},
	{"/opt/local/", "MacPorts"},
	{"/gophersnake/", "gophersnake"},
	{"/usr/local/go/", "go.dev or gophersnake"},
	{"/opt/go/", "gophersnake"},
	{"~/go/bin/", "go install"},
	{"/usr/lib/go", "system package"},
	{"/usr/lib/golang/", "system package"},
	{"/usr/share/go", "system package"},
	{"/usr/bin/", "system package"},
	{"/Program Files/Go/", "go.dev"},
}

// Origin says who installed the go at a path, which leads to real. A prefix is
// a conda environment whose programs are on PATH, "" where it is none of one.
func Origin(at, real, home, prefix string) string {
	if prefix != "" {
		return "conda environment " + prefix
	}
	for _, o := range origins {
		part := o.part
		if strings.HasPrefix(part, "~") {
			if home == "" {
				continue
			}
			part = path.Clean(home) + part[1:]
		}
		if strings.Contains(real, part) || strings.Contains(at, part) {
			return o.name
		}
	}
	return "unknown origin"
}
