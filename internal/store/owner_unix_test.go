//go:build unix

package store

import (
	"os"
	"testing"
)

func TestOtherOwner(t *testing.T) {
	dir := t.TempDir()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = checkOwner("CACHE", info, os.Geteuid()+1)
	if want := "CACHE: the cache belongs to user "; err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("checkOwner: %v", err)
	}
}
