package uv

import (
	"net/url"
	"slices"
	"strings"
)

// passed are the variables that uv may see: where programs and the home are,
// how the network is reached, and which indexes there are.
var passed = []string{
	"PATH", "HOME", "TMPDIR", "XDG_DATA_HOME", "PYENV_ROOT", "PYENV_VERSION",
	"USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "PATHEXT", "TEMP", "TMP",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "NETRC",
	"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY", "UV_KEYRING_PROVIDER",
	"UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS",
}

// Environ picks from a process's environment what uv may see. Indexes that are
// set for pip alone (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL) are set for uv.
func Environ(all []string) []string {
	var env []string
	has := map[string]bool{}
	for _, v := range all {
		name, value, _ := strings.Cut(v, "=")
		credential := strings.HasPrefix(name, "UV_INDEX_") && (strings.HasSuffix(name, "_USERNAME") || strings.HasSuffix(name, "_PASSWORD"))
		if (slices.Contains(passed, name) || credential) && value != "" {
			env = append(env, v)
			has[name] = true
		}
	}
	for _, v := range all {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case value == "":
		case name == "PIP_INDEX_URL" && !has["UV_DEFAULT_INDEX"] && !has["UV_INDEX_URL"]:
			env = append(env, "UV_DEFAULT_INDEX="+value)
		case name == "PIP_EXTRA_INDEX_URL" && !has["UV_INDEX"] && !has["UV_EXTRA_INDEX_URL"]:
			env = append(env, "UV_INDEX="+value)
		}
	}
	return env
}

// secrets returns what must not be in a message: user names and passwords of
// URLs, and the values of variables that are called so.
func secrets(env []string) []string {
	var all []string
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasSuffix(name, "_PASSWORD") || strings.HasSuffix(name, "_USERNAME") {
			all = append(all, value)
		}
		for word := range strings.FieldsSeq(value) {
			// An index may have a name before its URL.
			if i := strings.Index(word, "://"); i >= 0 {
				word = word[strings.LastIndexByte(word[:i], '=')+1:]
			}
			u, err := url.Parse(word)
			if err != nil || u.User == nil {
				continue
			}
			password, _ := u.User.Password()
			escaped, _, _ := strings.Cut(u.User.String(), "@")
			all = append(all, u.User.Username(), password, escaped)
			all = append(all, strings.Split(escaped, ":")...)
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < 3 }) // would hit half of every text
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}
