// Package arch holds no code: its tests are the architecture.
//
// They read the sources of this module, and compare them with tables that are
// meant to be read first, by people:
//
//   - folders (folders_test.go): what each folder is for, and which others it
//     may import;
//   - pure (folders_test.go): what must not be reached, through however many
//     packages, from the half that is a function of the lock;
//   - effects, hostPaths (effects_test.go): where clock, environment, processes,
//     terminal and compressors may be used, with a reason for each exception;
//   - style_test.go: variables, contexts, comments and lengths.
//
// Nothing is compiled, run or asked of the network; a failure names the file,
// the line and the rule. docs/ARCHITECTURE.md says why the arrows are as they
// are.
package arch
