package compat

import (
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// group is what target tracking and step scaling know of the group of replicas that they scale: what was added so lately
// that it does not count yet, and when some were last removed.
type group struct {
	clock     clock
	warm      warmup
	removed   int64 // time of the last removal, ns
	hasShrunk bool
}

// newGroup returns a group that decides once a period and whose new replicas do not count for so many seconds.
func newGroup(warmSeconds int, period Duration) group {
	return group{warm: newWarmup(Duration(warmSeconds)*Duration(time.Second), period)}
}

// admit begins a decision at now. It is over, with the Decision returned, where the clock goes back, where the group is
// outside its bounds and where nothing is known of the metric.
func (g *group) admit(now time.Time, values []float64, current, least, most int) (ns int64, d Decision, over bool) {
	ns, _, ok := g.clock.advance(now)
	switch {
	case !ok:
		return ns, Decision{current, ReasonClock}, true
	case current < least:
		return ns, g.settle(ns, current, Decision{least, ReasonMin}), true
	case current > most:
		return ns, g.settle(ns, current, Decision{most, ReasonMax}), true
	case len(values) == 0 || !known(values[0]):
		return ns, Decision{current, ReasonMissing}, true
	}
	return ns, d, false
}

// cools says whether the newest removal is less than so many seconds old.
func (g *group) cools(ns int64, cooldown int) bool {
	return g.hasShrunk && ns-g.removed < int64(cooldown)*1e9
}

// settle remembers the change that d is.
func (g *group) settle(ns int64, current int, d Decision) Decision {
	switch {
	case d.Count > current:
		g.warm.added.add(ns, d.Count-current)
	case d.Count < current:
		g.removed, g.hasShrunk = ns, true
	}
	return d
}

func (g *group) reset() {
	g.clock, g.hasShrunk, g.removed = clock{}, false, 0
	g.warm.added.reset()
}

func (g *group) state(s *state.Codec) {
	g.clock.state(s)
	g.warm.state(s)
	stamp(s, &g.removed)
	s.Bool(&g.hasShrunk)
}
