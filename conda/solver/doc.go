// Package solver chooses the conda packages of one environment on one platform.
//
// # Problem
//
// A [Problem] holds what the user asked for, in the user's order and words, the
// records that the channels offer, the virtual packages of the target (never
// those of the machine that solves) and how to choose. [Solve] answers with the
// records to install, or with an [Unsatisfiable] that says why there are none.
// The answer is a function of the problem alone: the order of the requests, of
// the channels and, for last ties, of the records counts; nothing else does.
//
// # Which candidates there are
//
//   - Of two records of one build in the two archive formats, the .conda; but the
//     other if only the .conda is too new.
//   - With strict priority (the default), the first channel that has a name owns
//     it: records of that name in later channels are excluded, even if none of
//     the first channel's fits. Flexible priority prefers earlier channels and
//     falls back to later ones. Without priority only versions count.
//   - A request channel::name excludes that name's records of other channels.
//   - ExcludeNewer excludes records that appeared later, and those that do not
//     say when.
//   - A record with a dependency that cannot be read is excluded by itself.
//   - A pinned record excludes all others of its name.
//
// # Repodata of revision 3
//
// A requirement with a condition (CEP 43) counts if what the condition names is
// chosen; a condition may have 64 alternatives when it is written as all of this
// or all of that. A requirement with extras (CEP 44) asks for one record that has
// them all, and for what they depend on. Flags (CEP 45) are matched as builds are.
// A constraint has no condition: the record that states one is excluded.
//
// # Which candidate is tried first
//
// Of the candidates that match a requirement: a record of the old lock; then
// records without track_features; then, with flexible priority only, the earlier
// channel; then the higher version; then the higher build number; then, among
// what is still equal, the one whose dependencies reach higher versions, compared
// name by name in alphabetical order over the names that all of them depend on;
// then the later build time; then the order of the records.
//
// Virtual packages are requirements of every problem, so that constraints on
// them hold. A package's constrains bind only if what they name is installed.
// These rules are those of rattler; package sat in internal has the search.
//
// # Hard problems
//
// Rattler's search decides every request to a real channel that was tried within
// a few hundred conflicts. A problem that takes thousands is decided by another
// search (package cdcl in internal), which is much faster then and prefers the
// same candidates, request by request, where it finds them soon. When to change
// over is counted in conflicts, so that the answer does not depend on the machine.
package solver
