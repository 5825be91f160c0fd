//go:build e2e

package e2e

import "os"

// gate reports whether the run may take long, as the one before a release may:
// large tools are compiled for it, and emulated machines compile.
func gate() bool { return os.Getenv("GOPHERSNAKE_GATE") == "1" }
