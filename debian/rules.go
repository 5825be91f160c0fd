package debian

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// rules does what maintainer scripts do and images need. Each rule applies
// where its package is there, and makes no file that a package holds.
func (r *assembly) rules() error {
	for _, rule := range []func(){
		r.usrMerge, r.baseFiles, r.accounts, r.libc, r.shells, r.shell, r.login, r.pam, r.timezone,
	} {
		rule()
	}
	if err := r.certificates(); err != nil {
		return err
	}
	if err := r.alternatives(); err != nil {
		return err
	}
	return r.database()
}

// meta returns a package.
func (r *assembly) meta(name string) *Meta {
	i := slices.IndexFunc(r.metas, func(m *Meta) bool { return m.Name() == name })
	if i < 0 {
		return nil
	}
	return r.metas[i]
}

// file makes a regular file, unless the path is taken.
func (r *assembly) file(rule, path string, mode int64, content string) {
	r.owned(rule, tree.Header{Path: path, Mode: mode, Size: int64(len(content))}, content)
}

// link makes a symbolic link, unless the path is taken.
func (r *assembly) link(rule, path, target string) {
	r.owned(rule, tree.Header{Path: path, Kind: tree.Symlink, Mode: 0o777, Target: target}, "")
}

func (r *assembly) owned(rule string, h tree.Header, content string) {
	if !r.has(h.Path) {
		r.made[h.Path] = Made{Header: h, Content: []byte(content), Rule: rule}
	}
}

// mkdir makes a directory, unless the path is taken.
func (r *assembly) mkdir(path string, mode int64, group string) {
	if !r.has(path) {
		r.dirs[path] = tree.Header{Path: path, Kind: tree.Dir, Mode: mode, GID: r.id(r.groups, group, 0)}
	}
}

// usrMerge links the old directories into /usr: those that are in use, and the
// three that every merged system has.
func (r *assembly) usrMerge() {
	for _, top := range []string{"bin", "sbin", "lib"} {
		r.mkdir("usr/"+top, 0o755, "")
	}
	for _, top := range []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"} {
		if _, used := r.dirs["usr/"+top]; used {
			delete(r.dirs, top)
			r.link("usr-merge", top, "usr/"+top)
		}
	}
}

// baseFiles does what base-files' postinst does on a new system.
func (r *assembly) baseFiles() {
	m := r.meta("base-files")
	if m == nil {
		return
	}
	for _, f := range [][2]string{
		{"dot.profile", "root/.profile"},
		{"dot.bashrc", "root/.bashrc"},
		{"profile", "etc/profile"},
		{"motd", "etc/motd"},
	} {
		if text, ok := m.Texts["usr/share/base-files/"+f[0]]; ok {
			r.file("base-files", f[1], 0o644, text)
		}
	}
	for _, d := range []string{"mnt", "srv", "opt", "etc/opt", "var/opt", "media", "usr/local"} {
		r.mkdir(d, 0o755, "")
	}
	for _, args := range m.calls("install_local_dir", 1) {
		r.mkdir(args[0][1:], 0o755, "")
	}
	for _, args := range m.calls("ensure_file_owner_mode", 3) { // PATH root:GROUP MODE
		_, group, _ := strings.Cut(args[1], ":")
		if mode, err := strconv.ParseInt(args[2], 8, 64); err == nil {
			r.owned("base-files", tree.Header{Path: args[0][1:], Mode: mode & 0o777, GID: r.id(r.groups, group, 0)}, "")
		}
	}
	r.mkdir("var/mail", 0o2775, "mail")
	r.mkdir("run/lock", 0o1777, "")
	r.link("base-files", "usr/local/man", "share/man")
	r.link("base-files", "var/spool/mail", "../mail")
	for path, target := range map[string]string{"var/run": "/run", "var/lock": "/run/lock"} {
		delete(r.dirs, path)
		r.link("base-files", path, target)
	}
	if r.has("etc/dpkg/origins/debian") {
		r.link("base-files", "etc/dpkg/origins/default", "debian")
	}
}

