package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	const explicit = "@EXPLICIT\nhttps://h.example/main/linux-64/a-1.10-0.conda\n"
	for _, tt := range []struct {
		name, text    string
		conda, wheels []string
	}{
		{"locks/conda-lock.yml", condaLock, []string{"a"}, []string{"six", "zope-interface"}},
		{"mine.yaml", condaLock, []string{"a"}, []string{"six", "zope-interface"}},
		{"explicit.txt", explicit, []string{"a"}, nil},
		{"conda-linux-64.lock", explicit, []string{"a"}, nil},
	} {
		conda, wheels, err := Read(tt.name, []byte(tt.text), Options{Platform: amd64})
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(tt.conda, names(conda)); d != "" {
			t.Errorf("%s: conda (-want +got):\n%s", tt.name, d)
		}
		if d := cmp.Diff(tt.wheels, names(wheels)); d != "" {
			t.Errorf("%s: wheels (-want +got):\n%s", tt.name, d)
		}
	}
}

func names(list []Imported) (all []string) {
	for _, i := range list {
		all = append(all, i.Name)
	}
	return all
}
