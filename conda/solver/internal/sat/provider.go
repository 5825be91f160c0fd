package sat

// Ids are small, dense and handed out by the Provider.
type (
	// Name is a package name.
	Name int32
	// Solvable is one build of one package; ids start at 1.
	Solvable int32
	// VersionSet is a wish for one name.
	VersionSet int32
)

// Root is the solvable that stands for the request. As a value of
// [Candidates.Favored] or [Candidates.Locked] it means that there is none.
const Root Solvable = 0

// Provider answers the questions of the search. Each question is asked at most
// once, when it is first needed, and the same question must have one answer.
type Provider interface {
	// Candidates returns what is known under a name.
	Candidates(Name) Candidates
	// Dependencies returns what a solvable requires and constrains, which stays as
	// it is. Solvables that want the same may share it.
	Dependencies(Solvable) *Dependencies
	// Filter returns the members of the set among all solvables of its name, in
	// the given order. It must not change or keep the slice.
	Filter(VersionSet, []Solvable) []Solvable
	// Sort orders members of one set, the one to try first in front.
	Sort(Lookup, []Solvable)
	// SetName returns the name that a version set is about.
	SetName(VersionSet) Name
	// NameOf returns the name of a solvable.
	NameOf(Solvable) Name
}

// Lookup lets Sort look further than the solvables it orders; answers are
// remembered.
type Lookup interface {
	// Matching returns the members of a set in the provider's order. The slice
	// must not be changed.
	Matching(VersionSet) []Solvable
	// Dependencies returns what a solvable requires and constrains. It must not be
	// changed.
	Dependencies(Solvable) *Dependencies
}

// Candidates is what is known under a name.
type Candidates struct {
	All      []Solvable  // in a fixed order
	Favored  Solvable    // tried before all others, or Root
	Locked   Solvable    // the only one allowed, or Root
	Excluded []Exclusion // members of All that must not be chosen
	// Lazy says that dependencies are costly to find: they are asked for only
	// once a solvable has been chosen, not as soon as it can be reached.
	Lazy bool
}

// Exclusion says why a solvable must not be chosen.
type Exclusion struct {
	Solvable Solvable
	Reason   string
}

// Dependencies is what a solvable wants of others.
type Dependencies struct {
	Requires   []VersionSet
	Constrains []VersionSet
	When       []Conditional
	// Unknown, when not empty, says why the dependencies cannot be told; such a
	// solvable is never chosen.
	Unknown string
}

// Conditional is a requirement that counts only under a condition.
type Conditional struct {
	Set VersionSet
	// If has alternatives: of one of them, every set must have its chosen member.
	If [][]VersionSet
}

// Problem is a request.
type Problem struct {
	Requires   []VersionSet // in order of importance
	Constrains []VersionSet
	When       []Conditional
	// Soft solvables are added one by one to the finished answer where they
	// fit without changing it.
	Soft []Solvable
	// Size is about how many solvables there are, so that room can be made for
	// them; 0 means that it is not known.
	Size int
	// Effort is after how many conflicts the search gives up with ErrEffort;
	// 0 means never.
	Effort int
	// Patience is after how many conflicts the problem is hard and package cdcl
	// decides it; 0 means [DefaultPatience].
	Patience int
}
