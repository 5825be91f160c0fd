package shell

import (
	"fmt"
	"strings"
)

// powerShellHook is for PowerShell, on any system.
type powerShellHook struct{ powerShell }

func (d powerShellHook) activate(h Hook, values []string) string {
	var b strings.Builder
	b.WriteString(posixHead)
	fmt.Fprintf(&b, "if (${env:%s} -ne 'on') {\n", h.kept("ACTIVE"))
	for _, name := range h.names() {
		fmt.Fprintf(&b, "    if (Test-Path -LiteralPath 'Env:%[1]s') { [Environment]::SetEnvironmentVariable('%[2]s', [Environment]::GetEnvironmentVariable('%[1]s')) }\n", name, h.kept(name))
	}
	fmt.Fprintf(&b, "    ${env:%s} = 'on'\n", h.kept("ACTIVE"))
	for i := len(h.Path) - 1; i >= 0; i-- {
		dir, _ := d.quote(h.Path[i]) // Files has tried
		fmt.Fprintf(&b, `    $__gophersnake = ${env:PATH}.Split([IO.Path]::PathSeparator)
    if ([Array]::IndexOf($__gophersnake, %[1]s, 0, [Math]::Max(0, [Array]::FindIndex($__gophersnake, [Predicate[string]]{ $args[0].StartsWith(${env:CONDA_PREFIX}) }))) -lt 0) { ${env:PATH} = %[1]s + [IO.Path]::PathSeparator + ${env:PATH} }
`, dir)
	}
	b.WriteString("    Remove-Variable -Name '__gophersnake' -ErrorAction Ignore\n}\n")
	for _, name := range h.Unset {
		b.WriteString(d.unset(Step{Name: name}))
	}
	for i, v := range h.Vars {
		b.WriteString(d.set(Step{Name: v.Name, Value: v.Value}, values[i]))
	}
	return b.String()
}

func (d powerShellHook) deactivate(h Hook) string {
	var b strings.Builder
	b.WriteString(posixHead)
	fmt.Fprintf(&b, "if (${env:%s} -eq 'on') {\n", h.kept("ACTIVE"))
	for _, name := range h.names() {
		fmt.Fprintf(&b, "    %s    if (Test-Path -LiteralPath 'Env:%[3]s') { [Environment]::SetEnvironmentVariable('%[2]s', [Environment]::GetEnvironmentVariable('%[3]s')) }\n    %[4]s",
			d.unset(Step{Name: name}), name, h.kept(name), d.unset(Step{Name: h.kept(name)}))
	}
	for _, dir := range h.Path {
		quoted, _ := d.quote(dir) // Files has tried
		fmt.Fprintf(&b, `    $__gophersnake = [Collections.ArrayList]@(${env:PATH}.Split([IO.Path]::PathSeparator))
    $__gophersnake.Remove(%s)
    ${env:PATH} = $__gophersnake -join [IO.Path]::PathSeparator
    Remove-Variable -Name '__gophersnake'
`, quoted)
	}
	fmt.Fprintf(&b, "    %s}\n", d.unset(Step{Name: h.kept("ACTIVE")}))
	return b.String()
}

// cmdHook is for cmd. Old values with quotes and one of & | < > in them are
// beyond it: it has no other way to copy a variable.
type cmdHook struct{ cmd }

func (d cmdHook) activate(h Hook, values []string) string {
	var b strings.Builder
	b.WriteString("@rem The Go of this environment, by gophersnake. Called by conda, mamba and micromamba.\n")
	active := h.kept("ACTIVE")
	for _, name := range h.names() {
		fmt.Fprintf(&b, "@if not defined %[1]s if defined %[2]s set \"%[3]s=%%%[2]s%%\"\n", active, name, h.kept(name))
	}
	for i := len(h.Path) - 1; i >= 0; i-- {
		dir, _ := d.quote(h.Path[i]) // Files has tried
		fmt.Fprintf(&b, "@if not defined %[1]s set \"PATH=;%%PATH%%;\"\n@if not defined %[1]s set \"PATH=%[2]s%%PATH:;%[2]s;=;%%\"\n@if not defined %[1]s set \"PATH=%%PATH:~0,-1%%\"\n", active, dir)
	}
	fmt.Fprintf(&b, "@set \"%s=on\"\n", active)
	for _, name := range h.Unset {
		fmt.Fprintf(&b, "@set \"%s=\"\n", name)
	}
	for i, v := range h.Vars {
		fmt.Fprintf(&b, "@set \"%s=%s\"\n", v.Name, values[i])
	}
	return crlf("%s", b.String())
}

// deactivate takes directories out by replacing them in ;PATH; with a semicolon.
func (d cmdHook) deactivate(h Hook) string {
	var b strings.Builder
	b.WriteString("@rem The Go of this environment, by gophersnake. Called by conda, mamba and micromamba.\n")
	active := h.kept("ACTIVE")
	fmt.Fprintf(&b, "@if not defined %s exit /b 0\n", active)
	for _, name := range h.names() {
		fmt.Fprintf(&b, "@set \"%[1]s=\"\n@if defined %[2]s set \"%[1]s=%%%[2]s%%\"\n@set \"%[2]s=\"\n", name, h.kept(name))
	}
	for _, dir := range h.Path {
		quoted, _ := d.quote(dir) // Files has tried
		fmt.Fprintf(&b, "@set \"PATH=;%%PATH%%;\"\n@set \"PATH=%%PATH:;%s;=;%%\"\n@set \"PATH=%%PATH:~1,-1%%\"\n", quoted)
	}
	fmt.Fprintf(&b, "@set \"%s=\"\n", active)
	return crlf("%s", b.String())
}
