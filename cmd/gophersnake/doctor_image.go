package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/doctor"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/layers/activation"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// source returns what images of the command line are read by.
func (a *app) source() *base.Source {
	s := &base.Source{Keychain: a.keychain(), Transport: fetch.NewTransport(http.ProxyFromEnvironment, nil), Insecure: a.plainHTTP, Dir: a.dir, AllowForeign: a.foreign}
	if a.offline {
		s.Transport = refuse{}
	}
	return s
}

// imageFacts gathers what doctor judges of an image, for each platform that is
// wanted.
func (a *app) imageFacts(ctx context.Context, ref string, p *project, l *lock.Lock) ([]examined, error) {
	ref = strings.TrimPrefix(ref, "docker://")
	src := a.source()
	ps, err := src.Platforms(ctx, ref)
	if err != nil {
		return nil, err
	}
	if ps, err = a.wanted(ps); err != nil {
		return nil, err
	}
	var all []examined
	for _, pl := range ps {
		v, err := src.View(ctx, ref, pl, lookInto)
		if err != nil {
			return nil, err
		}
		file, err := v.Image.ConfigFile()
		if err != nil {
			return nil, err
		}
		e := examined{name: pl.String()}
		r := &imageReader{View: v, config: file.Config, platform: pl, facts: &e.facts}
		if err := r.read(file.History); err != nil {
			return nil, err
		}
		if e.want, err = p.wantOfImage(l, pl, ref, e.facts.Image.Layers); err != nil {
			return nil, err
		}
		if e.want.Lock != nil {
			if e.facts.GoMod, err = p.goMod(""); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// wantOfImage returns what the lock says of an image, if it is the lock's: one
// that it names, or that shares layers with it, or --env says so.
func (p *project) wantOfImage(l *lock.Lock, pl platforms.Platform, ref string, layers []doctor.Layer) (doctor.Want, error) {
	env, err := p.oneEnv()
	if l == nil || env == nil || err != nil {
		return doctor.Want{}, err
	}
	rows := map[string]bool{}
	for _, y := range l.Layer {
		rows[y.Digest] = true
	}
	known := slices.ContainsFunc(layers, func(y doctor.Layer) bool { return rows[y.Digest] })
	for _, e := range p.envs { // a variant's tags are its own
		if len(p.env) == 0 && env.Image.Name != "" && slices.ContainsFunc(e.Image.Tags, func(tag string) bool { return e.Image.Name+":"+tag == ref }) {
			env, known = e, true
		}
	}
	if !known && len(p.env) == 0 {
		return doctor.Want{}, nil
	}
	w := wantOf(l, env, pl)
	if a := w.Lock.Activation; a != nil && len(a.Dynamic) > 0 {
		w.Entry = "/" + activation.EntryPath
	}
	if len(rows) > 0 && !w.Foreign {
		w.Rows = rows
		if b := w.Lock.Base; b != nil {
			for _, y := range b.Layers {
				rows[y.Digest] = true
			}
		}
	}
	return w, nil
}

// looked are the files of an image that are read: versions of Go, start-up
// files of shells. Of conda's records only what they need is kept.
var looked = regexp.MustCompile(`(^|/)VERSION$|^etc/(profile|bash\.bashrc|bashrc|zshenv|zshrc)$|^etc/(profile\.d|zsh|fish)/[^/]+$|` +
	`^(root|home/[^/]+)/(\.profile|\.bash_profile|\.bash_login|\.bashrc|\.zshenv|\.zprofile|\.zshrc|\.config/fish/config\.fish)$`)

var condaRecord = regexp.MustCompile(`/conda-meta/[^/]+\.json$`)

// maxLooked bounds a file that is read.
const maxLooked = 64 << 10

func lookInto(p string) func(io.Reader) (string, error) {
	switch {
	case looked.MatchString(p):
		return func(r io.Reader) (string, error) {
			text, err := io.ReadAll(io.LimitReader(r, maxLooked))
			return string(text), err
		}
	case condaRecord.MatchString(p):
		return readRecord
	}
	return nil
}

// readRecord returns a package and what it needs of the C library, a line each.
func readRecord(r io.Reader) (string, error) {
	var record struct {
		Name, Version, Build string
		Depends              []string
	}
	if err := json.NewDecoder(io.LimitReader(r, 64<<20)).Decode(&record); err != nil {
		return "", nil //nolint:nilerr // no record of conda's: it needs nothing
	}
	lines := []string{record.Name + " " + record.Version + " " + record.Build}
	for _, d := range record.Depends {
		if strings.HasPrefix(d, "__") {
			lines = append(lines, d)
		}
	}
	return strings.Join(lines, "\n"), nil
}
