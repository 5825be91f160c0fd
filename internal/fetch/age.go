package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestAge bounds what a server may ask a copy to be used for.
const longestAge = 24 * time.Hour

// maxAge returns for how long an answer may be used without asking again: the
// max-age of Cache-Control (RFC 9111 §5.2.2.1) less the time that it lay in
// other caches, and nothing where asking is wanted.
func maxAge(h http.Header) time.Duration {
	var age time.Duration
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			age = seconds(strings.Trim(value, `"`))
		}
	}
	return max(0, min(age-seconds(h.Get("Age")), longestAge))
}

// seconds reads a number of seconds; what is none is 0.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