// calls returns the arguments with which the package's postinst calls one of
// its functions on a path, where they are plain words.
func (m *Meta) calls(function string, arguments int) (all [][]string) {
	for line := range strings.Lines(m.Area["postinst"]) {
		words := strings.Fields(line)
		if len(words) == 1+arguments && words[0] == function && strings.HasPrefix(words[1], "/") && tree.CheckPath(words[1][1:]) == nil {
			all = append(all, words[1:])
		}
	}
	return all
}

// libc installs the name service's configuration. There is no ld.so.cache: the
// loader knows Debian's directories without it.
func (r *assembly) libc() {
	if m := r.meta("libc-bin"); m != nil {
		r.file("libc-bin", "etc/nsswitch.conf", 0o644, m.Texts["usr/share/libc-bin/nsswitch.conf"])
	}
}

// shells lists the login shells, as update-shells does: each also by its place
// in /usr.
func (r *assembly) shells() {
	m := r.meta("debianutils")
	if m == nil {
		return
	}
	lists := []string{m.Texts["usr/share/debianutils/shells"]}
	for _, other := range r.byName() {
		for _, path := range sortedKeys(other.Texts) {
			if strings.HasPrefix(path, "usr/share/debianutils/shells.d/") {
				lists = append(lists, other.Texts[path])
			}
		}
	}
	var lines []string
	for line := range strings.Lines(strings.Join(lists, "")) {
		line = strings.TrimSpace(line)
		if line == "" || slices.Contains(lines, line) {
			continue
		}
		lines = append(lines, line)
		if usr := "/usr" + line; strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "/usr/") && !slices.Contains(lines, usr) {
			lines = append(lines, usr)
		}
	}
	r.file("debianutils", "etc/shells", 0o644, strings.Join(lines, "\n")+"\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "/") })
	r.file("debianutils", "var/lib/shells.state", 0o644, strings.Join(lines, "\n")+"\n")
}

// shell makes /bin/sh where no package has it, and tells dpkg what dash's
// postinst claims.
func (r *assembly) shell() {
	if m := r.meta("dash"); m != nil && strings.Contains(m.Area["postinst"], "\nclaim_binsh /bin/sh dash") &&
		!strings.Contains(m.Area["postinst"], "drop_obsolete_diversion") { // trixie has no diversion of /bin/sh
		text := ""
		if r.has("usr/share/man/man1/sh.1.gz") {
			text = "/usr/share/man/man1/sh.1.gz\n/usr/share/man/man1/sh.distrib.1.gz\ndash\n"
		}
		r.file("dash", "var/lib/dpkg/diversions", 0o644, text+"/bin/sh\n/bin/sh.distrib\ndash\n")
	}
	for _, sh := range []string{"dash", "bash"} {
		if r.owner["usr/bin/"+sh] != nil {
			r.link(sh, "usr/bin/sh", sh)
		}
	}
}

func (r *assembly) login() {
	if r.meta("login") == nil && r.meta("passwd") == nil {
		return
	}
	r.file("login", "etc/subuid", 0o644, "")
	r.file("login", "etc/subgid", 0o644, "")
	if m := r.meta("login"); m != nil && strings.Contains(m.Area["postinst"], "/var/log/faillog") {
		r.file("login", "var/log/faillog", 0o644, "")
	}
}

// timezone sets UTC, as debconf's default does. Since trixie /etc/timezone is
// written only where it is already there.
func (r *assembly) timezone() {
	m := r.meta("tzdata")
	if m == nil {
		return
	}
	r.link("tzdata", "etc/localtime", "/usr/share/zoneinfo/Etc/UTC")
	if !strings.Contains(m.Area["postinst"], `test -f "$DPKG_ROOT/etc/timezone"`) {
		r.file("tzdata", "etc/timezone", 0o644, "Etc/UTC\n")
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
