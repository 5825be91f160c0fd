package resolve

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/lock"
)

// favor makes the solver try the packages of the old lock first. Those to be
// updated are left out; where the channels, their priority or the date changed,
// so are those that the new rules would not let in, though they were locked once.
func (s *resolver) favor(t *target, old lock.Selection) {
	var was lock.Solve // of packages from a lock file, nothing is known
	if old.Solve != nil {
		was = *old.Solve
	}
	channels := !slices.Equal(was.Channels, t.Channels) || was.Priority != t.Priority
	date := was.ExcludeNewer != t.ExcludeNewer
	appeared := map[string]int64{}
	for _, r := range t.problem.Records {
		appeared[r.SHA256] = max(r.Indexed, r.Timestamp)
	}
	for _, c := range old.Conda {
		at := max(appeared[c.SHA256], c.Timestamp)
		switch {
		case s.Update(c.Name):
		case channels && !t.owns(c):
		case date && t.problem.ExcludeNewer != 0 && (at == 0 || at > t.problem.ExcludeNewer):
		default:
			t.problem.Favored = append(t.problem.Favored, favored(c))
		}
	}
}

// owns reports whether a locked package comes from a channel of the target, and
// from the one that has its name where the first one that does owns it.
func (t *target) owns(c lock.Conda) bool {
	for _, channel := range t.channels {
		if c.Channel != channel.Name && !strings.HasPrefix(c.URL, strings.TrimSuffix(channel.URL, "/")+"/") {
			continue
		}
		all := t.set.Channels(c.Name)
		return t.problem.Priority != solver.Strict || t.pinsChannel(c.Name) || len(all) == 0 || all[0] == channel.Name
	}
	return false
}

// favored returns a package of the old lock as the solver takes it.
func favored(c lock.Conda) solver.Record {
	return solver.Record{
		Name: c.Name, Version: c.Version, Build: c.Build, BuildNumber: c.BuildNumber, Depends: c.Depends, Constrains: c.Constrains,
		TrackFeatures: c.TrackFeatures, Channel: c.Channel, Subdir: c.Subdir, FileName: c.URL[strings.LastIndexByte(c.URL, '/')+1:], URL: c.URL,
		MD5: c.MD5, SHA256: c.SHA256, Size: c.Size, Timestamp: c.Timestamp, License: c.License, LicenseFamily: c.LicenseFamily,
		Origin: c,
	}
}
