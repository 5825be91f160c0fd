package cdcl

// pace decides when to restart and when to forget, by counts of conflicts.
type pace struct {
	fast, slow int64 // moving averages of spreads, in 1/65536
	last       int   // conflict of the last restart

	steady     bool // restarts are rare
	turn       int  // conflicts of this turn
	turnEnds   int
	steadyRuns int

	forgetAt   int
	forgetStep int
}

// Counts of conflicts.
const (
	minRun     = 40   // between restarts
	firstTurn  = 1000 // before the first turn to rare restarts
	steadyUnit = 200  // a run in that turn, times a Luby number
	firstWeed  = 2000 // before the first forgetting
	weedMore   = 400  // from one forgetting to the next
)

func (p *pace) init() {
	p.turn, p.turnEnds = firstTurn, firstTurn
	p.forgetAt, p.forgetStep = firstWeed, firstWeed
}

func (p *pace) learnt(spread int32) {
	p.fast += (int64(spread)<<16 - p.fast) >> 5
	p.slow += (int64(spread)<<16 - p.slow) >> 12
}

// restart reports whether it is time to start again from level 0.
func (p *pace) restart(conflicts int) bool {
	if conflicts >= p.turnEnds {
		p.steady = !p.steady
		if !p.steady {
			p.turn += p.turn / 2
		}
		p.turnEnds = conflicts + p.turn
	}
	run := conflicts - p.last
	if p.steady {
		if run < steadyUnit*luby(p.steadyRuns) {
			return false
		}
		p.steadyRuns++
	} else if run < minRun || p.fast*10 < p.slow*11 {
		return false
	}
	p.last = conflicts
	return true
}

// luby is the sequence 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 …
func luby(i int) int {
	size, power := 1, 1
	for size < i+1 {
		size, power = 2*size+1, 2*power
	}
	for size-1 != i {
		size /= 2
		power /= 2
		i %= size
	}
	return power
}

// forget reports whether it is time to forget.
func (p *pace) forget(conflicts int) bool {
	if conflicts < p.forgetAt {
		return false
	}
	p.forgetStep += weedMore
	p.forgetAt = conflicts + p.forgetStep
	return true
}
