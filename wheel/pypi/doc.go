// Package pypi holds what Python's packaging standards say of versions,
// version specifiers, requirements and environment markers, as far as judging
// wheels that are already chosen needs it. It chooses nothing: that is uv's
// work (package uv beside it).
//
// # Versions (PEP 440)
//
//	[v][EPOCH!]N(.N)*[{a|b|rc}N][.postN][.devN][+LOCAL]
//
// in all spellings that the PEP normalises: upper case, "-" and "_" for ".",
// alpha, beta, c, pre, preview, rev, r, "-N" for ".postN", absent numbers for
// 0. Numbers may have any length.
//
// # Specifiers (PEP 440)
//
// A list of clauses with commas, all of which must hold; the empty list always
// does. Operators are ~=, ==, !=, <=, >=, <, > and ===; == and != take a
// prefix too (==1.2.*). Pre-releases count like any version: a version that is
// judged here was chosen already.
//
// # Requirements and markers (PEP 508)
//
//	NAME[EXTRA,…] SPECIFIER ; MARKER
//	NAME[EXTRA,…] (SPECIFIER) ; MARKER
//	NAME[EXTRA,…] @ URL ; MARKER
//
// Names and extras are normalised (PEP 503). In markers two values are compared
// as versions where both sides are such, else as text; an extra is compared by
// its normalised name. The sets extras and dependency_groups, which markers of
// lock files ask (PEP 751), know "in" and "not in" alone.
package pypi
