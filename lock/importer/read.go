package importer

import (
	"path"

	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// Options says which packages of a lock file are wanted.
type Options struct {
	Platform    platforms.Platform // must be one
	Environment string             // of a pixi.lock; "": "default"
	Categories  []string           // of a conda-lock.yml; none: "main"; or dependency groups of a pylock.toml; none: its default ones
	Python      string             // for the markers of a pylock.toml: "3.11.9"
}

// Read reads a lock file of any format that this package knows. A pixi.lock is
// told by its name or by its environments, a conda-lock.yml and a pylock.toml
// by their endings (.yml or .yaml, and .toml), and everything else is @EXPLICIT.
// Its answer is that of [Pixi], [CondaLock], [Pylock] or [Explicit].
func Read(fileName string, data []byte, o Options) (conda, wheels []Imported, err error) {
	base, wanted := path.Base(fileName), []platforms.Platform{o.Platform}
	switch ext := path.Ext(base); {
	case ext == ".toml":
		wheels, err = Pylock(fileName, data, PylockOptions{Python: o.Python, Platform: o.Platform, Groups: o.Categories})
		return nil, wheels, err
	case base == "pixi.lock", ext == ".yml", ext == ".yaml":
		top, err := parseYAML(fileName, data)
		if err != nil {
			return nil, nil, err
		}
		if _, pixi := top.At["environments"]; pixi || base == "pixi.lock" {
			return readPixi(top, PixiOptions{Platforms: wanted, Environment: o.Environment})
		}
		return readCondaLock(top, CondaLockOptions{Platforms: wanted, Categories: o.Categories})
	}
	conda, err = Explicit(fileName, data, o.Platform)
	return conda, nil, err
}

func parseYAML(fileName string, data []byte) (yamltree.Mapping, error) {
	f := yamltree.File(fileName)
	body, err := yamltree.Parse(f, data)
	if err != nil {
		return yamltree.Mapping{}, err
	}
	return yamltree.AsMapping(f, "the file", body)
}
