package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// none refuses arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fault.New(fault.Usage, "", "%s takes no argument, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// commandOnly refuses arguments of a command that only groups others.
func commandOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fault.New(fault.Usage, "", "%s has no command %q", cmd.CommandPath(), args[0])
	if cmd.SuggestionsMinimumDistance = 2; len(cmd.SuggestionsFor(args[0])) > 0 {
		return err.WithHint("did you mean %s?", strings.Join(cmd.SuggestionsFor(args[0]), " or "))
	}
	return err.WithHint("see %s --help", cmd.CommandPath())
}

// badFlag words what is wrong with a flag.
func badFlag(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return badValue("--"+invalid.GetFlag().Name, invalid.GetFlag(), invalid.GetValue(), err)
	}
	return fault.New(fault.Usage, "", "%w", err).WithHint("see %s --help", cmd.CommandPath())
}

// badValue words what is wrong with a flag's value, wherever it came from.
func badValue(where string, f *pflag.Flag, value string, err error) error {
	switch f.Value.Type() {
	case "bool":
		return fault.New(fault.Usage, where, "%q is neither true nor false", value)
	case "int":
		return fault.New(fault.Usage, where, "%q is not a whole number", value)
	case "duration":
		return fault.New(fault.Usage, where, "%q is not a time such as 30s or 2m", value)
	}
	return fault.New(fault.Usage, where, "%w", err)
}

// list joins platforms for people.
func list(ps []platforms.Platform) string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.String()
	}
	return strings.Join(texts, ", ")
}
