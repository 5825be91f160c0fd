package base

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// maxRedirects and maxHeader bound what a registry may make us do
// (promises.md §3.3).
const (
	maxRedirects = 5
	maxHeader    = 64 << 10
)

// transport returns the round tripper of requests.
func (s *Source) transport() http.RoundTripper {
	if s.Transport != nil {
		return s.Transport
	}
	d, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := d.Clone()
	t.MaxResponseHeaderBytes = maxHeader
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return t
}

// guard refuses requests that must not leave this machine, whoever made them:
// the reference, a redirect or the address of a token server.
type guard struct {
	source *Source
	next   http.RoundTripper
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	ip, err := netip.ParseAddr(host)
	isIP := err == nil
	if isIP && ip.Unmap().IsLinkLocalUnicast() {
		return nil, &refusal{fmt.Sprintf("%s is a link-local address, which is not asked", host), ""}
	}
	loopback := host == "localhost" || strings.HasSuffix(host, ".localhost") || isIP && ip.Unmap().IsLoopback()
	allowed := g.source.Insecure != nil && g.source.Insecure(req.URL.Host)
	if req.URL.Scheme != "https" && !loopback && !allowed {
		return nil, &refusal{fmt.Sprintf("plain HTTP to %s is not allowed", req.URL.Host), "name the host as insecure if you mean it"}
	}
	return g.next.RoundTrip(req)
}

// refusal is a request that was not sent.
type refusal struct{ problem, hint string }

func (r *refusal) Error() string { return r.problem }

// checkRedirect lets redirects neither lead from HTTPS to HTTP nor on for
// ever. Credentials are set for the registry's own host only, by the transport.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &refusal{fmt.Sprintf("more than %d redirects", maxRedirects), ""}
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return &refusal{fmt.Sprintf("redirect from HTTPS to %s", req.URL.Scheme), ""}
	}
	return nil
}

// explain gives errors of requests our form, without URLs, since their queries
// may hold tokens, and with the registry's own words escaped.
func (r *remote) explain(ctx context.Context, where string, err error) error {
	var refused *refusal
	var status *transport.Error
	var addressed *url.Error
	var done *fault.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &done):
		return err
	case errors.As(err, &refused):
		e := fault.New(fault.Network, where, "%w", refused)
		if refused.hint != "" {
			e = e.WithHint("%s", refused.hint)
		}
		return e
	case errors.As(err, &status):
		return r.explainStatus(where, status)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.New(fault.Network, where, "the connection was closed too early")
	case errors.As(err, &addressed):
		return fault.New(fault.Network, where, "%w", addressed.Err)
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return fault.New(fault.Network, where, "%s", printable(line))
}

// explainStatus explains an answer that is not the one wanted.
func (r *remote) explainStatus(where string, status *transport.Error) error {
	said := ""
	for _, d := range status.Errors {
		said += fmt.Sprintf(": %s %s", printable(string(d.Code)), printable(d.Message))
	}
	host := r.ref.image.Context().RegistryStr()
	e := fault.New(fault.Network, where, "the registry answered %d %s%s", status.StatusCode, http.StatusText(status.StatusCode), said)
	denied := slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, status.StatusCode)
	switch {
	case denied && r.anonymous:
		return e.WithHint("no credentials for %s were found: log in, or check the image's name", host)
	case denied:
		return e.WithHint("the credentials for %s do not allow to pull %s", host, r.ref.image.Context().RepositoryStr())
	case status.StatusCode == http.StatusNotFound:
		return e.WithHint("check the image's name and tag")
	}
	return e
}

// printable cuts and escapes text of a server, which may try to write to the
// terminal (promises.md §3.10).
func printable(text string) string {
	const most = 200
	var b strings.Builder
	for _, c := range text {
		if b.Len() >= most {
			b.WriteString("…")
			break
		}
		if c < 0x20 || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x2028 || c == 0x2029 {
			fmt.Fprintf(&b, "\\x%02x", c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
