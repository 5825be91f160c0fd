package archive

import (
	"maps"
	"slices"
	"strings"
)

const (
	maxHops     = 40      // symbolic links that Linux follows in one path
	maxLinkWork = 1 << 28 // bytes of paths looked up for all links of a package
)

// checkLinks follows every symbolic link of the payload through the others and
// refuses loops and links that leave the package only by way of another link.
func (a *admission) checkLinks() error {
	work := 0
	for _, path := range slices.Sorted(maps.Keys(a.targets)) {
		if strings.HasPrefix(path, "info/") {
			continue // never installed
		}
		if problem := a.follow(path, &work); problem != "" {
			return a.errorf("symbolic link %q %s", path, problem)
		}
		if work > maxLinkWork {
			return a.errorf("has symbolic links that take too long to follow")
		}
	}
	return nil
}

// follow says what is wrong with where a symbolic link leads, or "". It ends
// well at an absolute target and at a link that leaves the package by itself:
// those are judged where they are installed.
func (a *admission) follow(link string, work *int) string {
	target := a.targets[link]
	if strings.HasPrefix(target, "/") || Escapes(link, target) {
		return ""
	}
	here := parent(link)
	rest := pushTarget(nil, target)
	for hops := 0; len(rest) > 0 && *work <= maxLinkWork; {
		element := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		switch element {
		case "", ".":
			continue
		case "..":
			if here == "" {
				return "leaves the package through other symbolic links"
			}
			here = parent(here)
			continue
		}
		path := join(here, element)
		*work += len(path)
		target, ok := a.targets[path]
		if !ok {
			here = path
			continue
		}
		if hops++; hops > maxHops || path == link {
			return "leads to itself, or through more than 40 others"
		}
		if strings.HasPrefix(target, "/") || Escapes(path, target) {
			return ""
		}
		rest = pushTarget(rest, target)
	}
	return ""
}

// parent returns the directory of a path, "" for the root.
func parent(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '/'))]
}

func join(dir, element string) string {
	if dir == "" {
		return element
	}
	return dir + "/" + element
}

// pushTarget puts the elements of a target on a stack, the first on top.
func pushTarget(stack []string, target string) []string {
	elements := strings.Split(target, "/")
	slices.Reverse(elements)
	return append(stack, elements...)
}
