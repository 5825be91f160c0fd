package fetch

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
)

const changed = "the file was changed at its source or on its way; do not use it before you know why"

// Faults that another attempt mends; with and without a hash to tell whether
// parts belong together.
func TestRecovers(t *testing.T) {
	want := Want{SHA256: sha(body), MD5: md5hex(body), Size: int64(len(body))}
	other := strings.Repeat("x", len(body))
	tests := []struct {
		name   string
		want   Want
		steps  []http.HandlerFunc
		ranges []string // Range of each request
	}{
		{"at once", want, []http.HandlerFunc{send(body)}, []string{""}},
		{"reset", want, []http.HandlerFunc{reset, send(body)}, []string{"", ""}},
		{
			"500 502 503 504", want,
			[]http.HandlerFunc{status(500), status(502), status(503), status(504), send(body)},
			[]string{"", "", "", "", ""},
		},
		{"429 and 408", want, []http.HandlerFunc{status(429), status(408), send(body)}, []string{"", "", ""}},
		{
			"short, resumed", want,
			[]http.HandlerFunc{short(body, 1000), short(body, 0), send(body)},
			[]string{"", "bytes=1000-", "bytes=1000-"},
		},
		{
			"short, strong tag",
			Want{},
			[]http.HandlerFunc{short(body, 1000, "ETag", `"a"`), send(body, "ETag", `"a"`)},
			[]string{"", "bytes=1000-"},
		},
		{
			"short, weak tag, no hash",
			Want{},
			[]http.HandlerFunc{short(body, 1000, "ETag", `W/"a"`), send(body)},
			[]string{"", ""},
		},
		{"short without error", want, []http.HandlerFunc{whole(body[:500]), send(body)}, []string{"", "bytes=500-"}},
		{"server without ranges", want, []http.HandlerFunc{short(body, 1000), whole(body)}, []string{"", "bytes=1000-"}},
		{
			"changed meanwhile",
			Want{},
			[]http.HandlerFunc{short(other, 1000, "ETag", `"a"`), whole(body, "ETag", `"b"`)},
			[]string{"", "bytes=1000-"},
		},
		{
			"parts of two files", want,
			[]http.HandlerFunc{short(other, 1000), send(body), send(body)},
			[]string{"", "bytes=1000-", ""},
		},
		{"416", want, []http.HandlerFunc{short(body, 1000), status(416), send(body)}, []string{"", "bytes=1000-", ""}},
		{"another range", want, []http.HandlerFunc{
			short(body, 1000), status(206, "Content-Range", "bytes 0-9/65536"), send(body),
		}, []string{"", "bytes=1000-", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.steps...)
			c, _ := client()
			var b Buffer
			r, err := c.Fetch(deadline(t), s.URL+"/f?key=1", tt.want, &b)
			if err != nil || string(b.Bytes()) != body {
				t.Fatalf("%d bytes, %v", len(b.Bytes()), err)
			}
			if r.SHA256 != sha(body) || r.Size != int64(len(body)) || r.URL != s.URL+"/f" {
				t.Errorf("response is %+v", r)
			}
			if d := cmp.Diff(tt.ranges, s.header("Range")); d != "" {
				t.Errorf("ranges: %s", d)
			}
		})
	}
}

