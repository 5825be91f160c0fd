package repodata

// stems finds records of one stem. The records of a section are mostly sorted by
// it, so that of two sections the records can be compared in turn; a map has them
// from the first that is not.
type stems struct {
	sorted string           // the last stem
	second int              // where the second section begins; 0: not yet
	other  int              // the record of the first section to compare next
	byStem map[string]int32 // its last record
}

// last returns the last record with the stem of record i, which is read last and
// in a section, or -1.
func (s *stems) last(g *group, i int, in section) int32 {
	stem, _ := cutExt(g.records[i].FileName)
	if s.byStem == nil && i > 0 && g.in[i-1] != in {
		if s.second > 0 {
			s.mix(g, i)
		}
		s.second, s.sorted = i, ""
	}
	if s.byStem == nil && stem <= s.sorted {
		s.mix(g, i)
	}
	s.sorted = stem
	if s.byStem != nil {
		if j, ok := s.byStem[stem]; ok {
			return j
		}
		return -1
	}
	for ; s.other < s.second; s.other++ {
		other, _ := cutExt(g.records[s.other].FileName)
		if other == stem {
			return int32(s.other)
		}
		if other > stem {
			break
		}
	}
	return -1
}

// add takes record i, which is there to stay.
func (s *stems) add(g *group, i int) {
	if s.byStem != nil {
		stem, _ := cutExt(g.records[i].FileName)
		s.byStem[stem] = int32(i)
	}
}

// mix makes the map of the first n records.
func (s *stems) mix(g *group, n int) {
	s.byStem = make(map[string]int32, 2*n)
	for i := range n {
		s.add(g, i)
	}
}
