package wheel

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Systems that wheels are installed for, in conda's spelling.
const (
	linux = "linux"
	osx   = "osx"
)

// Environment is where wheels are installed to: a prefix with a CPython.
type Environment struct {
	System       string // "linux" or "osx"
	Prefix       string // absolute path that is written into scripts: "/opt/conda"
	Root         string // path of the prefix below the image's root, links resolved; "" means Prefix
	Python       string // "3.11"
	SitePackages string // below the prefix; "" means lib/pythonX.Y/site-packages
	GroupAsUser  bool   // files have modes 0664 and 0775 instead of 0644 and 0755
}

// Install says which wheel is installed.
type Install struct {
	SHA256    string // hex, of the wheel's bytes: the caller has checked them
	Requested bool   // the user asked for the project by name (PEP 376, REQUESTED)
}

// target is an Environment that has been checked.
type target struct {
	Environment
	xy string // "3.11"
}

func newTarget(e Environment) (*target, error) {
	if e.System != linux && e.System != osx {
		return nil, usage("", "wheels cannot be installed for the system %q", e.System)
	}
	if !path.IsAbs(e.Prefix) || path.Clean(e.Prefix) != e.Prefix || e.Prefix == "/" {
		return nil, usage("", "prefix %q is not a clean absolute path below /", e.Prefix)
	}
	e.Root = cmp.Or(e.Root, strings.TrimPrefix(e.Prefix, "/"))
	if err := tree.CheckPath(e.Root); err != nil {
		return nil, usage("", "prefix: %w", err)
	}
	major, rest, _ := strings.Cut(e.Python, ".")
	minor, _, _ := strings.Cut(rest, ".")
	if !isDigits(major) || !isDigits(minor) {
		return nil, usage("", "python version %q has no minor version", e.Python)
	}
	t := &target{Environment: e, xy: major + "." + minor}
	t.SitePackages = cmp.Or(t.SitePackages, "lib/python"+t.xy+"/site-packages")
	if err := tree.CheckPath(t.SitePackages); err != nil {
		return nil, usage("", "site-packages: %w", err)
	}
	return t, nil
}

// usage returns an error about input that cannot be used as asked.
func usage(where, format string, args ...any) *tree.Error {
	return tree.NewError(where, format, args...).WithClass("usage")
}

// Describe plans how the wheel is installed (phase A). Of its files it reads
// those that become scripts, whose first line may change; nothing is written.
//
// Errors are of type *tree.Error: class "usage" where the environment cannot
// take wheels, "verification" where the wheel is unsafe.
func (w *Wheel) Describe(ctx context.Context, env Environment, in Install) (*Description, error) {
	t, err := newTarget(env)
	if err != nil {
		return nil, err
	}
	if sum, err := hex.DecodeString(in.SHA256); err != nil || len(sum) != sha256.Size {
		return nil, w.errorf("sha256 %q is not one", in.SHA256)
	}
	p := &planner{Wheel: w, target: t, rows: make([]row, 0, len(w.rows)+len(w.commands)+3), paths: map[string]int{}}
	for _, x := range w.rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.addMember(x); err != nil {
			return nil, err
		}
	}
	if err := p.addMade(in.Requested); err != nil {
		return nil, err
	}
	d := &Description{
		Rules: Rules, Project: w.name.Project(), Version: w.name.Version, SHA256: strings.ToLower(in.SHA256),
		System: t.System, Root: t.Root, GroupAsUser: t.GroupAsUser, Files: p.files,
	}
	slices.SortFunc(d.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return d, p.checkParents()
}

// planner is the state of Describe.
type planner struct {
	*Wheel
	*target
	files []File
	paths map[string]int // of files, by path
	rows  []row          // of the new RECORD
}

// addMember plans a file of the wheel.
func (p *planner) addMember(x row) error {
	dest, script, err := p.destination(x.path)
	if err != nil {
		return err
	}
	m := p.zip.files[x.path]
	f := File{
		Path: dest, Source: x.path, SHA256: x.sha256Hex(), Size: int64(m.UncompressedSize64),
		Executable: script || executable(m.ExternalAttrs>>16), ModTime: max(m.Modified.Unix(), 0),
	}
	if script {
		if p.isCommand(path.Base(dest)) {
			return nil // the entry point is installed, as pip does
		}
		if x, err = p.script(&f, x); err != nil {
			return err
		}
	}
	return p.add(f, x)
}

