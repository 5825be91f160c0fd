package spec

import "strings"

// check looks at one string of the file, or at one key of a table.
type check func(s, subject string) flaw

// valueChecks are the forms that strings must have, by dotted key; "*" stands
// for every key of a table, and list indexes are left out.
func valueChecks() map[string][]check {
	return map[string][]check{
		"image.name":                  {checkRepository},
		"image.tags":                  {checkTagTemplate},
		"image.workdir":               {checkAbsolute},
		"image.env.*":                 {noNUL, checkImageVariable},
		"base.image":                  {checkBase},
		"base.debian.suite":           {checkWord},
		"base.debian.extra-suites":    {checkWord},
		"base.debian.snapshot":        {checkSnapshot},
		"base.debian.components":      {checkWord},
		"base.debian.packages":        {checkDebianPackage},
		"base.debian.mirror":          {checkURL},
		"base.debian.security-mirror": {checkURL},
		"base.debian.keyring":         {checkRelative},
		"conda.file":                  {checkRelative},
		"conda.lock":                  {checkRelative},
		"conda.target.*.lock":         {checkRelative},
		"conda.wheels":                {checkRelative},
		"conda.environment":           {checkWord},
		"conda.categories":            {checkWord},
		"conda.channels":              {checkChannel},
		"conda.dependencies":          {checkNoCredentials, checkLine, checkMatchSpec},
		"conda.target.*.dependencies": {checkNoCredentials, checkLine, checkMatchSpec},
		"conda.prefix":                {checkPrefix},
		"conda.exclude-newer":         {checkCutoff},
		"go.versions":                 {checkGoVersion},
		"go.proxy":                    {checkProxy},
		"go.tools":                    {checkTool},
		"go.env.*":                    {checkNoCredentials, noNUL, checkGoValue},
		"cli.package":                 {checkPackage},
		"cli.name":                    {checkFileName},
		"cli.path":                    {checkAbsolute},
		"cli.bundle":                  {checkAbsolute},
		"cli.toolexec":                {checkToolexec},
		"cli.overlay":                 {checkSource},
		"cli.gocache":                 {checkRelative},
		"cli.gomodcache":              {checkRelative},
		"files.src":                   {checkSource},
		"files.dest":                  {checkAbsolute},
		"files.mode":                  {checkMode},
		"files.owner":                 {checkOwner},
		"files.ignore":                {checkLine},
		"accounts.name":               {checkAccount},
		"accounts.groups":             {checkGroup},
		"devcontainer.extensions":     {checkExtension},
		"registry.*.ca":               {checkRelative},
		"registry.*.mirrors":          {checkMirror},
		"registry.*.blob-home":        {checkRepository},

		"devcontainer.remote-user":     {checkOwner},
		"devcontainer.cap-add":         {checkCapability},
		"devcontainer.security-opt":    {checkLine},
		"devcontainer.mounts":          {checkMount},
		"devcontainer.container-env.*": {checkNoCredentials, noNUL},
		"devcontainer.remote-env.*":    {checkNoCredentials, noNUL},
	}
}

// keyChecks are the forms that keys of tables must have.
func keyChecks() map[string]check {
	return map[string]check{
		"image.labels":           checkLine,
		"image.annotations":      checkLine,
		"image.env":              checkGoVariable,
		"go.env":                 checkGoVariable,
		"conda.virtual-packages": checkVirtual,
		"conda.target":           checkSubdir,
		"registry":               checkHost,

		"devcontainer.container-env": checkGoVariable,
		"devcontainer.remote-env":    checkGoVariable,
		"devcontainer.settings":      checkSetting,
	}
}

// forms checks every string and key that has a rule, of the top level or of a
// variant; subject is the variant's dotted key.
func (r *report) forms(root *node, subject string) {
	for pattern, checks := range valueChecks() {
		visit(root, subject, strings.Split(pattern, "."), func(subject string, n *node) {
			if n.kind != stringKind && n.kind != dateKind && n.kind != integerKind {
				return
			}
			for _, c := range checks {
				if f := c(n.text, subject); f.problem != "" {
					r.add(n.value, flaw{subject + ": " + f.problem, f.hint})
					return // the checks after it may repeat what this one hides
				}
			}
		})
	}
	for pattern, c := range keyChecks() {
		n := root.get(strings.Split(pattern, ".")...)
		if n == nil {
			continue
		}
		name := strings.TrimPrefix(subject+"."+pattern, ".")
		for _, key := range n.keys {
			if f := c(key, pattern); f.problem != "" {
				r.add(n.table[key].key, flaw{name + ": " + f.problem, f.hint})
			}
		}
	}
}

// visit calls f for all that a pattern matches. Lists on the way, and the last
// one, are entered.
func visit(n *node, subject string, pattern []string, f func(string, *node)) {
	switch {
	case n == nil:
	case n.kind == listKind:
		for _, item := range n.items {
			visit(item, subject, pattern, f)
		}
	case len(pattern) == 0:
		f(subject, n)
	case pattern[0] == "*":
		for _, key := range n.keys {
			visit(n.table[key], joinKey(subject, key), pattern[1:], f)
		}
	default:
		visit(n.table[pattern[0]], joinKey(subject, pattern[0]), pattern[1:], f)
	}
}
