// Package version orders conda version strings and matches them against
// version specs (CEP 26 and CEP 33, as rattler and conda read them).
//
// # Versions
//
//	version   = [ digits "!" ] part [ "+" part ]
//	part      = segment { sep segment } [ trailing ]
//	segment   = component { component }
//	component = digits | letters
//	sep       = "." | "-" | "_"
//	trailing  = "_" | "-" | sep "_" | sep "-"
//
// Letters are ASCII and their case does not matter. The number before "!" is
// the epoch (0 if absent), the part after "+" the local version. A version
// uses either "-" or "_", not both; they mean the same as ".". A segment that
// starts with a letter gets a 0 in front. A trailing "_" is a component of the
// last segment, a trailing separator with "_" a segment of its own.
//
// Epochs are compared first, then the main parts, then the local parts, segment
// by segment and component by component; what is missing counts as 0. Among
// components the order is
//
//	"dev" < trailing "_" < other letters (by code point) < numbers < "post"
//
// Numbers may have any length. So 1.0 == 1 == 01.0.0, 1.0+local < 1.0,
// 1.1.0rc > 1.1rc and 1.1post1 > 1.1.post1.
//
// # Specs
//
//	spec       = and { "|" and }
//	and        = term { "," term }
//	term       = "(" spec ")" | constraint
//	constraint = [ op ] version [ "*" | { ".*" } ] | "*" | glob | regex
//	op         = "==" | "!=" | "<=" | ">=" | "<" | ">" | "=" | "~="
//	glob       = version characters with a "*" that is not at the end
//	regex      = "^" RE2 "$"
//
// Blanks may surround operators, versions and parentheses.
//
//	1.8, ==1.8        exactly that version (1.8 == 1.8.0)
//	=1.8, 1.8*, 1.8.* versions that start with 1.8, see [Version.StartsWith]
//	==1.8.*           the same
//	!=1.8             any other version
//	!=1.8.*, !=1.8*   versions that do not start with 1.8
//	>1.8.*, >=1.8.*   >=1.8
//	<1.8.*, <=1.8.*   <1.8, <=1.8
//	~=1.8.2           >=1.8.2 that starts with 1.8
//	>=*, <=*, ==*, =* any version, and so are ~=* and *.*
//	1.*.3, ^1\..*$    the version as written matches, whatever its case
//	=>1.2             >=1.2
//
// A strict reader ([ParseSpecStrict]) refuses what is ambiguous or has more
// than one reading: a version without operator or "*", an operator other than
// "!=" with "*", more than one ".*", globs, and "=>". Where the two tools that
// everybody uses read a spec differently, docs/conda-choices.md says which
// reading this package takes and why.
package version
