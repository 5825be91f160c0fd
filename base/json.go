package base

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decodeJSON reads one JSON object into v. Values nested deeper than
// maxJSONDepth, keys that an object has twice, and anything after the object
// are errors: two readers must not see two documents in the same bytes.
func decodeJSON(raw []byte, v any) error {
	if err := checkJSON(raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return plainJSON(err)
	}
	return nil
}

// level is an object or array that checkJSON is inside of.
type level struct {
	object bool
	key    bool // the next token is a key
	seen   map[string]bool
}

// take notes that a value of the level is complete.
func (l *level) take() { l.key = l.object }

func checkJSON(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var stack []*level
	for {
		token, err := dec.Token()
		if err != nil {
			return plainJSON(err)
		}
		if stack, err = step(stack, token); err != nil {
			return err
		}
		if len(stack) > 0 {
			continue
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return errors.New("something follows the object")
		}
		return nil
	}
}

// step moves the stack of open objects and arrays over one token.
func step(stack []*level, token json.Token) ([]*level, error) {
	if len(stack) == 0 && token != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	switch token {
	case json.Delim('{'), json.Delim('['):
		if len(stack) == maxJSONDepth {
			return nil, fmt.Errorf("nested deeper than %d", maxJSONDepth)
		}
		object := token == json.Delim('{')
		return append(stack, &level{object: object, key: object, seen: map[string]bool{}}), nil
	case json.Delim('}'), json.Delim(']'):
		stack = stack[:len(stack)-1]
		if len(stack) > 0 {
			stack[len(stack)-1].take()
		}
		return stack, nil
	}
	top := stack[len(stack)-1]
	if !top.key {
		top.take()
		return stack, nil
	}
	key, _ := token.(string)
	// encoding/json matches the names of fields in any case, so in a document
	// itself "Layers" is a second "layers". Deeper objects hold labels and
	// annotations too, whose keys may differ in case only.
	if len(stack) == 1 {
		key = strings.ToLower(key)
	}
	if top.seen[key] {
		return nil, fmt.Errorf("key %q stands twice", key)
	}
	top.seen[key], top.key = true, false
	return stack, nil
}

// plainJSON gives the errors of encoding/json our words.
func plainJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	case errors.As(err, &wrong):
		return fmt.Errorf("%s is a JSON %s", wrong.Field, wrong.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("at byte %d: %s", syntax.Offset, syntax.Error())
	}
	return err
}
