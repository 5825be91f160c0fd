package fetch

import (
	"encoding/json"
	"net"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// RattlerAuth returns a Client.Auth that reads the file that RATTLER_AUTH_FILE
// names for rattler and its users: a JSON object of one kind of credentials for
// each host,
//
//	{"HOST": {"BearerToken": "…"}, "*.HOST": {"CondaToken": "…"},
//	 "HOST": {"BasicHTTP": {"username": "…", "password": "…"}}}
//
// where "*.HOST" stands for the host and for all below it, and the longest one
// counts. Credentials of another kind are an error when their host is asked,
// since a file may serve other programs too. The source is the file's name, for
// errors, none of which holds what is in it.
func RattlerAuth(text []byte, source string) (func(host string) (Login, bool), error) {
	var file map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fault.New(fault.Usage, source, "not a JSON object of credentials by host").
			WithHint(`RATTLER_AUTH_FILE names a file such as {"channel.example": {"BearerToken": "…"}}`)
	}
	logins := map[string]Login{}
	for host, kinds := range file {
		l, err := rattlerLogin(kinds)
		if err != "" {
			return nil, fault.New(fault.Usage, source, "%q: %s", host, err)
		}
		l.Source = source
		logins[strings.ToLower(host)] = l
	}
	return func(host string) (Login, bool) {
		for _, key := range rattlerKeys(strings.ToLower(host)) {
			if l, ok := logins[key]; ok {
				return l, true
			}
		}
		return Login{Source: source}, false
	}, nil
}

// rattlerLogin reads the credentials of a host. It says what is wrong with
// them, or "".
func rattlerLogin(kinds map[string]json.RawMessage) (l Login, problem string) {
	if len(kinds) != 1 {
		return l, "not one kind of credentials"
	}
	for kind, value := range kinds {
		var secret string
		var basic struct{ Username, Password string }
		switch {
		case strings.EqualFold(kind, "BasicHTTP"):
			if json.Unmarshal(value, &basic) != nil || basic.Username == "" {
				return l, kind + " is not a username and a password"
			}
			l.User, secret = basic.Username, basic.Password
		case kind == "BearerToken", kind == "CondaToken":
			if json.Unmarshal(value, &secret) != nil || secret == "" {
				return l, kind + " is not a text"
			}
			l.InPath = kind == "CondaToken"
		default:
			l.Unknown = kind
		}
		l.Secret = NewSecret(secret)
	}
	return l, ""
}

// rattlerKeys returns what a host may stand under, the best first.
func rattlerKeys(host string) []string {
	keys := []string{host}
	if name, _, err := net.SplitHostPort(host); err == nil {
		keys, host = append(keys, name), name
	}
	for rest, more := host, true; more; _, rest, more = strings.Cut(rest, ".") {
		keys = append(keys, "*."+rest)
	}
	return keys
}
