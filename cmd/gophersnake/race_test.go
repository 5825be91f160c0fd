//go:build race

package main

import "time"

// soon is how long the program may take to refuse something (promise P8), and
// hang when it hangs for sure: the race detector makes it ten times slower.
const (
	soon = 20 * time.Second
	hang = 10 * time.Minute
)
