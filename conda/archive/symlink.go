package archive

import (
	"strings"
)

const (
	maxHops      = 40      // symbolic links that Linux follows in one path
	maxLinkSteps = 1 << 22 // path elements looked at for all links of a package
)

// checkLinks follows every symbolic link of the payload through the others and
// refuses loops and links that leave the package only by way of another link.
func (a *admission) checkLinks() error {
	steps := 0
	for path := range a.targets {
		if strings.HasPrefix(path, "info/") {
			continue // never installed
		}
		if problem := a.follow(path, &steps); problem != "" {
			return a.linkProblem()
		}
		if steps > maxLinkSteps {
			return a.errorf("has symbolic links that take too long to follow")
		}
	}
	return nil
}

// linkProblem returns the error of the first bad link by name, so that the
// error does not depend on the map's order.
func (a *admission) linkProblem() error {
	first, problem := "", ""
	for path := range a.targets {
		if strings.HasPrefix(path, "info/") || (first != "" && path >= first) {
			continue
		}
		steps := 0
		if s := a.follow(path, &steps); s != "" {
			first, problem = path, s
		}
	}
	return a.errorf("symbolic link %q %s", first, problem)
}

// follow says what is wrong with where a symbolic link leads, or "". It ends
// well at an absolute target and at a link that leaves the package by itself:
// those are judged where they are installed.
func (a *admission) follow(link string, steps *int) string {
	if Escapes(link, a.targets[link]) {
		return ""
	}
	here := parents(link)
	rest := pushTarget(nil, a.targets[link])
	for hops := 0; len(rest) > 0; {
		if *steps++; *steps > maxLinkSteps {
			return ""
		}
		element := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		switch element {
		case "", ".":
			continue
		case "..":
			if len(here) == 0 {
				return "leaves the package through other symbolic links"
			}
			here = here[:len(here)-1]
			continue
		}
		here = append(here, element)
		path := strings.Join(here, "/")
		target, ok := a.targets[path]
		if !ok {
			continue
		}
		if hops++; hops > maxHops || path == link {
			return "leads to itself, or through more than 40 others"
		}
		if strings.HasPrefix(target, "/") || Escapes(path, target) {
			return ""
		}
		here = here[:len(here)-1]
		rest = pushTarget(rest, target)
	}
	return ""
}

func parents(path string) []string {
	elements := strings.Split(path, "/")
	return elements[:len(elements)-1]
}

// pushTarget puts the elements of a target on a stack, the first on top.
func pushTarget(stack []string, target string) []string {
	if strings.HasPrefix(target, "/") {
		return nil
	}
	elements := strings.Split(target, "/")
	for i := len(elements) - 1; i >= 0; i-- {
		stack = append(stack, elements[i])
	}
	return stack
}
