package builder

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

// above are the layers of an image that was built before.
type above struct {
	layers  []v1.Layer
	diffIDs []v1.Hash
	history []v1.History // of each layer
	under   int          // how many of the new image's own layers lie below them
}

// Rebase returns img with the layers that old, an image of ours called ref, has
// above its base, in place of those that img would get above its own. So the
// image moves onto another base by its manifest and config alone: variables,
// labels and the rest are img's, as Compose made them. So is the small layer of
// activation, the topmost, which has the base's variables in it.
//
// The class usage is returned where old tells of no base, has other layers than
// img would get, is for another platform, was made for a newer or another libc
// than the new base has, or for other links in the root.
func Rebase(img Image, old v1.Image, ref string) (Image, error) {
	file, err := old.ConfigFile()
	if err != nil {
		return Image{}, err
	}
	m, err := old.Manifest()
	if err != nil {
		return Image{}, err
	}
	if file.OS != img.Platform.OS || file.Architecture != img.Platform.Arch {
		return Image{}, fault.New(fault.Usage, ref, "the image is for %s/%s, the base for %s", file.OS, file.Architecture, img.Platform)
	}
	if img.base.row == nil {
		return Image{}, fault.New(fault.Usage, "base", "there is none to move %s onto", ref).WithHint("set [base] image or debian")
	}
	n, err := strconv.Atoi(m.Annotations[baseLayersKey])
	if err != nil || n < 0 || n > len(m.Layers) {
		return Image{}, fault.New(fault.Usage, ref, "its manifest does not tell which layers are its base's").
			WithHint("only images that gophersnake built on a base can be moved; build it anew")
	}
	if err := fits(m.Annotations, img.base.row, ref); err != nil {
		return Image{}, err
	}
	kept, err := layersAbove(old, file, n, ref)
	if err != nil {
		return Image{}, err
	}
	own := img.Layers[img.base.layers:]
	for i := range max(len(own), len(kept.history)) {
		has, want := "none", "none"
		if i < len(kept.history) {
			has = strings.TrimPrefix(kept.history[i].CreatedBy, madeBy)
		}
		if i < len(own) {
			want = strings.TrimPrefix(createdBy(own[i]), madeBy)
		}
		if has != want {
			return Image{}, fault.New(fault.Usage, ref, "its layer %d above the base is %q, the configuration makes %q", i+1, has, want).
				WithHint("the configuration changed since the image was built: build it anew")
		}
	}
	kept.under = img.base.layers
	img.Layers = slices.Clone(img.Layers[:kept.under])
	if last := len(own) - 1; last >= 0 && own[last].Kind == "activation" {
		img.Layers = append(img.Layers, own[last])
		kept.layers, kept.diffIDs, kept.history = kept.layers[:last], kept.diffIDs[:last], kept.history[:last]
	}
	img.above = kept
	return img, nil
}

// layersAbove returns the layers above the first n, and their history.
func layersAbove(old v1.Image, file *v1.ConfigFile, n int, ref string) (*above, error) {
	ls, err := old.Layers()
	if err != nil {
		return nil, err
	}
	var made []v1.History
	for _, h := range file.History {
		if !h.EmptyLayer {
			made = append(made, h)
		}
	}
	if len(ls) != len(file.RootFS.DiffIDs) || len(made) > len(ls) || len(made) < len(ls)-n {
		return nil, fault.New(fault.Verification, ref, "%d layers, %d diff_ids and %d entries of history do not fit together", len(ls), len(file.RootFS.DiffIDs), len(made))
	}
	made = made[len(made)-(len(ls)-n):] // a base may have no history
	return &above{layers: ls[n:], diffIDs: file.RootFS.DiffIDs[n:], history: made}, nil
}

// fits refuses a base that the layers were not made for.
func fits(record map[string]string, row *lock.Base, ref string) error {
	of := row.Image
	if of == "" {
		of = "debian " + row.Suite
	}
	if had := record[baseLibcKey]; !runsOn(had, row.Libc) {
		return fault.New(fault.Usage, ref, "its layers were made for %s, the base %s has %s", had, of, orNo(row.Libc, "no libc")).
			WithHint("build the image anew: packages are chosen for the libc of their base")
	}
	if had, has := record[baseLinksKey], rootLinks(&row.Facts); had != has {
		return fault.New(fault.Usage, ref, "its layers were made for a root with %s, the base %s has %s", orNo(had, "no links"), of, orNo(has, "no links")).
			WithHint("build the image anew: a directory would hide a link of the base")
	}
	return nil
}

func orNo(s, no string) string {
	if s == "" {
		return no
	}
	return s
}

// runsOn reports whether what was made for a libc runs on another: the same
// family, no older.
func runsOn(made, on string) bool {
	if made == "" {
		return true
	}
	family, version, _ := strings.Cut(made, " ")
	onFamily, onVersion, _ := strings.Cut(on, " ")
	return family == onFamily && slices.Compare(numbers(onVersion), numbers(version)) >= 0
}

// numbers returns the parts of a libc's version.
func numbers(version string) []int {
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		var n int
		_, _ = fmt.Sscan(part, &n) // what is no number counts as 0
		all = append(all, n)
	}
	return all
}
