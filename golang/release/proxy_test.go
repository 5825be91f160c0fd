package release_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// httpProxy is the adapter that a caller writes: a base URL made into a Proxy.
type httpProxy string

func (p httpProxy) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, string(p)+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden:
		err = fs.ErrNotExist
	}
	_ = resp.Body.Close()
	return nil, fmt.Errorf("%s: %w", resp.Status, err)
}

// realProxy returns the first proxy of `go env GOPROXY`.
func realProxy(t *testing.T) httpProxy {
	t.Helper()
	if testing.Short() {
		t.Skip("asks the module proxy")
	}
	out, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Skipf("go env GOPROXY: %v", err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(string(out), "|", ",")), ",")
	if !strings.HasPrefix(first, "http") {
		t.Skipf("GOPROXY is %q: no module proxy to ask", first)
	}
	return httpProxy(strings.TrimSuffix(first, "/"))
}
