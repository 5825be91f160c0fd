package activate_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// files is an environment: content by path below the prefix.
type files map[string]string

func (f files) Stat(p string) (activate.Info, error) {
	if text, ok := f[p]; ok {
		return activate.Info{Size: int64(len(text))}, nil
	}
	if names, _ := f.List(p); len(names) > 0 {
		return activate.Info{Dir: true, Size: 1}, nil
	}
	return activate.Info{}, fs.ErrNotExist
}

func (f files) Read(p string) ([]byte, error) {
	if text, ok := f[p]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (f files) List(p string) ([]string, error) {
	var names []string
	for name := range f {
		rest, ok := strings.CutPrefix(name, p+"/")
		if p == "." {
			rest, ok = name, true
		}
		if first, _, _ := strings.Cut(rest, "/"); ok && !slices.Contains(names, first) {
			names = append(names, first)
		}
	}
	slices.Sort(names)
	if names == nil {
		return nil, fs.ErrNotExist
	}
	return names, nil
}

func (f files) Executable(p string) (bool, error) {
	_, err := f.Stat(p)
	return path.Dir(p) == "bin", err
}

// scripts returns the activation scripts of an environment, in conda's order.
func (f files) scripts() []activate.Script {
	var all []activate.Script
	for name := range f {
		if path.Dir(name) == "etc/conda/activate.d" && path.Ext(name) == ".sh" {
			all = append(all, activate.Script{Package: strings.TrimSuffix(path.Base(name), ".sh"), Path: name})
		}
	}
	slices.SortFunc(all, func(a, b activate.Script) int { return strings.Compare(a.Path, b.Path) })
	return all
}
