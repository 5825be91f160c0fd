package resolve

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/spec/envfile"
)

// wish is what an environment asks of conda on one platform.
type wish struct {
	lock.Solve          // the question: without Envs, From, Cutoff and Differs
	channels   []string // as written, for World.Channels
	specs      []*matchspec.MatchSpec
	where      map[string]string // file and line of a spec, by its text
}

// empty reports whether nothing is asked for.
func (w *wish) empty() bool { return len(w.Specs) == 0 && len(w.Pip) == 0 }

// wish joins environment.yml and the configuration: what the configuration adds
// comes after the file's, and replaces the file's requests of the same name;
// the file's channels come after the configuration's.
func (s *resolver) wish(env *spec.Environment, p platforms.Platform) (*wish, error) {
	w := &wish{where: map[string]string{}}
	own, _ := env.Conda.For(p.Subdir())
	file, err := s.filePart(env, p)
	if err != nil {
		return nil, err
	}
	if err := w.request(file, own); err != nil {
		return nil, err
	}
	for _, text := range own {
		w.where[text] = env.Line(text)
	}
	for _, r := range file.Pip {
		w.Pip = append(w.Pip, r.Text)
	}
	w.Platform, w.Priority, w.ExcludeNewer = p, env.Conda.ChannelPriority, string(env.Conda.ExcludeNewer)
	for _, name := range slices.Sorted(maps.Keys(file.Variables)) {
		w.Variables = append(w.Variables, name+"="+file.Variables[name])
	}
	if w.Virtual, err = s.virtual(env, p); err != nil {
		return nil, err
	}
	return w, s.addChannels(w, slices.Concat(env.Conda.Channels, file.Channels))
}

// request reads the match specs.
func (w *wish) request(file envfile.Part, own []string) error {
	replaced := map[string]bool{}
	var last []*matchspec.MatchSpec
	for _, text := range own {
		m, err := parse(text, "[conda] dependencies")
		if err != nil {
			return err
		}
		replaced[m.Name] = true
		last = append(last, m)
	}
	for _, d := range file.Dependencies {
		m, err := parse(d.Text, d.Where)
		if err != nil {
			return err
		}
		if !replaced[m.Name] {
			w.Specs, w.specs = append(w.Specs, d.Text), append(w.specs, m)
			w.where[d.Text] = d.Where
		}
	}
	w.Specs, w.specs = append(w.Specs, own...), append(w.specs, last...)
	return nil
}

// parse reads a match spec of a user.
func parse(text, where string) (*matchspec.MatchSpec, error) {
	m, err := matchspec.Parse(text)
	if err != nil {
		return nil, fault.New(fault.Usage, where, "%w", err) // whose hint is found in the chain
	}
	for _, u := range []string{m.Channel, m.URL} {
		if public, location, err := repodata.ParseChannel(u, noAlias); err == nil && strings.Contains(u, "://") && public != location {
			return nil, fault.New(fault.Usage, where, "the URL of package %q holds credentials", m.Name).
				WithHint("remove them: credentials come from .netrc or RATTLER_AUTH_FILE")
		}
	}
	return m, nil
}

// noAlias is where names of channels would stand. Only World knows that; what is
// read with it is not kept.
const noAlias = "https://channel.invalid"

// addChannels adds the channels as they are written, each once, and those that
// a request names itself. Directories are named as seen from gophersnake.toml: a
// lock holds no path of the machine that wrote it.
func (s *resolver) addChannels(w *wish, written []string) error {
	for _, m := range w.specs {
		if m.Channel != "" {
			written = append(written, m.Channel)
		}
	}
	for _, text := range written {
		name, _, err := repodata.ParseChannel(text, noAlias)
		if err != nil {
			return fault.New(fault.Usage, "[conda] channels", "%w", err)
		}
		if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "file://") {
			if name, err = s.Relative("gophersnake.toml", name); err != nil {
				return err
			}
			name = path.Clean(name)
			text = "./" + name
		}
		if strings.HasPrefix(text, ".") && !strings.HasPrefix(name, ".") {
			name = "./" + name // cleaned; else it would read as the name of a channel
		}
		if !slices.Contains(w.Channels, name) {
			w.Channels, w.channels = append(w.Channels, name), append(w.channels, text)
		}
	}
	if len(w.Channels) == 0 && len(w.Specs) > 0 {
		return fault.New(fault.Usage, "conda", "no channel to take packages from").
			WithHint(`name one: [conda] channels = ["conda-forge"]`)
	}
	return nil
}

// sameQuestion reports whether an old row answers what is asked for now.
func (w *wish) sameQuestion(old *lock.Solve) bool {
	return old != nil && w.Priority == old.Priority && w.ExcludeNewer == old.ExcludeNewer &&
		slices.Equal(w.Channels, old.Channels) && slices.Equal(w.Specs, old.Specs) && slices.Equal(w.Pip, old.Pip) &&
		slices.Equal(w.Virtual, old.Virtual) && slices.Equal(w.Variables, old.Variables)
}

// envFile reads the environment's environment.yml, once. It is nil if there is
// none.
func (s *resolver) envFile(env *spec.Environment) (*envfile.File, error) {
	name := env.Conda.File
	if f := s.files[name]; f != nil || name == "" {
		return f, nil
	}
	data, err := s.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f, err := envfile.Read(name, data)
	if err != nil {
		return nil, err
	}
	for _, text := range f.Warnings {
		s.Note(text)
	}
	s.files[name] = f
	return f, nil
}

func (s *resolver) filePart(env *spec.Environment, p platforms.Platform) (envfile.Part, error) {
	f, err := s.envFile(env)
	if f == nil || err != nil {
		return envfile.Part{}, err
	}
	return f.For(p)
}

// withFile returns the environment with the Go version that its
// environment.yml names, where the configuration names none.
func (s *resolver) withFile(env *spec.Environment) (*spec.Environment, error) {
	f, err := s.envFile(env)
	if f == nil || err != nil || f.GoVersion == "" || len(env.Go.Versions) > 0 {
		return env, err
	}
	with := *env
	with.Go.Versions = []string{f.GoVersion}
	return &with, nil
}

// requested returns the names that a wish asks for, in their order.
func (w *wish) requested() []string {
	var names []string
	for _, m := range w.specs {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// where says whose packages an error is about.
func where(env string, p platforms.Platform) string {
	if env == "" {
		return "conda for " + p.String()
	}
	return "conda of " + strings.TrimSpace(env) + " for " + p.String()
}
