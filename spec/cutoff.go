package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Cutoff is conda.exclude-newer: an age such as "7d", "12h" or "2w", a date
// (2026-11-01, its first second in UTC), or a time (RFC 3339). In the file a
// date or time may stand without quotes.
type Cutoff string

var ageForm = regexp.MustCompile(`^[1-9][0-9]{0,3}[hdw]$`)

// Time returns the time after which packages are ignored, and the zero time for
// "". Ages count back from now.
func (c Cutoff) Time(now time.Time) (time.Time, error) {
	if c == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, string(c)); err == nil {
			return t.UTC(), nil
		}
	}
	if ageForm.MatchString(string(c)) {
		hours := map[byte]int{'h': 1, 'd': 24, 'w': 7 * 24}[c[len(c)-1]]
		n, _ := strconv.Atoi(string(c[:len(c)-1])) // four digits fit
		return now.UTC().Add(-time.Duration(n*hours) * time.Hour), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither an age nor a date", string(c))
}

func checkCutoff(s, _ string) flaw {
	if s == "" {
		return absent()
	}
	if _, err := Cutoff(s).Time(time.Time{}); err != nil {
		return flawf("%v", err).hinted(`write "7d", "12h", "2w", "2026-11-01" or a time with its zone`)
	}
	return flaw{}
}
