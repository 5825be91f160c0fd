package pypi_test

import (
	"maps"
	"testing"

	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// TestLockFileMarkers tries what PEP 751 adds to markers.
func TestLockFileMarkers(t *testing.T) {
	in := maps.Clone(env)
	in["extras"], in["dependency_groups"] = "socks-5 http", "dev"
	for marker, want := range map[string]bool{
		`"socks-5" in extras`:                                     true,
		`'Socks_5' in extras`:                                     true,
		`"socks" in extras`:                                       false,
		`"dev" not in dependency_groups`:                          false,
		`"test" not in dependency_groups`:                         true,
		`"dev" in dependency_groups and sys_platform == "linux"`:  true,
		`"x" in extras or ("http" in extras and os_name == "nt")`: false,
	} {
		r, err := pypi.ParseRequirement("x; " + marker)
		if err != nil {
			t.Error(err)
		}
		if got := r.Applies(in); got != want {
			t.Errorf("%s: %v", marker, got)
		}
	}
	for marker, want := range map[string]string{
		`extras == "a"`:     `"x; extras == \"a\"" is not a requirement (PEP 508): the marker asks extras with "==": only a quoted text can be in it`,
		`"a" == extras`:     `"x; \"a\" == extras" is not a requirement (PEP 508): the marker asks extras with "==": only a quoted text can be in it`,
		`os_name in extras`: `"x; os_name in extras" is not a requirement (PEP 508): the marker asks extras with "in": only a quoted text can be in it`,
	} {
		if _, err := pypi.ParseRequirement("x; " + marker); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", marker, err, want)
		}
	}
}
