package devcontainer

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tailscale/hujson"

	"github.com/gophersnake/gophersnake/internal/fault"
)

var file = File{Name: "data tools", Image: "localhost:5000/x:1"}

func TestNew(t *testing.T) {
	text, err := file.New()
	if err != nil {
		t.Fatal(err)
	}
	again, err := file.Update("f", text)
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("%v\n%s", err, again)
	}
	if !strings.Contains(string(text), "{\n\t\"name\": \"data tools\",\n\t\"image\": \"localhost:5000/x:1\"\n}\n") {
		t.Errorf("%s", text)
	}
}

func TestUpdate(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"empty", "{}", "{\n\t\"image\": \"localhost:5000/x:1\"\n}"},
		{"empty with a comment", "{ // why\n}\n", "{\n\t\"image\": \"localhost:5000/x:1\" // why\n}\n"},
		{"same", "{ \"image\" : \"localhost:5000\\/x:1\" , }", "{ \"image\" : \"localhost:5000\\/x:1\" , }"},
		{
			"another", "// head\n{\n  // mine\n  \"name\": \"n\", // why\n  \"image\": /* old */ \"a:1\" /* still */,\n  \"features\": {},\n}\n// tail\n",
			"// head\n{\n  // mine\n  \"name\": \"n\", // why\n  \"image\": /* old */ \"localhost:5000/x:1\" /* still */,\n  \"features\": {},\n}\n// tail\n",
		},
		{"not a string", `{"image":{"a":[1]}}`, `{"image":"localhost:5000/x:1"}`},
		{"none", "{\n    \"name\": \"n\"\n}", "{\n    \"image\": \"localhost:5000/x:1\",\n    \"name\": \"n\"\n}"},
		{"none, in one line", `{"name": "n", "a": 1}`, `{ "image": "localhost:5000/x:1","name": "n", "a": 1}`},
		{
			"none, comments before the first", "{\n  // of the name\n  \"name\": \"n\", // behind\n}\n",
			"{\n  \"image\": \"localhost:5000/x:1\",\n  // of the name\n  \"name\": \"n\", // behind\n}\n",
		},
		{
			"none, a comment behind the brace", "{ // of the object\n  /* of the name */ \"name\": \"n\"\n}\n",
			"{ // of the object\n  \"image\": \"localhost:5000/x:1\",\n  /* of the name */ \"name\": \"n\"\n}\n",
		},
		{"a comment of two lines behind the brace", "{ /* of\nx */ \"name\": \"n\"}", "{ \"image\": \"localhost:5000/x:1\", /* of\nx */ \"name\": \"n\"}"},
		{"windows", "{\r\n  \"name\": \"n\"\r\n}\r\n", "{\r\n  \"image\": \"localhost:5000/x:1\",\r\n  \"name\": \"n\"\r\n}\r\n"},
		{"deeper image", `{"x":{"image":"y"},"image":"z"}`, `{"x":{"image":"y"},"image":"localhost:5000/x:1"}`},
		{"brackets in strings and comments", `{"image":"[[\"[", /* [[ */ "b": "{" // [` + "\n}", `{"image":"localhost:5000/x:1", /* [[ */ "b": "{" // [` + "\n}"},
	} {
		got, err := file.Update("f", []byte(tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if again, err := file.Update("f", got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: a second time: %v\n%s", tt.name, err, again)
		}
	}
}

func TestBadFile(t *testing.T) {
	const reads = "comments and trailing commas are read, all else is as in JSON"
	for _, tt := range []struct{ name, data, want, hint string }{
		{"empty", "", "f.json:1:1: not JSON: parsing value: unexpected EOF", reads},
		{"brace", "{\n  \"image\": \"x\"\n", "f.json:3:1: not JSON: parsing object after value: unexpected EOF", reads},
		{"comma", "{\n  \"a\": 1\n  \"b\": 2\n}", "f.json:3:3: not JSON: invalid character '\"' after object value (expecting ',' or '}')", reads},
		{"quotes", "{\n  'a': 1 }", "f.json:2:3: not JSON: invalid character '\\'' at start of value", reads},
		{"two", "{} {}", "f.json:1:4: not JSON: invalid character '{' after top-level value", reads},
		{"merge marks", "{\n<<<<<<< ours\n}", "f.json:2:1: not JSON: invalid character '<' at start of value", reads},
		{"array", "// x\n []", "f.json:2:2: want an object, got an array", ""},
		{"string", `"x"`, "f.json:1:1: want an object, got a string", ""},
		{"null", ` null`, "f.json:1:2: want an object, got null", ""},
		{"number", `12`, "f.json:1:1: want an object, got a number", ""},
		{"twice", "{\"image\": \"a\",\n\"im\\u0061ge\": \"b\"}", `f.json:2:1: "image" is set twice`, "keep one of the two"},
		{"build", "{\n\t\"build\": {\"dockerfile\": \"D\"}\n}", `f.json:2:2: "build" says how the container is made, and image cannot stand beside it`, `remove "build", or write another file with -o`},
		{"compose", `{"dockerComposeFile": "x"}`, `f.json:1:2: "dockerComposeFile" says how the container is made, and image cannot stand beside it`, `remove "dockerComposeFile", or write another file with -o`},
		{"deep", `{"a":` + strings.Repeat("[", 100_000), "f.json:1:69: values nest more than 64 deep", ""},
		{"large", "{}" + strings.Repeat(" ", MaxSize), "f.json: is 1048578 bytes; at most 1048576 are read", ""},
		{"NUL", "{\"a\":\x00}", `f.json:1:6: not JSON: invalid character '\u0000' at start of value`, reads},
		{"open comment", "{} /* x", "f.json:1:4: not JSON: parsing comment: unexpected EOF", reads},
	} {
		_, err := file.Update("f.json", []byte(tt.data))
		var f *fault.Error
		if !errors.As(err, &f) || f.Error() != tt.want || f.Hint() != tt.hint || f.Class() != "usage" {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// FuzzUpdate shows that an update changes the image alone.
func FuzzUpdate(f *testing.F) {
	for _, seed := range []string{"{}", `{"image":"x",}`, "{ // a\n\"name\": \"n\" /* b */ }", "[", `{"a":[{"b":"\""}]}`, "{\r\n\t\"a\":1e5}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		got, err := file.Update("f", []byte(data))
		if err != nil {
			return
		}
		before, after := members(t, []byte(data)), members(t, got)
		if after["image"] != `"localhost:5000/x:1"` && !strings.Contains(after["image"], `\`) {
			t.Fatalf("%q became %q", data, got)
		}
		delete(before, "image")
		delete(after, "image")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%q became %q: %s", data, got, diff)
		}
		if again, err := file.Update("f", got); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q, then %q: %v", got, again, err)
		}
		for _, comment := range []string{"//", "/*"} {
			if strings.Count(data, comment) > strings.Count(string(got), comment) && !strings.Contains(data, "image") {
				t.Fatalf("%q lost a comment: %q", data, got)
			}
		}
	})
}

// members returns the texts of an object's values without comments.
func members(t *testing.T, data []byte) map[string]string {
	t.Helper()
	v, err := hujson.Parse(data)
	if err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	v.Minimize()
	m := map[string]string{}
	for _, member := range v.Value.(*hujson.Object).Members {
		m[member.Name.Value.(hujson.Literal).String()] += string(member.Value.Pack())
	}
	return m
}
