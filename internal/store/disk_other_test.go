//go:build !linux

package store

import "testing"

func smallDisk(t *testing.T, _ int) string {
	t.Skip("a small tmpfs needs Linux")
	return ""
}
