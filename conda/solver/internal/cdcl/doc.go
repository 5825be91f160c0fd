// Package cdcl decides whether clauses can hold together: a conflict-driven
// search for what package sat has found to be hard.
//
// It knows nothing of packages. Literals are variables shifted left by one, with
// bit 0 set if negated. The search is the one that has proved itself in solvers
// since MiniSat (Eén and Sörensson, "An Extensible SAT-solver", 2003) and Glucose
// (Audemard and Simon, "Predicting Learnt Clauses Quality", 2009): two watched
// literals with blockers, first unique implication points with recursive
// minimisation, activities of variables, saved phases, restarts, and forgetting
// of learnt clauses that span many levels. It takes turns between restarts that
// follow the quality of what is learnt and rare ones (Luby), which suit problems
// without and with answers.
//
// All counts are of conflicts, never of time, and all sums of floats are rounded
// one by one, so that equal clauses have equal answers on every machine.
package cdcl
