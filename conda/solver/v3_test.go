package solver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/repodata"
)

// withExtras gives records of a parsed problem extras: "a/x-1-0 name: spec; spec".
func withExtras(t *testing.T, p *Problem, lines ...string) {
	t.Helper()
	for _, line := range lines {
		id, rest, _ := strings.Cut(line, " ")
		name, depends, _ := strings.Cut(rest, ":")
		found := false
		for i := range p.Records {
			if r := &p.Records[i]; recordID(r) == id {
				found = true
				r.Extras = append(r.Extras, repodata.Extra{Name: name, Depends: strings.FieldsFunc(depends, func(c rune) bool { return c == ';' })})
			}
		}
		if !found {
			t.Fatalf("no record %s", id)
		}
	}
}

func TestRevision3(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		extras     []string
		want       string
	}{
		{"condition holds", "a/x-1-0: y[when=\"__unix\"]\na/y-1-0\nvirtual __unix-0-0\nwant x", nil, "x 1, y 1"},
		{"condition does not hold", "a/x-1-0: y[when=\"__win\"]\na/y-1-0\nvirtual __unix-0-0\nwant x", nil, "x 1"},
		{"condition on a version", "a/x-1-0: y[when=\"z >=2\"]\na/y-1-0\na/z-1-0\na/z-2-0\nwant x\nwant z", nil, "x 1, y 1, z 2"},
		{"and, or", "a/x-1-0: y[when=\"(z >=2 and __win) or __unix\"]\na/y-1-0\nvirtual __unix-0-0\nwant x", nil, "x 1, y 1"},
		{"and", "a/x-1-0: y[when=\"z >=2 and __win\"]\na/y-1-0\na/z-2-0\nvirtual __unix-0-0\nwant x\nwant z", nil, "x 1, z 2"},
		{"condition of a request", "a/x-1-0\na/y-1-0\nvirtual __unix-0-0\nwant x[when=\"__win\"]\nwant y[when=\"__unix\"]", nil, "y 1"},
		{"extra", "a/x-1-0\na/y-1-0\na/y-2-0\nwant x[extras=[fast]]", []string{"a/x-1-0 fast:y <2"}, "x 1, y 1"},
		{"extra not asked for", "a/x-1-0\na/y-1-0\nwant x", []string{"a/x-1-0 fast:y <2"}, "x 1"},
		{"extra of an older version", "a/x-1-0\na/x-2-0\na/y-1-0\nwant x[extras=[fast]]", []string{"a/x-1-0 fast:y"}, "x 1, y 1"},
		{"extras of one record", "a/x-1-0\na/x-2-0\na/y-1-0\na/z-1-0\nwant x[extras=[fast]]\nwant x[extras=[wide]]", []string{"a/x-1-0 fast:y", "a/x-1-0 wide:z", "a/x-2-0 fast:y"}, "x 1, y 1, z 1"},
		{"extras that contradict", "a/x-1-0\na/y-1-0\na/y-2-0\nwant x[extras=[fast,wide]]", []string{"a/x-1-0 fast:y <2", "a/x-1-0 wide:y >=2"}, "none"},
		{"extra below", "a/w-1-0: x[extras=[fast]]\na/x-1-0\na/y-1-0\nwant w", []string{"a/x-1-0 fast:y"}, "w 1, x 1, y 1"},
		{"extra under a condition", "a/w-1-0: x[extras=[fast], when=\"__win\"]\na/x-1-0\na/y-1-0\nwant w", []string{"a/x-1-0 fast:y"}, "w 1"},
		{"flag", "a/x-1-0\na/x-2-0\nwant x[flags=[cuda]]", nil, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := parse(t, tt.text)
			withExtras(t, &p, tt.extras...)
			s, err := answer(t, p)
			got := "none"
			if err == nil {
				var list []string
				for _, r := range s.Records {
					list = append(list, r.Name+" "+r.Version)
				}
				got = strings.Join(list, ", ")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s\n%v", diff, err)
			}
		})
	}
}

func TestNoSuchExtra(t *testing.T) {
	p, _ := parse(t, "a/x-1-0\nwant x[extras=[fast]]")
	_, err := answer(t, p)
	want := "the requested packages cannot be installed together\n└─ requested \"x[extras=[fast]]\": no x has an extra fast"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTooManyAlternatives(t *testing.T) {
	condition := strings.Repeat("(y or z) and ", 7) + "y"
	p, _ := parse(t, "a/x-1-0: y[when=\""+condition+"\"]\na/y-1-0\nwant x")
	_, err := answer(t, p)
	if err == nil || !strings.Contains(err.Error(), "a condition with more than 64 alternatives") {
		t.Errorf("got %v", err)
	}
}
