package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

// payload is an environment of made-up packages for one platform, as a subdir of
// a channel on disk. Each is made of the files of real packages, so that it
// compresses and relocates as those do, and follows from the seed, its number
// and its version: none is kept in memory.
type payload struct {
	subdir   string
	seed     uint64
	samples  samples
	packages []pack
}

// pack is a package of a payload.
type pack struct {
	name    string
	version int
	want    int64 // bytes of its files, about

	files  int
	size   int64  // bytes of its files
	first  string // the file that changes
	file   string // of the archive
	packed int64  // bytes of the archive
	sha256 string
}

// fullSize is the payload's size, and fullCount the number of its packages.
const (
	fullSize  = 700_000_000
	fullCount = 102
)

// largeSizes returns the sizes of the packages that the case "one large package
// changed" changes; they are the first packages.
func largeSizes(total int64) []int64 {
	const mib = 1 << 20
	sizes := []int64{4 * mib, 8 * mib, 16 * mib, 32 * mib, 64 * mib}
	for i := range sizes {
		sizes[i] = sizes[i] * total / fullSize
	}
	return sizes
}

// spread returns count sizes of total in all, few large and many small, as in
// real environments.
func spread(seed uint64, total int64, count int) []int64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	weights := make([]float64, count)
	sum := 0.0
	for i := range weights {
		weights[i] = rng.ExpFloat64() + 0.02
		sum += weights[i]
	}
	sizes := make([]int64, count)
	for i, w := range weights {
		sizes[i] = int64(float64(total) * w / sum)
	}
	return sizes
}

// standard returns the sizes of the packages of the image that is compared.
func standard(seed uint64, total int64) []int64 {
	sizes := largeSizes(total)
	rest := total
	for _, size := range sizes {
		rest -= size
	}
	return append(sizes, spread(seed, rest, fullCount-len(sizes))...)
}

// newPayload writes packages of these sizes into a channel.
func newPayload(channel, subdir string, seed uint64, s samples, sizes []int64) (*payload, error) {
	p := &payload{subdir: subdir, seed: seed, samples: s}
	for i, size := range sizes {
		p.packages = append(p.packages, pack{name: fmt.Sprintf("bench%03d", i), want: size})
		if err := p.write(channel, i); err != nil {
			return nil, err
		}
	}
	return p, p.index(channel)
}

// change makes the next version of a package: one of its files differs.
func (p *payload) change(channel string, i int) error {
	if err := os.Remove(filepath.Join(channel, p.subdir, p.packages[i].file)); err != nil {
		return err
	}
	p.packages[i].version++
	if err := p.write(channel, i); err != nil {
		return err
	}
	return p.index(channel)
}

// write makes the archive of a package.
func (p *payload) write(channel string, i int) error {
	k := &p.packages[i]
	name, data := p.build(i).Conda()
	sum := sha256.Sum256(data)
	k.file, k.packed, k.sha256 = name, int64(len(data)), hex.EncodeToString(sum[:])
	return writeFile(filepath.Join(channel, p.subdir, name), data)
}

// ownShare is how often a file is drawn from packages for one platform, rather
// than from those for all.
const ownShare = 0.7

// meanFile is the mean size that files of a package tend to: with it the full
// payload has about 28,000 files.
const meanFile = 25_000

// build makes a package from the seed.
func (p *payload) build(i int) archivetest.Package {
	k := &p.packages[i]
	rng := rand.New(rand.NewPCG(p.seed, uint64(i)+1))
	var files []archivetest.Entry
	k.size = 0
	for n := 0; k.size < k.want; n++ {
		s := p.draw(rng, k.want-k.size, k.size < meanFile*int64(n))
		e := archivetest.Entry{
			// No file equals another, but all bytes but the last are real.
			Name: fmt.Sprintf("lib/%s/%03d/%04d-%s", k.name, n/100, n, s.name), Body: fmt.Sprintf("%s\n# %s %s %d\n", s.body, p.subdir, k.name, n),
			Mode: s.mode, ModTime: 1_700_000_000, Placeholder: s.placeholder, Binary: s.binary,
		}
		if n == 0 && k.version > 0 {
			e.Body += fmt.Sprintf("# %d\n", k.version)
		}
		if !strings.Contains(e.Body, s.placeholder) { // it was cut off
			e.Placeholder, e.Binary = "", false
		}
		files = append(files, e)
		k.size += int64(len(e.Body))
	}
	k.files, k.first = len(files), files[0].Name
	return archivetest.Package{Name: k.name, Version: fmt.Sprintf("1.%d", k.version), Subdir: p.subdir, Files: files}
}

// draw returns a file that fits into the space that is left: any, or the largest
// of some. Where chance finds none, it is cut.
func (p *payload) draw(rng *rand.Rand, left int64, large bool) sample {
	var best, s sample
	for n := range 12 {
		from := p.samples.noarch
		if rng.Float64() < ownShare {
			from = p.samples.own
		}
		s = from[rng.IntN(len(from))]
		if int64(len(s.body)) <= left+left/8 && len(s.body) >= len(best.body) {
			best = s
		}
		if best.name != "" && (!large || n >= 3) {
			return best
		}
	}
	if best.name == "" {
		best, best.body = s, s.body[:left]
	}
	return best
}

// index writes repodata.json (CEP 36).
func (p *payload) index(channel string) error {
	records := map[string]any{}
	for i, k := range p.packages {
		records[k.file] = map[string]any{
			"name": k.name, "version": fmt.Sprintf("1.%d", k.version), "build": "0", "build_number": 0, "subdir": p.subdir,
			"depends": []string{}, "sha256": p.packages[i].sha256, "size": k.packed,
		}
	}
	text, err := json.Marshal(map[string]any{
		"info": map[string]string{"subdir": p.subdir}, "packages": map[string]any{}, "packages.conda": records, "repodata_version": 1,
	})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(channel, p.subdir, "repodata.json"), text)
}

// explicit returns an @EXPLICIT file of all packages below a URL.
func (p *payload) explicit(url string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# platform: %s\n@EXPLICIT\n", p.subdir)
	for _, k := range p.packages {
		fmt.Fprintf(&b, "%s/%s/%s#%s\n", url, p.subdir, k.file, k.sha256)
	}
	return b.String()
}

// smallest returns the index of the package with the fewest bytes.
func (p *payload) smallest() int {
	least := 0
	for i, k := range p.packages {
		if k.size < p.packages[least].size {
			least = i
		}
	}
	return least
}

// totals returns the number of files and their bytes.
func (p *payload) totals() (files int, bytes int64) {
	for _, k := range p.packages {
		files += k.files
		bytes += k.size
	}
	return files, bytes
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}
