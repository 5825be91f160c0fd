package archivetest

import (
	"bytes"
	"cmp"
	"slices"
)

// Bzip2 returns data compressed with bzip2. It does no more than the format
// demands: one code of nearly equal lengths for all symbols of a block. Long
// runs become short all the same.
func Bzip2(data []byte) []byte {
	w := &bitWriter{}
	w.write(0x425a6839, 32) // "BZh9": blocks of up to 900,000 bytes
	combined := uint32(0)
	for len(data) > 0 {
		block, used := shortenRuns(data)
		crc := bzip2CRC(data[:used])
		combined = (combined<<1 | combined>>31) ^ crc
		w.write(0x314159, 24)
		w.write(0x265359, 24)
		w.write(crc, 32)
		w.block(block)
		data = data[used:]
	}
	w.write(0x177245, 24)
	w.write(0x385090, 24)
	w.write(combined, 32)
	return w.flush()
}

// maxBlock keeps the sorting of rotations short.
const maxBlock = 200_000

// shortenRuns replaces what follows four equal bytes by the number of further
// ones, until a block is full. It returns the block and how much it stands for.
func shortenRuns(data []byte) (block []byte, used int) {
	for used < len(data) && len(block) < maxBlock {
		n := 1
		for used+n < len(data) && n < 4+255 && data[used+n] == data[used] {
			n++
		}
		block = append(block, bytes.Repeat(data[used:used+1], min(n, 4))...)
		if n >= 4 {
			block = append(block, byte(n-4))
		}
		used += n
	}
	return block, used
}

// rotate returns the Burrows-Wheeler transform and the row of the original.
// Rotations are sorted by their first 1, 2, 4 … bytes.
func rotate(block []byte) (last []byte, origin int) {
	n := len(block)
	order, rank, next := make([]int, n), make([]int, n), make([]int, n)
	for i, b := range block {
		order[i], rank[i] = i, int(b)
	}
	for width := 0; width < n; width = max(1, 2*width) {
		second := func(i int) int { return rank[(i+width)%n] }
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(second(a), second(b)))
		})
		for i, at := range order {
			next[at] = i
			if i > 0 {
				before := order[i-1]
				if rank[before] == rank[at] && second(before) == second(at) {
					next[at] = next[before]
				}
			}
		}
		rank, next = next, rank
	}
	for i, at := range order {
		if at == 0 {
			origin = i
		}
		last = append(last, block[(at+n-1)%n])
	}
	return last, origin
}

// block writes a block behind its checksum.
func (w *bitWriter) block(block []byte) {
	last, origin := rotate(block)
	w.write(0, 1) // not randomised
	w.write(uint32(origin), 24)
	var used [256]bool
	for _, b := range last {
		used[b] = true
	}
	w.byteMap(&used)
	symbols, alphabet := moveToFront(last, &used)
	w.symbols(symbols, alphabet)
}

// byteMap writes which bytes occur, in two levels of 16 bits.
func (w *bitWriter) byteMap(used *[256]bool) {
	var rows [17]uint32 // rows[16] says which of the others are not 0
	for b, is := range used {
		if is {
			rows[b/16] |= 0x8000 >> (b % 16)
			rows[16] |= 0x8000 >> (b / 16)
		}
	}
	w.write(rows[16], 16)
	for _, row := range rows[:16] {
		if row != 0 {
			w.write(row, 16)
		}
	}
}

// moveToFront returns the symbols of a block: runs of the front byte as RUNA
// (0) and RUNB (1), other bytes by their place plus one, and the end symbol.
func moveToFront(last []byte, used *[256]bool) (symbols []int, alphabet int) {
	var front []byte
	for b, is := range used {
		if is {
			front = append(front, byte(b))
		}
	}
	alphabet = len(front) + 2
	run := 0
	flush := func() {
		for ; run > 0; run = (run - 1) / 2 {
			symbols = append(symbols, (run-1)%2)
		}
	}
	for _, b := range last {
		at := bytes.IndexByte(front, b)
		if at == 0 {
			run++
			continue
		}
		flush()
		copy(front[1:], front[:at])
		front[0] = b
		symbols = append(symbols, at+1)
	}
	flush()
	return append(symbols, alphabet-1), alphabet
}

// symbols writes the code, twice since the format wants two, and the symbols.
func (w *bitWriter) symbols(symbols []int, alphabet int) {
	short := 1 // bits of the shorter codes; the others have one more
	for 2<<short <= alphabet {
		short++
	}
	shorter := 2<<short - alphabet
	length := func(symbol int) int {
		if symbol < shorter {
			return short
		}
		return short + 1
	}
	groups := (len(symbols) + 49) / 50
	w.write(2, 3)
	w.write(uint32(groups), 15)
	for range groups {
		w.write(0, 1) // each group of 50 symbols uses the first code
	}
	for range 2 {
		at := length(0)
		w.write(uint32(at), 5)
		for s := range alphabet {
			for ; at < length(s); at++ {
				w.write(0b10, 2)
			}
			w.write(0, 1)
		}
	}
	for _, s := range symbols {
		code := s
		if s >= shorter {
			code = 2*shorter + s - shorter
		}
		w.write(uint32(code), length(s))
	}
}

// bitWriter writes the highest bit first.
type bitWriter struct {
	out   []byte
	bits  uint64
	count int
}

func (w *bitWriter) write(v uint32, bits int) {
	w.bits = w.bits<<bits | uint64(v)
	for w.count += bits; w.count >= 8; w.count -= 8 {
		w.out = append(w.out, byte(w.bits>>(w.count-8)))
	}
}

func (w *bitWriter) flush() []byte {
	if w.count > 0 {
		w.write(0, 8-w.count)
	}
	return w.out
}

// bzip2CRC is CRC-32 with the highest bit first.
func bzip2CRC(data []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range data {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return ^crc
}
