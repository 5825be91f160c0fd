package solver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// repo is one repodata.json of a channel.
type repo struct{ channel, subdir, path string }

// sharedData returns a path in the data that the tests of all packages share.
func sharedData(t testing.TB, elem ...string) string {
	t.Helper()
	p, err := filepath.Abs(filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	return p
}

// jsonRecord is a record as repodata.json has it.
type jsonRecord struct {
	Name          string   `json:"name"`
	Version       string   `json:"version"`
	Build         string   `json:"build"`
	BuildNumber   uint64   `json:"build_number"`
	Depends       []string `json:"depends"`
	Constrains    []string `json:"constrains"`
	TrackFeatures any      `json:"track_features"`
	Timestamp     int64    `json:"timestamp"`
	Subdir        string   `json:"subdir"`
	SHA256        string   `json:"sha256"`
	MD5           string   `json:"md5"`
}

func (j *jsonRecord) record(r repo, file string) Record {
	out := Record{
		Name: j.Name, Version: j.Version, Build: j.Build, BuildNumber: j.BuildNumber,
		Depends: j.Depends, Constrains: j.Constrains, Channel: r.channel, Subdir: r.subdir,
		FileName: file, URL: "https://channel.example/" + r.channel + "/" + r.subdir + "/" + file,
		SHA256: j.SHA256, MD5: j.MD5, Timestamp: j.Timestamp,
	}
	if out.Timestamp > 0 && out.Timestamp < 253402300799 {
		out.Timestamp *= 1000
	}
	switch tf := j.TrackFeatures.(type) {
	case string:
		out.TrackFeatures = strings.FieldsFunc(tf, func(c rune) bool { return c == ' ' || c == ',' })
	case []any:
		for _, f := range tf {
			out.TrackFeatures = append(out.TrackFeatures, fmt.Sprint(f))
		}
	}
	return out
}

// has reports whether there is such a folder in the shared data.
func has(t testing.TB, elem ...string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(append([]string{sharedData(t)}, elem...)...))
	return err == nil
}

// plain returns the path of a repodata.json, unpacked if only the .zst is there.
func plain(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{sharedData(t)}, elem...)...)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	packed, err := os.Open(path + ".zst")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := filepath.Join(t.TempDir(), "repodata.json")
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, z); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// loadRepo reads the records of a file in its order.
func loadRepo(t testing.TB, r repo) []Record {
	t.Helper()
	f, err := os.Open(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	token := func() json.Token {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	var out []Record
	token()
	for d.More() {
		key := token()
		if key != "packages" && key != "packages.conda" {
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				t.Fatal(err)
			}
			continue
		}
		token()
		for d.More() {
			file := token().(string)
			var j jsonRecord
			if err := d.Decode(&j); err != nil {
				t.Fatal(err)
			}
			out = append(out, j.record(r, file))
		}
		token()
	}
	return out
}

// virtual are the virtual packages of a platform, as rattler assumes them.
func virtual(subdir string) []Record {
	system, machine, _ := strings.Cut(subdir, "-")
	var out []Record
	add := func(name, version, build string) {
		out = append(out, Record{Name: name, Version: version, Build: build})
	}
	switch system {
	case "linux":
		add("__unix", "0", "0")
		add("__linux", "4.18", "0")
		add("__glibc", "2.28", "0")
	case "osx":
		add("__unix", "0", "0")
		add("__osx", "13.0", "0")
	case "win":
		add("__win", "10.0", "0")
	}
	if system == "osx" && machine == "arm64" {
		machine = "m1"
	}
	if machine == "64" {
		machine = "x86_64"
	}
	add("__archspec", "1", machine)
	return out
}

func linux64() []Record { return virtual("linux-64") }

// oracle asks py-rattler.
type oracle struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to compare with py-rattler")
	}
	if out, err := exec.Command(python, "-c", "import rattler").CombinedOutput(); err != nil {
		t.Skipf("no py-rattler to compare with: %s", out)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "solve.py"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	o := &oracle{in: in, out: bufio.NewScanner(out)}
	o.out.Buffer(nil, 1<<24)
	return o
}

type verdict struct {
	Files  [][2]string `json:"files"`
	None   string      `json:"none"`
	Failed string      `json:"failed"`
	Took   float64     `json:"took"`
}

func (v verdict) lines() []string {
	if v.None != "" {
		return []string{"none"}
	}
	var out []string
	for _, f := range v.Files {
		out = append(out, f[0]+"/"+f[1])
	}
	slices.Sort(out)
	return out
}

func (o *oracle) solve(t testing.TB, repos []repo, p Problem) verdict {
	t.Helper()
	var r [][3]string
	for _, x := range repos {
		r = append(r, [3]string{x.channel, x.subdir, x.path})
	}
	var virtual [][3]string
	for _, v := range p.Virtual {
		virtual = append(virtual, [3]string{v.Name, v.Version, v.Build})
	}
	files := func(list []Record) [][2]string {
		var out [][2]string
		for _, r := range list {
			out = append(out, [2]string{r.Channel, r.FileName})
		}
		return out
	}
	line, err := json.Marshal(map[string]any{
		"repos": r, "specs": p.Specs, "constraints": p.Constraints, "virtual": virtual,
		"priority": []string{"strict", "flexible", "disabled"}[p.Priority],
		"newer":    p.ExcludeNewer, "favored": files(p.Favored), "pinned": files(p.Pinned),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	if !o.out.Scan() {
		t.Fatalf("py-rattler stopped: %v", o.out.Err())
	}
	var v verdict
	if err := json.Unmarshal(o.out.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// records returns what rattler chose.
func (v verdict) records(of []Record) []Record {
	var out []Record
	for _, f := range v.Files {
		i := slices.IndexFunc(of, func(r Record) bool { return r.Channel == f[0] && r.FileName == f[1] })
		if i >= 0 {
			out = append(out, of[i])
		}
	}
	return out
}

// lines returns the files of an answer, or "none".
func lines(s Solution, err error) []string {
	if err != nil {
		return []string{"none"}
	}
	var out []string
	for _, r := range s.Records {
		out = append(out, r.Channel+"/"+r.FileName)
	}
	slices.Sort(out)
	return out
}
