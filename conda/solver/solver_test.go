package solver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// parse makes a problem from text, one fact a line:
//
//	CHANNEL/NAME-VERSION-BUILD [: depends, depends…] [| constrains, …] [key=value…]
//	want SPEC         a request
//	limit SPEC        a constraint
//	virtual NAME-VERSION-BUILD
//	favor RECORD, pin RECORD
//	set KEY VALUE     priority, newer, pip, undated
//	answer RECORD…    without channels if there is only one
//
// Keys of a record are n (build number), t (time), i (time of the index), f
// (track_features), x (file extension), s (subdir).
func parse(t testing.TB, text string) (p Problem, answer []string) {
	t.Helper()
	find := func(id string) Record {
		for _, r := range p.Records {
			if recordID(&r) == id {
				return r
			}
		}
		r := parseRecord(t, id)
		return r
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
		case "want":
			p.Specs = append(p.Specs, rest)
		case "limit":
			p.Constraints = append(p.Constraints, rest)
		case "virtual":
			p.Virtual = append(p.Virtual, parseRecord(t, "/"+rest))
		case "favor":
			p.Favored = append(p.Favored, find(rest))
		case "pin":
			p.Pinned = append(p.Pinned, find(rest))
		case "set":
			key, value, _ := strings.Cut(rest, " ")
			switch key {
			case "priority":
				p.Priority = map[string]Priority{"strict": Strict, "flexible": Flexible, "disabled": Disabled}[value]
			case "newer":
				fmt.Sscan(value, &p.ExcludeNewer)
			case "undated":
				p.AllowUndated = true
			case "pip":
				p.AddPip = true
			}
		case "answer":
			answer = strings.Fields(rest)
		default:
			p.Records = append(p.Records, parseRecord(t, line))
		}
	}
	return p, answer
}

func parseRecord(t testing.TB, line string) Record {
	t.Helper()
	words := strings.Fields(line)
	keep := len(words)
	for keep > 1 && strings.IndexByte(words[keep-1], '=') == 1 && !strings.ContainsAny(words[keep-1][:1], "<>=!") {
		keep--
	}
	head, constrains, _ := strings.Cut(strings.Join(words[:keep], " "), "|")
	id, depends, _ := strings.Cut(head, ":")
	channel, stem, ok := strings.Cut(strings.TrimSpace(id), "/")
	part := strings.Split(stem, "-")
	if !ok || len(part) != 3 {
		t.Fatalf("not a record: %q", line)
	}
	list := func(text string) []string {
		return strings.FieldsFunc(strings.TrimSpace(text), func(c rune) bool { return c == ';' })
	}
	r := Record{
		Name: part[0], Version: part[1], Build: part[2], Channel: channel, Subdir: "linux-64",
		Depends: list(depends), Constrains: list(constrains),
	}
	extension := "conda"
	for _, w := range words[keep:] {
		switch key, value := w[0], w[2:]; key {
		case 'n':
			fmt.Sscan(value, &r.BuildNumber)
		case 't':
			fmt.Sscan(value, &r.Timestamp)
		case 'i':
			fmt.Sscan(value, &r.Indexed)
		case 'f':
			r.TrackFeatures = []string{value}
		case 'x':
			extension = value
		case 's':
			r.Subdir = value
		default:
			t.Fatalf("unknown key in %q", line)
		}
	}
	r.FileName = stem + "." + extension
	r.URL = "https://channel.example/" + channel + "/" + r.Subdir + "/" + r.FileName
	return r
}

func recordID(r *Record) string {
	return r.Channel + "/" + r.Name + "-" + r.Version + "-" + r.Build
}

