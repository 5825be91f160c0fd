//go:build !unix

package rootfs

import (
	"os"
	"time"
)

// linkTime does nothing: links have no settable time here.
func linkTime(*os.Root, string, time.Time) error { return nil }
