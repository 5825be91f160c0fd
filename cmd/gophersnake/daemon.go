package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/daemon"
)

// daemon returns a client of the Docker daemon for an output that needs one:
// the one that DOCKER_HOST names, else the system's.
func (a *app) daemon(t output.Transport) (output.Daemon, error) {
	if t.Scheme != output.DockerDaemon {
		return nil, nil
	}
	o := daemon.Options{Host: a.getenv("DOCKER_HOST"), CertPath: a.getenv("DOCKER_CERT_PATH"), APIVersion: a.getenv("DOCKER_API_VERSION")}
	if name := a.getenv("DOCKER_CONTEXT"); name != "" && name != "default" && o.Host == "" {
		return nil, fault.New(fault.Usage, "DOCKER_CONTEXT", "%q: contexts are not read", name).
			WithHint("set DOCKER_HOST to what docker context inspect %s --format {{.Endpoints.docker.Host}} prints", name)
	}
	if o.CertPath == "" && a.getenv("DOCKER_TLS_VERIFY") != "" {
		o.CertPath = a.getenv("DOCKER_CONFIG")
		if o.CertPath == "" {
			o.CertPath = filepath.Join(a.getenv("HOME"), ".docker")
		}
	}
	if a.offline && strings.HasPrefix(o.Host, "tcp:") {
		return nil, fault.New(fault.Network, "DOCKER_HOST", "--offline forbids to speak to a daemon over the network")
	}
	c, err := daemon.New(o)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// owners reports whether files of a root file system can have the owners that
// the image says, and tells people where they cannot.
func (a *app) owners(t output.Transport, pr *progress) bool {
	if t.Scheme != output.RootFS {
		return false
	}
	if os.Geteuid() == 0 {
		return true
	}
	if pr.once("owners") {
		pr.note("files of rootfs: belong to you: only root can give them the image's owners")
	}
	return false
}
