package lock

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// solve checks the question that packages answer.
func (c *checker) solve(key string, q *Solve) {
	r := row{c, key, fmt.Sprintf("solve for %s", q.Platform)}
	r.envs(q.Envs)
	r.imagePlatform(q.Platform)
	if !slices.Contains([]string{"", "strict", "flexible", "disabled"}, q.Priority) {
		r.usage("channel-priority", "%q is not strict, flexible or disabled", q.Priority)
	}
	if _, err := time.Parse(time.RFC3339, q.Cutoff); q.Cutoff != "" && (err != nil || !strings.HasSuffix(q.Cutoff, "Z")) {
		r.usage("cutoff", "%q is not a time in UTC (RFC 3339)", q.Cutoff)
	}
	for _, channel := range q.Channels {
		if token.MatchString(channel) || strings.Contains(channel, "@") && strings.Contains(channel, "://") {
			r.usage("channels", "holds a user name, password or token")
		}
	}
	r.variables(q.Variables)
}

// normal is a normalised name of PyPI (PEP 503).
var normal = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (c *checker) wheel(key string, w *Wheel) {
	r := row{c, key, fmt.Sprintf("wheel %q", w.Name)}
	r.envs(w.Envs)
	if !normal.MatchString(w.Name) {
		r.usage("name", "is not normalised (PEP 503)")
	}
	r.part("version", w.Version)
	r.platforms(w.Platforms)
	r.given("url", w.URL)
	if err := CheckWheelURL(w.URL); err != nil {
		r.report(fault.ClassOf(err), key+".url", "%s: %s", r.name, err)
	}
	r.hex("sha256", w.SHA256, 64)
	r.notNegative("size", w.Size)
}

// CheckWheelURL checks where a wheel is said to be, as CheckURL does for conda
// packages.
func CheckWheelURL(s string) error { return checkURL(s, ".whl") }

// platforms checks that platforms are given, once each.
func (r row) platforms(ps []platforms.Platform) {
	if len(ps) == 0 {
		r.usage("platforms", "is missing or empty")
	}
	for i, p := range ps {
		if slices.Contains(ps[:i], p) {
			r.usage("platforms", "names %s twice", p)
		}
	}
}
