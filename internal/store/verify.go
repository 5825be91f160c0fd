package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Report is what Verify found.
type Report struct {
	Files int      // that were read
	Bytes int64    // that were hashed
	Bad   []string // paths of what was removed, sorted by time of last use
}

// Verify hashes every blob and record again and removes what does not match
// its name, and directories that are not as their mark says. Other processes may
// use the store meanwhile.
func (s *Store) Verify(ctx context.Context) (Report, error) {
	var r Report
	items, err := s.items(ctx)
	if err != nil {
		return r, err
	}
	for _, it := range items {
		if it.kind == tmpDir {
			continue
		}
		good, err := s.verifyItem(ctx, it)
		if errors.Is(err, fs.ErrNotExist) {
			continue // pruned meanwhile
		}
		if err != nil {
			return r, err
		}
		r.Files++
		r.Bytes += it.size
		if !good {
			r.Bad = append(r.Bad, it.path)
		}
	}
	return r, nil
}

func (s *Store) verifyItem(ctx context.Context, it item) (bool, error) {
	switch it.kind {
	case blobsDir:
		return s.verifyBlob(ctx, it.path)
	case dirsDir:
		return s.verifyDir(ctx, it)
	}
	text, info, err := s.readRecord(it.path)
	if err != nil {
		return false, err
	}
	e, ok := unseal(text)
	path, err := s.recordPath(e.Bucket, e.Key)
	if good := ok && err == nil && path == it.path; !good {
		s.remove(it.path, info)
		return false, nil
	}
	return true, ctx.Err()
}

func (s *Store) verifyBlob(ctx context.Context, path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, diskError("open", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, diskError("stat", path, err)
	}
	got, err := s.hashFile(ctx, f)
	if err != nil {
		return false, err
	}
	if strings.TrimPrefix(got, "sha256:") != filepath.Base(filepath.Dir(path))+filepath.Base(path) {
		s.remove(path, info)
		return false, nil
	}
	return true, nil
}

// verifyDir removes a directory that is not what its mark says, which Dir would
// make anew. It is renamed by nobody but the holder of its key's lock, and had
// its mark then.
func (s *Store) verifyDir(ctx context.Context, it item) (bool, error) {
	if good, err := s.intact(ctx, it.path); good || err != nil {
		return good, err
	}
	return false, errors.Join(s.drop(it.path), ctx.Err())
}
