package wheel

import (
	"regexp"
	"strings"
)

// version is PEP 440's pattern (appendix B), for lower-case text with "-" in
// place of "_".
var version = regexp.MustCompile(`^v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
	`(?:[-.]?(alpha|a|beta|b|preview|pre|c|rc)[-.]?([0-9]*))?` +
	`(?:-([0-9]+)|[-.]?(post|rev|r)[-.]?([0-9]*))?` +
	`(?:[-.]?(dev)[-.]?([0-9]*))?` +
	`(?:\+([a-z0-9]+(?:[-.][a-z0-9]+)*))?$`)

// canonicalVersion returns a version such that versions are equal by PEP 440
// exactly where these texts are, or "" for what is no version.
func canonicalVersion(s string) string {
	m := version.FindStringSubmatch(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "_", "-"))
	if m == nil {
		return ""
	}
	epoch, release, pre, preN := m[1], m[2], m[3], m[4]
	implicit, post, postN, dev, devN, local := m[5], m[6], m[7], m[8], m[9], m[10]
	var b strings.Builder
	b.WriteString(number(epoch) + "!")
	parts := strings.Split(release, ".")
	for i := range parts {
		parts[i] = number(parts[i])
	}
	for len(parts) > 1 && parts[len(parts)-1] == "0" {
		parts = parts[:len(parts)-1]
	}
	b.WriteString(strings.Join(parts, "."))
	switch pre {
	case "":
	case "a", "alpha":
		b.WriteString("a" + number(preN))
	case "b", "beta":
		b.WriteString("b" + number(preN))
	default:
		b.WriteString("rc" + number(preN))
	}
	if implicit != "" || post != "" {
		b.WriteString(".post" + number(implicit+postN))
	}
	if dev != "" {
		b.WriteString(".dev" + number(devN))
	}
	if local != "" {
		parts := strings.Split(strings.ReplaceAll(local, "-", "."), ".")
		for i := range parts {
			if isDigits(parts[i]) {
				parts[i] = number(parts[i])
			}
		}
		b.WriteString("+" + strings.Join(parts, "."))
	}
	return b.String()
}

// number returns digits without leading zeros; none are 0.
func number(digits string) string {
	if s := strings.TrimLeft(digits, "0"); s != "" {
		return s
	}
	return "0"
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
