package repodata_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/tree"
)

// site is a channel on a web server.
type site struct {
	client *http.Client
	url    string
}

func (s site) Get(ctx context.Context, ref string, w repodata.Want) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/"+ref, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(io.LimitReader(resp.Body, w.Max+1))
	case http.StatusNotFound: // the channel answers, and has no such file
		return nil, fmt.Errorf("%s: %w", ref, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("%s: %s", ref, resp.Status) // an outage
}

// solve chooses the packages of an environment for a machine that need not be
// this one.
func solve(ctx context.Context, c *repodata.Channel, specs []string) (solver.Solution, error) {
	set, err := repodata.Closure(ctx, []*repodata.Channel{c}, []string{"linux-aarch64", "noarch"}, specs, repodata.Options{})
	if err != nil {
		return solver.Solution{}, err
	}
	return solver.Solve(ctx, solver.Problem{
		Specs:   specs,
		Records: solver.FromSet(set),
		Virtual: []solver.Record{{Name: "__unix", Version: "0"}, {Name: "__linux", Version: "4.18"}, {Name: "__glibc", Version: "2.28"}},
	})
}

// install writes the packages' files as a tar archive, as they would be below a
// prefix. Nothing of them is unpacked or run.
func install(ctx context.Context, src repodata.Source, records []solver.Record, prefix string, out io.Writer) error {
	archives := map[string]*archive.Package{}
	var packages []link.Package
	for _, r := range records {
		data, err := src.Get(ctx, r.Subdir+"/"+r.FileName, repodata.Want{SHA256: r.SHA256, Max: r.Size})
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != r.SHA256 {
			return fmt.Errorf("%s: sha256 is %x, not %s", r.FileName, sum, r.SHA256)
		}
		p, err := archive.Open(bytes.NewReader(data), int64(len(data)), r.FileName, archive.Limits{})
		if err != nil {
			return err
		}
		meta, err := p.Meta(ctx)
		if err != nil {
			return err
		}
		archives[r.Name] = p
		packages = append(packages, link.Package{Meta: meta, Listing: p.Listing, Record: link.Record{
			Name: r.Name, Version: r.Version, Build: r.Build, BuildNumber: r.BuildNumber, Subdir: r.Subdir,
			Depends: r.Depends, SHA256: r.SHA256, Size: r.Size, FileName: r.FileName, URL: r.URL, Channel: r.Channel,
		}})
	}
	plan, err := link.Describe(ctx, link.Environment{Subdir: "linux-aarch64", Prefix: prefix}, packages)
	if err != nil {
		return err
	}
	for _, d := range plan.Descriptions {
		w := tree.NewWriter(io.Discard, tree.Options{Tar: out})
		err := link.Write(ctx, d, archives[d.Record.Name], w, link.WriteOptions{})
		if err := errors.Join(err, w.Close()); err != nil {
			return err
		}
	}
	return nil
}

// publish makes a channel of two packages.
func publish() fstest.MapFS {
	channel := fstest.MapFS{}
	records := ""
	for _, p := range []archivetest.Package{
		{Name: "greet", Version: "2.1", Depends: []string{"words >=3,<4", "__glibc >=2.17"}, Files: []archivetest.Entry{
			{Name: "bin/greet", Body: "#!/build/greet/bin/sh\ncat /build/greet/share/words\n", Mode: 0o755, Placeholder: "/build/greet"},
		}},
		{Name: "words", Version: "3.0", Files: []archivetest.Entry{archivetest.File("share/words", "hello\n")}},
		{Name: "words", Version: "4.0", Files: []archivetest.Entry{archivetest.File("share/words", "good morning\n")}},
	} {
		file, data := p.Conda()
		channel["noarch/"+file] = &fstest.MapFile{Data: data}
		depends := ""
		if p.Depends != nil {
			depends = fmt.Sprintf("%q, %q", p.Depends[0], p.Depends[1])
		}
		if records != "" {
			records += ","
		}
		records += fmt.Sprintf(`%q: {"name": %q, "version": %q, "build": "0", "build_number": 0, "subdir": "noarch",
			"depends": [%s], "size": %d, "sha256": "%x"}`, file, p.Name, p.Version, depends, len(data), sha256.Sum256(data))
	}
	channel["noarch/repodata.json"] = &fstest.MapFile{Data: []byte(`{"packages.conda": {` + records + `}}`)}
	return channel
}

// Example is a whole program: it asks a channel on a web server for what a
// request needs, chooses packages for another machine, and writes their files.
func Example() {
	server := httptest.NewServer(http.FileServerFS(publish()))
	defer server.Close()
	ctx := context.Background()
	c := &repodata.Channel{Name: "team", URL: server.URL, Source: site{server.Client(), server.URL}}
	solution, err := solve(ctx, c, []string{"greet"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range solution.Records {
		fmt.Println(r.Channel, r.Name, r.Version)
	}
	var out bytes.Buffer
	if err := install(ctx, c, solution.Records, "/opt/env", &out); err != nil {
		fmt.Println(err)
		return
	}
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		content, _ := io.ReadAll(r)
		if fs.FileMode(h.Mode)&0o100 == 0 { //nolint:gosec // a mode
			content = nil
		}
		fmt.Printf("%s\n%s", h.Name, content)
	}
	// Output:
	// team greet 2.1
	// team words 3.0
	// opt/env/bin/greet
	// #!/opt/env/bin/sh
	// cat /opt/env/share/words
	// opt/env/conda-meta/greet-2.1-0.json
	// opt/env/share/words
	// opt/env/conda-meta/words-3.0-0.json
}
