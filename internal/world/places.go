package world

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
)

// network is what a World learns while it asks. Its zero value works.
type network struct {
	once    sync.Once
	mirrors []mirrored // of channels; set once

	mu         sync.Mutex
	logins     map[string]string        // request URLs by public ones, which lack their secrets
	down       map[string]bool          // mirrors that do not answer, by scheme and host
	answers    map[string]answer        // of this run, by public URL of a document
	registries map[string]*fetch.Client // of oci:// channels, by scheme, host and repository
}

// mirrored is a channel that others have too.
type mirrored struct {
	channel string   // public URL
	at      []string // URLs, secrets included
}

// place is where a file may be.
type place struct {
	public  string // for records, errors and notes
	request string // with the secrets that stood in a configured URL
}

// learned returns what the World knows of the network, with what .condarc says.
func (w *World) learned() *network {
	n := &w.net
	n.once.Do(func() {
		n.logins, n.down = map[string]string{}, map[string]bool{}
		n.answers, n.registries = map[string]answer{}, map[string]*fetch.Client{}
		urls := append([]string{w.Conda.Alias}, w.Conda.Defaults...)
		for _, name := range slices.Sorted(maps.Keys(w.Conda.Custom)) {
			urls = append(urls, w.Conda.Channels(name)...) // not all there is at its host
		}
		for _, name := range slices.Sorted(maps.Keys(w.Conda.Multi)) {
			urls = append(urls, w.Conda.Multi[name]...)
		}
		for _, u := range urls {
			_, _ = n.learn(u) // what is no URL holds no secret; Channels refuses it
		}
		for _, written := range slices.Sorted(maps.Keys(w.Conda.Mirrors)) {
			for _, u := range w.Conda.Channels(written) {
				if name, err := n.learn(u); err == nil {
					n.mirrors = append(n.mirrors, mirrored{name, w.Conda.Mirrors[written]})
				}
			}
		}
		slices.SortStableFunc(n.mirrors, func(a, b mirrored) int { return cmp.Compare(len(b.channel), len(a.channel)) })
	})
	return n
}

// learn returns a URL without its secrets, which it keeps for requests.
func (n *network) learn(u string) (string, error) {
	name, location, err := repodata.ParseChannel(u, "")
	if err == nil && name != location {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.logins[name] = location
	}
	return name, err
}

// login returns a URL with the secrets of the configured one that it is below,
// which has the same scheme and host.
func (n *network) login(u string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	best := ""
	for name := range n.logins {
		if len(name) > len(best) && strings.HasPrefix(u, name+"/") {
			best = name
		}
	}
	if best == "" {
		return u
	}
	return n.logins[best] + u[len(best):]
}

// places returns where a URL's file is asked for: at the mirrors of its channel
// and of its host, in their order, then, if it is not among them, at its own.
func (w *World) places(u string) []place {
	if !strings.Contains(u, "://") {
		return []place{{u, w.path(u)}}
	}
	n := w.learned()
	own := place{u, n.login(u)}
	var all []place
	add := func(at string) {
		p := place{fetch.Redact(at), at}
		if p.public == u {
			p = own
		}
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, m := range n.mirrors {
		if rest, ok := strings.CutPrefix(u, m.channel+"/"); ok {
			for _, at := range m.at {
				add(strings.TrimSuffix(at, "/") + "/" + rest)
			}
		}
	}
	for _, at := range w.mirrored(u) {
		add(at)
	}
	if !slices.Contains(all, own) {
		all = append(all, own)
	}
	return all
}

// mirrored returns where the mirrors of a URL's host have it.
func (w *World) mirrored(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil
	}
	scheme := "https://"
	if u.Scheme == ociScheme {
		scheme = ociScheme + "://"
	}
	var all []string
	for _, m := range w.Mirrors[u.Host] {
		if !strings.Contains(m, "://") {
			m = scheme + m
		}
		all = append(all, strings.TrimSuffix(m, "/")+u.EscapedPath())
	}
	return all
}

// visit asks places one after the other until one has an answer, and returns
// the last one's error. A mirror that has other bytes than wanted is an error,
// not a reason to go on; one that lacks the file is. A mirror that does not
// answer is said, and not asked again in this run.
func (w *World) visit(ctx context.Context, places []place, ask func(p place) error) error {
	n := w.learned()
	var err error
	for i, p := range places {
		last := i == len(places)-1
		if !last && n.isDown(p) {
			continue
		}
		if err = ask(p); err == nil || last || ctx.Err() != nil {
			return err
		}
		if absent := errors.Is(err, fs.ErrNotExist); !absent && fault.ClassOf(err) != fault.Network {
			return err
		} else if !absent && !w.Fetch.Offline && n.fails(p, err) {
			w.note("mirror " + err.Error() + "; asking the next place")
		}
	}
	return err
}

// origin returns a place's scheme and host.
func origin(p place) string {
	scheme, rest, _ := strings.Cut(p.public, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

func (n *network) isDown(p place) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down[origin(p)]
}

// fails keeps that a mirror does not answer, or refuses, and reports whether
// that is new.
func (n *network) fails(p place, err error) bool {
	var status *fetch.StatusError
	n.mu.Lock()
	defer n.mu.Unlock()
	key := origin(p)
	if errors.As(err, &status) && status.Code < http.StatusInternalServerError {
		key += " refuses" // what it answers is not the same for other files
	}
	known := n.down[key]
	n.down[key] = true
	return !known
}
