package doctor

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// image judges what only an image has.
func (c *check) image() {
	c.imageEnv()
	c.imageUnset()
	c.imagePath()
	c.profile()
	c.imageUser()
	if m := c.Image; m.Command != "" && !m.Found {
		c.found(Error, "image-command", m.Command, "install it, or set [image] entrypoint and cmd", "is what the image starts, and no program of it")
	}
	if e := c.want.Entry; e != "" && c.Image.Shell && c.Image.Command != e {
		c.found(Error, "image-entry", "ENTRYPOINT", "build the image from the lock, and leave its entry point as it is", "does not begin with %s, which sources the activation scripts that depend on where the image runs", e)
	}
	c.files("image-setuid", c.Image.Special, "setuid or setgid: who runs them gets another's rights", "take the bits away")
	c.files("image-open", c.Image.Open, "for everyone to write", "take the bits away, or let a group write")
	if d := c.Image.GoRootDir; d.At != "" && c.User.ID > 0 && d.writable(c.User) {
		c.found(Warning, "image-goroot", d.Path, "let the Go belong to root and be 0755", "user %d, as whom the image runs, may change its Go", c.User.ID)
	}
	c.label()
	c.rows()
}

// activation returns the variables of the lock's activation but PATH, and the
// directories that it puts before and after the base's PATH.
func (c *check) activation() (vars []string, before, after []string) {
	if c.want.Lock == nil || c.want.Lock.Activation == nil {
		return nil, nil, nil
	}
	for _, kv := range c.want.Lock.Activation.Env {
		value, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			vars = append(vars, kv)
			continue
		}
		own := &before
		for dir := range strings.SplitSeq(value, ":") {
			if dir == "$PATH" {
				own = &after
				continue
			}
			*own = append(*own, dir)
		}
	}
	return vars, before, after
}

// imageEnv compares ENV with activation. [image.env] counts for more.
func (c *check) imageEnv() {
	vars, _, _ := c.activation()
	for _, kv := range vars {
		key, want, _ := strings.Cut(kv, "=")
		if own, ok := c.want.ImageEnv[key]; ok {
			want = own
		}
		got, ok := c.Env[key]
		if ok && got == want || key == "CONDA_PREFIX" && c.told("conda-prefix", "conda-stale") || key == "GOTOOLCHAIN" && c.told("gotoolchain", "go-mod") {
			continue
		}
		is := fmt.Sprintf("is %q", got)
		if !ok {
			is = "is not set"
		}
		c.found(Error, "image-env", key, "build the image from the lock", "%s in ENV, activation says %q", is, want)
	}
}

// imageUnset checks that ENV has no variable that activation takes away.
func (c *check) imageUnset() {
	if c.want.Lock == nil || c.want.Lock.Activation == nil {
		return
	}
	for _, key := range c.want.Lock.Activation.Unset {
		_, own := c.want.ImageEnv[key]
		if value, ok := c.Env[key]; ok && !own && (key != "GOROOT" || !c.told("goroot-env")) {
			c.found(Error, "image-env", key, "build the image from the lock", "is %q in ENV, activation takes it away", value)
		}
	}
}

// imagePath checks that PATH has the directories of activation in their order,
// those before the base's before everything else.
func (c *check) imagePath() {
	_, before, after := c.activation()
	last, lastDir := -1, ""
	for _, dir := range slices.Concat(before, after) {
		at := c.at(dir)
		switch {
		case at < 0 && dir == path.Join(c.Env["CONDA_PREFIX"], "bin") && c.told("conda-stale"),
			at < 0 && c.told("go-missing", "go-shadowed"):
		case at < 0:
			c.found(Error, "image-path", "PATH", "build the image from the lock; a PATH of [image.env] has to contain $PATH", "has no %s, where activation puts it first", dir)
			return
		case at < last && !c.told("go-shadowed", "conda-stale"):
			c.found(Error, "image-path", "PATH", "build the image from the lock; put more directories behind $PATH", "has %s before %s, activation has them the other way round", dir, lastDir)
			return
		}
		last, lastDir = max(last, at), dir
	}
}

