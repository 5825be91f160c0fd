package version

import (
	"encoding/binary"
	"strconv"
)

// A version's key is a byte string whose order is the order of versions, so
// that comparing two versions is comparing two strings, and equal versions have
// equal keys. What is missing counts as 0, so an end must sort like endlessly
// many zeros. Trailing zeros are therefore left out, and a zero that does stand
// before something says whether that is less or more than zero:
//
//	dev < trailing < letters < zeros before less < end < zeros before more < numbers < post
//
// The same holds for segments that are all zero. Part and segment end alike:
// the bytes before them decide which of the two can stand there.
const (
	keyDev      = 0x01
	keyTrailing = 0x02
	keyLetters  = 0x03 // then the letters in lower case, then 0
	keyZeroLess = 0x04
	keySegLess  = 0x05
	keyEnd      = 0x06
	keySegMore  = 0x07
	keyZeroMore = 0x08
	keySmall    = 0x08 // + the number, from 1 to maxSmall
	maxSmall    = 0xd7
	keyNumber   = 0xdf // + how many bytes follow, from 1 to 8, big endian
	keyHuge     = 0xe8 // then the length in four bytes, then the digits
	keyPost     = 0xf0
)

// appendKey appends the key of a checked version.
func appendKey(dst []byte, s string) []byte {
	epoch, main, local := split(s)
	if epoch == "" {
		dst = append(dst, keyEnd)
	} else {
		dst = appendNumber(dst, epoch)
	}
	dst = appendPart(dst, main)
	return appendPart(dst, local)
}

// appendNumeric is check and appendKey for numbers joined by dots, which most
// versions are. It reports false for all others.
func appendNumeric(dst []byte, s string) ([]byte, bool) {
	const most = 18 // digits that fit an int64
	dst = append(dst, keyEnd)
	zeros := 0 // segments not yet written
	for i := 0; ; i++ {
		start, n := i, uint64(0)
		for ; i < len(s) && isDigit(s[i]); i++ {
			n = n*10 + uint64(s[i]-'0')
		}
		switch {
		case i == start || i-start > most || i < len(s) && s[i] != '.':
			return dst, false
		case n == 0:
			zeros++
		default:
			dst = repeat(dst, zeros, false, keySegLess, keySegMore)
			dst = append(appendUint(dst, n), keyEnd)
			zeros = 0
		}
		if i == len(s) {
			return append(dst, keyEnd, keyEnd), true
		}
	}
}

func appendPart(dst []byte, part string) []byte {
	var (
		zeros, segments int  // zeros and zero segments not yet written
		open            bool // the current segment has something written
	)
	c := cursor{part: part}
	for started := false; ; started = true {
		found, first, ok := c.next()
		if started && (first || !ok) {
			zeros = 0
			if open {
				dst = append(dst, keyEnd)
				open = false
			} else {
				segments++
			}
		}
		switch {
		case !ok:
			return append(dst, keyEnd)
		case found.isZero():
			zeros++
			continue
		}
		less := found.kind < kindNumber
		dst = repeat(dst, segments, less, keySegLess, keySegMore)
		dst = repeat(dst, zeros, less, keyZeroLess, keyZeroMore)
		dst = appendComponent(dst, found)
		segments, zeros, open = 0, 0, true
	}
}

func repeat(dst []byte, n int, less bool, ifLess, ifMore byte) []byte {
	b := ifMore
	if less {
		b = ifLess
	}
	for range n {
		dst = append(dst, b)
	}
	return dst
}

func appendComponent(dst []byte, c component) []byte {
	switch c.kind {
	case kindDev:
		return append(dst, keyDev)
	case kindTrailing:
		return append(dst, keyTrailing)
	case kindPost:
		return append(dst, keyPost)
	case kindNumber:
		return appendNumber(dst, c.text)
	}
	dst = append(dst, keyLetters)
	for i := range len(c.text) {
		dst = append(dst, c.text[i]|0x20)
	}
	return append(dst, 0)
}

// appendNumber appends a number above 0 without leading zeros.
func appendNumber(dst []byte, digits string) []byte {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		dst = append(dst, keyHuge)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(digits)))
		return append(dst, digits...)
	}
	return appendUint(dst, n)
}

func appendUint(dst []byte, n uint64) []byte {
	if n <= maxSmall {
		return append(dst, keySmall+byte(n))
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	skip := 0
	for b[skip] == 0 {
		skip++
	}
	dst = append(dst, keyNumber+byte(8-skip))
	return append(dst, b[skip:]...)
}
