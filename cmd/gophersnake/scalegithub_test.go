package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// workflow is what counts of a workflow of GitHub.
type workflow struct {
	Env  map[string]string
	Jobs map[string]workflowJob
}

type workflowJob struct {
	Needs    string
	Outputs  map[string]string
	Strategy struct {
		Matrix struct{ Include string }
	}
	Steps []workflowStep
}

type workflowStep struct {
	Name, ID, Uses, Run string
	Env                 map[string]string
	With                map[string]string
}

var (
	expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)
	pinned     = regexp.MustCompile(`^([\w-]+/[\w-]+)@[0-9a-f]{40}$`)
)

// github runs images.yml: jobs in the order of their needs, a machine for each.
func (f *farm) github(text string) {
	var w workflow
	f.parse(text, &w)
	outputs := map[string]string{} // "needs.JOB.outputs.NAME"
	var done []string
	for len(done) < len(w.Jobs) {
		before := len(done)
		for name, job := range w.Jobs {
			if slices.Contains(done, name) || job.Needs != "" && !slices.Contains(done, job.Needs) {
				continue
			}
			f.job(name, job, w.Env, outputs)
			done = append(done, name)
		}
		if len(done) == before {
			f.Fatalf("%v of the jobs can run", done)
		}
	}
	if want := []string{"plan", "push", "merge"}; !slices.Equal(done, want) {
		f.Errorf("the jobs ran as %v, want %v", done, want)
	}
}

// job runs a job for each entry of its matrix.
func (f *farm) job(name string, job workflowJob, vars, outputs map[string]string) {
	f.Helper()
	matrix := []map[string]any{{}}
	if include := job.Strategy.Matrix.Include; include != "" {
		from, ok := strings.CutPrefix(include, "${{ fromJSON(")
		from, ok2 := strings.CutSuffix(from, ") }}")
		if !ok || !ok2 {
			f.Fatalf("matrix %q", include)
		}
		matrix = nil
		f.check(json.Unmarshal([]byte(outputs[from]), &matrix))
		if len(matrix) < 2 {
			f.Fatalf("%s is %q", from, outputs[from])
		}
	}
	for _, cell := range matrix {
		known := map[string]string{"secrets.REGISTRY_USER": "", "secrets.REGISTRY_PASSWORD": "", "hashFiles('gophersnake.lock')": "0", "github.ref": "refs/heads/main"}
		for key, value := range cell {
			known["matrix."+key] = fmt.Sprint(value)
		}
		m := &runner{farm: f, known: known, dir: f.machine(), temp: f.TempDir()}
		known["runner.temp"] = m.temp
		for _, step := range job.Steps {
			m.step(step, vars)
		}
		for key, value := range job.Outputs {
			outputs["needs."+name+".outputs."+key] = m.expand(value)
		}
	}
}

// runner is a machine of GitHub with a job.
type runner struct {
	*farm
	known     map[string]string // values of expressions
	dir, temp string
}

// expand puts in values for expressions, which must be known.
func (m *runner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		value, ok := m.known[expression.FindStringSubmatch(e)[1]]
		if !ok {
			m.Errorf("nothing is known of %s", e)
		}
		return value
	})
}

func (m *runner) step(s workflowStep, vars map[string]string) {
	m.Helper()
	with := map[string]string{}
	for key, value := range s.With {
		with[key] = m.expand(value)
	}
	if s.Uses != "" {
		action := pinned.FindStringSubmatch(s.Uses)
		if action == nil {
			m.Fatalf("%q is not pinned by a hash", s.Uses)
		}
		m.use(action[1], with)
		return
	}
	env := []string{"RUNNER_TEMP=" + m.temp, "GITHUB_OUTPUT=" + filepath.Join(m.temp, "output")}
	for _, some := range []map[string]string{vars, s.Env} {
		for key, value := range some {
			env = append(env, key+"="+m.expand(value))
		}
	}
	script := m.expand(s.Run)
	switch s.Name {
	case "Install gophersnake":
		m.install(filepath.Join(m.temp, "bin", "gophersnake"))
		return
	case "Log in": // the registry of the test lets everybody in
		m.shell(m.dir, "bash -n <<'END'\n"+script+"\nEND\n")
		return
	}
	m.shell(m.dir, script, env...)
	data, _ := os.ReadFile(filepath.Join(m.temp, "output"))
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		m.known["steps."+s.ID+".outputs."+key] = value
	}
}

// use does what an action does.
func (m *runner) use(action string, with map[string]string) {
	m.Helper()
	at := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(m.dir, path)
	}
	switch action {
	case "actions/checkout", "actions/setup-go", "actions/cache":
	case "actions/upload-artifact":
		file := at(with["path"])
		m.hand(filepath.Dir(file), filepath.Base(file), filepath.Join(m.handed, with["name"]))
	case "actions/download-artifact":
		artifacts, err := filepath.Glob(filepath.Join(m.handed, with["name"]+with["pattern"]))
		m.check(err)
		if len(artifacts) == 0 || len(artifacts) > 1 && with["merge-multiple"] != "true" {
			m.Fatalf("artifacts %v of %v", artifacts, with)
		}
		for _, dir := range artifacts {
			m.hand(dir, "*", at(with["path"]))
		}
	default:
		m.Fatalf("what does %s do?", action)
	}
}
