package repodata

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
)

// msgpack turns a msgpack document into JSON: byte strings become hexadecimal,
// which is how repodata.json writes the digests that shards hold as bytes
// (CEP 16). So there is one decoder of records for all forms.
type msgpack struct {
	in  []byte
	pos int
	out []byte
	bad string
}

// fromMsgpack returns the JSON of a msgpack document, or says what is wrong.
func fromMsgpack(in []byte) (out []byte, bad string) {
	m := msgpack{in: in, out: make([]byte, 0, 2*len(in)+16)}
	m.value(0)
	if m.bad == "" && m.pos != len(in) {
		m.fail("more follows the end")
	}
	return m.out, m.bad
}

func (m *msgpack) fail(problem string) {
	if m.bad == "" {
		m.bad = fmt.Sprintf("byte %d: %s", m.pos, problem)
	}
}

// take returns the next n bytes.
func (m *msgpack) take(n uint64) []byte {
	if m.bad != "" || n > uint64(len(m.in)-m.pos) {
		m.fail("the document ends early")
		return nil
	}
	p := m.in[m.pos : m.pos+int(n)]
	m.pos += int(n)
	return p
}

// uint reads a big-endian number of 1, 2, 4 or 8 bytes.
func (m *msgpack) uint(size int) uint64 {
	p := m.take(uint64(size))
	if p == nil {
		return 0
	}
	var b [8]byte
	copy(b[8-size:], p)
	return binary.BigEndian.Uint64(b[:])
}

// value reads any value. The marks are those of the msgpack specification.
func (m *msgpack) value(depth int) {
	p := m.take(1)
	if p == nil {
		return
	}
	switch c := p[0]; {
	case c < 0x80:
		m.out = strconv.AppendUint(m.out, uint64(c), 10)
	case c < 0x90:
		m.object(uint64(c&0x0f), depth)
	case c < 0xa0:
		m.array(uint64(c&0x0f), depth)
	case c < 0xc0:
		m.text(uint64(c & 0x1f))
	case c >= 0xe0:
		m.out = strconv.AppendInt(m.out, int64(int8(c)), 10)
	default:
		m.marked(c, depth)
	}
}

// marked reads a value whose length stands after its mark.
func (m *msgpack) marked(c byte, depth int) {
	switch c {
	case 0xc0:
		m.out = append(m.out, "null"...)
	case 0xc2:
		m.out = append(m.out, "false"...)
	case 0xc3:
		m.out = append(m.out, "true"...)
	case 0xc4, 0xc5, 0xc6:
		m.out = append(m.out, '"')
		m.out = hex.AppendEncode(m.out, m.take(m.uint(1<<(c-0xc4))))
		m.out = append(m.out, '"')
	case 0xca:
		m.float(float64(math.Float32frombits(uint32(m.uint(4)))))
	case 0xcb:
		m.float(math.Float64frombits(m.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		m.out = strconv.AppendUint(m.out, m.uint(1<<(c-0xcc)), 10)
	case 0xd0, 0xd1, 0xd2, 0xd3:
		size := 1 << (c - 0xd0)
		shift := 64 - 8*size
		m.out = strconv.AppendInt(m.out, int64(m.uint(size)<<shift)>>shift, 10)
	case 0xd9, 0xda, 0xdb:
		m.text(m.uint(1 << (c - 0xd9)))
	case 0xdc, 0xdd:
		m.array(m.uint(2<<(c-0xdc)), depth)
	case 0xde, 0xdf:
		m.object(m.uint(2<<(c-0xde)), depth)
	default:
		m.pos--
		m.fail(fmt.Sprintf("a value of unknown kind %#x", c))
	}
}

func (m *msgpack) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		m.fail("a number that is not finite")
		return
	}
	m.out = strconv.AppendFloat(m.out, f, 'f', -1, 64)
}

func (m *msgpack) array(n uint64, depth int) {
	if depth >= maxDepth {
		m.fail(fmt.Sprintf("nested more than %d deep", maxDepth))
	}
	m.out = append(m.out, '[')
	for i := uint64(0); i < n && m.bad == ""; i++ {
		if i > 0 {
			m.out = append(m.out, ',')
		}
		m.value(depth + 1)
	}
	m.out = append(m.out, ']')
}

func (m *msgpack) object(n uint64, depth int) {
	if depth >= maxDepth {
		m.fail(fmt.Sprintf("nested more than %d deep", maxDepth))
	}
	m.out = append(m.out, '{')
	for i := uint64(0); i < n && m.bad == ""; i++ {
		if i > 0 {
			m.out = append(m.out, ',')
		}
		begin := len(m.out)
		m.value(depth + 1)
		if m.bad == "" && m.out[begin] != '"' {
			m.fail("a key that is no string")
		}
		m.out = append(m.out, ':')
		m.value(depth + 1)
	}
	m.out = append(m.out, '}')
}

// text writes a string of n bytes. Only what JSON cannot hold is escaped.
func (m *msgpack) text(n uint64) {
	m.out = append(m.out, '"')
	for _, c := range m.take(n) {
		switch {
		case c == '"' || c == '\\':
			m.out = append(m.out, '\\', c)
		case c < ' ':
			m.out = fmt.Appendf(m.out, `\u%04x`, c)
		default:
			m.out = append(m.out, c)
		}
	}
	m.out = append(m.out, '"')
}
