package resolve

import (
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// imported reads another tool's lock file for one platform.
func (s *resolver) imported(lockFile string, env *spec.Environment, p platforms.Platform) ([]lock.Conda, error) {
	data, err := s.ReadFile(lockFile)
	if err != nil {
		return nil, err
	}
	var found []importer.Imported
	switch base := path.Base(lockFile); {
	case base == "pixi.lock":
		return nil, unsupported(lockFile, "reading pixi.lock").WithHint("pixi can write an @EXPLICIT file: pixi workspace export conda-explicit-spec")
	case strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml"):
		var wheels []importer.Imported
		found, wheels, err = importer.CondaLock(lockFile, data, importer.CondaLockOptions{Platforms: []platforms.Platform{p}, Categories: env.Conda.Categories})
		if err == nil && len(wheels) > 0 {
			return nil, unsupported(lockFile, "installing wheels").WithHint("package %q of the pip section comes from PyPI; take it from a conda channel", wheels[0].Name)
		}
	default:
		found, err = importer.Explicit(lockFile, data, p)
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.Stale, lockFile, "no package for %s", p.Subdir()).WithHint("lock for %s too, or take %s out of [image] platforms", p.Subdir(), p)
	}
	packages := make([]lock.Conda, len(found))
	for i, f := range found {
		packages[i] = lock.Conda{
			Name: f.Name, Version: f.Version, Build: f.Build, Subdir: f.Subdir, Channel: f.Channel,
			SHA256: f.SHA256, MD5: f.MD5, Size: f.Size,
		}
		if strings.HasPrefix(f.Channel, "file://") {
			packages[i].Channel = "" // as of a package whose path is written: a directory of this machine is no name
		}
		if packages[i].URL, err = s.Relative(lockFile, f.URL); err != nil {
			return nil, err
		}
	}
	return packages, nil
}