func TestIfRange(t *testing.T) {
	for _, tt := range []struct {
		headers []string
		want    string
	}{
		{[]string{"ETag", `"a"`, "Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT"}, `"a"`},
		{[]string{"ETag", `W/"a"`, "Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT"}, "Fri, 02 Jan 2026 03:04:05 GMT"},
		{nil, ""},
	} {
		s := serve(t, short(body, 1000, tt.headers...), send(body))
		c, _ := client()
		if _, err := c.Fetch(deadline(t), s.URL, Want{SHA256: sha(body)}, &Buffer{}); err != nil {
			t.Fatal(err)
		}
		if got := s.header("If-Range")[1]; got != tt.want {
			t.Errorf("If-Range is %q, want %q", got, tt.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	want := Want{SHA256: sha(body), Size: int64(len(body))}
	html := " \n<!DOCTYPE HTML><title>Please log in</title>"
	tests := []struct {
		name  string
		want  Want
		steps []http.HandlerFunc
		class fault.Class
		text  string
		hint  string
	}{
		{
			"other bytes", want,
			[]http.HandlerFunc{whole(strings.ToUpper(body))},
			fault.Verification,
			"$URL: sha256 is " + sha(strings.ToUpper(body)) + ", want " + sha(body), changed,
		},
		{
			"other bytes, twice", want,
			[]http.HandlerFunc{short(body, 9), send(strings.ToUpper(body)), send(strings.ToUpper(body))},
			fault.Verification, "$URL: sha256 is " + sha(strings.ToUpper(body)) + ", want " + sha(body), changed,
		},
		{
			"other md5",
			Want{MD5: md5hex("")},
			[]http.HandlerFunc{whole("x")},
			fault.Verification,
			"$URL: md5 is " + md5hex("x") + ", want " + md5hex(""), changed,
		},
		{"too long", want, []http.HandlerFunc{whole(body + "x")}, fault.Verification, "$URL: more than the wanted 65536 bytes", ""},
		{"too long, unannounced", want, []http.HandlerFunc{endless}, fault.Verification, "$URL: more than the wanted 65536 bytes", ""},
		{"above the limit", Want{Max: 1000}, []http.HandlerFunc{endless}, fault.Verification, "$URL: larger than the limit of 1000 bytes", ""},
		{
			"HTML", want,
			[]http.HandlerFunc{whole(html)},
			fault.Network, "$URL: an HTML page came instead of the file",
			"a proxy or a login page may stand between this machine and the server",
		},
		{
			"short for ever",
			Want{Size: 10},
			[]http.HandlerFunc{whole("123"), whole("123"), whole("123")},
			fault.Network,
			"$URL: gave up after 3 attempts: short by 7 of 10 bytes", "",
		},
		{
			"503 for ever", want,
			[]http.HandlerFunc{status(503), status(503), status(503)},
			fault.Network,
			"$URL: gave up after 3 attempts: 503 Service Unavailable", "",
		},
		{
			"cut for ever", want,
			[]http.HandlerFunc{short(body, 0), short(body, 0), short(body, 0)},
			fault.Network,
			"$URL: gave up after 3 attempts: the connection was closed early", "",
		},
		{
			"cut late", want,
			[]http.HandlerFunc{short(body, 65000), short(body[:65010], 65000), short(body, 65000)},
			fault.Network,
			"$URL: gave up after 3 attempts: short by 536 of 65536 bytes", "",
		},
		{"404", want, []http.HandlerFunc{status(404)}, fault.Network, "$URL: 404 Not Found", ""},
		{
			"410 with a reason", want,
			[]http.HandlerFunc{plain(410, "not found: \x1b[31mm@v1\nmore")},
			fault.Network,
			`$URL: 410 Gone: "not found: \x1b[31mm@v1"`, "",
		},
		{"401", want, []http.HandlerFunc{status(401)}, fault.Network, "$URL: 401 Unauthorized", "no credentials for $HOST are configured"},
		{"501", want, []http.HandlerFunc{status(501)}, fault.Network, "$URL: 501 Not Implemented", ""},
		{"407", want, []http.HandlerFunc{status(407)}, fault.Network, "$URL: 407 Proxy Authentication Required", "the HTTP proxy wants credentials"},
		{"204", want, []http.HandlerFunc{status(204)}, fault.Network, "$URL: 204 No Content", ""},
		{"304 unasked", want, []http.HandlerFunc{status(304)}, fault.Network, "$URL: 304 Not Modified", ""},
		{"206 unasked", want, []http.HandlerFunc{status(206)}, fault.Network, "$URL: 206 Partial Content", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.steps...)
			c, _ := client()
			c.Retries = 2
			_, err := c.Fetch(deadline(t), s.URL, tt.want, &Buffer{})
			wantError(t, err, s.URL, tt.class, tt.text, tt.hint)
			if missing := tt.name[:2] == "40" && tt.name[2] == '4' || tt.name[:3] == "410"; errors.Is(err, fs.ErrNotExist) != missing {
				t.Errorf("%v: is fs.ErrNotExist: %v", err, !missing)
			}
		})
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write([]byte(body)); err != nil {
			return
		}
	}
}

func plain(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
}

func TestStatusError(t *testing.T) {
	s := serve(t, plain(403, "version refused"))
	c, _ := client()
	_, err := c.Get(deadline(t), s.URL, 100)
	var e *StatusError
	if !errors.As(err, &e) || e.Code != 403 || e.Text != "version refused" {
		t.Errorf("Get: %v", err)
	}
}

// Servers call everything text/html; only bytes that look so count.
func TestHTMLByName(t *testing.T) {
	s := serve(t, whole("PK\x03\x04", "Content-Type", "text/html"), whole("<html>", "Content-Type", "text/html"))
	c, _ := client()
	if p, err := c.Get(deadline(t), s.URL, 100); err != nil || string(p) != "PK\x03\x04" {
		t.Errorf("Get: %q, %v", p, err)
	}
	var b Buffer
	if _, err := c.Fetch(deadline(t), s.URL, Want{HTML: true}, &b); err != nil || string(b.Bytes()) != "<html>" {
		t.Errorf("Fetch: %q, %v", b.Bytes(), err)
	}
}

func TestStalled(t *testing.T) {
	s := serve(t, stall(body, 1000), stall(body, 0), send(body))
	c, _ := client()
	c.Idle = 50 * time.Millisecond
	var errs []string
	c.Event = func(e Event) {
		if e.Kind == Retrying {
			errs = append(errs, e.Err.Error())
		}
	}
	var b Buffer
	if _, err := c.Fetch(deadline(t), s.URL, Want{SHA256: sha(body)}, &b); err != nil || string(b.Bytes()) != body {
		t.Fatalf("%d bytes, %v", len(b.Bytes()), err)
	}
	if d := cmp.Diff([]string{"no data for 50ms", "no data for 50ms"}, errs); d != "" {
		t.Error(d)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(deadline(t))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(body))
		cancel()
		<-r.Context().Done()
	})
	c, _ := client()
	if _, err := c.Fetch(ctx, s.URL, Want{}, &Buffer{}); err != context.Canceled {
		t.Errorf("Fetch: %v", err)
	}
}

