// Package matchspec reads conda match specs and matches package records with
// them (CEP 29, and CEP 43 to 45 for the keys of repodata revision 3).
//
//	matchspec = [ place ] name [ version [ ( " " | "=" ) build ] ] [ brackets ] [ "#" comment ]
//	          | url [ brackets ] [ "#" comment ]
//	place     = channel [ "/" subdir ] "::" | channel [ "/" subdir ] ":" namespace ":" | namespace ":"
//	brackets  = "[" [ key "=" value { "," key "=" value } ] "]"
//	value     = '"' text '"' | "'" text "'" | "[" list "]" | bare text
//	url       = scheme "://" … | absolute path, both of a package file
//
// The name ends at a blank or at one of < > = ! ~ and is lower-cased. It may be
// a glob or "^regex$" only where [Options].Patterns allows searching. The
// version is a spec as package version describes it. Blanks around each part
// do not matter. Quoted text may hold \" \' and \\.
//
// The keys are version, build, build_number, url, fn, subdir, channel, md5,
// sha256, license, license_family, track_features, namespace, extras, flags and
// when. A key wins over what stands before the brackets.
//
//	p=1.8, p =1.8, p 1.8.*      1.8.*
//	p 1.8, p==1.8, p[version=1.8] ==1.8
//	p=1.8=b, p =1.8 b, p 1.8 b  ==1.8 and build b
//	p 1.8.*=b                   1.8.* and build b
//
// A single "=" in front of a lone version means "starts with" as long as no
// build follows, and exactly that version if one does, in rattler and in conda.
//
// A build and a flag match without regard to case: as a whole, by glob if there
// is a "*", and as RE2 if they read "^…$". A build number is a number after ==
// (or nothing), !=, <, <=, > or >=.
//
// A condition ("when") is made of match specs, "and", "or" and parentheses;
// "and" binds closer.
//
// A strict reader ([Options].Strict) refuses repeated keys, a version or build
// given twice, a build after "=", and what a strict reader of version specs
// refuses. docs/conda-choices.md says which reading is taken where rattler and
// conda differ.
package matchspec
