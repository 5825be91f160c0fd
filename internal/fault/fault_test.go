package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

func TestError(t *testing.T) {
	for _, tc := range []struct {
		err         *fault.Error
		text, where string
		cause       error
	}{
		{fault.New(fault.Usage, "gophersnake.toml:3:1", "key %q is not known", "nme"), `gophersnake.toml:3:1: key "nme" is not known`, "gophersnake.toml:3:1", nil},
		{fault.New(fault.Disk, "", "no space for %d bytes", 7), "no space for 7 bytes", "", nil},
		{fault.New(fault.Disk, "f", "read: %w", fs.ErrNotExist), "f: read: file does not exist", "f", fs.ErrNotExist},
		{fault.New(fault.Disk, "f", "read: %v", fs.ErrNotExist), "f: read: file does not exist", "f", nil},
		{fault.New(fault.Disk, "100%", "at 100%%"), "100%: at 100%", "100%", nil},
	} {
		if tc.err.Error() != tc.text || tc.err.Where() != tc.where || tc.err.Hint() != "" || !errors.Is(tc.err.Unwrap(), tc.cause) {
			t.Errorf("%q at %q, hint %q, cause %v; want %q at %q, cause %v",
				tc.err, tc.err.Where(), tc.err.Hint(), tc.err.Unwrap(), tc.text, tc.where, tc.cause)
		}
	}
}

// TestWithHint checks that a hint makes another error: one that is shared, such
// as a sentinel, stays as it is.
func TestWithHint(t *testing.T) {
	plain := fault.New(fault.Network, "host", "refused: %w", fs.ErrPermission)
	hinted := plain.WithHint("add %s to %d hosts", "it", 2)
	if plain.Hint() != "" || hinted.Hint() != "add it to 2 hosts" {
		t.Errorf("hints %q and %q", plain.Hint(), hinted.Hint())
	}
	if hinted.Error() != plain.Error() || hinted.Class() != "network" || !errors.Is(hinted, fs.ErrPermission) {
		t.Errorf("the hint changed more: %v, class %s", hinted, hinted.Class())
	}
}

// classed is an error type of another package.
type classed string

func (c classed) Error() string { return "classed" }
func (c classed) Class() string { return string(c) }

func TestClassOf(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want fault.Class
	}{
		{nil, fault.Failed},
		{errors.New("plain"), fault.Failed},
		{classed("policy"), fault.Policy},
		{fmt.Errorf("outside: %w", classed("stale")), fault.Stale},
		{fault.New(fault.Unsatisfiable, "", "no"), fault.Unsatisfiable},
		{fmt.Errorf("outside: %w", fault.New(fault.Verification, "", "no")), fault.Verification},
		{fault.New(fault.Disk, "", "outside: %w", classed("network")), fault.Disk}, // the first one counts
		{errors.Join(errors.New("plain"), classed("usage")), fault.Usage},
	} {
		if got := fault.ClassOf(tc.err); got != tc.want {
			t.Errorf("class of %v is %s, want %s", tc.err, got, tc.want)
		}
	}
}
