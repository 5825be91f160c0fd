package pypi

import "strings"

// Normalize returns the name of a project in the one form that names are
// compared in (PEP 503): lower case, runs of "-", "_" and "." as one "-".
func Normalize(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if separator := r == '-' || r == '_' || r == '.'; separator {
			if !dash {
				b.WriteByte('-')
			}
			dash = true
			continue
		}
		b.WriteRune(r)
		dash = false
	}
	return b.String()
}
