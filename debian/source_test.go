package debian

import "testing"

func TestSource(t *testing.T) {
	const at = "20261101T000000Z"
	for _, tt := range []struct {
		from           Source
		main, security string
	}{
		{Source{}, "https://snapshot.debian.org/archive/debian/" + at + "/", "https://snapshot.debian.org/archive/debian-security/" + at + "/"},
		{Source{Mirror: "https://packages.example/debian"}, "https://packages.example/debian/", "https://packages.example/debian-security/"},
		{Source{Mirror: "https://packages.example/debian/", Security: "https://updates.example/x"}, "https://packages.example/debian/", "https://updates.example/x/"},
	} {
		if got := tt.from.Archive(at); got != tt.main {
			t.Errorf("%+v: %s, want %s", tt.from, got, tt.main)
		}
		if got := tt.from.SecurityArchive(at); got != tt.security {
			t.Errorf("%+v: %s, want %s", tt.from, got, tt.security)
		}
	}
	if !IsSecurity("bookworm-security") || IsSecurity("bookworm-updates") {
		t.Error("which suites are of the archive of security updates?")
	}
}
