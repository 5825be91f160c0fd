package gotool_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/layers/gotool"
	"github.com/gophersnake/gophersnake/tree"
)

func TestCommands(t *testing.T) {
	want := []tree.Header{
		{Path: "usr/local/bin/go1.20.14", Kind: tree.Symlink, Mode: 0o777, Target: "/opt/go/1.20.14/bin/go"},
		{Path: "usr/local/bin/go1.27rc1", Kind: tree.Symlink, Mode: 0o777, Target: "/opt/go/1.27rc1/bin/go"},
	}
	if diff := cmp.Diff(want, gotool.Commands(release.Place{Several: true}, []string{"1.20.14", "1.27rc1"})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
