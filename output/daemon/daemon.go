// Package daemon speaks to a Docker daemon for the output docker-daemon:REF.
//
// The daemon is the one that DOCKER_HOST names, else the one behind the
// system's socket. Contexts of the docker command line are its own matter and
// are not read. The version of the Engine API is negotiated unless
// DOCKER_API_VERSION names one. What of the API is used:
//
//	GET  /_ping, /version, /info   is it there, its platform, its kind of store
//	GET  /images/json              which images it has
//	GET  /images/NAME/json         an image's layers
//	POST /images/load              an archive of one image, as docker load sends it
package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/output"
)

// Options say which daemon is meant. The zero value is the one behind the
// system's socket.
type Options struct {
	Host       string // as DOCKER_HOST: unix://PATH, tcp://HOST:PORT or npipe://PATH
	CertPath   string // as DOCKER_CERT_PATH: a directory with ca.pem, cert.pem and key.pem for tcp; "" is no TLS
	APIVersion string // as DOCKER_API_VERSION; "" is negotiated
}

// Client is an [output.Daemon].
type Client struct {
	api  *client.Client
	host string // fit to print
}

var _ output.Daemon = (*Client)(nil)

// New returns a client. It sends nothing yet. Errors are of class usage.
func New(o Options) (*Client, error) {
	var opts []client.Opt
	if o.Host != "" {
		if err := checkHost(o.Host); err != nil {
			return nil, err
		}
		opts = append(opts, client.WithHost(o.Host))
	}
	if o.CertPath != "" {
		at := func(name string) string { return filepath.Join(o.CertPath, name) }
		opts = append(opts, client.WithTLSClientConfig(at("ca.pem"), at("cert.pem"), at("key.pem")))
	}
	opts = append(opts, client.WithUserAgent("gophersnake"), client.WithAPIVersionNegotiation())
	if o.APIVersion != "" {
		opts = append(opts, client.WithVersion(o.APIVersion))
	}
	api, err := client.NewClientWithOpts(opts...)
	if err != nil {
		return nil, &output.Error{Type: "usage", Place: "DOCKER_HOST", Problem: "no client for it: " + err.Error(), Err: err}
	}
	return &Client{api: api, host: printable(api.DaemonHost())}, nil
}

// checkHost refuses what this client does not speak.
func checkHost(host string) error {
	bad := &output.Error{Type: "usage", Place: "DOCKER_HOST", Advice: "set it to unix://PATH or tcp://HOST:PORT"}
	u, err := url.Parse(host)
	switch {
	case err != nil || u.Scheme == "" || u.Host+u.Path == "":
		bad.Problem = "it is not a URL"
	case u.Scheme == "ssh":
		bad.Problem = "ssh is not spoken"
		bad.Advice = "forward the socket with ssh -L /tmp/docker.sock:/var/run/docker.sock HOST and set DOCKER_HOST=unix:///tmp/docker.sock"
	case u.Scheme != "unix" && u.Scheme != "tcp" && u.Scheme != "npipe":
		bad.Problem = "scheme " + u.Scheme + " is not one of unix, tcp, npipe"
	default:
		return nil
	}
	return bad
}

// printable is a host without what may be a secret.
func printable(host string) string {
	u, err := url.Parse(host)
	if err != nil {
		return "daemon"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Host returns the daemon's address, fit to print.
func (c *Client) Host() string { return c.host }

// Ping returns the daemon's own platform and the kind of its store. Where no
// daemon answers, the error is of class network.
func (c *Client) Ping(ctx context.Context) (output.DaemonInfo, error) {
	version, err := c.api.ServerVersion(ctx)
	if err != nil {
		return output.DaemonInfo{}, c.explain(err)
	}
	info, err := c.api.Info(ctx)
	if err != nil {
		return output.DaemonInfo{}, c.explain(err)
	}
	d := output.DaemonInfo{Platform: v1.Platform{OS: version.Os, Architecture: version.Arch}}
	for _, status := range info.DriverStatus {
		d.Containerd = d.Containerd || status == [2]string{"driver-type", "io.containerd.snapshotter.v1"}
	}
	return d, nil
}

// Images returns the IDs of the images that the daemon has.
func (c *Client) Images(ctx context.Context) ([]string, error) {
	list, err := c.api.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, c.explain(err)
	}
	ids := make([]string, len(list))
	for i, summary := range list {
		ids[i] = summary.ID
	}
	return ids, nil
}

// Image returns the ID of an image and the diffIDs of its layers.
func (c *Client) Image(ctx context.Context, ref string) (id string, layers []string, err error) {
	got, err := c.api.ImageInspect(ctx, ref)
	if err != nil {
		return "", nil, c.explain(err)
	}
	return got.ID, got.RootFS.Layers, nil
}

// Load sends a docker-archive. The daemon's own complaint is the error.
func (c *Client) Load(ctx context.Context, archive io.Reader) error {
	resp, err := c.api.ImageLoad(ctx, archive, client.ImageLoadWithQuiet(true))
	if client.IsErrConnectionFailed(err) {
		return c.away(err, "it went away while the image was loaded", "its log may tell why; no name was changed")
	}
	if err != nil {
		return c.explain(err)
	}
	defer resp.Body.Close()
	for d := json.NewDecoder(resp.Body); resp.JSON; {
		var m struct {
			Error string `json:"error"`
		}
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && ctx.Err() == nil:
			return c.away(err, "it went away while the image was loaded", "its log may tell why; the image may be there")
		case err != nil:
			return err
		case m.Error != "":
			return errors.New(m.Error)
		}
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// explain words the errors of a daemon that is not there.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrPermission):
		return c.away(err, "its socket may not be opened: permission denied", "run as a member of the group that owns the socket, mostly docker")
	case client.IsErrConnectionFailed(err):
		return c.away(err, "no daemon answers", "start it, or set DOCKER_HOST to where it is")
	}
	return err
}

func (c *Client) away(err error, problem, advice string) error {
	return &output.Error{Type: "network", Place: "docker daemon " + c.host, Problem: problem, Advice: advice, Err: err}
}
