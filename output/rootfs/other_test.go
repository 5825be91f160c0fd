//go:build !unix

package rootfs_test

import "testing"

// ownerOf is for systems where a file has a numeric owner.
func ownerOf(t *testing.T, _ string) string {
	t.Skip("files have no numeric owner here")
	return ""
}
