package cdcl

// heap orders variables by activity, the most active and then the lowest first.
type heap struct {
	activity []float64
	items    []int32
	place    []int32 // of a variable in items, or -1
}

func (h *heap) init(activity []float64) {
	h.activity = activity
	h.items, h.place = make([]int32, len(activity)), make([]int32, len(activity))
	for i := range h.items {
		h.items[i], h.place[i] = int32(i), int32(i)
	}
}

func (h *heap) before(a, b int32) bool {
	x, y := h.activity[a], h.activity[b]
	return x > y || x == y && a < b
}

// push adds a variable unless it is there.
func (h *heap) push(v int32) {
	if h.place[v] < 0 {
		h.place[v] = int32(len(h.items))
		h.items = append(h.items, v)
		h.up(int(h.place[v]))
	}
}

// pop removes the first variable; -1 if there is none.
func (h *heap) pop() int32 {
	if len(h.items) == 0 {
		return none
	}
	first := h.items[0]
	last := len(h.items) - 1
	h.set(0, h.items[last])
	h.items = h.items[:last]
	h.place[first] = none
	if last > 0 {
		h.down(0)
	}
	return first
}

// update moves a variable that became more active.
func (h *heap) update(v int32) {
	if h.place[v] >= 0 {
		h.up(int(h.place[v]))
	}
}

func (h *heap) set(i int, v int32) {
	h.items[i] = v
	h.place[v] = int32(i)
}

func (h *heap) up(i int) {
	v := h.items[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !h.before(v, h.items[parent]) {
			break
		}
		h.set(i, h.items[parent])
		i = parent
	}
	h.set(i, v)
}

func (h *heap) down(i int) {
	v := h.items[i]
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.before(h.items[child+1], h.items[child]) {
			child++
		}
		if !h.before(h.items[child], v) {
			break
		}
		h.set(i, h.items[child])
		i = child
	}
	h.set(i, v)
}