func TestNotModified(t *testing.T) {
	s := serve(t, status(304, "ETag", `"a"`), send(body, "ETag", `"b"`))
	c, _ := client()
	w := Want{ETag: `"a"`, LastModified: "Fri, 02 Jan 2026 03:04:05 GMT"}
	var b Buffer
	r, err := c.Fetch(deadline(t), s.URL, w, &b)
	if err != nil || !r.NotModified || r.ETag != `"a"` || len(b.Bytes()) > 0 {
		t.Errorf("Fetch: %+v, %v", r, err)
	}
	r, err = c.Fetch(deadline(t), s.URL, w, &b)
	if err != nil || r.NotModified || r.ETag != `"b"` || string(b.Bytes()) != body {
		t.Errorf("Fetch: %+v, %v", r, err)
	}
	if d := cmp.Diff([]string{`"a"`, `"a"`}, s.header("If-None-Match")); d != "" {
		t.Error(d)
	}
}

func TestEvents(t *testing.T) {
	s := serve(t, short(body, 1000), send(body))
	c, _ := client()
	var sum int64
	c.Event = func(e Event) {
		sum += e.Bytes
		if e.URL != s.URL+"/f" || e.Kind == Received && e.Total != int64(len(body)) {
			t.Errorf("event %+v", e)
		}
	}
	if _, err := c.Fetch(deadline(t), s.URL+"/f?token=secret", Want{Size: int64(len(body))}, &Buffer{}); err != nil || sum != int64(len(body)) {
		t.Errorf("events of %d bytes, %v", sum, err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b.conda")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Client{Offline: true}
	want := Want{SHA256: sha(body), Size: int64(len(body))}
	for _, url := range []string{path, "file://" + dir + "/a%20b.conda", "file://localhost" + dir + "/a%20b.conda"} {
		var b Buffer
		if _, err := c.Fetch(t.Context(), url, want, &b); err != nil || string(b.Bytes()) != body {
			t.Errorf("Fetch(%s): %d bytes, %v", url, len(b.Bytes()), err)
		}
	}
	for _, tt := range []struct {
		url, text, hint string
		want            Want
		class           fault.Class
	}{
		{dir + "/absent", dir + "/absent: no such file or directory", "", want, fault.Disk},
		{dir, dir + ": not a regular file", "", want, fault.Disk},
		{"/dev/zero", "/dev/zero: not a regular file", "", want, fault.Disk},
		{path, path + ": more than the wanted 5 bytes", "", Want{Size: 5}, fault.Verification},
		{path, path + ": 65536 bytes, want 65537", "", Want{Size: 65537}, fault.Verification},
		{path, path + ": sha256 is " + sha(body) + ", want " + sha(""), changed, Want{SHA256: sha("")}, fault.Verification},
		{"file://server/x", `file://server/x: host "server" of a file URL is not this machine`, "write file:///PATH", want, fault.Usage},
		{"file://", "file://: the URL has no path", "", want, fault.Usage},
	} {
		_, err := c.Fetch(t.Context(), tt.url, tt.want, &Buffer{})
		wantError(t, err, "", tt.class, tt.text, tt.hint)
	}
	if _, err := c.Get(t.Context(), dir+"/absent", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestRefusesURL(t *testing.T) {
	for _, tt := range []struct {
		url, text, hint string
		class           fault.Class
	}{
		{"https://u:p@h.test/%zz?a=b", "https://h.test/%zz: not a URL", "", fault.Usage},
		{"https:///x", "https:///x: the URL has no host", "", fault.Usage},
		{"ftp://h.test/x", `ftp://h.test/x: scheme "ftp" is not https or file`, "", fault.Usage},
		{"http://h.test/x", "http://h.test/x: plain http is refused", "use https, or set plain-http for h.test", fault.Usage},
		{"https://h.test/x", "https://h.test/x: --offline is set", "", fault.Network},
	} {
		c := &Client{Offline: true}
		_, err := c.Get(t.Context(), tt.url, 10)
		wantError(t, err, "", tt.class, tt.text, tt.hint)
	}
}

type brokenTarget struct{ Buffer }

func (*brokenTarget) Write([]byte) (int, error) { return 0, errors.New("disk is gone") }

func TestTargetFails(t *testing.T) {
	s := serve(t, send(body))
	c, _ := client()
	if _, err := c.Fetch(deadline(t), s.URL, Want{}, &brokenTarget{}); err == nil || err.Error() != "disk is gone" {
		t.Errorf("Fetch: %v", err)
	}
}
