package uv

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// Options says which uv is run, and how.
type Options struct {
	Path    string   // of the program; "" where there is none
	Env     []string // "KEY=value": all that it sees, see Environ
	Dir     string   // for uv's cache and scratch; made where it is missing
	Offline bool     // ask no index: what the cache lacks is a network error
}

// Question is what is asked for one target. Lists are used in their order.
type Question struct {
	For          string        // whom the answer is for: "linux/arm64", for errors
	Requirements []Requirement // at least one
	Python       string        // version: "3.11.9"
	Arch         string        // amd64 or arm64, as in Go
	Glibc        string        // version of the target's C library: "2.36"
	Provided     []Package     // what conda provides
	Preferred    []Package     // what the last answer was
	Cutoff       string        // RFC 3339; "": none
}

// Requirement is a requirement (PEP 508) of the user.
type Requirement struct {
	Text  string
	Where string // "file:line"
}

// Package is a Python package in one version.
type Package struct {
	Name    string // normalised (PEP 503)
	Version string // what is no version of PEP 440 is not shown to uv
}

// maxOutput is how many bytes of a pylock.toml, or of uv's messages, are read.
const (
	maxOutput  = 64 << 20
	maxMessage = 64 << 10
)

// Compile asks uv. The answer is the text of a pylock.toml. Errors are of class
// unsatisfiable with uv's own explanation, usage where there is no uv, uv is
// not usable or a requirement is none, and network.
func Compile(ctx context.Context, o Options, q Question) ([]byte, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if o.Path == "" {
		r := q.Requirements[0]
		return nil, fault.New(fault.Usage, r.Where, "requirement %q: there is no uv on PATH to resolve it", r.Text).
			WithHint("install uv, take the package from a conda channel, or lock wheels with pixi, conda-lock or uv export --format pylock.toml")
	}
	platform, err := q.platform()
	if err != nil {
		return nil, err
	}
	run, err := newRun(o.Dir, q)
	if err != nil {
		return nil, fault.New(fault.Disk, o.Dir, "%w", bare(err))
	}
	defer run.remove()
	message, err := run.exec(ctx, o, arguments(q, platform))
	if err != nil {
		return nil, explain(ctx, o, q, message, err)
	}
	data, err := run.answer()
	if err != nil {
		return nil, fault.New(fault.Failed, "uv", "no answer: %w", bare(err))
	}
	return data, nil
}

// arguments is uv's command line. Files are named relative to where it runs.
func arguments(q Question, platform string) []string {
	args := []string{
		"pip", "compile", requirementsFile, "--constraints", constraintsFile,
		"--output-file", answerFile, "--format", "pylock.toml", "--generate-hashes", "--no-header",
		"--only-binary", ":all:", "--python-version", q.Python, "--python-platform", platform,
		"--no-config", "--no-progress", "--color", "never", "--quiet", "--cache-dir", path.Join("..", cacheDir),
	}
	if q.Cutoff != "" {
		args = append(args, "--exclude-newer", q.Cutoff)
	}
	for _, p := range q.Provided {
		if _, ok := p.version(); ok {
			args = append(args, "--no-emit-package", p.Name)
		}
	}
	return args
}

func (r *run) exec(ctx context.Context, o Options, args []string) (message string, err error) {
	cmd := exec.CommandContext(ctx, o.Path, args...)
	cmd.Dir = r.dir
	cmd.Env = append(append([]string{}, o.Env...), "UV_PYTHON_DOWNLOADS=never")
	if o.Offline {
		cmd.Env = append(cmd.Env, "UV_OFFLINE=1")
	}
	cmd.WaitDelay = 5 * time.Second // for what it left running with our pipes
	out := &capped{}
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	return out.buf.String(), err
}

// capped keeps the beginning of what is written to it.
type capped struct{ buf bytes.Buffer }

// Write keeps what there is room for, and says that it wrote all.
func (c *capped) Write(p []byte) (int, error) {
	c.buf.Write(p[:min(len(p), maxMessage-c.buf.Len())])
	return len(p), nil
}

// platform returns what uv calls the target.
func (q Question) platform() (string, error) {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[q.Arch]
	minor, ok := strings.CutPrefix(q.Glibc, "2.")
	minor, _, _ = strings.Cut(minor, ".")
	n, err := strconv.Atoi(minor)
	if arch == "" || !ok || err != nil || n < 17 {
		return "", fault.New(fault.Usage, "pip for "+q.For, "wheels are resolved for glibc 2.17 or newer on amd64 and arm64, not for glibc %q on %q", q.Glibc, q.Arch)
	}
	switch {
	case n > 40:
		n = 40
	case n < 28:
		n = 17
	case n < 31:
		n = 28
	}
	return arch + "-manylinux_2_" + strconv.Itoa(n), nil
}

// Check refuses what is no requirement that a wheel can fulfil: options, files,
// variables, sources, URLs with credentials. The class is usage.
func (r Requirement) Check() error {
	bad := func(format string, args ...any) *fault.Error { return fault.New(fault.Usage, r.Where, format, args...) }
	p, err := pypi.ParseRequirement(r.Text)
	switch {
	case err != nil:
		return bad("%w", err).WithHint("write NAME, NAME>=1.2,<2 or NAME @ URL of a wheel")
	case p.URL == "":
		return nil
	}
	scheme, rest, _ := strings.Cut(p.URL, "://")
	host, file, _ := strings.Cut(rest, "/")
	file, _, _ = strings.Cut(file, "#")
	switch {
	case strings.Contains(host, "@"):
		return bad("requirement of %q: its URL holds a user name or password", p.Name).WithHint("credentials belong in the netrc file")
	case strings.Contains(p.URL, "$"):
		return bad("requirement %q holds a variable, which is not expanded", r.Text)
	case scheme != "https" && scheme != "http" || !strings.HasSuffix(file, ".whl"):
		return bad("requirement %q is not for a wheel: gophersnake never builds packages", r.Text).
			WithHint("give the URL of a file that ends in .whl, or take the package from a conda channel")
	}
	return nil
}

// check refuses a question that is none.
func (q Question) check() error {
	for _, r := range q.Requirements {
		if err := r.Check(); err != nil {
			return err
		}
	}
	if _, err := pypi.ParseVersion(q.Python); err != nil {
		return fault.New(fault.Usage, "pip for "+q.For, "python's %w", err)
	}
	return nil
}

func (p Package) version() (string, bool) {
	v, err := pypi.ParseVersion(p.Version)
	return v.String(), err == nil
}

func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
