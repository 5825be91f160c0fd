package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// TestScaleDocs runs what the files of docs/scale.md run, as far as there is no
// service in it: each job in a folder of its own, which is a machine that has the
// project, and what the system hands from job to job. The indexes have to be
// those of a single machine.
func TestScaleDocs(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "sed", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s, which the files use", program)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "scale.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{} // by the name in the first line
	for _, m := range regexp.MustCompile("(?s)```(?:yaml|sh)\n(?:# (\\S+)\n)?(.*?)```").FindAllStringSubmatch(string(text), -1) {
		files[m[1]] = m[2]
	}
	for name, run := range map[string]func(*farm, string){
		".github/workflows/images.yml": (*farm).github,
		".gitlab-ci.yml":               (*farm).gitlab,
		"images.yaml":                  (*farm).kubernetes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFarm(t)
			f.script = files["images.sh"]
			run(f, files[name])
			f.merged()
		})
	}
	var cell struct{ Env []map[string]any }
	if err := yaml.Unmarshal([]byte(files[""]), &cell); err != nil || len(cell.Env) != 1 {
		t.Errorf("the variable of a cell: %v, %v", cell, err)
	}
}

// farm is many machines with one project.
type farm struct {
	*site
	registry *outputtest.Registry
	handed   string // folder of what jobs hand on
	script   string // of Kubernetes
	count    int    // of machines
}

func newFarm(t *testing.T) *farm {
	f := &farm{site: newSite(t, ""), registry: outputtest.NewRegistry(t), handed: t.TempDir()}
	f.write("gophersnake.toml", fmt.Sprintf("version = 1\n[image]\nname = %q\ntags = [\"1\"]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n"+
		"[conda]\nchannels = [\"./chan\"]\ndependencies = [\"a\"]\n[env.b]\nconda.dependencies = [\"b\"]\n[env.c]\nconda.dependencies = [\"c\"]\n", f.registry.Host()+"/app"))
	var packages []channeltest.Package
	for i, name := range []string{"a", "b", "c"} {
		packages = append(packages, channeltest.Package{Package: archivetest.Package{Name: name, Noarch: "generic", Files: []archivetest.Entry{
			archivetest.File("share/"+name, random(uint64(i), 1<<10)),
		}}})
	}
	f.channel("chan", channeltest.Options{}, packages...)
	f.ok("-q", "lock")
	return f
}

// merged compares what the registry has with what one machine makes.
func (f *farm) merged() {
	f.Helper()
	for env, tag := range map[string]string{"default": "1", "b": "1-b", "c": "1-c"} {
		got := f.digest("docker://" + f.registry.Host() + "/app:" + tag)
		if want := f.ok("-q", "build", "--locked", "--env", env); strings.TrimSpace(want) != "store@"+got {
			f.Errorf("%s: got %s, want %s", env, got, want)
		}
	}
	log := f.registry.Log()
	if n := outputtest.Count(log, "PUT", "/manifests/1"); n != 3 {
		f.Errorf("%d tags were set", n)
	}
}

// machine returns a new folder with the project.
func (f *farm) machine() string {
	f.count++
	dir := filepath.Join(f.dir, ".machines", fmt.Sprint(f.count))
	for _, name := range []string{"gophersnake.toml", lockName} {
		f.write(filepath.Join(dir, name), f.read(name))
	}
	f.check(os.CopyFS(filepath.Join(dir, "chan"), os.DirFS(f.at("chan"))))
	return dir
}

// install puts the program where a file's own way of installing it would.
func (f *farm) install(path string) {
	f.Helper()
	program, err := exec.LookPath("gophersnake")
	f.check(err)
	f.check(os.MkdirAll(filepath.Dir(path), 0o755))
	f.check(os.Symlink(program, path))
}

// shell runs a script in a folder, with variables as "KEY=value".
func (f *farm) shell(dir, script string, vars ...string) string {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), "bash", "-eo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), append(f.env, append(vars, "HOME="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, ".cache"))...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return string(out)
}

// hand copies files that match a pattern from one folder to another.
func (f *farm) hand(from, pattern, to string) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join(from, pattern))
	f.check(err)
	for _, name := range names {
		rest, err := filepath.Rel(from, name)
		f.check(err)
		f.check(os.MkdirAll(filepath.Dir(filepath.Join(to, rest)), 0o755))
		if link, err := os.Readlink(name); err == nil {
			f.check(os.Symlink(link, filepath.Join(to, rest))) // the program
			continue
		}
		data, err := os.ReadFile(name)
		f.check(err)
		f.check(os.WriteFile(filepath.Join(to, rest), data, 0o644))
	}
}

