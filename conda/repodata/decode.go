package repodata

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Records returns the candidates of a name, in the order of the document. An
// error is of class verification and tells which record is bad, or of class
// disk: the Pack is broken.
func (r *Repodata) Records(name string) ([]Record, error) {
	runs := r.find(name)
	if len(runs) == 0 {
		return nil, nil
	}
	parts, err := r.parts(runs)
	if err != nil {
		return nil, err
	}
	g := newGroup(parts)
	r.mu.Lock()
	g.decoder.keys = slices.Clip(r.keys) // others use it too
	r.mu.Unlock()
	for _, p := range parts {
		if !g.read(p, name, r.Info.Subdir) {
			return nil, r.broken(nil)
		}
	}
	r.mu.Lock()
	r.keys = g.decoder.keys
	r.mu.Unlock()
	for i := range g.records {
		if problem, bad := g.bad[i]; bad {
			return nil, tree.NewError(r.opts.where(), "record %q: %s", g.records[i].FileName, problem)
		}
	}
	return g.choose(r.opts.Keep), nil
}

// group has the records of a name while they are read.
type group struct {
	records []Record
	in      []section // by record
	before  []int32   // by record: the one before it of the same stem, or -1
	stems   stems
	decoder decoder
	bad     map[int]string // what is wrong with records
	removed []string
}

// maxRoom is for how many records there is room at first.
const maxRoom = 1 << 13

// newGroup makes room for the records of parts.
func newGroup(parts []part) *group {
	n := 0
	for _, p := range parts {
		if p.in != inRemoved { // an object ends for each record, and hardly ever elsewhere
			n += bytes.Count(p.data, []byte("}"))
		}
	}
	n = min(n, maxRoom)
	return &group{
		records: make([]Record, 0, n), in: make([]section, 0, n), before: make([]int32, 0, n),
		decoder: decoder{lists: make(map[string][]string, n/4)},
	}
}

// read reads a run. It says whether the run is what a Pack has.
func (g *group) read(p part, name, subdir string) bool {
	d, in := &g.decoder, p.in
	d.begin(p.text)
	if in == inRemoved {
		g.removed = d.files()
		return d.bad == ""
	}
	for more := true; more; more = d.again() {
		g.records = append(g.records, Record{})
		rec := &g.records[len(g.records)-1]
		problem := d.record(rec, in, subdir)
		if problem == "" {
			problem = rec.check(name)
		}
		g.place(in, problem)
	}
	return d.bad == ""
}

// place takes the record that was read last, which replaces one of the same key
// at its place.
func (g *group) place(in section, problem string) {
	i := len(g.records) - 1
	last := g.stems.last(g, i, in)
	for j := last; j >= 0; j = g.before[j] {
		if g.in[j] == in && g.records[j].FileName == g.records[i].FileName {
			g.records[j], g.records = g.records[i], g.records[:i]
			delete(g.bad, int(j))
			g.note(int(j), problem)
			return
		}
	}
	g.in, g.before = append(g.in, in), append(g.before, last)
	g.stems.add(g, i)
	g.note(i, problem)
}

func (g *group) note(i int, problem string) {
	if problem == "" {
		return
	}
	if g.bad == nil {
		g.bad = map[int]string{}
	}
	g.bad[i] = problem
}

// choose leaves out what is no candidate, and of each stem all but the best.
func (g *group) choose(keep func(*Record) bool) []Record {
	out := make([]bool, len(g.records))
	for i := range g.records {
		rec := &g.records[i]
		out[i] = len(g.removed) > 0 && slices.Contains(g.removed, rec.FileName) || keep != nil && !keep(rec)
	}
	for i := range g.records {
		for j := g.before[i]; j >= 0 && !out[i]; j = g.before[j] {
			switch {
			case out[j]:
			case rank(&g.records[i]) > rank(&g.records[j]):
				out[j] = true
			default:
				out[i] = true
			}
		}
	}
	chosen := g.records[:0]
	for i := range g.records {
		if out[i] {
			continue
		}
		if len(chosen) < i {
			chosen = append(chosen, g.records[i])
		} else {
			chosen = chosen[:i+1]
		}
	}
	clear(g.records[len(chosen):])
	return chosen
}

// rank orders records of one stem: .conda first, then the newer revision.
func rank(r *Record) int {
	n := r.Revision
	if strings.HasSuffix(r.FileName, extConda) {
		n += 10
	}
	return n
}

// check says what is wrong with a record of a name's group, or "".
func (r *Record) check(name string) string {
	if r.isPlain(name) {
		return ""
	}
	parts := []struct{ what, value string }{
		{"file name", r.FileName}, {"name", r.Name}, {"version", r.Version}, {"build", r.Build}, {"subdir", r.Subdir},
	}
	for _, p := range parts {
		if problem := checkPart(p.value); problem != "" && (p.what != "subdir" || p.value != "") {
			return fmt.Sprintf("%s %q %s", p.what, p.value, problem)
		}
	}
	if r.Name != name {
		return fmt.Sprintf("name %q is not the file's", r.Name)
	}
	return ""
}

// isPlain reports whether a record of a name's group is sure to be right: its file
// name is plain text, and its name, version and build are what that is made of.
func (r *Record) isPlain(name string) bool {
	stem, _ := cutExt(r.FileName)
	n, v, b := len(name), len(r.Version), len(r.Build)
	if r.Name != name || v == 0 || b == 0 || n+v+b+2 != len(stem) || len(r.FileName) > 255 ||
		stem[:n] != name || stem[n] != '-' || stem[n+1:n+1+v] != r.Version || stem[n+1+v] != '-' || stem[n+2+v:] != r.Build ||
		stem[0] == '.' || r.Version[0] == '.' || r.Build[0] == '.' {
		return false
	}
	for i := range len(r.FileName) {
		if c := r.FileName[i]; c <= ' ' || c >= 0x7f || c == '/' || c == '\\' {
			return false
		}
	}
	return checkPart(r.Subdir) == ""
}
