package activate

import (
	"io"
	"path"
	"strings"
)

// filters returns the programs that scripts edit text with. What they print
// depends on their arguments and input alone, so they are answered here as far
// as every system of Linux agrees: in what POSIX says of them, for ASCII. One
// that returns false is used in another way, and is a program as all others.
func filters() map[string]func(m *machine, args []string) (string, bool) {
	return map[string]func(m *machine, args []string) (string, bool){
		"basename": func(_ *machine, args []string) (string, bool) { return basename(args) },
		"dirname":  func(_ *machine, args []string) (string, bool) { return dirname(args) },
		"uname":    func(_ *machine, args []string) (string, bool) { return uname(args) },
		"cat":      (*machine).cat,
		"tr":       (*machine).translate,
		"sed":      (*machine).sed,
	}
}

// program runs what is neither a function nor a builtin: a filter, or a program,
// which is not found.
func (m *machine) program(args []string) {
	if f, ok := filters()[args[0]]; ok {
		if out, ok := f(m, args[1:]); ok {
			m.write(m.stdout, out)
			m.status = 0
			return
		}
	}
	if m.run.program == nil {
		m.run.program = &stop{m.file, m.line, "needs the program " + path.Base(args[0])}
	}
	if m.status = 127; m.world.works {
		m.write(m.stdout, sentinel+"\n")
		m.status = 0
	}
}

// input reads what is left of the input, if there is one and it is ASCII.
func (m *machine) input() (string, bool) {
	if m.stdin == nil {
		return "", false
	}
	text, _ := io.ReadAll(m.stdin) // of a string
	m.spend(len(text))
	return string(text), ascii(string(text))
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r == 0 || r > '~' }) < 0
}

// cat prints files of the environment, or its input.
func (m *machine) cat(args []string) (string, bool) {
	if len(args) == 0 && m.stdin != nil {
		text, _ := io.ReadAll(m.stdin)
		return string(text), true
	}
	var all strings.Builder
	for _, name := range args {
		if strings.HasPrefix(name, "-") {
			return "", false
		}
		text, ok := m.readFile(name)
		if !ok {
			return "", false
		}
		all.Write(text)
	}
	return all.String(), len(args) > 0
}

// uname answers what is the same for all images: the kernel's name.
func uname(args []string) (string, bool) {
	return "Linux\n", len(args) == 0 || len(args) == 1 && args[0] == "-s"
}

// basename prints the last element of a path, less a suffix.
func basename(args []string) (string, bool) {
	if len(args) < 1 || len(args) > 2 || args[0] == "" || args[0][0] == '-' {
		return "", false
	}
	name := strings.TrimRight(args[0], "/")
	if name == "" {
		return "/\n", true
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	if len(args) == 2 && name != args[1] {
		name = strings.TrimSuffix(name, args[1])
	}
	return name + "\n", true
}

// dirname prints a path less its last element.
func dirname(args []string) (string, bool) {
	if len(args) != 1 || args[0] == "" || args[0][0] == '-' {
		return "", false
	}
	name := strings.TrimRight(args[0], "/")
	at := strings.LastIndexByte(name, '/')
	switch dir := strings.TrimRight(name[:max(at, 0)], "/"); {
	case name != "" && at < 0:
		return ".\n", true
	case dir == "":
		return "/\n", true
	default:
		return dir + "\n", true
	}
}

// translate is tr: one set of characters for another, or -d.
func (m *machine) translate(args []string) (string, bool) {
	remove := len(args) == 2 && args[0] == "-d"
	if len(args) != 2 || !remove && strings.HasPrefix(args[0], "-") {
		return "", false
	}
	var to []byte
	from, ok := charset(args[0])
	if remove {
		from, ok = charset(args[1])
	} else if ok {
		to, ok = charset(args[1])
	}
	if !ok || len(from) == 0 || !remove && len(to) == 0 {
		return "", false
	}
	text, ok := m.input()
	if !ok {
		return "", false
	}
	var table [128]int // what a character becomes, and -1: nothing
	for c := range table {
		table[c] = c
	}
	for i, c := range from {
		if table[c] = -1; !remove {
			table[c] = int(to[min(i, len(to)-1)])
		}
	}
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := table[text[i]]; c >= 0 {
			out = append(out, byte(c))
		}
	}
	return string(out), true
}

// charset expands a set of tr: characters, ranges, [:upper:] and [:lower:].
func charset(set string) ([]byte, bool) {
	set = strings.NewReplacer("[:upper:]", "A-Z", "[:lower:]", "a-z").Replace(set)
	if !ascii(set) || strings.Contains(set, "[:") || strings.Contains(set, "[=") || strings.ContainsRune(set, '[') && strings.ContainsRune(set, '*') {
		return nil, false
	}
	var all []byte
	for i := 0; i < len(set); i++ {
		c := set[i]
		if c == '\\' {
			if i++; i == len(set) || !strings.ContainsRune(`\n`, rune(set[i])) {
				return nil, false
			}
			if c = set[i]; c == 'n' {
				c = '\n'
			}
		}
		last := c
		if i+2 < len(set) && set[i+1] == '-' {
			if last = set[i+2]; last < c || last == '\\' {
				return nil, false
			}
			i += 2
		}
		for ; ; c++ {
			if all = append(all, c); c == last {
				break
			}
		}
	}
	return all, true
}
