package signature

import (
	"testing"
	"time"
)

// TestGoogleSubkeys says when each subkey of the real key may sign. The library
// has checked that the primary key binds them.
func TestGoogleSubkeys(t *testing.T) {
	k, err := Google()
	if err != nil {
		t.Fatal(err)
	}
	ends := []string{"2019-04-12", "2020-01-24", "2022-07-21", "2024-10-25", "2026-02-14", "2027-01-29"}
	for i, s := range k.entity.Subkeys {
		made := s.PublicKey.CreationTime
		if got := judgeSubkey(&s, made.Add(24*time.Hour)); got != "" {
			t.Errorf("%s after a day: %s", fingerprint(s.PublicKey), got)
		}
		end, err := time.Parse(time.DateOnly, ends[i])
		if err != nil {
			t.Fatal(err)
		}
		if got := judgeSubkey(&s, end.Add(-24*time.Hour)); got != "" {
			t.Errorf("%s a day before its end: %s", fingerprint(s.PublicKey), got)
		}
		if got := judgeSubkey(&s, end.Add(48*time.Hour)); got != "the key had ended on "+ends[i] {
			t.Errorf("%s after its end: %s", fingerprint(s.PublicKey), got)
		}
	}
	self, _ := k.entity.PrimarySelfSignature()
	if !strong(self.Hash) || k.entity.PrimaryKey.KeyExpired(self, time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the primary key is bound by %v", self.Hash)
	}
}
