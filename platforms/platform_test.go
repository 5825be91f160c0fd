package platforms

import (
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	for _, tt := range []struct {
		oci, subdir, debian string
		image               bool
	}{
		{"linux/amd64", "linux-64", "amd64", true},
		{"linux/arm64", "linux-aarch64", "arm64", true},
		{"darwin/amd64", "osx-64", "", false},
		{"darwin/arm64", "osx-arm64", "", false},
		{"windows/amd64", "win-64", "", false},
		{"windows/arm64", "win-arm64", "", false},
	} {
		p, err := Parse(tt.oci)
		if err != nil {
			t.Fatal(err)
		}
		if p.String() != tt.oci || p.Subdir() != tt.subdir || p.Debian() != tt.debian || p.Image() != tt.image {
			t.Errorf("%s: got %s, %q, %q, image %v", tt.oci, p, p.Subdir(), p.Debian(), p.Image())
		}
		if back, err := BySubdir(tt.subdir); err != nil || back != p {
			t.Errorf("BySubdir(%q) = %v, %v", tt.subdir, back, err)
		}
	}
}

func TestUnknown(t *testing.T) {
	_, err := Parse("linux/amd46")
	want := `platform "linux/amd46" is not one of linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64`
	if err == nil || err.Error() != want {
		t.Errorf("Parse: got %v, want %s", err, want)
	}
	if _, err := BySubdir("noarch"); err == nil {
		t.Error("BySubdir(noarch): no error")
	}
}

func TestOrder(t *testing.T) {
	all := All()
	slices.Reverse(all)
	slices.SortFunc(all, Compare)
	if !slices.Equal(all, All()) {
		t.Errorf("sorted: %v", all)
	}
}