// parse reads YAML.
func (f *farm) parse(text string, into any) {
	f.Helper()
	if text == "" {
		f.Fatal("docs/scale.md has no such file")
	}
	f.check(yaml.Unmarshal([]byte(text), into))
}

// gitlab runs .gitlab-ci.yml.
func (f *farm) gitlab(text string) {
	type job struct {
		Stage     string
		Parallel  int
		Script    []string
		Artifacts struct{ Paths []string }
	}
	var all map[string]any
	f.parse(text, &all)
	var file struct {
		Stages    []string
		Variables map[string]string
	}
	f.check(yaml.Unmarshal([]byte(text), &file))
	for _, name := range file.Stages {
		var j job
		raw, err := yaml.Marshal(all[name])
		f.check(err)
		f.check(yaml.Unmarshal(raw, &j))
		if j.Stage != name || len(j.Script) == 0 {
			f.Fatalf("the job of stage %s is %+v", name, j)
		}
		for i := range max(1, j.Parallel) {
			dir := f.machine()
			f.check(os.CopyFS(dir, os.DirFS(f.handed)))
			vars := []string{"CI_PROJECT_DIR=" + dir, fmt.Sprintf("CI_NODE_INDEX=%d", i+1), "CI_REGISTRY=" + f.registry.Host(), "CI_REGISTRY_USER=u", "CI_REGISTRY_PASSWORD=p"}
			for key, value := range file.Variables {
				vars = append(vars, key+"="+strings.ReplaceAll(value, "$CI_PROJECT_DIR", dir))
			}
			lines := slices.DeleteFunc(slices.Clone(j.Script), func(line string) bool {
				return strings.HasPrefix(line, "git clone ") || strings.HasPrefix(line, "go build ")
			})
			if len(lines) < len(j.Script) {
				f.install(filepath.Join(dir, ".bin", "gophersnake"))
			}
			f.shell(dir, strings.Join(lines, "\n"), vars...)
			for _, pattern := range j.Artifacts.Paths {
				f.hand(dir, pattern, f.handed)
			}
		}
	}
}

// indexedJob is what counts of images.yaml.
type indexedJob struct {
	Kind string
	Spec struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Parallelism    int
		Template       struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Command, Args []string
					Env           []struct{ Name, Value string }
				}
			}
		}
	}
}

// kubernetes runs images.sh, with a kubectl that starts the pods of images.yaml
// when the script waits for them.
func (f *farm) kubernetes(text string) {
	var all map[string]any
	f.parse(text, &all)
	var job indexedJob
	f.check(yaml.Unmarshal([]byte(text), &job))
	pod, last := job.Spec.Template.Spec, job.Spec.Completions-1
	if job.Kind != "Job" || job.Spec.CompletionMode != "Indexed" || pod.RestartPolicy != "Never" || len(pod.Containers) != 1 || last+1 < job.Spec.Parallelism || last < 6 {
		f.Fatalf("%+v", job)
	}
	c := pod.Containers[0]
	var vars []string
	for _, v := range c.Env {
		vars = append(vars, v.Name+"="+v.Value)
	}
	dir := f.machine()
	kubectl := filepath.Join(dir, "bin", "kubectl")
	f.write(kubectl, fmt.Sprintf(`#!/bin/sh -e
case $1 in
wait) for i in $(seq 0 %d); do
	env %s SHARDS=%s/shards JOB_COMPLETION_INDEX=$i GOPHERSNAKE_CACHE_DIR=%[3]s/store-$i HOME=%[3]s %s '%s' > log-$i
	done ;;
get) for i in $(seq 0 %[1]d); do echo pod/$i; done ;;
logs) cat log-${2#pod/} ;;
apply) test "$2" = --filename=images.yaml || cat > /dev/null ;;
esac
`, last, strings.Join(vars, " "), dir, strings.Join(c.Command, " "), c.Args[0]))
	f.check(os.Chmod(kubectl, 0o755))
	f.shell(dir, f.script, "PATH="+filepath.Dir(kubectl)+":"+os.Getenv("PATH"))
}
