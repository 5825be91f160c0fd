package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// accountForm, of at most maxAccount letters, is the form of a user's or group's
// name that all Linux distributions take.
var accountForm = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)

// reserved are the names and numbers that images have without being asked.
func reserved() map[string]int {
	return map[string]int{"root": 0, "conda": 900, "golang": 901, "nobody": 65534, "nonroot": 65532}
}

func checkAccount(s, _ string) flaw {
	if !within(accountForm, maxAccount, s) {
		return flawf("%q is not a user's name", s).
			hinted(`names are at most 32 lower case letters, digits, "_" and "-", and begin with a letter or "_"`)
	}
	return flaw{}
}

func checkGroup(s, _ string) flaw {
	if !within(accountForm, maxAccount, s) {
		return flawf("%q is not a group's name", s)
	}
	return flaw{}
}

func checkOwner(s, _ string) flaw {
	if !isNumber(s) && !within(accountForm, maxAccount, s) {
		return flawf("%q is neither an account nor a number", s)
	}
	return flaw{}
}

// accounts checks that names and numbers are used once. The account nonroot
// may be listed, to give it groups.
func (r *report) accounts(root *node, all []Account) {
	names, numbers := map[string]int{}, map[int]int{}
	for i, a := range all {
		n := root.get("accounts").items[i]
		uid, isReserved := reserved()[a.Name]
		if isReserved && (a.Name != "nonroot" || a.UID != uid) {
			r.add(n.get("name").value, flawf("accounts.name: %q is %d already", a.Name, uid).hinted("choose another name"))
			continue
		}
		for name, taken := range reserved() {
			if a.UID == taken && a.Name != name {
				r.add(n.get("uid").value, flawf("accounts.uid: %d is %q already", taken, name).hinted("choose another number"))
			}
		}
		if j, ok := names[a.Name]; ok {
			r.add(n.get("name").value, flawf("accounts.name: %q is listed twice, first on line %d", a.Name, line(root, j, "name")))
		} else if j, ok := numbers[a.UID]; ok {
			r.add(n.get("uid").value, flawf("accounts.uid: %d is %q already, on line %d", a.UID, all[j].Name, line(root, j, "uid")))
		}
		names[a.Name], numbers[a.UID] = i, i
	}
}

func line(root *node, account int, key string) int {
	return root.get("accounts").items[account].get(key).value.line
}

// user checks that the user of a key exists. A user of the base can be given
// by number: its names are not known yet.
func (r *report) user(root *node, v Variant, table, key string) {
	n := root.get(table, key)
	if n == nil || isNumber(n.text) || n.text == "root" || n.text == "nonroot" {
		return
	}
	names := []string{"root", "nonroot"}
	for _, a := range v.Accounts {
		names = append(names, a.Name)
	}
	if !slices.Contains(names, n.text) {
		r.add(n.value, flawf("%s.%s: %q is neither an account nor a number", table, key, n.text).
			hinted("add [[accounts]] with name = %s, or give the number", strconv.Quote(n.text)).suggest(n.text, names))
	}
}

// describe names an environment in errors.
func describe(name string) string {
	if name == "" {
		return "the top level"
	}
	return fmt.Sprintf("[env.%s]", name)
}
