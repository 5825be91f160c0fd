package doctor

import "fmt"

// worldWritable and sticky are bits of a mode: in a sticky directory one can
// remove only what one owns.
const (
	worldWritable = 0o002
	sticky        = 0o1000
)

// dirs judges the directories that go, gophersnake and the user write to.
func (c *check) dirs() {
	denied := ""
	for _, d := range c.Dirs {
		if d.At == "" || denied != "" && d.At == denied {
			continue // one directory, one finding
		}
		at := ""
		if d.At != d.Path {
			at = fmt.Sprintf(", which is not there, nor may it be made in %s", d.At)
		}
		switch {
		case !d.writable(c.User):
			denied = d.At
			c.found(Error, "dir-denied", d.Name, c.grant(d), "user %d may not write to %s%s (mode %04o, owner %d:%d)", c.User.ID, d.Path, at, d.Mode, d.UID, d.GID)
		case c.User.ID == 0 && d.UID != 0 && c.Image == nil:
			denied = d.At
			c.found(Warning, "dir-owner", d.Name, "set HOME to root's own, or work as that user", "%s belongs to user %d, who cannot change or remove what root writes there", d.At, d.UID)
		case d.Mode&worldWritable != 0 && d.Mode&sticky == 0 && d.At == d.Path:
			c.found(Warning, "dir-open", d.Name, c.shut(d), "everyone may write to %s (mode %04o), and what lies there is run", d.Path, d.Mode)
		}
	}
}

// grant says how a user gets the right to write to a directory.
func (c *check) grant(d Dir) string {
	switch {
	case c.Image == nil && d.UID == 0 && d.At != d.Path: // what is above it stays as it is
		return fmt.Sprintf("sudo install -d -o $(id -u) -g $(id -g) %s, or set %s elsewhere", d.Path, d.Name)
	case c.Image == nil && d.UID == 0:
		return fmt.Sprintf("sudo chown -R $(id -u) %s, or set %s elsewhere", d.At, d.Name)
	case c.Image == nil:
		return fmt.Sprintf("set %s to a directory of your own", d.Name)
	case d.Mode&0o020 != 0:
		return fmt.Sprintf("give the image's account the group %d (groups of [[accounts]])", d.GID)
	}
	return fmt.Sprintf("let the image run as a user who may, or set %s elsewhere in [image.env]", d.Name)
}

func (c *check) shut(d Dir) string {
	if c.Image != nil {
		return "let a group write to it in place of all: mode 2775"
	}
	return "chmod o-w " + d.Path
}
