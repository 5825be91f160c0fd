package release_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/gophersnake/gophersnake/golang/release"
)

// database is a scripted checksum database behind a module proxy.
type database struct {
	name   string
	server http.Handler
	change func(path string, answer []byte) ([]byte, error) // may be nil
	below  string                                           // path the proxy serves it at
	asked  []string
}

func (d *database) Get(ctx context.Context, path string) (body io.ReadCloser, err error) {
	d.asked = append(d.asked, path)
	rest, ok := strings.CutPrefix(path, d.below)
	if !ok {
		return nil, fs.ErrNotExist
	}
	defer func() { // the test server panics for tiles that it does not have
		if recover() != nil {
			body, err = nil, fs.ErrNotExist
		}
	}()
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/"+rest, nil))
	answer := w.Body.Bytes()
	if w.Code == http.StatusNotFound {
		return nil, fmt.Errorf("404: %w", fs.ErrNotExist)
	}
	if d.change != nil {
		if answer, err = d.change("/"+rest, answer); err != nil {
			return nil, err
		}
	}
	return io.NopCloser(bytes.NewReader(answer)), nil
}

const dbName = "sum.example.com"

// keys makes a signing key and its verifier.
func keys(t *testing.T) (signer, verifier string) {
	t.Helper()
	signer, verifier, err := note.GenerateKey(rand.Reader, dbName)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

// serve makes a database in which every version named in records has been
// looked up, in this order. salt makes its hashes differ from others'.
func serve(t *testing.T, signer, salt string, records ...string) *database {
	t.Helper()
	ops := sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		if !strings.HasPrefix(path, "example.com/") {
			return nil, fs.ErrNotExist
		}
		return fmt.Appendf(nil, "%s %s h1:%s%s=\n%s %s/go.mod h1:mod=\n", path, version, version, salt, path, version), nil
	})
	d := &database{name: dbName, server: sumdb.NewServer(ops), below: "sumdb/" + dbName + "/"}
	for _, r := range records {
		if _, err := d.Get(t.Context(), d.below+"lookup/example.com/m@"+r); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func h1(t *testing.T, s *release.Sums, version string) (string, error) {
	t.Helper()
	return s.H1(t.Context(), "example.com/m", version)
}

func TestSums(t *testing.T) {
	t.Setenv("GONOSUMDB", "*") // must not count
	t.Setenv("GOSUMDB", "off")
	signer, verifier := keys(t)
	db := serve(t, signer, "", "v1.0.0", "v1.1.0")
	s := &release.Sums{Proxy: db, Key: verifier, State: dirState(t.TempDir())}
	for _, v := range []string{"v1.0.0", "v1.2.0", "v1.1.0", "v1.3.0", "v1.0.0"} {
		if got, err := h1(t, s, v); err != nil || got != "h1:"+v+"=" {
			t.Errorf("%s: %q, %v", v, got, err)
		}
	}
	asked := len(db.asked)
	if _, err := h1(t, s, "v1.2.0"); err != nil || len(db.asked) != asked {
		t.Errorf("asked %q again, %v", db.asked[asked:], err)
	}
	if _, err := h1(t, &release.Sums{Proxy: db, Key: verifier}, "v1.1.0"); err != nil {
		t.Errorf("without state: %v", err)
	}
}

// TestSumsSecond asks the database itself where the proxy has none.
func TestSumsSecond(t *testing.T) {
	signer, verifier := keys(t)
	db := serve(t, signer, "")
	db.below = ""
	s := &release.Sums{Proxy: memProxy{}, Database: db, Key: verifier}
	if got, err := h1(t, s, "v1.0.0"); err != nil || got != "h1:v1.0.0=" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSumsOldHead says that a kept answer with an older tree head is accepted
// where it is proved to be of the same tree.
func TestSumsOldHead(t *testing.T) {
	signer, verifier := keys(t)
	old := serve(t, signer, "", "v1.0.0", "v1.1.0")
	grown := serve(t, signer, "", "v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0")
	state := dirState(t.TempDir())
	if _, err := h1(t, &release.Sums{Proxy: grown, Key: verifier, State: state}, "v1.3.0"); err != nil {
		t.Fatal(err)
	}
	if got, err := h1(t, &release.Sums{Proxy: old, Key: verifier, State: state}, "v1.1.0"); err != nil || got != "h1:v1.1.0=" {
		t.Errorf("%q, %v", got, err)
	}
	head, err := state.Load(dbName + "/latest")
	if err != nil || !strings.Contains(string(head), "\n4\n") {
		t.Errorf("the saved head went back: %q, %v", head, err)
	}
}

// attack is a database that does what it must not, after an honest one was
// seen.
type attack struct {
	name   string
	want   string // in the error
	forked bool   // both heads are saved
	grows  bool   // the head, which is proved to be of the saved tree, is kept
	db     func(t *testing.T, signer string) *database
	state  func(t *testing.T, dir string)
}

func attacks() []attack {
	return []attack{
		{
			name: "forked, larger", forked: true,
			want: "SECURITY: the checksum database's tree has forked: tree of 3 records was saved, tree of 5 received",
			db: func(t *testing.T, signer string) *database {
				return serve(t, signer, "evil", "v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v2.0.0")
			},
		}, {
			name: "forked, same size", forked: true,
			want: "SECURITY: the checksum database's tree has forked: tree of 3 records was saved, tree of 3 received",
			db: func(t *testing.T, signer string) *database {
				return serve(t, signer, "evil", "v1.0.0", "v1.1.0", "v2.0.0")
			},
		}, {
			name: "forked, older", forked: true,
			want: "tree of 3 records was saved, tree of 2 received",
			db: func(t *testing.T, signer string) *database {
				return serve(t, signer, "evil", "v1.0.0", "v2.0.0")
			},
		}, {
			name: "older, cannot show the saved tree", forked: true,
			want:  "SECURITY: the checksum database's tree is older than one it showed before: tree of 3 records was saved, tree of 2 received",
			db:    func(t *testing.T, signer string) *database { return serve(t, signer, "", "v1.0.0", "v2.0.0") },
			state: forgetTiles,
		}, {
			name: "changed hash", forked: true, grows: true,
			want: "SECURITY: the checksum database contradicts itself",
			db: func(t *testing.T, signer string) *database {
				db := honest(t, signer)
				db.change = func(_ string, answer []byte) ([]byte, error) {
					return bytes.ReplaceAll(answer, []byte("h1:v2.0.0="), []byte("h1:evil===")), nil
				}
				return db
			},
		}, {
			name: "changed tile", forked: true,
			want: "SECURITY: the checksum database contradicts itself",
			db: func(t *testing.T, signer string) *database {
				db := honest(t, signer)
				db.change = func(path string, answer []byte) ([]byte, error) {
					if strings.HasPrefix(path, "/tile/") {
						answer[40] ^= 1
					}
					return answer, nil
				}
				return db
			},
		}, {
			name: "other key", want: "SECURITY: note has no verifiable signatures",
			db: func(t *testing.T, _ string) *database {
				other, _ := keys(t)
				return honest(t, other)
			},
		}, {
			name: "bad signature", want: "SECURITY: invalid signature for key " + dbName,
			db: func(t *testing.T, signer string) *database {
				db := honest(t, signer)
				db.change = func(_ string, answer []byte) ([]byte, error) {
					return bytes.Replace(answer, []byte("go.sum database tree\n"), []byte("go.sum database tree\n1"), 1), nil
				}
				return db
			},
		}, {
			name: "no record at all", want: "SECURITY: malformed record data",
			db: func(t *testing.T, signer string) *database {
				db := honest(t, signer)
				db.change = func(string, []byte) ([]byte, error) { return []byte("<html>"), nil }
				return db
			},
		},
	}
}

func honest(t *testing.T, signer string) *database {
	return serve(t, signer, "", "v1.0.0", "v1.1.0", "v1.2.0")
}

func forgetTiles(t *testing.T, dir string) {
	if err := os.RemoveAll(filepath.Join(dir, dbName, "tile")); err != nil {
		t.Fatal(err)
	}
}

func TestSumsAttacks(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			signer, verifier := keys(t)
			dir := t.TempDir()
			s := &release.Sums{Proxy: honest(t, signer), Key: verifier, State: dirState(dir)}
			if _, err := h1(t, s, "v1.1.0"); err != nil {
				t.Fatal(err)
			}
			if a.state != nil {
				a.state(t, dir)
			}
			before := kept(t, dir)
			s.Proxy = a.db(t, signer)
			got, err := h1(t, s, "v2.0.0")
			if err == nil || got != "" || release.ClassOf(err) != "verification" || !strings.Contains(err.Error(), a.want) {
				t.Fatalf("%q, class %q, error %v\nwant %s", got, release.ClassOf(err), err, a.want)
			}
			heads, err := dirState(dir).Load(dbName + "/forked")
			if a.forked != (err == nil) || a.forked && strings.Count(string(heads), "— "+dbName) < 2 {
				t.Errorf("saved heads %v: %s", err, heads)
			}
			after := kept(t, dir)
			delete(after, dbName+"/forked")
			if a.grows {
				delete(before, dbName+"/latest")
				delete(after, dbName+"/latest")
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("kept (-before +after):\n%s", diff)
			}
		})
	}
}

