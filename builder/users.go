package builder

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
)

// defaultPath is PATH where a base has none: what dockerd gives a container of
// an image without one.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// accounts adds the account that an image runs as unless it names another. With
// Go it may write GOPATH, without which the go command fetches no module.
func (c *composer) accounts() {
	if c.User == "" {
		c.User = "nonroot"
		if _, _, err := files.UserID(&lock.Facts{}, c.Accounts, c.User); err != nil {
			a := files.Nonroot()
			if c.hasGo() {
				a.Groups = []string{"golang"}
			}
			c.Accounts = append(c.Accounts, a)
		}
	}
	c.member()
}

// runsAs reports whether an account is the one that the image runs as.
func (c *composer) runsAs(a files.Account) bool {
	return a.Name == c.User || strconv.Itoa(a.UID) == c.User
}

// users adds the layer of accounts, their homes, and the directories that the go
// command writes to (design.md §10); above it that of permissions.
func (c *composer) users() error {
	all, err := c.workdir()
	if err != nil {
		return err
	}
	accounts, err := files.Accounts(c.facts, c.Accounts)
	if err != nil {
		return err
	}
	all = append(all, accounts...)
	if c.hasGo() {
		all = append(all, c.goDirs()...)
	}
	if err := c.add(files.Layer("accounts", "accounts", c.facts, c.Compression, all)); err != nil {
		return err
	}
	c.shared(c.facts.Resolve(trimRoot(c.CondaPrefix)), c.prefix)
	return nil
}

// user returns the image's USER as a number, which runAsNonRoot needs. The
// group follows from /etc/passwd.
func (c *composer) user() (string, error) {
	uid, _, err := files.UserID(c.facts, c.Accounts, c.User)
	return strconv.Itoa(uid), err
}

func (c *composer) hasGo() bool {
	return slices.ContainsFunc(c.lock.Go, func(t lock.Toolchain) bool { return t.Image })
}

// baseEnv returns the variables of the base, less those that go away.
func (c *composer) baseEnv() []string { return withoutVars(c.facts.Env, c.without()) }

// withoutVars returns variables less those of the given names.
func withoutVars(env, names []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return slices.Contains(names, name(kv)) })
}

// environ returns what activation and the configuration add to the base's
// variables, in that order. In a PATH, $PATH stands for the one before.
func environ(base []string, a *lock.Activation, own []string) []string {
	env := mergeEnv(nil, base)
	if a != nil {
		env = addVars(env, a.Env)
	}
	return addVars(env, own)
}

func addVars(env, vars []string) []string {
	for _, kv := range vars {
		if value, ok := strings.CutPrefix(kv, "PATH="); ok {
			kv = "PATH=" + strings.ReplaceAll(value, "$PATH", lookupPath(env))
		}
		env = mergeEnv(env, []string{kv})
	}
	return env
}

func lookupPath(env []string) string {
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, "PATH="); ok && value != "" {
			return value
		}
	}
	return defaultPath
}

func trimRoot(p string) string { return strings.TrimPrefix(p, "/") }
