//go:build race

package output_test

const raceDetector = true
