// Package repodata reads what conda channels say of their packages.
//
// # Forms
//
// A channel describes each of its subdirs (CEP 26) in up to four forms, which
// are tried in this order; only an answer "not there" leads to the next:
//
//   - repodata_shards.msgpack.zst (CEP 16): an index from names to the sha256
//     of shards, each the records of one name;
//   - repodata.json.zst, repodata.json.bz2 and repodata.json (CEP 36): the
//     records of all names.
//
// # Records
//
// A record is the value of a package's file name in packages, packages.conda,
// v3.conda or v3.tar.bz2 (CEP 48). File names are name-version-build.EXT, cut
// from the right; v3 leaves EXT out. Of one name-version-build in both formats
// the .conda is a candidate. Files listed in removed are none. Where a key
// stands twice, the last value counts, at the place of the first.
//
// Unknown keys are ignored, null is the same as absent, and old habits are
// read: noarch: true, track_features as one string, timestamps in seconds. The
// order of the file is kept, because solvers break last ties by it.
//
// # Channels
//
// A [Source] gives the files of one channel. [OpenAll] opens several channels,
// and those that they say they are related to (CEP 42); [View.Closure] reads
// what a solver may need for a request and nothing else.
//
// # Laziness
//
// [Open] checks that a document is JSON and cuts it into compressed chunks behind
// an index by name; nothing of a record is decoded before its name is asked for.
// A channel's document is read as it is unpacked, and never held as a whole. What
// Open makes is also a file, a Pack, for a [Cache] on disk: of one that is opened
// again, only the index and what is asked for is read. A [Stater] spares even
// looking at the document.
package repodata
