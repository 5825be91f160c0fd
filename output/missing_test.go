package output

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/output/outputtest"
)

func descriptor(t *testing.T, l *outputtest.Layer) v1.Descriptor {
	t.Helper()
	h, _ := l.Digest()
	size, _ := l.Size()
	return v1.Descriptor{Digest: h, Size: size}
}

// TestMissing: what was written is there, what was lost or has another size is
// not, and nothing is changed by asking.
func TestMissing(t *testing.T) {
	ctx := context.Background()
	r := outputtest.NewRegistry(t)
	a, b, c := outputtest.NewLayer(t, "a", "1"), outputtest.NewLayer(t, "b", "2"), outputtest.NewLayer(t, "c", "3")
	all := []v1.Descriptor{descriptor(t, a), descriptor(t, b), descriptor(t, c)}
	dir := filepath.Join(t.TempDir(), "layout")
	for text, want := range map[string][]v1.Descriptor{
		"docker://" + r.Host() + "/x/y:1": {all[2]},
		"oci:" + dir:                      {all[2]},
		"oci-archive:" + dir + ".tar":     all,
	} {
		to, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Missing(ctx, to, all, Options{}); err != nil || len(got) != 3 {
			t.Fatalf("%s: %v, %v", text, got, err)
		}
		if to.Scheme != OCIArchive {
			if _, err := Write(ctx, to, Image{Tags: []string{"1"}, Index: outputtest.Index(t, []string{"linux/amd64"}, a, b)}, Options{}); err != nil {
				t.Fatal(err)
			}
		}
		r.Log()
		got, err := Missing(ctx, to, all, Options{})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %s %v", text, diff, err)
		}
		for _, line := range r.Log() {
			if !strings.HasPrefix(line, "HEAD ") && line != "GET /v2/" {
				t.Errorf("%s: asked %s", text, line)
			}
		}
	}
	wrong := all[0]
	wrong.Size++
	to, _ := Parse("docker://" + r.Host() + "/x/y:1")
	if got, err := Missing(ctx, to, []v1.Descriptor{wrong}, Options{}); err != nil || len(got) != 1 {
		t.Errorf("another size: %v, %v", got, err)
	}
	r.SetFault(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodHead {
			outputtest.Fail(w, http.StatusForbidden, "DENIED", "no")
			return true
		}
		return false
	})
	if got, err := Missing(ctx, to, all, Options{}); err != nil || len(got) != 3 {
		t.Errorf("403: %v, %v", got, err)
	}
}
