package spec

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

func TestSchema(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := Schema(); !bytes.Equal(text, again) {
		t.Error("two calls, two schemas")
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	objects := map[string]any{"Spec": schema}
	for name, d := range defs {
		objects[name] = d
	}
	for name, o := range objects {
		object := o.(map[string]any)
		if object["additionalProperties"] != false || object["description"] == nil {
			t.Errorf("%s: additional properties %v, description %v", name, object["additionalProperties"], object["description"])
		}
		for key, p := range object["properties"].(map[string]any) {
			if p.(map[string]any)["description"] == nil {
				t.Errorf("%s.%s has no description", name, key)
			}
		}
	}
	if !slices.Equal(schema["required"].([]any), []any{"version"}) {
		t.Errorf("required: %v", schema["required"])
	}
	property := func(name, key string) map[string]any {
		return objects[name].(map[string]any)["properties"].(map[string]any)[key].(map[string]any)
	}
	compression := property("Layers", "compression")
	if !slices.Equal(compression["enum"].([]any), []any{"gzip", "zstd"}) {
		t.Errorf("compression: %v", compression)
	}
	images := property("Image", "platforms")["items"].(map[string]any)["enum"]
	if !slices.Equal(images.([]any), []any{"linux/amd64", "linux/arm64"}) {
		t.Errorf("image.platforms: %v", images)
	}
	if programs := property("CLI", "platforms")["items"].(map[string]any)["enum"]; len(programs.([]any)) != 6 {
		t.Errorf("cli.platforms: %v", programs)
	}
	if command := property("Devcontainer", "post-create-command"); len(command["oneOf"].([]any)) != 3 || command["description"] == nil {
		t.Errorf("devcontainer.post-create-command: %v", command)
	}
	if settings := property("Devcontainer", "settings"); settings["type"] != "object" || settings["additionalProperties"] != nil {
		t.Errorf("devcontainer.settings: %v", settings)
	}
	if objects["Variant"] == nil || property("Spec", "image") == nil || property("Spec", "env") == nil {
		t.Error("the top level or its variants lack keys")
	}
}
