package lock

import (
	"fmt"
	"testing"

	"github.com/gophersnake/gophersnake/platforms"
)

// BenchmarkUnmarshal reads a lock of 400 packages, half of them for two
// platforms: every command that needs a lock does so.
func BenchmarkUnmarshal(b *testing.B) {
	l := small()
	l.Plan = nil
	for i := range 400 {
		p := Conda{
			Envs: []string{""}, Platforms: []platforms.Platform{amd64}, Name: fmt.Sprintf("bench%d", i), Version: "1.0", Build: "0", Subdir: "linux-64",
			SHA256: hex64("a"), Size: 1000, Depends: []string{"python >=3.12", "libgcc >=13"}, License: "MIT", Timestamp: 1_700_000_000_000,
		}
		if i%2 == 0 {
			p.Subdir, p.Noarch = "noarch", "python"
			p.Platforms = append(p.Platforms, arm64)
		}
		p.URL = fmt.Sprintf("https://channel.example/%s/%s-1.0-0.conda", p.Subdir, p.Name)
		l.Conda = append(l.Conda, p)
	}
	text, err := Marshal(l)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unmarshal("gophersnake.lock", text); err != nil {
			b.Fatal(err)
		}
	}
}