func TestSolve(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"newest version", "a/x-1-0\na/x-2-0\nwant x\nanswer a/x-2-0"},
		{"newest build", "a/x-1-0 n=0\na/x-1-1 n=1\nwant x\nanswer a/x-1-1"},
		{"latest time", "a/x-1-b t=1\na/x-1-a t=3\na/x-1-c t=2\nwant x\nanswer a/x-1-a"},
		{"first of equals", "a/x-1-b\na/x-1-a\nwant x\nanswer a/x-1-b"},
		{"no track_features before a higher version", "a/x-2-0 f=debug\na/x-1-0\nwant x\nanswer a/x-1-0"},
		{"higher common dependency", "a/x-1-p38: py 3.8.*\na/x-1-p39: py 3.9.*\na/x-1-p37: py 3.7.* t=9\na/py-3.7-0\na/py-3.8-0\na/py-3.9-0\nwant x\nanswer a/py-3.9-0 a/x-1-p39"},
		{"dependency that is not common", "a/x-1-b: m t=1\na/x-1-a t=2\na/m-9-0\nwant x\nanswer a/x-1-a"},
		{"least of several specs", "a/x-1-a: n 1.10.*;n >=1.7\na/x-1-b: n 1.11.*;n >=1.7\na/n-1.10-0\na/n-1.11-0\na/n-1.12-0\nwant x\nanswer a/n-1.11-0 a/x-1-b"},
		{"reach of track_features", "a/x-1-a: b 1.*\na/x-1-b: b 2.*\na/b-1-0\na/b-2-0 f=slow\nwant x\nanswer a/b-1-0 a/x-1-a"},
		{"strict priority", "a/x-1-0\nb/x-2-0\nwant x\nanswer a/x-1-0"},
		{"strict priority hides", "a/x-1-0\nb/x-2-0\nwant x >=2\nanswer none"},
		{"flexible priority", "a/x-1-0\nb/x-2-0\nset priority flexible\nwant x\nanswer a/x-1-0"},
		{"flexible priority falls back", "a/x-1-0\nb/x-2-0\nset priority flexible\nwant x >=2\nanswer b/x-2-0"},
		{"flexible: features still last", "a/x-1-0 f=debug\nb/x-2-0\nset priority flexible\nwant x\nanswer b/x-2-0"},
		{"no priority", "a/x-1-0\nb/x-2-0\nset priority disabled\nwant x\nanswer b/x-2-0"},
		{"requested channel", "a/x-1-0\nb/x-2-0\nwant b::x\nanswer b/x-2-0"},
		{"requested channel lacks it", "a/x-1-0\nwant b::x\nanswer none"},
		{"format", "a/x-1-0 x=tar.bz2\na/x-1-0\nwant x\nanswer a/x-1-0"},
		{"format that is too new", "a/x-1-0 t=5 x=tar.bz2\na/x-1-0 t=9\nset newer 6\nwant x\nanswer a/x-1-0.tar.bz2"},
		{"newer", "a/x-1-0 t=5\na/x-2-0 t=7\nset newer 6\nwant x\nanswer a/x-1-0"},
		{"newer by the index", "a/x-1-0 t=5\na/x-2-0 t=5 i=7\nset newer 6\nwant x\nanswer a/x-1-0"},
		{"undated", "a/x-1-0 t=5\na/x-2-0\nset newer 6\nwant x\nanswer a/x-1-0"},
		{"undated allowed", "a/x-1-0 t=5\na/x-2-0\nset newer 6\nset undated\nwant x\nanswer a/x-2-0"},
		{"virtual", "a/x-1-0: __glibc >=2.17\na/x-2-0: __glibc >=2.28\nvirtual __glibc-2.17-0\nwant x\nanswer a/x-1-0"},
		{"virtual absent", "a/x-1-0\na/x-2-0: __cuda\nwant x\nanswer a/x-1-0"},
		{"constrains virtual", "a/x-1-0\na/x-2-0 | __cuda >=12\nvirtual __cuda-11-0\nwant x\nanswer a/x-1-0"},
		{"constrains virtual that is absent", "a/x-1-0\na/x-2-0 | __cuda >=12\nwant x\nanswer a/x-2-0"},
		{"virtual build", "a/x-1-0: __archspec * x86_64\na/x-2-0: __archspec * m1\nvirtual __archspec-1-x86_64\nwant x\nanswer a/x-1-0"},
		{"unreadable dependency", "a/x-1-0\na/x-2-0: y >>2\nwant x\nanswer a/x-1-0"},
		{"unreadable constraint", "a/x-1-0\na/x-2-0 | y >>2\nwant x\nanswer a/x-1-0"},
		{"unreadable version", "a/x-1-0\na/x-1!!2-0\nwant x\nanswer a/x-1-0"},
		{"old lock", "a/x-1-0: y\na/x-2-0: y\na/y-1-0\na/y-2-0\nfavor a/y-1-0\nwant x\nanswer a/x-2-0 a/y-1-0"},
		{"old lock does not fit", "a/x-2-0: y 2\na/y-1-0\na/y-2-0\nfavor a/y-1-0\nwant x\nanswer a/x-2-0 a/y-2-0"},
		{"old lock, package no longer there", "a/x-2-0\nfavor a/x-1-0\nwant x\nanswer a/x-1-0"},
		{"old lock outweighs date", "a/x-1-0 t=5\na/x-2-0 t=7\nset newer 6\nfavor a/x-2-0\nwant x\nanswer a/x-2-0"},
		{"pin", "a/x-1-0\na/x-2-0\npin a/x-1-0\nwant x\nanswer a/x-1-0"},
		{"pin contradicted", "a/x-1-0\na/x-2-0\npin a/x-1-0\nwant x >=2\nanswer none"},
		{"pin that nobody asks for", "a/x-1-0\na/y-1-0\npin a/y-1-0\nwant x\nanswer a/x-1-0"},
		{"constraint", "a/x-1-0\na/x-2-0\nlimit x <2\nwant x\nanswer a/x-1-0"},
		{"constraint on what is absent", "a/x-1-0\na/y-1-0\nlimit y <1\nwant x\nanswer a/x-1-0"},
		{"pip", "a/python-3.12-0\na/pip-24-0: python\nset pip\nwant python\nanswer a/pip-24-0 a/python-3.12-0"},
		{"no pip", "a/python-3.12-0\na/pip-24-0: python\nwant python\nanswer a/python-3.12-0"},
		{"order of requests", "a/x-1-0\na/x-2-0: z 1\na/z-1-0\na/z-2-0: x 1\nwant z\nwant x\nanswer a/x-1-0 a/z-2-0"},
		{"cycle", "a/x-1-0: y\na/y-1-0: x\nwant x\nanswer a/x-1-0 a/y-1-0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, want := parse(t, tt.text)
			s, err := answer(t, p)
			var got []string
			for _, r := range s.Records {
				id := recordID(&r)
				if strings.HasSuffix(r.FileName, ".tar.bz2") {
					id += ".tar.bz2"
				}
				got = append(got, id)
			}
			if err != nil {
				got = []string{"none"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnsatisfiable(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{
			"no such package", "a/x-1-0\nwant x\nwant nosuch >=2",
			"└─ requested \"nosuch >=2\": no such package",
		},
		{
			"shadowed", "a/x-1-0\nb/x-2-0\nwant x >=2",
			"└─ requested \"x >=2\"\n   └─ x 2 0: channel b comes after a, which has this name too (strict channel priority)",
		},
		{
			"no match", "a/x-1-0\na/x-1.5-0\nwant x >=2",
			"└─ requested \"x >=2\": no match among x 1.5 | 1",
		},
		{
			"virtual", "a/x-1-0: __glibc >=2.34\nvirtual __glibc-2.28-0\nwant x",
			"└─ requested \"x\"\n   └─ x 1 0\n      └─ requires __glibc >=2.34: the target has __glibc 2.28 0",
		},
		{
			"two requests", "a/x-1-0: y 1\na/z-1-0: y 2\na/y-1-0\na/y-2-0\na/w-1-0\nwant w\nwant x\nwant z",
			"├─ requested \"x\"\n│  └─ x 1 0\n│     └─ requires y 1\n│        └─ y 1 0: z 1 0 requires y 2\n" +
				"└─ requested \"z\"\n   └─ z 1 0\n      └─ requires y 2\n         └─ y 2 0: x 1 0 requires y 1",
		},
		{
			"unreadable", "a/x-1-0: y >>2\nwant x",
			"└─ requested \"x\"\n   └─ x 1 0: its dependency \"y >>2\" cannot be read: match spec \"y >>2\": column 3: ",
		},
		{
			"too new", "a/x-1-0 t=86400000\nset newer 5\nwant x",
			"└─ requested \"x\"\n   └─ x 1 0: newer than 1970-01-01T00:00:00Z; the first after that is x 1 of 1970-01-02T00:00:00Z",
		},
		{
			"undated", "a/x-1-0\nset newer 5\nwant x",
			"└─ requested \"x\"\n   └─ x 1 0: does not say when it appeared, and nothing newer than 1970-01-01T00:00:00Z is allowed",
		},
		{
			"all too new", "a/x-1-0 t=86400000\na/x-2-0 t=172800000\na/x-3-0 t=259200000\na/y-1-0: x >=2 t=1\nset newer 5\nwant y",
			"└─ requested \"y\"\n   └─ y 1 0\n      └─ requires x >=2\n         └─ x 3 | 2: newer than 1970-01-01T00:00:00Z; the first after that is x 2 of 1970-01-03T00:00:00Z",
		},
		{
			"virtual package absent", "a/x-2-0: __cuda >=12\na/x-1-0: __cuda\nwant x",
			"└─ requested \"x\"\n   └─ x 2 | 1\n      └─ requires __cuda >=12 or the like: the target has no __cuda",
		},
		{
			"hidden below", "a/x-1-0: y >=2\na/y-1-0\nb/y-2-0\nb/y-3-0\nwant x",
			"└─ requested \"x\"\n   └─ x 1 0\n      └─ requires y >=2\n         └─ y 3 | 2: channel b comes after a, which has this name too (strict channel priority)",
		},
		{
			"cycle", "a/x-1-0: y 1\na/y-1-0: z 1\na/z-1-0: x 2\na/x-2-0: y 2\nwant x",
			"└─ requested \"x\"\n   ├─ x 2 0\n   │  └─ requires y 2: no match among y 1 0\n   └─ x 1 0\n      └─ requires y 1\n         └─ y 1 0\n            └─ requires z 1\n               └─ z 1 0\n                  └─ requires x 2\n                     └─ x 2 0\n                        └─ requires y 2: no match among y 1 0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := parse(t, tt.text)
			_, err := Solve(t.Context(), p)
			var u *Unsatisfiable
			if !errors.As(err, &u) {
				t.Fatalf("got %v, want an Unsatisfiable", err)
			}
			if u.Class() != "unsatisfiable" {
				t.Errorf("class %q", u.Class())
			}
			want := "the requested packages cannot be installed together\n" + tt.want
			if got := err.Error(); got != want && !(tt.name == "unreadable" && strings.HasPrefix(got, want)) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestBadRequest(t *testing.T) {
	for _, tt := range []struct {
		p    Problem
		want string
	}{
		{Problem{Specs: []string{"x >>1"}}, `requested package: match spec "x >>1": `},
		{Problem{Constraints: []string{"x >>1"}}, `constraint: match spec "x >>1": `},
		{Problem{Constraints: []string{`x[when="__unix"]`}}, "constraint: "},
		{Problem{Specs: []string{`x[when="y[extras=[a]]"]`}}, "requested package: "},
	} {
		_, err := Solve(t.Context(), tt.p)
		var c interface{ Class() string }
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || !errors.As(err, &c) || c.Class() != "usage" {
			t.Errorf("got %v, want %s… of class usage", err, tt.want)
		}
	}
}

func TestInputIsNotChanged(t *testing.T) {
	p, _ := parse(t, "a/python-3.12-0: y\na/y-1-0\na/pip-24-0: python\nset pip\nwant python")
	p.Records[0].Depends = append(make([]string, 0, 9), p.Records[0].Depends...)
	before := fmt.Sprint(p)
	for range 2 {
		if _, err := Solve(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if after := fmt.Sprint(p); before != after {
		t.Errorf("the problem was changed: %s", after)
	}
	if extra := p.Records[0].Depends[:2][1]; extra != "" {
		t.Errorf("%q was written into the caller's slice", extra)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	p, _ := parse(t, "a/x-1-0\nwant x")
	if _, err := Solve(ctx, p); err == nil || err.Error() != "enough" {
		t.Errorf("got %v, want the cause", err)
	}
}

// sudoku makes the 81 cells of the game packages of 9 versions that exclude
// their like in the row, the column and the box.
func sudoku() []Record {
	var out []Record
	cell := func(i, j int) string { return fmt.Sprintf("sudoku_%d_%d", i, j) }
	for n := range 729 {
		i, j, digit := n/81, n/9%9, n%9+1
		r := Record{Name: cell(i, j), Version: fmt.Sprint(digit), Build: "0", Subdir: "noarch"}
		for k := range 81 {
			a, b := k/9, k%9
			if (a != i || b != j) && (a == i || b == j || a/3 == i/3 && b/3 == j/3) {
				r.Depends = append(r.Depends, fmt.Sprintf("%s !=%d", cell(a, b), digit))
			}
		}
		out = append(out, r)
	}
	return out
}

func TestSudoku(t *testing.T) {
	puzzle := strings.Fields("53..7.... 6..195... .98....6. 8...6...3 4..8.3..1 7...2...6 .6....28. ...419..5 ....8..79")
	var p Problem
	p.Records = sudoku()
	for i, row := range puzzle {
		for j, c := range row {
			if c != '.' {
				p.Specs = append(p.Specs, fmt.Sprintf("sudoku_%d_%d ==%c", i, j, c))
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := Solve(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(&p, s); err != nil {
		t.Error(err)
	}
	var digits strings.Builder
	for _, r := range s.Records { // sorted by name
		digits.WriteString(r.Version)
	}
	want := "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
	if got := digits.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSudokuOfMamba tries a channel that goes round as a puzzle but mixes up
// its boxes, so that no cell can be filled.
func TestSudokuOfMamba(t *testing.T) {
	path := sharedData(t, "vectors", "mamba-repodata", "sudoku.json")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := Solve(ctx, Problem{Specs: []string{"sudoku_0_0"}, Records: loadRepo(t, repo{"sudoku", "noarch", path})})
	var u *Unsatisfiable
	if !errors.As(err, &u) {
		t.Fatalf("got %v, want an Unsatisfiable", err)
	}
	if n := strings.Count(err.Error(), "\n"); n > maxLines+1 {
		t.Errorf("the reason has %d lines", n)
	}
}
