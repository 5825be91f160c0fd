package main

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/gophersnake/gophersnake/internal/condarc"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/spec"
)

// hosts is what [registry."HOST"] says.
type hosts struct {
	mirrors map[string][]string
	roots   *x509.CertPool // nil: the system's
}

// hosts reads the registry tables of all environments. The plain ones join
// those of --insecure-registry.
func (p *project) hosts() (*hosts, error) {
	h := &hosts{mirrors: map[string][]string{}}
	for _, env := range p.envs {
		for host, r := range env.Registry {
			if r.PlainHTTP && !slices.Contains(p.insecure, host) {
				p.insecure = append(p.insecure, host)
			}
			h.mirrors[host] = r.Mirrors
			if err := h.trust(p, host, r); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}

// trust adds the certificates of a host to the system's.
func (h *hosts) trust(p *project, host string, r spec.Registry) error {
	if r.CA == "" {
		return nil
	}
	pem, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(r.CA)))
	if err != nil {
		return fault.New(fault.Usage, "registry."+host, "ca: %w", err)
	}
	if h.roots == nil {
		if h.roots, err = x509.SystemCertPool(); err != nil {
			return fault.New(fault.Failed, "registry."+host, "ca: %w", err)
		}
	}
	if !h.roots.AppendCertsFromPEM(pem) {
		return fault.New(fault.Usage, "registry."+host, "ca: %q holds no certificate", r.CA)
	}
	return nil
}

// auth returns the credentials for hosts: those of RATTLER_AUTH_FILE, else those
// of netrc.
func (a *app) auth() (func(host string) (fetch.Login, bool), error) {
	netrc := a.netrc()
	file := a.getenv("RATTLER_AUTH_FILE")
	if file == "" {
		return netrc, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Usage, "RATTLER_AUTH_FILE", "%q: %w", file, bare(err))
	}
	rattler, err := fetch.RattlerAuth(text, file)
	if err != nil || netrc == nil {
		return rattler, err
	}
	return func(host string) (fetch.Login, bool) {
		first, ok := rattler(host)
		if ok {
			return first, true
		}
		second, ok := netrc(host)
		if !ok {
			second.Source = first.Source + " or " + second.Source
		}
		return second, ok
	}, nil
}

// netrc returns the credentials of ~/.netrc, or of the file NETRC names.
func (a *app) netrc() func(string) (fetch.Login, bool) {
	file := a.getenv("NETRC")
	if file == "" && a.getenv("HOME") != "" {
		file = filepath.Join(a.getenv("HOME"), ".netrc")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return fetch.Netrc(string(data), file)
}

// condarc reads conda's configuration of where channels are: the file CONDARC
// names, else those of the user, in conda's order.
func (a *app) condarc() (condarc.Config, error) {
	var all condarc.Config
	files := []string{a.getenv("CONDARC")}
	if home := a.getenv("HOME"); files[0] == "" && home != "" {
		files = []string{
			filepath.Join(home, ".config", "conda", ".condarc"), filepath.Join(home, ".conda", ".condarc"), filepath.Join(home, ".condarc"),
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		// In containers HOME is often that of another user.
		absent := errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
		if file == "" || absent && a.getenv("CONDARC") == "" {
			continue
		}
		if err != nil {
			return all, fault.New(fault.Usage, file, "%w", bare(err)).WithHint("it is read for where channels are")
		}
		c, err := condarc.Read(file, text, a.lookupenv)
		if err != nil {
			return all, err
		}
		all = all.Merge(c)
	}
	return all, nil
}

// plainHTTP reports whether a host may be spoken to without TLS.
func (a *app) plainHTTP(host string) bool { return slices.Contains(a.insecure, host) }

// keychain finds registry credentials in the files and helpers of Docker and
// Podman, and can tell where it looked.
type keychain struct {
	authn.Keychain
	files []string
}

// Sources returns the files that credentials are looked for in.
func (k keychain) Sources() []string { return k.files }

func (a *app) keychain() keychain {
	k := keychain{Keychain: authn.DefaultKeychain}
	for _, in := range []struct{ variable, file string }{
		{"DOCKER_CONFIG", "config.json"},
		{"HOME", ".docker/config.json"},
		{"REGISTRY_AUTH_FILE", ""},
		{"XDG_RUNTIME_DIR", "containers/auth.json"},
	} {
		dir := a.getenv(in.variable)
		if dir == "" || in.variable == "HOME" && len(k.files) > 0 {
			continue // DOCKER_CONFIG stands for the directory in HOME
		}
		k.files = append(k.files, filepath.Join(dir, filepath.FromSlash(in.file)))
	}
	return k
}
