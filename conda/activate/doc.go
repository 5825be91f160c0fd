// Package activate finds out what activating a conda environment does to a
// process's variables, without running anything: an environment's scripts are
// interpreted, confined to the environment's own files.
//
// # Order
//
// As conda does it (CEP 32): PATH and CONDA_… first, then the variables of
// etc/conda/env_vars.d/*.json by file name, a later file winning, then those of
// conda-meta/state, which win over them ([Variables]); then the scripts
// etc/conda/activate.d/*.sh by path, bytewise, one shell for all ([Evaluate]).
//
// # What a script sees
//
// The variables that activation itself sets, the environment's files, and
// nothing else: no file, variable or process of the machine that evaluates it.
// Words are expanded by mvdan.cc/sh; statements and builtins are executed here,
// so that nothing is left that could ask the machine. A file outside of the
// environment is not there, a program is not found, a variable that activation
// does not set is not set. What a script prints goes nowhere.
//
// Six programs that scripts edit text with, as those of compilers do, are
// answered here in their plainest uses: basename, dirname, cat, tr, sed with
// commands s, and uname for the kernel's name, Linux.
//
// # Literal and dynamic
//
// All that a script asks for and activation does not fix is noted: variables,
// files outside of the environment, and what differs from shell to shell (its
// process number, BASH_VERSION). Then the script is run again: each such
// variable alone set to a sentinel, all together, all but one; with another
// PATH behind the environment's; and with all files that it asked for being
// there. A script whose result is the same each time is literal: its result is
// a set of variables. A script is dynamic, which is to say that a shell has to
// source it where it matters, when
//
//   - its result differs;
//   - it needs another program;
//   - it uses what is not interpreted here: background jobs, process
//     substitution, traps, associative arrays, zsh's expansions, and the like;
//   - it sets what an earlier dynamic script sets too, or a later dynamic
//     script uses functions or shell variables of it.
//
// An assignment to PATH that keeps the PATH that it finds, once and as a whole,
// is literal: the result has $PATH in its place.
//
// Dynamic scripts are evaluated too, as if nothing else were set, once as if no
// program were found and once as if all succeeded. What they set so is given ([Result.Env]) where it depends on nothing but itself, and where
// sourcing them over it changes nothing: so JAVA_HOME is known to processes that
// no script is sourced for; $HOME/.cache, and a LD_LIBRARY_PATH that grows each
// time, are not.
//
// # What is refused
//
// Writing a file (other than /dev/null, and the standard streams), and passing
// a limit (see [Limits]): errors of class "policy" that name package, file and
// line. Both are found wherever they stand, in a command substitution or behind
// a program that was not found. A loop that depends on a program is dynamic
// instead, since it may end.
package activate
