package matchspec

import (
	"encoding/hex"
	"strings"
)

// field is a key and its value in brackets. Lists keep their elements.
type field struct {
	key   string
	at    int // of the key
	value string
	from  int // of the value
	list  []string
}

// brackets cuts the brackets from the end. Their "[" is the first one from
// which a list of keys goes to the end: others belong to regular expressions.
func (p *parser) brackets(at span) (rest span, fields []field, err error) {
	if at.from == at.to || p.text[at.to-1] != ']' {
		return at, nil, nil
	}
	const tries = 8
	open := at.from
	for range tries {
		next := strings.IndexByte(p.text[open:at.to], '[')
		if next < 0 {
			break
		}
		open += next
		b := bracketParser{parser: p, at: open + 1, to: at.to}
		found, problem := b.fields()
		if problem == nil {
			return span{at.from, open}, found, nil
		}
		if err == nil {
			err = problem
		}
		open++
	}
	if err == nil {
		err = p.errorAt(at.to-1, "no %q for this %q", "[", "]")
	}
	return at, nil, err
}

type bracketParser struct {
	*parser
	at, to int
}

func (b *bracketParser) peek() byte {
	if b.at < b.to {
		return b.text[b.at]
	}
	return 0
}

func (b *bracketParser) blanks() {
	for isBlank(b.peek()) {
		b.at++
	}
}

// fields reads up to the "]" that must be the last byte.
func (b *bracketParser) fields() ([]field, error) {
	var fields []field
	b.blanks()
	for more := b.peek() != ']'; more; {
		f, err := b.field()
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
		if more = b.peek() == ','; more {
			b.at++
		}
	}
	if b.peek() != ']' || b.at+1 != b.to {
		return nil, b.errorAt(b.at, "expected %q, or %q at the end", ",", "]")
	}
	return fields, nil
}

func (b *bracketParser) field() (field, error) {
	b.blanks()
	f := field{at: b.at}
	for c := lower(b.peek()); 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'; c = lower(b.peek()) {
		b.at++
	}
	f.key = b.text[f.at:b.at]
	if f.key == "" {
		return f, b.errorAt(b.at, "expected a key")
	}
	b.blanks()
	if b.peek() != '=' {
		return f, b.errorAt(b.at, "expected %q after key %q", "=", f.key)
	}
	b.at++
	b.blanks()
	var err error
	f.from = b.at
	if b.peek() == '[' {
		f.list, err = b.list()
	} else {
		f.value, f.from, err = b.value()
	}
	b.blanks()
	return f, err
}

// list reads "[a,'b']"; it is never nil.
func (b *bracketParser) list() ([]string, error) {
	list := []string{}
	for first := true; ; first = false {
		b.at++
		b.blanks()
		if first && b.peek() == ']' {
			break
		}
		value, _, err := b.value()
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		b.blanks()
		if b.peek() == ']' {
			break
		}
		if b.peek() != ',' {
			return nil, b.errorAt(b.at, "expected %q or %q", ",", "]")
		}
	}
	b.at++
	return list, nil
}

// value reads quoted or bare text and returns where the text itself starts.
func (b *bracketParser) value() (text string, from int, err error) {
	quote := b.peek()
	if quote == '"' || quote == '\'' {
		return b.quoted(quote)
	}
	from = b.at
	for b.at < b.to && strings.IndexByte(`,]'"`, b.text[b.at]) < 0 {
		b.at++
	}
	text = strings.TrimSpace(b.text[from:b.at])
	if text == "" {
		return "", from, b.errorAt(from, "expected a value")
	}
	return text, from, nil
}

func (b *bracketParser) quoted(quote byte) (string, int, error) {
	var text strings.Builder
	open := b.at
	for b.at++; b.at < b.to; b.at++ {
		c := b.text[b.at]
		if c == quote {
			b.at++
			return text.String(), open + 1, nil
		}
		if c == '\\' && b.at+1 < b.to && strings.IndexByte(`"'\`, b.text[b.at+1]) >= 0 {
			b.at++
			c = b.text[b.at]
		}
		text.WriteByte(c)
	}
	return "", open, b.errorAt(open, "no %q to close this one", string(quote))
}

// keys sets what the brackets say, after what stands before them.
func (p *parser) keys(fields []field) error {
	if len(fields) == 0 {
		return nil
	}
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if p.Strict && seen[f.key] {
			return p.errorAt(f.at, "key %q is given twice", f.key)
		}
		seen[f.key] = true
	}
	for _, f := range fields {
		if f.list != nil && f.key != "extras" && f.key != "flags" {
			return p.errorAt(f.from, "key %q takes no list", f.key)
		}
		if f.key == "channel" {
			channel, subdir := splitChannel(f.value)
			if p.spec.Channel = channel; subdir != "" && !seen["subdir"] {
				p.spec.Subdir = subdir
			}
			continue
		}
		if err := p.key(f); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) key(f field) error {
	m := p.spec
	switch f.key {
	case "version":
		return p.version(f.value, f.from)
	case "build":
		return p.build(f.value, f.from)
	case "build_number":
		return p.number(f)
	case "url":
		return p.urlKey(f)
	case "md5":
		return p.digest(&m.MD5, f, 16)
	case "sha256":
		return p.digest(&m.SHA256, f, 32)
	case "fn":
		m.FileName = f.value
	case "subdir":
		m.Subdir = f.value
	case "namespace":
		m.Namespace = f.value
	case "license":
		m.License = f.value
	case "license_family":
		m.LicenseFamily = f.value
	case "track_features":
		m.TrackFeatures = strings.FieldsFunc(f.value, func(r rune) bool { return r == ',' || r == ' ' })
	default:
		return p.v3Key(f)
	}
	return nil
}

func (p *parser) number(f field) error {
	n, err := ParseNumber(f.value)
	if err != nil {
		return p.errorAt(f.from, "%v", err)
	}
	p.spec.BuildNumber = n
	return nil
}

func (p *parser) urlKey(f field) error {
	file, _, is, problem := packageURL(f.value)
	if !is {
		problem = "not a URL or absolute path"
	}
	if problem != "" {
		return p.errorAt(f.from, "%s", problem)
	}
	p.spec.URL = file
	return nil
}

func (p *parser) digest(to *string, f field, size int) error {
	if b, err := hex.DecodeString(f.value); err != nil || len(b) != size {
		return p.errorAt(f.from, "%s takes %d hexadecimal digits", f.key, 2*size)
	}
	*to = strings.ToLower(f.value)
	return nil
}
