package version

import "strings"

// StartsWith reports whether v begins with prefix: the epochs are equal, each
// segment of the prefix is a segment of v, and the last one at least begins
// one. 1.8.1, 1.8a1 and 1.8+x start with 1.8; 1.80 does not. Zeros that v lacks
// count as there: 1 starts with 1.0. The local part is compared alike.
func (v Version) StartsWith(prefix Version) bool {
	if starts, sure := v.startsWithFast(prefix); sure {
		return starts
	}
	return v.startsWith(prefix, 0)
}

// startsWithFast answers for most versions without looking at segments. Up to
// the last component of the prefix that is not 0, the keys must be the same;
// and a version that is written like the prefix and then has an end or "."
// starts with it.
func (v Version) startsWithFast(prefix Version) (starts, sure bool) {
	const ends = 3 // of the segment, the main part and the local part
	p := prefix.source
	if len(prefix.key) < ends || strings.IndexByte(p, '+') >= 0 {
		return false, false
	}
	if !strings.HasPrefix(v.key, prefix.key[:len(prefix.key)-ends]) {
		return false, true
	}
	if !strings.HasPrefix(v.source, p) {
		return false, false
	}
	same := len(v.source) == len(p) || v.source[len(p)] == '.' && !isSeparator(p[len(p)-1])
	return true, same
}

// CompatibleWith reports whether v is limit or above and starts with the limit
// without its last segment, which is what "~=" asks for.
func (v Version) CompatibleWith(limit Version) bool {
	return v.Compare(limit) >= 0 && v.startsWith(limit, 1)
}

// startsWith leaves out the last segments of the prefix's main part.
func (v Version) startsWith(prefix Version, leaveOut int) bool {
	epoch, main, local := split(v.source)
	wantEpoch, wantMain, wantLocal := split(prefix.source)
	if epoch != wantEpoch || v.IsZero() || prefix.IsZero() {
		return false
	}
	return partStartsWith(main, wantMain, countSegments(wantMain)-leaveOut) &&
		partStartsWith(local, wantLocal, countSegments(wantLocal))
}

func countSegments(part string) int {
	n := 0
	c := cursor{part: part}
	for {
		_, first, ok := c.next()
		if !ok {
			return n
		}
		if first {
			n++
		}
	}
}

// partStartsWith compares the first n segments of want.
func partStartsWith(part, want string, n int) bool {
	have, need := cursor{part: part}, cursor{part: want}
	var haveBuf, needBuf [8]component
	longer := false
	for range n {
		wanted, _ := need.segment(needBuf[:0])
		found, ok := have.segment(haveBuf[:0])
		if !ok {
			if !allZero(wanted) {
				return false
			}
			continue
		}
		if longer || !segmentStartsWith(found, wanted) {
			return false
		}
		longer = len(found) > len(wanted)
	}
	return true
}

func segmentStartsWith(found, wanted []component) bool {
	for i, w := range wanted {
		if i == len(found) {
			return allZero(wanted[i:])
		}
		if !w.equal(found[i]) {
			return false
		}
	}
	return true
}

func allZero(components []component) bool {
	for _, c := range components {
		if !c.isZero() {
			return false
		}
	}
	return true
}
