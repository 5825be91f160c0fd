package solver

import "github.com/gophersnake/gophersnake/conda/repodata"

// FromRepodata returns a record of a channel as a candidate. Its slices are
// those of the given record, which is its Origin.
func FromRepodata(r *repodata.Record) Record {
	return Record{
		Name: r.Name, Version: r.Version, Build: r.Build, BuildNumber: r.BuildNumber,
		Depends: r.Depends, Constrains: r.Constrains, Extras: r.Extras,
		TrackFeatures: r.TrackFeatures, Flags: r.Flags,
		Channel: r.Channel, Subdir: r.Subdir, FileName: r.FileName, URL: r.URL,
		MD5: r.MD5, SHA256: r.SHA256, Size: r.Size,
		Timestamp: r.Timestamp, Indexed: r.IndexedTimestamp,
		License: r.License, LicenseFamily: r.LicenseFamily,
		Origin: r,
	}
}

// FromSet returns all records that were read from channels, as candidates: name
// by name in alphabetical order, else in the order of channels, subdirs and
// files.
func FromSet(set *repodata.Set) []Record {
	n := 0
	for records := range set.All() {
		n += len(records)
	}
	out := make([]Record, 0, n)
	for records := range set.All() {
		for i := range records {
			out = append(out, FromRepodata(&records[i]))
		}
	}
	return out
}
