// Command worldclock prints the time in several zones. It takes the zones from
// the conda environment of its image, since scratch has none.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Zoneinfo is the directory of the time zones; the linker sets it.
var Zoneinfo = "/usr/share/zoneinfo"

func main() {
	at := flag.Int64("at", 0, "seconds since the Unix epoch (default: now)")
	flag.Parse()
	zones := flag.Args()
	if len(zones) == 0 {
		zones = []string{"UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Asia/Tokyo"}
	}
	now := time.Now()
	if *at != 0 {
		now = time.Unix(*at, 0)
	}
	for _, name := range zones {
		data, err := os.ReadFile(filepath.Join(Zoneinfo, filepath.FromSlash(name)))
		if err != nil {
			fmt.Fprintln(os.Stderr, "worldclock:", err)
			os.Exit(1)
		}
		zone, err := time.LoadLocationFromTZData(name, data)
		if err != nil {
			fmt.Fprintf(os.Stderr, "worldclock: %s: %v\n", name, err)
			os.Exit(1)
		}
		fmt.Printf("%-18s %s\n", name, now.In(zone).Format("2006-01-02 15:04 MST"))
	}
}
