package platforms

// VirtualPackage is a conda virtual package: a fact about where an environment
// runs, in the form of a package (CEP 30).
type VirtualPackage struct{ Name, Version, Build string }

// String returns "name=version=build".
func (v VirtualPackage) String() string { return v.Name + "=" + v.Version + "=" + v.Build }

// Virtual returns the virtual packages that a platform has as far as nothing
// more is known of the machine, sorted by name: those that rattler assumes for
// a platform that it does not run on. The machine that asks is never looked at.
// A platform that is not one of All has none.
func Virtual(p Platform) []VirtualPackage {
	v := func(name, version string) VirtualPackage { return VirtualPackage{name, version, "0"} }
	archspec := VirtualPackage{"__archspec", "1", p.archspec()}
	switch {
	case p.spelling() == spelling{}:
		return nil
	case p.OS == "linux":
		return []VirtualPackage{archspec, v("__glibc", "2.28"), v("__linux", "4.18"), v("__unix", "0")}
	case p.OS == "darwin":
		return []VirtualPackage{archspec, v("__osx", "13.0"), v("__unix", "0")}
	}
	return []VirtualPackage{archspec, v("__win", "10.0")}
}

// archspec returns the name of the oldest processor of a platform.
func (p Platform) archspec() string {
	switch {
	case p.Arch == "amd64":
		return "x86_64"
	case p.OS == "darwin":
		return "m1"
	}
	return "aarch64"
}
