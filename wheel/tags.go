package wheel

import (
	"fmt"
	"strconv"
	"strings"
)

// Tag says what a wheel runs on (PEP 425).
type Tag struct {
	Python   string // "cp311", "py3"
	ABI      string // "cp311", "abi3", "none"
	Platform string // "manylinux_2_17_x86_64", "any"
}

// String returns the tag as file names have it: "py3-none-any".
func (t Tag) String() string { return t.Python + "-" + t.ABI + "-" + t.Platform }

// Target is the system that wheels are chosen for: a CPython and what it runs
// on.
type Target struct {
	Python       string // "3.11" or "3.11.9"
	OS           string // linux, darwin or windows, as in Go
	Arch         string // amd64 or arm64, as in Go
	Glibc        string // version of linux's C library where that is GNU's: "2.36"
	Musl         string // likewise where it is musl: "1.2"
	MacOS        string // version of macOS: "11.0"
	FreeThreaded bool   // Python without a global lock (PEP 703)
}

// Tags returns the tags of the wheels that the target can use, the best ones
// first: the order of packaging 26.3 (packaging.tags), which pip and uv follow.
// They are those for CPython's own ABI, its stable ABI (PEP 384; PEP 803 for
// free-threaded Python), no ABI, and at last for any system. Platforms of linux
// are those of PEP 600 and PEP 513, 571 and 599 (manylinux) and PEP 656
// (musllinux). A target that is not well-formed has no tags.
func (t Target) Tags() []Tag {
	major, minor, ok := versionPair(t.Python)
	platforms := t.platforms()
	if !ok || major < 3 || platforms == nil {
		return nil
	}
	var tags []Tag
	add := func(python, abi string) {
		for _, p := range platforms {
			tags = append(tags, Tag{python, abi, p})
		}
	}
	cp := fmt.Sprintf("cp%d%d", major, minor)
	stable := "abi3"
	switch {
	case t.FreeThreaded:
		stable = "abi3t"
		add(cp, cp+"t")
	case major == 3 && minor < 8:
		add(cp, cp+"m") // pymalloc, before it was the only way
	default:
		add(cp, cp)
	}
	add(cp, stable)
	add(cp, "none")
	for m := minor - 1; m >= 2; m-- { // PEP 384 came with 3.2
		add(fmt.Sprintf("cp%d%d", major, m), stable)
	}
	for _, py := range pythons(major, minor) {
		add(py, "none")
	}
	platforms = []string{"any"}
	add(cp, "none")
	for _, py := range pythons(major, minor) {
		add(py, "none")
	}
	return tags
}

// pythons returns the tags of Python that a version's source code may have.
func pythons(major, minor int) []string {
	all := []string{fmt.Sprintf("py%d%d", major, minor), fmt.Sprintf("py%d", major)}
	for m := minor - 1; m >= 0; m-- {
		all = append(all, fmt.Sprintf("py%d%d", major, m))
	}
	return all
}

// platforms returns the platform tags, without "any", or nil for a system that
// is not known.
func (t Target) platforms() []string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[t.Arch]
	switch {
	case arch == "":
		return nil
	case t.OS == "linux":
		all := []string{"linux_" + arch}
		all = append(all, manylinux(t.Glibc, arch)...)
		return append(all, musllinux(t.Musl, arch)...)
	case t.OS == "darwin":
		return macosx(t.MacOS, map[string]string{"amd64": "x86_64", "arm64": "arm64"}[t.Arch])
	case t.OS == "windows":
		return []string{"win_" + t.Arch}
	}
	return nil
}

// manylinux returns the tags for GNU's C library: those of PEP 600, each
// followed by its older name where it has one. x86-64 begins with 2.5, others
// with 2.17.
func manylinux(glibc, arch string) []string {
	major, minor, ok := versionPair(glibc)
	if !ok || major != 2 {
		return nil
	}
	oldest := 17
	if arch == "x86_64" {
		oldest = 5
	}
	aliases := map[int]string{5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
	var all []string
	for m := minor; m >= oldest; m-- {
		all = append(all, fmt.Sprintf("manylinux_2_%d_%s", m, arch))
		if alias := aliases[m]; alias != "" {
			all = append(all, alias+"_"+arch)
		}
	}
	return all
}

func musllinux(musl, arch string) []string {
	major, minor, ok := versionPair(musl)
	if !ok {
		return nil
	}
	var all []string
	for m := minor; m >= 0; m-- {
		all = append(all, fmt.Sprintf("musllinux_%d_%d_%s", major, m, arch))
	}
	return all
}

// macosx returns the tags for macOS. Since 11 the first number alone counts;
// programs for 10 run on later ones, but arm64 has no older ones of its own.
func macosx(macos, arch string) []string {
	major, minor, ok := versionPair(macos + ".0") // "11" means 11.0
	if !ok {
		return nil
	}
	formats := []string{"arm64", "universal2"}
	if arch == "x86_64" {
		formats = []string{"x86_64", "intel", "fat64", "fat3", "universal2", "universal"}
	}
	var all []string
	add := func(major, minor int, formats ...string) {
		for _, f := range formats {
			all = append(all, fmt.Sprintf("macosx_%d_%d_%s", major, minor, f))
		}
	}
	if major > 10 {
		for m := major; m > 10; m-- {
			add(m, 0, formats...)
		}
		if arch != "x86_64" {
			formats = []string{"universal2"}
		}
		minor = 16 // as 11 called itself at first
	}
	for m := minor; m >= 4; m-- {
		add(10, m, formats...)
	}
	return all
}

// versionPair reads the first two numbers of a version.
func versionPair(s string) (major, minor int, ok bool) {
	a, rest, _ := strings.Cut(s, ".")
	b, _, _ := strings.Cut(rest, ".")
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, err1 == nil && err2 == nil && isDigits(a) && isDigits(b) && minor < 1000 && major < 1000
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
