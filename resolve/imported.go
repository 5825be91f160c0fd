package resolve

import (
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// imported reads another tool's lock file for one platform.
func (s *resolver) imported(lockFile string, env *spec.Environment, p platforms.Platform) ([]lock.Conda, error) {
	found, _, err := s.readLock(lockFile, env, p)
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
		if path.Ext(lockFile) == ".lock" { // pixi's has the records of channels, hot fixes included
			packages[i].BuildNumber, packages[i].Depends, packages[i].Constrains = f.BuildNumber, f.Depends, f.Constrains
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
