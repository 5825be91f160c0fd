// Package shell changes the environment of a shell, and gives it back.
//
// A shell cannot be changed from outside: a program prints a script, and the
// shell evaluates it. [Activate] and [Deactivate] compare the environment that
// the shell gives to programs with the one that is wanted and return steps;
// [Shell.Script] spells them for one shell.
//
// # Giving back
//
// What activating replaced is kept in one variable, [DiffVar]: a stack, one
// frame for each active environment, as JSON in base64 (RFC 4648 §5, without
// padding), so that no shell needs to quote it. A frame has of every variable
// that was set or removed what it was before: bytes of any kind, empty, or not
// set, which differ. Of PATH it has the directories that were added: they are
// taken out again, and what was added to PATH since stays. A frame is 100 KiB at
// most with those below it, and there are 32 at most.
//
// What the shell does not tell programs it keeps itself: a variable that is not
// exported, and the prompt, go to shell variables __gophersnake_<depth>_<name>,
// which are not exported and are gone after deactivating. Lists, as fish has
// them, stay lists; attributes of bash and zsh (integer, array) are not kept.
//
// Activating the environment that is active already gives back first, so that a
// start-up file may activate in every shell that starts in another.
//
// # Quoting
//
//	sh, bash, zsh  '…', a quote is '\''                    every byte but NUL
//	fish           '…', with \' and \\                     every byte but NUL
//	pwsh           '…', quotes (' and its typographic      Unicode but NUL; before
//	               kin) doubled, other than printable      7.5 no empty value: it
//	               ASCII as [char]0x…                      is the same as not set
//	cmd            set "N=…" in a batch file, % doubled,   Unicode but NUL and line
//	               & | < > ^ escaped where quotes in the   breaks, 8191 characters
//	               value leave them bare                   with the name; no empty
//	                                                       value
//
// What a shell cannot hold is an error that names the variable. A batch file
// works while delayed expansion is off, and says so where it is on; it switches
// to code page 65001 while it has more than ASCII.
//
// # Hooks
//
// [Hook] is for environments that conda, mamba or micromamba activate: scripts
// for etc/conda/activate.d and deactivate.d, which find out by themselves what to
// keep.
package shell
