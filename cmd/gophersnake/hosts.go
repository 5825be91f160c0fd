package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/gophersnake/gophersnake/internal/fault"
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
