// Package sat chooses one solvable per name so that every requirement holds:
// a conflict-driven clause-learning search in which clauses are made only for
// what can be reached from the request.
//
// # Terms
//
// A solvable is one build of one package; a name holds solvables, of which at
// most one may be chosen; a version set is a wish for one name. A solvable
// requires version sets (one solvable of each must be chosen with it) and is
// constrained by version sets (if their name is chosen at all, then from the
// set). All three are dense int32 ids that the [Provider] hands out.
//
// # Encoding
//
// Every reachable solvable is a variable; variable 0 is the request.
//
//	parent requires set     (not parent or c1 or c2 or ...), best candidate first; from
//	                        [sharedRequires] candidates on, and not for the request,
//	                        (not gate or c1 or c2 or ...), (gate or not parent)
//	parent constrains set   (not parent or not c) for each c outside the set; from
//	                        [sharedConstrains] such c on (not c or x), (not parent or not x)
//	parent requires set if  (not parent or not met or ... or gate) for each alternative;
//	                        (not member or met) for each set of the condition
//	at most one per name    each candidate fixes the helper bits of its own number
//	locked                  (not request or not other)
//	excluded, unparsable    (not c)
//
// # Search
//
// Decisions follow unsatisfied requirements: those of the request before all
// others, then in the order in which their clauses were made. A later one
// replaces the best so far only if its name is strictly more active and it has
// strictly fewer candidates left. The place of a requirement with a gate is that of
// the gate, where it was first made; one parent's others stand together. The first free candidate in the provider's
// order is chosen. A conflict is resolved to its first unique implication point;
// each name in the learnt clause gains 1 activity and all activities are then
// multiplied by 0.95, in float32. Learnt clauses are kept, the search never
// restarts except when clauses made late contradict what was chosen, and the
// answer is a function of the provider's answers alone. These rules are those
// of the resolvo solver, so that equal problems have equal answers.
//
// # Hard problems
//
// After [DefaultPatience] conflicts all clauses, with what was learnt, are handed
// to package cdcl, which restarts, forgets and decides as solvers of large
// problems do. Its answer is then made better from the request on, name by name:
// the first candidate that some answer has with those chosen before takes the
// place of a later one, if that is soon found. Such answers are right, but need
// not be those of resolvo, which would still be looking for one.
package sat
