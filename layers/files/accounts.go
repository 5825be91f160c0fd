package files

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// The groups that writable trees belong to (design.md §3).
const (
	GroupConda  = 900
	GroupGolang = 901
)

// Account is a user of the image: gid = uid, home /home/NAME.
type Account struct {
	Name      string
	UID       int
	Groups    []string // "conda", "golang", or a group of the base
	RootGroup bool     // gid = 0 instead, and the group may do with the home what the user may
}

// GID returns the number of the account's group.
func (a Account) GID() int {
	if a.RootGroup {
		return 0
	}
	return a.UID
}

func (a Account) home() File {
	h := tree.Header{Path: "home/" + a.Name, Kind: tree.Dir, Mode: 0o700, UID: a.UID, GID: a.GID()}
	if a.RootGroup {
		h.Mode = 0o770
	}
	return File{Header: h}
}

// Nonroot is the account of images that name no user.
func Nonroot() Account { return Account{Name: "nonroot", UID: 65532} }

// Accounts returns etc/passwd and etc/group, the base's with the accounts
// added, and the homes. An account that the base has with the same uid is kept
// as it is; another uid is an error.
func Accounts(base *lock.Facts, accounts []Account) ([]File, error) {
	passwd, group := orRoot(base.Passwd, "root:x:0:0:root:/root:"+shell(base)+"\n"), orRoot(base.Group, "root:x:0:\n")
	groups := newGroups(group)
	var homes []File
	for _, a := range accounts {
		have, known := lookup(passwd, a.Name)
		if known && have != strconv.Itoa(a.UID) {
			return nil, fault.New(fault.Usage, "account "+a.Name, "the base has it with uid %s, not %d", have, a.UID)
		}
		if !known {
			passwd += fmt.Sprintf("%s:x:%d:%d::/home/%s:%s\n", a.Name, a.UID, a.GID(), a.Name, shell(base))
			if _, ok := groups.id(a.Name); !ok && !a.RootGroup {
				groups.add(a.Name, a.UID)
			}
			homes = append(homes, a.home())
		}
		if err := groups.join(a); err != nil {
			return nil, err
		}
	}
	return append([]File{
		Text("etc/group", 0o644, []byte(groups.text())),
		Text("etc/passwd", 0o644, []byte(passwd)),
	}, homes...), nil
}

func orRoot(text, root string) string {
	if text == "" {
		return root
	}
	return strings.TrimSuffix(text, "\n") + "\n"
}

func shell(base *lock.Facts) string {
	if base.Bash {
		return "/bin/bash"
	}
	return "/sbin/nologin"
}

// lookup returns the id of a line "name:x:id:…".
func lookup(text, name string) (id string, ok bool) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) > 2 && fields[0] == name {
			return fields[2], true
		}
	}
	return "", false
}

// UserID returns the numeric user and group of a [[files]] owner or an image's
// user: a number, an account, or a user of the base.
func UserID(base *lock.Facts, accounts []Account, user string) (uid, gid int, err error) {
	if n, err := strconv.Atoi(user); err == nil && n >= 0 {
		return n, n, nil
	}
	if user == "root" {
		return 0, 0, nil
	}
	if i := slices.IndexFunc(accounts, func(a Account) bool { return a.Name == user }); i >= 0 {
		return accounts[i].UID, accounts[i].GID(), nil
	}
	for line := range strings.Lines(base.Passwd) {
		f := strings.Split(line, ":")
		if len(f) > 3 && f[0] == user {
			uid, err1 := strconv.Atoi(f[2])
			gid, err2 := strconv.Atoi(f[3])
			if err1 == nil && err2 == nil {
				return uid, gid, nil
			}
		}
	}
	return 0, 0, fault.New(fault.Usage, "user "+strconv.Quote(user), "no such account, and the base has none of this name").
		WithHint("add it to [[accounts]], or use a number")
}

// groups is the text of /etc/group, line by line.
type groups struct{ lines []string }

func newGroups(text string) *groups {
	return &groups{strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
}

func (g *groups) text() string { return strings.Join(g.lines, "\n") + "\n" }

func (g *groups) index(name string) int {
	return slices.IndexFunc(g.lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
}

func (g *groups) id(name string) (string, bool) { return lookup(g.text(), name) }

func (g *groups) add(name string, id int) {
	g.lines = append(g.lines, fmt.Sprintf("%s:x:%d:", name, id))
}

// join makes the account a member of its groups.
func (g *groups) join(a Account) error {
	for _, name := range a.Groups {
		if g.index(name) < 0 {
			id, ok := map[string]int{"conda": GroupConda, "golang": GroupGolang}[name]
			if !ok {
				return fault.New(fault.Usage, "account "+a.Name, "group %q is neither conda, golang nor a group of the base", name)
			}
			g.add(name, id)
		}
		i := g.index(name)
		fields := strings.Split(g.lines[i], ":")
		for len(fields) < 4 { // name, password, number, members: group(5)
			fields = append(fields, "")
		}
		members := slices.DeleteFunc(strings.Split(fields[3], ","), func(m string) bool { return m == "" })
		if !slices.Contains(members, a.Name) {
			fields[3] = strings.Join(append(members, a.Name), ",")
			g.lines[i] = strings.Join(fields, ":")
		}
	}
	return nil
}
