package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Usage is what one kind of content takes on disk.
type Usage struct {
	Kind  string // "blobs", "dirs", "tmp" or "records/<bucket>"
	Files int    // a directory counts as one
	Bytes int64  // of content
}

// item is one thing that is used, and pruned, as a whole.
type item struct {
	kind string
	path string // what is removed
	mark string // the file that holds the time of last use
	size int64
	used time.Time
}

// clean removes what dead processes left: files in tmp, and locks that they held
// when they died, while nobody can hold one.
func (s *Store) clean(alone bool) error {
	if err := s.cleanDir(tmpDir, alone); err != nil || !alone {
		return err
	}
	return s.cleanDir(locksDir, alone)
}

func (s *Store) cleanDir(name string, alone bool) error {
	entries, err := os.ReadDir(s.path(name))
	if err != nil {
		return diskError("read directory", s.path(name), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !alone && s.opened.Sub(info.ModTime()) < leftoverAge {
			continue // gone meanwhile, or perhaps in use
		}
		left := s.path(name, e.Name())
		if err := s.do("remove", left, func() error { return removeAll(left) }); err != nil {
			return err
		}
	}
	return nil
}

// Info returns what each kind of content takes, sorted by kind.
func (s *Store) Info(ctx context.Context) ([]Usage, error) {
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	byKind := map[string]*Usage{blobsDir: {Kind: blobsDir}, dirsDir: {Kind: dirsDir}}
	for _, it := range items {
		if byKind[it.kind] == nil {
			byKind[it.kind] = &Usage{Kind: it.kind}
		}
		byKind[it.kind].Files++
		byKind[it.kind].Bytes += it.size
	}
	var all []Usage
	for _, u := range byKind {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b Usage) int { return strings.Compare(a.Kind, b.Kind) })
	return all, nil
}

// items lists everything in the store, what was not used for longest first.
func (s *Store) items(ctx context.Context) ([]item, error) {
	var all []item
	for _, top := range []string{blobsDir, recordsDir, dirsDir, tmpDir} {
		depth := map[string]int{blobsDir: 2, recordsDir: 2}[top]
		found, err := s.list(ctx, s.path(top), top, max(depth, 1))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b item) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path))
	})
	return all, nil
}

// list returns the items that lie depth directories below dir.
func (s *Store) list(ctx context.Context, dir, kind string, depth int) ([]item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, diskError("read directory", dir, err)
	}
	var all []item
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if depth > 1 {
			sub := kind
			if kind == recordsDir {
				sub = recordsDir + "/" + e.Name()
			}
			found, err := s.list(ctx, path, sub, depth-1)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
			continue
		}
		it, err := measure(kind, path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, diskError("stat", path, err)
		}
		if err == nil {
			all = append(all, it)
		}
	}
	return all, nil
}

// measure sums the files of an item.
func measure(kind, path string) (item, error) {
	it := item{kind: kind, path: path, mark: path}
	if kind == dirsDir {
		it.mark = filepath.Join(path, completeMark)
	}
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if e.Type().IsRegular() {
			it.size += info.Size()
		}
		if p == it.mark {
			it.used = info.ModTime()
		}
		return nil
	})
	return it, err
}

// Prune removes what was not used for longest until no more than keepBytes
// stay, and returns what it removed. Records of the buckets in keep stay: some,
// such as the checksum database's last tree head, must not be forgotten.
//
// It works in two phases. What to remove is chosen while others may use the
// store; it is removed, unless it was used since, while nobody does. Prune waits
// a minute for other processes and returns an error of class disk if they stay.
// This Store must have no other call under way.
func (s *Store) Prune(ctx context.Context, keepBytes int64, keep ...string) (Usage, error) {
	items, err := s.items(ctx)
	if err != nil {
		return Usage{}, err
	}
	victims := choose(items, keepBytes, keep)
	if err := s.Close(); err != nil {
		return Usage{}, err
	}
	removed, err := s.sweep(ctx, victims)
	return removed, errors.Join(err, s.share())
}

// choose returns the items to remove. Unfinished files are always among them:
// nobody uses the store when they are removed.
func choose(items []item, keepBytes int64, keep []string) []item {
	var total int64
	for _, it := range items {
		total += it.size
	}
	var victims []item
	for _, it := range items {
		bucket, record := strings.CutPrefix(it.kind, recordsDir+"/")
		if record && slices.Contains(keep, bucket) {
			continue
		}
		if it.kind == tmpDir || total > keepBytes {
			victims = append(victims, it)
			total -= it.size
		}
	}
	return victims
}

func (s *Store) sweep(ctx context.Context, victims []item) (removed Usage, err error) {
	alone := flock.New(s.path(lockFile))
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := alone.TryLockContext(wait, poll); err != nil {
		if ctx.Err() == nil && wait.Err() != nil {
			return removed, fault.New(fault.Disk, s.dir, "other processes use the cache").
				WithHint("try again when they have ended")
		}
		return removed, lockError(s.path(lockFile), err)
	}
	defer func() { err = errors.Join(err, alone.Unlock()) }()
	for _, it := range victims {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		info, err := os.Lstat(it.mark)
		if err == nil && !info.ModTime().Equal(it.used) {
			continue // used since it was chosen
		}
		if err := s.drop(it.path); err != nil {
			return removed, err
		}
		removed.Files++
		removed.Bytes += it.size
	}
	return removed, nil
}
