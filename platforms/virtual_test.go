package platforms_test

import (
	"fmt"
	"testing"

	"github.com/gophersnake/gophersnake/platforms"
)

func TestVirtual(t *testing.T) {
	for text, want := range map[string]string{
		"linux/amd64":   "[__archspec=1=x86_64 __glibc=2.28=0 __linux=4.18=0 __unix=0=0]",
		"linux/arm64":   "[__archspec=1=aarch64 __glibc=2.28=0 __linux=4.18=0 __unix=0=0]",
		"darwin/amd64":  "[__archspec=1=x86_64 __osx=13.0=0 __unix=0=0]",
		"darwin/arm64":  "[__archspec=1=m1 __osx=13.0=0 __unix=0=0]",
		"windows/amd64": "[__archspec=1=x86_64 __win=10.0=0]",
		"windows/arm64": "[__archspec=1=aarch64 __win=10.0=0]",
	} {
		p, err := platforms.Parse(text)
		if got := fmt.Sprint(platforms.Virtual(p)); err != nil || got != want {
			t.Errorf("%s: %v %s, want %s", text, err, got, want)
		}
	}
	if got := platforms.Virtual(platforms.Platform{OS: "plan9", Arch: "386"}); got != nil {
		t.Errorf("plan9 has %v", got)
	}
}
