package spec

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

var (
	// GOTOOLCHAIN (Go Toolchains, "GOTOOLCHAIN and Go toolchain selection").
	switchForm = regexp.MustCompile(`^(?:auto|path|(?:local|default|go1[0-9A-Za-z.-]*)(?:\+(?:auto|path))?)$`)
	// One entry of GOFLAGS (`go help environment`): -flag or -flag=value.
	flagForm = regexp.MustCompile(`^--?[A-Za-z][A-Za-z0-9-]*(?:=.*)?$`)
	// User and password of a URL.
	urlUserForm = regexp.MustCompile(`://[^/\s|]*@`)
)

// CheckVariable reports what keeps a variable of the image from having a value:
// GOROOT is refused, variables of the go command have its forms, and no URL
// holds credentials. The error is of class usage and names neither variable nor
// secret.
func CheckVariable(name, value string) error {
	f := checkGoVariable(name, "")
	if f.problem == "" {
		f = noNUL(value, "")
	}
	if f.problem == "" {
		f = checkImageVariable(value, name)
	}
	if f.problem == "" {
		return nil
	}
	e := fault.New(fault.Usage, "", "%s", f.problem)
	if f.hint != "" {
		e = e.WithHint("%s", f.hint)
	}
	return e
}

// checkImageVariable checks the value of any variable of an image. The
// variable's name is the last part of subject.
func checkImageVariable(s, subject string) flaw {
	if f := checkGoValue(s, subject); f.problem != "" {
		return f
	}
	if urlUserForm.MatchString(s) || tokenForm.MatchString(s) && strings.Contains(s, "://") {
		return checkNoCredentials(s, subject)
	}
	return flaw{}
}

// checkGoValue checks the value of a variable of the go command. An empty one
// means the default where the go command takes it so.
func checkGoValue(s, subject string) flaw {
	switch _, name := cutLast(subject); name {
	case "GOPATH":
		return checkGoPath(s)
	case "GOBIN", "GOCACHE", "GOMODCACHE", "GOTMPDIR":
		if s != "" {
			return checkGoDir(s)
		}
	case "GOFLAGS":
		return checkGoFlags(s)
	case "GOPROXY":
		return checkProxy(s, subject)
	case "GOPRIVATE", "GONOPROXY", "GONOSUMDB":
		return checkModulePatterns(s)
	case "GOTOOLCHAIN":
		if s != "" && !switchForm.MatchString(s) {
			return flawf("%q is not a choice of toolchains", s).hinted(`write "local", "local+path", "auto" or a toolchain's name such as "go1.26.8"`)
		}
	case "CGO_ENABLED":
		if s != "" && s != "0" && s != "1" {
			return flawf("%q is neither 0 nor 1", s)
		}
	}
	return flaw{}
}

// checkGoPath wants a list of directories.
func checkGoPath(s string) flaw {
	for dir := range strings.SplitSeq(s, ":") {
		if f := checkGoDir(dir); f.problem != "" {
			return f
		}
	}
	return flaw{}
}

// systemDirs hold what is not the go command's: a group that may write there
// could replace it.
func systemDirs() []string {
	return []string{
		"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/opt/go", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp",
		"/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/go", "/usr/local/lib", "/usr/local/sbin", "/usr/sbin", "/usr/share", "/var", "/var/tmp",
	}
}

// checkGoDir wants an absolute path of the image for the go command to write
// to: the group golang may.
func checkGoDir(s string) flaw {
	if f := checkAbsolute(s, ""); f.problem != "" {
		return f
	}
	if slices.Contains(systemDirs(), s) || strings.HasPrefix(s, "/usr/local/go/") || strings.HasPrefix(s, "/opt/go/") {
		return flawf("%q belongs to the system, and the group golang would write it", s).hinted("name a directory of its own, such as %q", path.Join("/srv", "go"))
	}
	return flaw{}
}

// checkGoFlags wants flags by spaces, of which each may be in quotes.
func checkGoFlags(s string) flaw {
	for rest := strings.TrimLeft(s, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		entry := rest
		if quote := rest[0]; quote == '\'' || quote == '"' {
			i := strings.IndexByte(rest[1:], quote)
			if i < 0 {
				return flawf("%q has a quote without an end", s)
			}
			entry, rest = rest[1:i+1], rest[i+2:]
		} else if i := strings.IndexAny(rest, " \t"); i >= 0 {
			entry, rest = rest[:i], rest[i:]
		} else {
			rest = ""
		}
		if !flagForm.MatchString(entry) {
			return flawf("%q is not a flag", entry).hinted(`every part is -flag or -flag=value; quote a part with spaces: '-ldflags=-s -w'`)
		}
	}
	return flaw{}
}

// checkModulePatterns wants patterns of module paths by commas (Go Modules
// Reference, "Private modules").
func checkModulePatterns(s string) flaw {
	for pattern := range strings.SplitSeq(s, ",") {
		switch _, err := path.Match(pattern, ""); {
		case pattern == "":
		case strings.Contains(pattern, "://") || strings.ContainsAny(pattern, "@ \t"):
			return flawf("%q is not a pattern of module paths", redact(pattern)).hinted(`write paths without a scheme, such as "git.example.com/team,*.corp.example.com"`)
		case err != nil:
			return flawf("%q is not a pattern of module paths: %v", pattern, err)
		}
	}
	return flaw{}
}

// checkToolexec wants a program and its arguments, separated by spaces: a file
// of the project where its name has a slash, else a program on PATH.
func checkToolexec(s, subject string) flaw {
	if f := checkLine(s, subject); f.problem != "" {
		return f
	}
	program := strings.Fields(s)[0]
	switch {
	case strings.ContainsAny(s, `'"\`):
		return flawf("%q has quotes", s).hinted("arguments are separated by spaces and cannot hold them; let a program of the project give others")
	case strings.HasPrefix(program, "-"):
		return flawf("%q begins with a flag, not with a program", s)
	case strings.Contains(program, "/"):
		return checkSource(program, subject)
	}
	return flaw{}
}

// golang checks what of [go] and [image] env must agree with the rest.
func (r *report) golang(root *node, v Variant) {
	if n := root.get("go", "in-prefix"); v.Go.InPrefix && !v.Conda.Used() {
		r.add(n.value, flawf("go.in-prefix: there is no conda environment to put Go into").hinted("remove it, or ask for packages in [conda]"))
	}
	for _, name := range []string{"GOPATH", "GOBIN"} {
		if n := root.get("image", "env", name); n != nil && len(v.Go.Versions) > 0 {
			r.add(n.value, flawf("image.env.%s: PATH and permissions follow from it", name).hinted("set it in [go.env]"))
		}
	}
}
