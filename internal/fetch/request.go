package fetch

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// request asks for what is missing and follows redirects. Its caller closes
// the body.
func (j *job) request(ctx context.Context, dog *watchdog) (*http.Response, error) {
	u := *j.url
	u.User = nil
	auth := j.loggedIn
	for hops := 0; ; hops++ {
		if err := j.waitFor(ctx, u.Host); err != nil {
			return nil, err
		}
		req, err := j.newRequest(ctx, &u, auth)
		if err != nil {
			return nil, err
		}
		dog.timer.Reset(dog.idle)
		resp, err := j.c.roundTripper().RoundTrip(req)
		dog.timer.Stop()
		if err != nil {
			return nil, err
		}
		next, err := j.redirect(resp)
		if err == nil && next == nil {
			return resp, nil
		}
		_ = resp.Body.Close() // nobody reads it
		if err != nil {
			return nil, err
		}
		if hops == MaxRedirects {
			return nil, fault.New(fault.Network, j.where, "more than %d redirects", MaxRedirects)
		}
		auth = auth && next.Scheme == u.Scheme && next.Host == u.Host
		u = *next
	}
}

func (j *job) newRequest(ctx context.Context, u *url.URL, auth bool) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.New(fault.Usage, j.where, "not a URL")
	}
	agent := j.c.UserAgent
	if agent == "" {
		agent = "gophersnake"
	}
	req.Header.Set("User-Agent", agent)
	// Sizes, ranges and hashes are of the file, not of a compressed form.
	req.Header.Set("Accept-Encoding", "identity")
	if j.want.Accept != "" {
		req.Header.Set("Accept", j.want.Accept)
	}
	if auth && !j.auth.InPath {
		req.Header.Set("Authorization", authorization(j.auth))
	}
	switch {
	case j.have > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", j.have))
		if j.validator != "" {
			req.Header.Set("If-Range", j.validator)
		}
	case j.want.ETag != "":
		req.Header.Set("If-None-Match", j.want.ETag)
	case j.want.LastModified != "":
		req.Header.Set("If-Modified-Since", j.want.LastModified)
	}
	return req, nil
}

// redirect returns where an answer points to, or nil.
func (j *job) redirect(resp *http.Response) (*url.URL, error) {
	if resp.TLS != nil && resp.TLS.Version < tls.VersionTLS12 {
		return nil, fault.New(fault.Network, j.where, "the server speaks %s only", tls.VersionName(resp.TLS.Version))
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	from := resp.Request.URL
	location := resp.Header.Get("Location")
	to, err := from.Parse(location)
	if err != nil || location == "" {
		return nil, fault.New(fault.Network, j.where, "a redirect leads to no URL")
	}
	to.User, to.Fragment = nil, ""
	j.secrets = append(j.secrets, urlSecrets(to)...)
	switch {
	case to.Scheme != "https" && to.Scheme != "http":
		err = fmt.Errorf("a redirect to scheme %q", to.Scheme)
	case from.Scheme == "https" && to.Scheme == "http":
		err = fmt.Errorf("a redirect from https to plain http, %s", Redact(to.String()))
	case j.c.allowed(to, "") != nil:
		err = fmt.Errorf("a redirect to plain http, %s", Redact(to.String()))
	case isLocal(to.Hostname()) && !isLocal(from.Hostname()):
		err = fmt.Errorf("a redirect to a local address, %s", Redact(to.String()))
	case to.Host == "":
		err = fmt.Errorf("a redirect without a host")
	}
	if err != nil {
		return nil, fault.New(fault.Network, j.where, "%w, is not followed", err)
	}
	return to, nil
}

// allowed refuses schemes other than https, and plain http beyond loopback
// addresses and the hosts that the user named.
func (c *Client) allowed(u *url.URL, where string) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fault.New(fault.Usage, where, "scheme %q is not https or file", u.Scheme)
	case isLoopback(u.Hostname()), c.Insecure != nil && c.Insecure(u.Host):
		return nil
	}
	return fault.New(fault.Usage, where, "plain http is refused").
		WithHint("use https, or set plain-http for %s", u.Host)
}

// Plain reports whether a host, "host" or "host:port", is spoken to over plain
// http where a choice has to be made: this machine, and what the user named.
func (c *Client) Plain(host string) bool {
	return c.allowed(&url.URL{Scheme: "http", Host: host}, host) == nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// isLocal reports whether a host is this machine or a link-local address,
// where clouds keep credentials.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	ip = ip.Unmap()
	return isLoopback(host) || err == nil && (ip.IsLinkLocalUnicast() || ip.IsUnspecified())
}

// login finds the credentials: those in the URL, or those that Auth has. They
// are sent over https, and over plain http where that is allowed.
func (j *job) login() error {
	j.secrets = append(j.secrets, urlSecrets(j.url)...)
	if user := j.url.User; user != nil {
		pass, _ := user.Password()
		j.auth = Login{User: user.Username(), Secret: NewSecret(pass), Source: "the URL"}
		j.loggedIn = true
	} else if j.c.Auth != nil && !strings.HasPrefix(j.url.Path, tokenPath) {
		j.auth, j.loggedIn = j.c.Auth(j.url.Host)
	}
	if !j.loggedIn {
		return nil
	}
	if j.auth.Unknown != "" {
		return fault.New(fault.Usage, j.where, "the credentials for %s are of the kind %q, which is not known", j.url.Host, j.auth.Unknown).
			WithHint("%s may hold BearerToken, BasicHTTP and CondaToken", j.auth.Source)
	}
	_, encoded, _ := strings.Cut(authorization(j.auth), " ")
	j.secrets = append(j.secrets, j.auth.Secret.Reveal(), encoded)
	if j.auth.InPath {
		j.url = withToken(j.url, j.auth.Secret.Reveal())
	}
	return nil
}

// tokenPath is what the token of a conda channel stands behind, at the start of
// a URL's path.
const tokenPath = "/t/"

// withToken puts a token before a URL's path.
func withToken(u *url.URL, token string) *url.URL {
	c := *u
	c.Path = tokenPath + token + u.Path
	c.RawPath = tokenPath + url.PathEscape(token) + u.EscapedPath()
	return &c
}

// sent reports whether a request carries the credentials.
func (j *job) sent(req *http.Request) bool {
	return req.Header.Get("Authorization") != "" || j.auth.InPath && req.URL.Host == j.url.Host
}

func authorization(l Login) string {
	if l.User == "" {
		return "Bearer " + l.Secret.Reveal()
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.User+":"+l.Secret.Reveal()))
}
