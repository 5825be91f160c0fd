package main

import (
	"context"
	"os/exec"
	"strings"
)

// gitVersion returns the tag at HEAD without "v", else "0.0.0-<12 hex>", with
// "+dirty" where files changed, and "0.0.0" without git (design.md §3).
func gitVersion(ctx context.Context, dir, commit string) string {
	if commit == "" {
		return "0.0.0"
	}
	version := "0.0.0-" + commit[:min(12, len(commit))]
	if tag, err := git(ctx, dir, "describe", "--tags", "--exact-match", "HEAD"); err == nil {
		version = strings.TrimPrefix(tag, "v")
	}
	if status, err := git(ctx, dir, "status", "--porcelain", "--untracked-files=no"); err == nil && status != "" {
		version += "+dirty"
	}
	return version
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	return strings.TrimSpace(string(out)), err
}

// goEnv asks an installed go for a setting; "" where there is none.
func goEnv(ctx context.Context, name string) string {
	out, err := exec.CommandContext(ctx, "go", "env", name).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