// add plans a file whose row of RECORD has its hash.
func (p *planner) add(f File, x row) error {
	if err := tree.CheckPath(path.Join(p.Root, f.Path)); err != nil {
		return p.in(f.Source, err)
	}
	if top, _, _ := strings.Cut(f.Path, "/"); top == "conda-meta" {
		return p.errorf("%s: conda-meta belongs to conda packages", f.Path)
	}
	if _, ok := p.paths[f.Path]; ok {
		return p.errorf("%s: the wheel has this path twice", f.Path)
	}
	p.paths[f.Path] = len(p.files)
	p.files = append(p.files, f)
	x.path = relative(p.SitePackages, f.Path)
	p.rows = append(p.rows, x)
	return nil
}

// addMade plans the files that the installer makes: the scripts of entry
// points, then those of the .dist-info directory, RECORD last.
func (p *planner) addMade(requested bool) error {
	made := func(dest, text string, executable bool) error {
		sum := sha256.Sum256([]byte(text))
		f := File{Path: dest, Text: text, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text)), Executable: executable}
		return p.add(f, sha256Row("", sum[:], f.Size))
	}
	for _, e := range p.commands {
		if err := made("bin/"+e.command, e.script(p.shebang("")), true); err != nil {
			return err
		}
	}
	info := path.Join(p.SitePackages, p.distInfo)
	if err := made(path.Join(info, fileInstaller), "gophersnake\n", false); err != nil {
		return err
	}
	if requested {
		if err := made(path.Join(info, fileRequested), "", false); err != nil {
			return err
		}
	}
	own := row{path: path.Join(p.distInfo, fileRecord)}
	return made(path.Join(info, fileRecord), formatRecord(append(p.rows, own)), false)
}

// checkParents refuses a file where another one of the wheel needs a
// directory.
func (p *planner) checkParents() error {
	for i := range p.files {
		for dir := range tree.Parents(p.files[i].Path) {
			if _, ok := p.paths[dir]; ok {
				return p.errorf("%s: lies below %s, which the wheel has as a file", p.files[i].Path, dir)
			}
		}
	}
	return nil
}

// destination returns where a file of the wheel goes, below the prefix, and
// whether it is a script (PEP 427, "Installing a wheel").
func (p *planner) destination(name string) (dest string, script bool, err error) {
	rest, ok := strings.CutPrefix(name, p.data+"/")
	if p.data == "" || !ok {
		return path.Join(p.SitePackages, name), false, nil
	}
	scheme, rest, ok := strings.Cut(rest, "/")
	switch {
	case !ok:
		return "", false, p.errorf("%s: lies in no scheme of the data directory", name)
	case scheme == "purelib" || scheme == "platlib":
		return path.Join(p.SitePackages, rest), false, nil
	case scheme == "scripts":
		return path.Join("bin", rest), true, nil
	case scheme == "headers":
		return path.Join("include", "python"+p.xy, p.name.Project(), rest), false, nil
	case scheme == "data":
		return rest, false, nil
	}
	return "", false, p.errorf("%s: %q is no scheme of a data directory", name, scheme)
}

// isCommand reports whether the wheel has an entry point of this name.
func (p *planner) isCommand(name string) bool {
	return slices.ContainsFunc(p.commands, func(e entryPoint) bool { return e.command == name })
}

// script finds what becomes of a script's first line, and the installed
// script's row.
func (p *planner) script(f *File, x row) (row, error) {
	m, err := p.open(x.path)
	if err != nil {
		return x, err
	}
	r := bufio.NewReaderSize(m, maxFirstLine)
	old, shebang := p.replaceShebang(r)
	if shebang != "" {
		h := sha256.New()
		_, _ = io.WriteString(h, shebang) // a hash never fails
		if _, err := r.Discard(old); err != nil {
			return x, err
		}
		if _, err := io.Copy(h, r); err != nil {
			return x, err
		}
		f.Shebang = shebang
		f.Size += int64(len(shebang) - old)
		f.SHA256 = hex.EncodeToString(h.Sum(nil))
		x = sha256Row(x.path, h.Sum(nil), f.Size)
	}
	return x, m.finish()
}

// executable reports whether a member's mode makes it a program, as pip reads
// it.
func executable(mode uint32) bool { return mode&modeType == modeRegular && mode&0o111 != 0 }

// relative returns a path below the prefix as RECORD has it: relative to
// site-packages.
func relative(sitePackages, p string) string {
	base := strings.Split(sitePackages, "/")
	elements := strings.Split(p, "/")
	n := 0
	for n < len(base) && n < len(elements)-1 && base[n] == elements[n] {
		n++
	}
	return strings.Repeat("../", len(base)-n) + strings.Join(elements[n:], "/")
}
