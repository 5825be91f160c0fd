package uv

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
)

// The files of a run, which are in a directory of their own beside the cache.
const (
	cacheDir         = "cache"
	requirementsFile = "requirements.in"
	constraintsFile  = "conda.txt"
	answerFile       = "pylock.toml"
)

// run is the directory that one uv runs in.
type run struct {
	dir  string
	root *os.Root
}

func newRun(dir string, q Question) (*run, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	at, err := os.MkdirTemp(dir, "run-")
	if err != nil {
		return nil, err
	}
	r := &run{dir: at}
	if r.root, err = os.OpenRoot(at); err == nil {
		err = r.write(q)
	}
	if err != nil {
		r.remove()
		return nil, err
	}
	return r, nil
}

func (r *run) remove() {
	if r.root != nil {
		_ = r.root.Close()
	}
	_ = os.RemoveAll(r.dir) // scratch: what stays is swept with the cache
}

// write writes the question.
func (r *run) write(q Question) error {
	var requirements, constraints strings.Builder
	for _, x := range q.Requirements {
		requirements.WriteString(strings.TrimSpace(x.Text) + "\n")
	}
	for _, p := range q.Provided {
		version, ok := p.version()
		if !ok {
			continue
		}
		file, data, err := stub(p.Name, version)
		if err != nil {
			return err
		}
		if err := r.root.WriteFile(file, data, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&constraints, "%s @ ./%s\n", p.Name, file)
	}
	if len(q.Preferred) > 0 {
		if err := r.root.WriteFile(answerFile, preferred(q.Preferred), 0o600); err != nil {
			return err
		}
	}
	if err := r.root.WriteFile(constraintsFile, []byte(constraints.String()), 0o600); err != nil {
		return err
	}
	return r.root.WriteFile(requirementsFile, []byte(requirements.String()), 0o600)
}

// preferred makes a pylock.toml of names and versions: uv keeps those that an
// output file names already.
func preferred(packages []Package) []byte {
	var b strings.Builder
	b.WriteString("lock-version = \"1.0\"\ncreated-by = \"gophersnake\"\n")
	for _, p := range packages {
		if version, ok := p.version(); ok {
			fmt.Fprintf(&b, "\n[[packages]]\nname = %q\nversion = %q\n", p.Name, version)
		}
	}
	return []byte(b.String())
}

// stub makes a wheel that holds nothing but a name and a version.
func stub(name, version string) (file string, data []byte, err error) {
	stem := strings.ReplaceAll(name, "-", "_") + "-" + version
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct{ name, text string }{
		{"METADATA", fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)},
		{"WHEEL", "Wheel-Version: 1.0\nGenerator: gophersnake\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{"RECORD", ""},
	} {
		// With sizes before the data: uv does not read stored entries otherwise.
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: stem + ".dist-info/" + f.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(f.text)),
			CompressedSize64: uint64(len(f.text)), UncompressedSize64: uint64(len(f.text)),
		})
		if err != nil {
			return "", nil, err
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			return "", nil, err
		}
	}
	err = z.Close()
	return stem + "-py3-none-any.whl", b.Bytes(), err
}

// answer reads what uv wrote.
func (r *run) answer() ([]byte, error) {
	f, err := r.root.Open(answerFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxOutput+1))
	if err == nil && len(data) > maxOutput {
		err = fmt.Errorf("it has more than %d bytes", maxOutput)
	}
	return data, err
}
