package solver

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/repodata"
)

// Record is what a channel says of one package, as far as the choice depends on
// it, and what the caller wants to know of the chosen ones.
type Record struct {
	Name          string
	Version       string
	Build         string
	BuildNumber   uint64
	Depends       []string         // match specs
	Constrains    []string         // match specs
	Extras        []repodata.Extra // optional groups of dependencies, of repodata revision 3
	TrackFeatures []string
	Flags         []string // of repodata revision 3
	Channel       string   // as in Problem.Channels
	Subdir        string   // "noarch", "linux-64", …
	FileName      string   // name-version-build.conda or .tar.bz2
	URL           string
	MD5           string // lower-case hex
	SHA256        string // lower-case hex
	Size          int64  // bytes
	Timestamp     int64  // milliseconds since the epoch: when it was built
	Indexed       int64  // milliseconds since the epoch: when the channel took it in
	License       string
	LicenseFamily string

	// Origin is for the caller; the solver does not look at it.
	Origin any
}

// Priority says what the order of channels means.
type Priority uint8

// The three channel priorities of conda.
const (
	Strict   Priority = iota // the first channel that has a name owns it
	Flexible                 // an earlier channel comes before a higher version
	Disabled                 // channels are equal
)

// Problem is a request for one environment on one platform.
type Problem struct {
	// Specs are the user's requests (match specs), more important ones first.
	Specs []string
	// Constraints are match specs that hold if what they name is installed.
	Constraints []string
	// Records are all candidates, channel by channel, in the order of the
	// channels' files. They are not changed.
	Records []Record
	// Virtual are the virtual packages of the target: Name, Version and Build.
	Virtual []Record
	// Favored are the records of an old lock: each is tried before all others
	// of its name, so that an answer changes as little as requests allow. They
	// need their Depends and Constrains, may be missing from Records, and are
	// returned as they are given.
	Favored []Record
	// Pinned are records that must be chosen if their name is, given likewise.
	Pinned []Record
	// Priority says what the order of Channels means.
	Priority Priority
	// Channels are the channels, the first one first. Nil means the order in
	// which they appear in Records.
	Channels []string
	// ExcludeNewer excludes records that appeared after this time, in
	// milliseconds since the epoch, and those that do not say when. 0 means none.
	ExcludeNewer int64
	// AllowUndated keeps records that do not say when they appeared.
	AllowUndated bool
	// AddPip makes every python of version 2 or 3 depend on pip, as conda does
	// unless it is told otherwise.
	AddPip bool
}

// Solution is what to install.
type Solution struct {
	// Records are sorted by name.
	Records []Record
}

func newSolution(records []Record) Solution {
	slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(a.Name, b.Name) })
	return Solution{Records: records}
}

// published returns when a record appeared, or 0.
func (r *Record) published() int64 {
	return cmp.Or(r.Indexed, r.Timestamp)
}

// format ranks archive formats, the better one higher.
func (r *Record) format() int {
	name := cmp.Or(r.FileName, r.URL)
	if strings.HasSuffix(name, ".conda") {
		return 1
	}
	return 0
}
