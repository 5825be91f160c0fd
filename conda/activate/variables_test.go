package activate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/activate"
)

func TestVariables(t *testing.T) {
	for _, tc := range []struct {
		text, problem string
		want          []string
	}{
		{text: `{}`},
		{text: `{"B": "x y", "A": "", "N": 1.50, "T": true, "U": "***unset***", "Q": "'\"$` + "`" + `\n%!"}`, want: []string{"B=x y", "A=", "N=1.50", "T=True", "U", "Q='\"$`\n%!"}},
		{text: ``, problem: "v.json: is not a JSON object of variables"},
		{text: `[]`, problem: "v.json: is not a JSON object of variables"},
		{text: `{"A": "b"`, problem: "v.json: is not JSON: EOF"},
		{text: `{"A": "b"} {}`, problem: "v.json: has more than one JSON object"},
		{text: `{"A": null}`, problem: `v.json: variable "A" is not a string`},
		{text: `{"A": {"B": 1}}`, problem: `v.json: variable "A" is not a string`},
		{text: `{"": "b"}`, problem: `v.json: variable "" has no name that can be set`},
		{text: `{"A=B": "b"}`, problem: `v.json: variable "A=B" has no name that can be set`},
		{text: `{"A": "b\u0000"}`, problem: `v.json: variable "A" holds a NUL byte`},
	} {
		got, err := activate.Variables("v.json", []byte(tc.text))
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if problem != tc.problem || !cmp.Equal(tc.want, got) {
			t.Errorf("%s: %q, %q", tc.text, got, problem)
		}
	}
}
