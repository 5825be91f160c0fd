//go:build !race

package main

import "time"

// soon is how long the program may take to refuse something (promise P8), and
// hang when it hangs for sure.
const (
	soon = 2 * time.Second
	hang = time.Minute
)
