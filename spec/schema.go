package spec

import (
	_ "embed" // the doc comments of types.go
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/gophersnake/gophersnake/platforms"
)

//go:embed types.go
var typesSource string

// Schema returns the JSON Schema (draft 2020-12) of gophersnake.toml, indented,
// with a newline at its end. Its descriptions are the doc comments of the Go
// types.
func Schema() ([]byte, error) {
	comments, err := docComments(typesSource)
	if err != nil {
		return nil, err
	}
	r := jsonschema.Reflector{
		Anonymous:                  true,
		FieldNameTag:               "toml",
		RequiredFromJSONSchemaTags: true,
		ExpandedStruct:             true,
		Mapper:                     special,
		LookupComment: func(t reflect.Type, field string) string {
			return comments[strings.TrimSuffix(t.Name()+"."+field, ".")]
		},
	}
	schema := r.Reflect(&Spec{})
	schema.Title = "gophersnake.toml"
	images := &jsonschema.Schema{Type: "string"}
	for _, p := range platforms.All() {
		if p.Image() {
			images.Enum = append(images.Enum, p.String())
		}
	}
	list, ok := schema.Definitions["Image"].Properties.Get("platforms")
	if !ok {
		return nil, fmt.Errorf("schema: image.platforms is missing")
	}
	list.Items = images
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}

// special returns the schema of types that are written in more than one way,
// or as text.
func special(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[platforms.Platform]():
		s := &jsonschema.Schema{Type: "string"}
		for _, p := range platforms.All() {
			s.Enum = append(s.Enum, p.String())
		}
		return s
	case reflect.TypeFor[Owner]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "integer"}}}
	case reflect.TypeFor[Cutoff]():
		return &jsonschema.Schema{Type: "string"}
	case reflect.TypeFor[Setting]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[Command]():
		text := &jsonschema.Schema{Type: "string"}
		one := []*jsonschema.Schema{text, {Type: "array", Items: text}}
		return &jsonschema.Schema{OneOf: append(one, &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{OneOf: one}})}
	}
	return nil
}

// docComments returns the doc comments of a file's types, by "Type", and of
// their fields, by "Type.Field", each in one line.
func docComments(source string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "types.go", source, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	comments := map[string]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || len(g.Specs) == 0 {
			continue
		}
		t, ok := g.Specs[0].(*ast.TypeSpec)
		if !ok {
			continue
		}
		comments[t.Name.Name] = oneLine(g.Doc)
		for _, f := range t.Type.(*ast.StructType).Fields.List {
			for _, name := range f.Names {
				comments[t.Name.Name+"."+name.Name] = oneLine(f.Doc)
			}
		}
	}
	return comments, nil
}

func oneLine(doc *ast.CommentGroup) string { return strings.Join(strings.Fields(doc.Text()), " ") }
