package debian

import (
	"strings"
	"time"
)

// SnapshotTime is how archives of Debian write a time, for package time.
const SnapshotTime = "20060102T150405Z"

// snapshots is where Debian keeps every state that its archives had.
const snapshots = "https://snapshot.debian.org/archive/debian"

// beside is what the archive of security updates is called more than the main
// one, beside which it stands on Debian's servers.
const beside = "-security"

// Source says where archives are read from, and whom to believe.
type Source struct {
	Mirror   string    // URL of the main archive; "": Debian's own archives as they were at a snapshot's time
	Security string    // URL of the archive of security updates; "": beside the main one
	Keyring  string    // file with the keys that may sign them; "": Debian's own
	At       time.Time // when signatures and indexes must be valid, where there is no snapshot
}

// Archive returns the main archive's URL, with a slash at its end.
func (s Source) Archive(snapshot string) string {
	if s.Mirror != "" {
		return strings.TrimSuffix(s.Mirror, "/") + "/"
	}
	return snapshots + "/" + snapshot + "/"
}

// SecurityArchive returns the URL of the archive of security updates, with a
// slash at its end.
func (s Source) SecurityArchive(snapshot string) string {
	switch {
	case s.Security != "":
		return strings.TrimSuffix(s.Security, "/") + "/"
	case s.Mirror != "":
		return strings.TrimSuffix(s.Mirror, "/") + beside + "/"
	}
	return snapshots + beside + "/" + snapshot + "/"
}

// IsSecurity reports whether a suite is one of the archive of security updates.
func IsSecurity(suite string) bool { return strings.HasSuffix(suite, beside) }