// kept returns the files of a state.
func kept(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		all[name] = string(data)
	}
	return all
}

func TestSumsErrors(t *testing.T) {
	signer, verifier := keys(t)
	t.Run("no record", func(t *testing.T) {
		s := &release.Sums{Proxy: serve(t, signer, ""), Key: verifier}
		_, err := s.H1(t.Context(), "example.org/unknown", "v1.0.0")
		if !errors.Is(err, fs.ErrNotExist) || release.ClassOf(err) != "network" {
			t.Errorf("class %q, error %v", release.ClassOf(err), err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		db := serve(t, signer, "")
		db.change = func(string, []byte) ([]byte, error) { return nil, errors.New("503 Service Unavailable") }
		_, err := h1(t, &release.Sums{Proxy: db, Key: verifier}, "v1.0.0")
		const want = "sumdb/sum.example.com/lookup/example.com/m@v1.0.0: 503 Service Unavailable"
		if err == nil || err.Error() != want || release.ClassOf(err) != "network" {
			t.Errorf("class %q, error %v", release.ClassOf(err), err)
		}
	})
	t.Run("damaged state", func(t *testing.T) {
		state := dirState(t.TempDir())
		if err := state.Save(dbName+"/latest", []byte("x")); err != nil {
			t.Fatal(err)
		}
		_, err := h1(t, &release.Sums{Proxy: serve(t, signer, ""), Key: verifier, State: state}, "v1.0.0")
		const want = "sum.example.com/latest: saved tree head: malformed note"
		if err == nil || err.Error() != want || release.ClassOf(err) != "disk" {
			t.Errorf("class %q, error %v", release.ClassOf(err), err)
		}
	})
	t.Run("read-only state", func(t *testing.T) {
		_, err := h1(t, &release.Sums{Proxy: serve(t, signer, ""), Key: verifier, State: readOnly{}}, "v1.0.0")
		const want = "sum.example.com/latest: read-only"
		if err == nil || err.Error() != want || release.ClassOf(err) != "disk" {
			t.Errorf("class %q, error %v", release.ClassOf(err), err)
		}
	})
	t.Run("bad key", func(t *testing.T) {
		_, err := h1(t, &release.Sums{Key: "x"}, "v1.0.0")
		const want = `checksum database key "x": malformed verifier id`
		if err == nil || err.Error() != want || release.ClassOf(err) != "usage" {
			t.Errorf("class %q, error %v", release.ClassOf(err), err)
		}
	})
	t.Run("no server", func(t *testing.T) {
		_, err := h1(t, &release.Sums{Key: verifier}, "v1.0.0")
		if err == nil || err.Error() != "no server to ask for checksums" {
			t.Errorf("error %v", err)
		}
	})
}

type readOnly struct{}

func (readOnly) Load(string) ([]byte, error) { return nil, fs.ErrNotExist }
func (readOnly) Save(string, []byte) error   { return errors.New("read-only") }
