// Package repofile makes the files that a project's repository gets from its
// configuration: the hooks of pre-commit, and a workflow of GitHub.
//
// # .pre-commit-config.yaml
//
// [PreCommit] owns the lines between two marks, which stand in the list repos:
//
//	repos:
//	  # gophersnake export pre-commit: begin. What stands in between is written anew.
//	  - repo: local
//	    …
//	  # gophersnake export pre-commit: end
//
// and leaves every other line as it is. In a file without marks they come first
// in the list, so that comments and other repos keep their order. The hooks are
// of language system: they start tools of the lock by gophersnake run, or by
// their names where these are the lock's anyway, as in the image.
//
// # Workflow
//
// [Workflow] is a file of its own. Its actions are pinned by commit.
package repofile

import (
	"strings"
)

// A Project is what the files are made for.
type Project struct {
	Dir         string // of gophersnake.toml, relative to the repository, with slashes; "" is its root
	File        string // name of gophersnake.toml
	Go          bool   // there is Go code to check
	Staticcheck bool   // staticcheck is among the tools
	Direct      bool   // tools are started by their names, not by gophersnake run
	Coverage    int    // percent of statements that tests have to cover
	Image       string // [image] name, "" without one
	Version     string // tag or branch of gophersnake that a workflow builds
}

// at returns a path of the project as the repository's root has it.
func (p Project) at(name string) string {
	if p.Dir == "" {
		return name
	}
	return p.Dir + "/" + name
}

// gophersnake returns the start of a command line that works at the
// repository's root, or inside the project.
func (p Project) gophersnake(inside bool) string {
	file := p.at(p.File)
	if inside {
		file = p.File
	}
	if file == "gophersnake.toml" {
		return "gophersnake"
	}
	return "gophersnake -f " + quote(file)
}

// tool returns the command line that starts a tool of the lock.
func (p Project) tool(command string, inside bool) string {
	if p.Direct {
		return command
	}
	return p.gophersnake(inside) + " run -- " + command
}

// quote returns a word of a shell's command line (POSIX), where it needs it in
// quotes.
func quote(word string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+=,"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
