package world

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
)

// proxy is a server that holds files below a URL.
type proxy struct {
	fetch *fetch.Client
	base  string // without a slash at its end
	any   bool   // the next proxy is asked after any error, not only where a file is missing
}

// Get implements release.Proxy.
func (p proxy) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	data, err := p.fetch.Get(ctx, p.base+"/"+name, maxText)
	if missing(err) {
		return nil, &fs.PathError{Op: "get", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(string(data))), nil
}

// missing reports whether a server has no such file or does not give it: 403 is
// how a proxy refuses a version.
func missing(err error) bool {
	var status *fetch.StatusError
	return errors.As(err, &status) && status.Code == http.StatusForbidden || errors.Is(err, fs.ErrNotExist)
}

// more reports whether the next proxy is asked after an error of this one. Other
// bytes than were promised are no reason to look for the right ones.
func (p proxy) more(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && (missing(err) || p.any && fault.ClassOf(err) != fault.Verification)
}

// proxies are asked one after the other.
type proxies []proxy

// Get implements release.Proxy.
func (ps proxies) Get(ctx context.Context, name string) (r io.ReadCloser, err error) {
	for _, p := range ps {
		if r, err = p.Get(ctx, name); !p.more(ctx, err) {
			break
		}
	}
	return r, err
}

// goProxies returns the module proxies of a GOPROXY value (Go Modules
// Reference, "Environment variables"): behind a comma, the next one is asked
// where a file is missing, behind a bar after any error. As for the go command,
// "direct" and "off" end the list.
func (w *World) goProxies() (proxies, error) {
	var ps proxies
	list := w.Proxy()
	for rest := list; rest != ""; {
		entry, bar := rest, false
		if i := strings.IndexAny(rest, ",|"); i >= 0 {
			entry, bar, rest = rest[:i], rest[i] == '|', rest[i+1:]
		} else {
			rest = ""
		}
		entry = strings.TrimSpace(entry)
		if entry == "direct" || entry == "off" {
			list = entry // not what is behind it: a URL may hold a password
			break
		}
		if entry != "" {
			ps = append(ps, proxy{w.Fetch, strings.TrimSuffix(entry, "/"), bar})
		}
	}
	if len(ps) == 0 {
		return nil, fault.New(fault.Usage, "go.proxy", "no module proxy in %q", list).
			WithHint("set [go] proxy or GOPROXY to the URL of a module proxy: toolchains come as modules")
	}
	return ps, nil
}
