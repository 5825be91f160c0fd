package devcontainer

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Limits of a devcontainer.json that is read.
const (
	MaxSize  = 1 << 20 // bytes
	maxDepth = 64      // objects and arrays inside each other
)

// A File is what a project's devcontainer.json says of its image.
type File struct {
	Name  string // for people; written into a new file only
	Image string // reference: NAME:TAG or NAME@DIGEST
}

// New returns the text of a new devcontainer.json.
func (f File) New() ([]byte, error) {
	name, err := encode(f.Name)
	if err != nil {
		return nil, err
	}
	image, err := encode(f.Image)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `// gophersnake export devcontainer keeps "image" in step, and all else as it is.
// User, extensions and settings are in the image's label devcontainer.metadata.
{
	"name": %s,
	"image": %s
}
`, name, image), nil
}

// Update returns data, a devcontainer.json called file, with f's image. Data is
// JSON with comments and trailing commas. Errors are of class usage and tell
// file:line:column, with columns in bytes from 1.
func (f File) Update(file string, data []byte) ([]byte, error) {
	root, object, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	image, err := encode(f.Image)
	if err != nil {
		return nil, err
	}
	at := -1
	for i, m := range object.Members {
		name := m.Name.Value.(hujson.Literal).String()
		where := position(file, data, m.Name.StartOffset)
		switch name {
		case "build", "dockerFile", "dockerfile", "dockerComposeFile":
			return nil, fault.New(fault.Usage, where, "%q says how the container is made, and image cannot stand beside it", name).
				WithHint("remove %q, or write another file with -o", name)
		case "image":
			if at >= 0 {
				return nil, fault.New(fault.Usage, where, "%q is set twice", name).WithHint("keep one of the two")
			}
			at = i
		}
	}
	if at >= 0 {
		v := &object.Members[at].Value
		if old, ok := v.Value.(hujson.Literal); ok && old.Kind() == '"' && old.String() == f.Image {
			return data, nil
		}
		v.Value = hujson.Literal(image)
		return root.Pack(), nil
	}
	insert(object, image)
	return root.Pack(), nil
}

// insert makes the image an object's first member, laid out as the first one
// was. Comments stay with what they stand beside: the brace, or that member.
func insert(object *hujson.Object, image []byte) {
	space := object.AfterExtra // of an empty object
	if len(object.Members) > 0 {
		space = object.Members[0].Name.BeforeExtra
	}
	brace, rest := split(space)
	before := append(bytes.Clone(brace), indentation(rest)...)
	if len(object.Members) > 0 {
		object.Members[0].Name.BeforeExtra = rest
	} else {
		before = []byte("\n\t")
		if !bytes.Contains(space, []byte("\n")) {
			object.AfterExtra = append(bytes.Clone(space), '\n')
		}
	}
	object.Members = append([]hujson.ObjectMember{{
		Name:  hujson.Value{BeforeExtra: before, Value: hujson.String("image")},
		Value: hujson.Value{BeforeExtra: []byte(" "), Value: hujson.Literal(image)},
	}}, object.Members...)
}

// split cuts what stands between a brace and the first member at the end of the
// brace's line, unless a comment goes on there.
func split(space []byte) (brace, rest []byte) {
	end := bytes.IndexByte(space, '\n')
	if end < 0 || bytes.LastIndex(space[:end], []byte("/*")) > bytes.LastIndex(space[:end], []byte("*/")) {
		return nil, space
	}
	if end > 0 && space[end-1] == '\r' {
		end--
	}
	return space[:end], space[end:]
}

// indentation returns the line break that begins a member's space, with the
// blanks after it.
func indentation(rest []byte) []byte {
	blanks := rest[:len(rest)-len(bytes.TrimLeft(rest, " \t\r\n"))]
	last := bytes.LastIndexByte(blanks, '\n')
	switch {
	case last < 0:
		return []byte(" ")
	case last > 0 && blanks[last-1] == '\r':
		last--
	}
	return blanks[last:]
}

// parse returns a file's value and the object that it is.
func parse(file string, data []byte) (*hujson.Value, *hujson.Object, error) {
	if len(data) > MaxSize {
		return nil, nil, fault.New(fault.Usage, file, "is %d bytes; at most %d are read", len(data), MaxSize)
	}
	if at := deep(data); at >= 0 {
		return nil, nil, fault.New(fault.Usage, position(file, data, at), "values nest more than %d deep", maxDepth)
	}
	v, err := hujson.Parse(data)
	if err != nil {
		return nil, nil, syntax(file, err)
	}
	object, ok := v.Value.(*hujson.Object)
	if !ok {
		return nil, nil, fault.New(fault.Usage, position(file, data, v.StartOffset), "want an object, got %s", kindOf(v))
	}
	return &v, object, nil
}

// syntax words an error of the library, which begins "hujson: line 3, column 7: ".
func syntax(file string, err error) error {
	text := strings.TrimPrefix(err.Error(), "hujson: ")
	var line, column int
	if n, _ := fmt.Sscanf(text, "line %d, column %d:", &line, &column); n != 2 {
		return fault.New(fault.Usage, file, "not JSON: %s", text)
	}
	_, text, _ = strings.Cut(text, ": ")
	f := fault.New(fault.Usage, fmt.Sprintf("%s:%d:%d", file, line, column), "not JSON: %s", text)
	return f.WithHint("comments and trailing commas are read, all else is as in JSON")
}

func kindOf(v hujson.Value) string {
	switch v.Value.Kind() {
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	}
	return string(v.Value.(hujson.Literal)) // null, true or false
}

// position returns "file:line:column" of an offset.
func position(file string, data []byte, offset int) string {
	before := data[:offset]
	return fmt.Sprintf("%s:%d:%d", file, bytes.Count(before, []byte("\n"))+1, offset-bytes.LastIndexByte(before, '\n'))
}

// deep returns the offset of the first bracket that lies too deep, or -1. The
// library recurses into each.
func deep(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '/':
			i = comment(data, i)
		case '{', '[':
			if depth++; depth > maxDepth {
				return i
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

// comment returns the offset of the last byte of the comment at i, or i.
func comment(data []byte, i int) int {
	end := "\n"
	switch {
	case bytes.HasPrefix(data[i:], []byte("/*")):
		end = "*/"
	case !bytes.HasPrefix(data[i:], []byte("//")):
		return i
	}
	if n := bytes.Index(data[i+2:], []byte(end)); n >= 0 {
		return i + 2 + n + len(end) - 1
	}
	return len(data)
}
