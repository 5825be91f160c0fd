package debian

import (
	"strings"
	"time"
)

// SnapshotTime is how archives of Debian write a time, for package time.
const SnapshotTime = "20060102T150405Z"

// snapshots is where Debian keeps every state that its archive had.
const snapshots = "https://snapshot.debian.org/archive/debian/"

// Source says where an archive is read from, and whom to believe.
type Source struct {
	Mirror  string    // URL of the archive; "": Debian's own archive as it was at a snapshot's time
	Keyring string    // file with the keys that may sign it; "": Debian's own
	At      time.Time // when signatures and the index must be valid, where there is no snapshot
}

// Archive returns the archive's URL, with a slash at its end.
func (s Source) Archive(snapshot string) string {
	if s.Mirror != "" {
		return strings.TrimSuffix(s.Mirror, "/") + "/"
	}
	return snapshots + snapshot + "/"
}
