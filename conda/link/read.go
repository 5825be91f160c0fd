package link

import (
	"bytes"
	"io"
)

// Read returns the content of one file as it is installed, from its packaged
// bytes: a script's text, say, for who wants to know what it does without
// installing it. It is [Write]'s for files that fit in memory; neither hash nor
// mode is looked at.
func (d *Description) Read(f *File, packaged []byte) ([]byte, error) {
	if f.Type == typeEntryPoint {
		return []byte(f.Script), nil
	}
	src := io.Reader(bytes.NewReader(packaged))
	switch {
	case !f.patched(d.System):
		return packaged, nil
	case f.FileMode == modeBinary:
		return io.ReadAll(newRelocator(src, d.replacement(f), true, new(buffers)))
	}
	return io.ReadAll(relocateText(src, d.replacement(f), d.System, new(buffers)))
}

// replacement returns what is replaced in a file.
func (d *Description) replacement(f *File) replacement {
	return replacement{f.Placeholder, d.Prefix}
}
