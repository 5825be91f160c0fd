package matchspec

import "strings"

// String returns the spec in one way of writing: name, version and build, then
// all else as keys in brackets, in a fixed order. Parsing it gives an equal
// spec (a name pattern needs [Options].Patterns).
func (m *MatchSpec) String() string { return m.format(true) }

func (m *MatchSpec) format(positional bool) string {
	w := writer{}
	if m.Name != "" {
		w.WriteString(m.Name)
	} else {
		w.WriteString(m.Pattern.String())
	}
	inBrackets := !positional || !w.positional(m)
	w.field("version", inBrackets && !m.Version.IsAny(), m.Version.String())
	w.field("build", inBrackets && !m.Build.IsAny(), m.Build.String())
	w.field("build_number", !m.BuildNumber.IsAny(), m.BuildNumber.String())
	w.text("fn", m.FileName)
	w.list("extras", m.Extras)
	w.list("flags", patternTexts(m.Flags))
	w.text("channel", m.Channel)
	w.text("subdir", m.Subdir)
	w.text("namespace", m.Namespace)
	w.text("md5", m.MD5)
	w.text("sha256", m.SHA256)
	w.text("url", m.URL)
	w.text("license", m.License)
	w.text("license_family", m.LicenseFamily)
	w.text("track_features", strings.Join(m.TrackFeatures, " "))
	if m.When != nil {
		w.text("when", m.When.String())
	}
	if w.open {
		w.WriteByte(']')
	}
	return w.String()
}

func patternTexts(patterns []Pattern) []string {
	var texts []string
	for _, p := range patterns {
		texts = append(texts, p.String())
	}
	return texts
}

type writer struct {
	strings.Builder
	open bool // the "[" is written
}

// positional writes version and build behind the name, unless they have bytes
// that mean something else there.
func (w *writer) positional(m *MatchSpec) bool {
	version, build := m.Version.String(), m.Build.String()
	if strings.ContainsAny(version+build, " \t\n\r\v\f#[]\"'\\:^$") {
		return false
	}
	if !m.Version.IsAny() || !m.Build.IsAny() {
		w.WriteString(" " + version)
	}
	if !m.Build.IsAny() {
		w.WriteString(" " + build)
	}
	return true
}

func (w *writer) key(key string) {
	if w.open {
		w.WriteString(", ")
	} else {
		w.WriteByte('[')
	}
	w.open = true
	w.WriteString(key + "=")
}

func (w *writer) text(key, value string) { w.field(key, value != "", value) }

func (w *writer) field(key string, set bool, value string) {
	if set {
		w.key(key)
		w.quoted(value)
	}
}

func (w *writer) quoted(value string) {
	w.WriteByte('"')
	for i := range len(value) {
		if value[i] == '"' || value[i] == '\\' {
			w.WriteByte('\\')
		}
		w.WriteByte(value[i])
	}
	w.WriteByte('"')
}

func (w *writer) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	w.key(key)
	w.WriteByte('[')
	for i, value := range values {
		if i > 0 {
			w.WriteByte(',')
		}
		if badNameByte(value) < 0 {
			w.WriteString(value)
		} else {
			w.quoted(value)
		}
	}
	w.WriteByte(']')
}
