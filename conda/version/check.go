package version

// checker reads a version by the grammar in the package comment.
type checker struct {
	text string
	at   int
	dash byte // the one of "-" and "_" that the version uses, or 0
}

// problem is what is wrong at checker.at.
type problem string

const (
	problemEmpty     problem = "empty version"
	problemComponent problem = "expected a digit or a letter"
	problemMixed     problem = `"-" and "_" in one version`
	problemRest      problem = "expected the end of the version"
)

// check returns the problem with a version and where it is.
func check(s string) (at int, p problem) {
	if s == "" {
		return 0, problemEmpty
	}
	c := checker{text: s}
	if n := digits(s); n > 0 && n < len(s) && s[n] == '!' {
		c.at = n + 1
	}
	p = c.part()
	if p == "" && c.peek() == '+' {
		c.at++
		p = c.part()
	}
	if p == "" && c.at < len(s) {
		p = problemRest
	}
	return c.at, p
}

func (c *checker) peek() byte {
	if c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

func (c *checker) run() bool {
	start := c.at
	for isDigit(c.peek()) || isLetter(c.peek()) {
		c.at++
	}
	return c.at > start
}

// part reads segments and what may trail them.
func (c *checker) part() problem {
	if !c.run() {
		return problemComponent
	}
	for isSeparator(c.peek()) {
		separator := c.at
		if p := c.separator(); p != "" {
			return p
		}
		if c.run() {
			continue
		}
		if c.peek() == '-' || c.peek() == '_' {
			return c.separator()
		}
		if c.text[separator] == '.' {
			return problemComponent
		}
		return ""
	}
	return ""
}

// separator reads one separator.
func (c *checker) separator() problem {
	sep := c.peek()
	if sep != '.' {
		if c.dash != 0 && c.dash != sep {
			return problemMixed
		}
		c.dash = sep
	}
	c.at++
	return ""
}