// profile finds out whether a login shell keeps the image's PATH: /etc/profile
// of Debian sets it anew, and what lies in /etc/profile.d may set it right.
func (c *check) profile() {
	if !c.Image.Shell {
		return
	}
	var set, at string // what /etc/profile gives somebody, root or not
	for _, file := range c.Startup {
		for _, s := range statements(file) {
			if file.Path == "/etc/profile" && s.forgets() {
				set, at = set+":"+strings.Trim(s.value, `"'`), s.at
			}
		}
	}
	lost := slices.DeleteFunc(slices.Clone(c.Path), func(dir string) bool {
		return strings.Contains(set+":", ":"+dir+":") || slices.ContainsFunc(c.Startup, func(s Startup) bool { return profiled(s.Path) && strings.Contains(s.Text, dir) })
	})
	if at != "" && len(lost) > 0 {
		c.found(Error, "image-profile", at, "add a file to /etc/profile.d that puts them back, or build the image with gophersnake, which does",
			"login shells (bash -l, su -) set PATH anew and lose %s", strings.Join(lost, ", "))
	}
}

// profiled reports whether /etc/profile reads a file.
func profiled(file string) bool { return path.Dir(file) == "/etc/profile.d" && path.Ext(file) == ".sh" }

// imageUser judges USER: Kubernetes' runAsNonRoot needs a number, and programs
// want a line in /etc/passwd for it.
func (c *check) imageUser() {
	user, _, _ := strings.Cut(c.Image.User, ":")
	if user == "" {
		return // root, by default
	}
	if _, err := strconv.Atoi(user); err != nil {
		c.found(Warning, "image-user", "USER", "write the number into the config; gophersnake does", "is %q, a name: Kubernetes' runAsNonRoot refuses what is no number", user)
		return
	}
	for line := range strings.Lines(c.Image.Passwd) {
		if f := strings.Split(line, ":"); len(f) > 2 && f[2] == user {
			return
		}
	}
	c.found(Warning, "image-user", "USER", "add the account to [[accounts]]", "is %s, which /etc/passwd does not have: its home is / and it has no name", user)
}

// files reports files of one kind in one finding.
func (c *check) files(id string, files []File, what, remedy string) {
	if len(files) == 0 {
		return
	}
	more := ""
	if len(files) > 1 {
		more = fmt.Sprintf(", and %d more", len(files)-1)
	}
	c.found(Warning, id, files[0].Path, remedy, "has mode %04o%s: %s", files[0].Mode, more, what)
}

// metadataLabel is the label that editors read (containers.dev, "Image
// Metadata").
const metadataLabel = "devcontainer.metadata"

// label judges the devcontainer metadata: an array of objects or one object,
// whose last remoteUser is an account of the image.
func (c *check) label() {
	text, ok := c.Image.Labels[metadataLabel]
	if !ok {
		return
	}
	type entry struct {
		RemoteUser string `json:"remoteUser"`
	}
	var all []entry
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		text = "[" + text + "]"
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		c.found(Error, "image-label", metadataLabel, "write an array of objects, or take the label away", "editors cannot read it: %v", err)
		return
	}
	user := ""
	for _, e := range all {
		if e.RemoteUser != "" {
			user = e.RemoteUser
		}
	}
	if user != "" && user != "root" && !slices.ContainsFunc(strings.Split(c.Image.Passwd, "\n"), func(line string) bool { return strings.HasPrefix(line, user+":") }) {
		c.found(Error, "image-label", metadataLabel, "add the account to [[accounts]], or name another", "its remoteUser is %q, which /etc/passwd does not have", user)
	}
}

// rows compares the image's layers with the lock's.
func (c *check) rows() {
	if c.want.Rows == nil {
		return
	}
	var unknown []Layer
	for _, l := range c.Image.Layers {
		if !c.want.Rows[l.Digest] {
			unknown = append(unknown, l)
		}
	}
	if len(unknown) == 0 {
		return
	}
	first := unknown[0]
	others := ""
	if n := len(unknown) - 1; n > 0 {
		others = fmt.Sprintf(" (and %d more)", n)
	}
	c.found(Error, "image-lock", fmt.Sprintf("%.19s", first.Digest), "push the image anew, or take the lock that it was built from",
		"the layer %q%s is none of the lock's: the image was built from another lock", first.Name, others)
}
