package matchspec

import "strings"

// v3Key reads the keys that repodata revision 3 adds.
func (p *parser) v3Key(f field) error {
	list := f.list
	if list == nil {
		list = strings.FieldsFunc(f.value, func(r rune) bool { return r == ',' || r == ' ' })
	}
	switch f.key {
	case "extras":
		for _, extra := range list {
			if badNameByte(extra) >= 0 || extra == "" {
				return p.errorAt(f.from, "%q is no name of an extra", extra)
			}
		}
		p.spec.Extras = list
		return nil
	case "flags":
		return p.flags(f, list)
	case "when":
		return p.when(f)
	}
	return p.errorAt(f.at, "unknown key %q", f.key)
}

func (p *parser) flags(f field, list []string) error {
	p.spec.Flags = nil
	for _, text := range list {
		if text == "" || strings.ContainsAny(text[:1], "~?!") {
			return p.errorAt(f.from, "%q is no flag", text)
		}
		flag, err := ParsePattern(text)
		if err != nil {
			return p.errorAt(f.from, "%v", err)
		}
		p.spec.Flags = append(p.spec.Flags, flag)
	}
	return nil
}

func (p *parser) when(f field) error {
	if p.noWhen {
		return p.errorAt(f.at, "a condition within a condition")
	}
	options := p.Options
	options.noWhen, options.Patterns = true, false
	c := conditionParser{options: options, text: f.value}
	when, err := c.parse()
	if err != nil {
		return p.within(f.from, err)
	}
	p.spec.When = when
	return nil
}
