package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// NumLevels is the number of quantile levels of a forecast.
const NumLevels = 25

// Levels are the quantile levels that a forecast is given at. They are dense at the top, where head-room is decided: the
// newsvendor fractile 1 - 1/penalty is .95 at a penalty of 20 and .995 at 200.
var Levels = [NumLevels]float64{
	.01, .025, .05, .1, .2, .3, .4, .5, .6, .7, .75, .8, .85, .875, .9, .925, .94, .95, .96, .97, .98, .99, .995, .998, .999,
}

// middle is the index of the median in Levels.
const middle = 7

// Bins of the error histogram: equal widths in asinh(2u), so that they are fine around zero and wide in the tails. The
// lowest begins at u = -5.0 and the highest ends at u = 8.4; what lies beyond counts in the outer bins. An error of more
// than eight times the usual is a surprise, and its size says nothing about the next one.
const (
	shapeBins  = 24
	shapeLow   = -3.0
	shapeWidth = 6.5134 / shapeBins
	contexts   = 12
	// shapeMemory is how many steps the histogram remembers: two days at one minute, but not less than fourteen lead times.
	shapeMemory = 3333
	// shrink is how many observations the common histogram counts for inside a context.
	shrink = 30
)

// shape is the distribution of scaled forecast errors u = (demand - location)/scale, learned online: one histogram for
// all, and one for each context (how the newest value stands to its levels), shrunk towards the common one. It needs no
// assumption on the distribution, is asymmetric, and gives monotone quantiles by construction.
type shape struct {
	all     row     // of all contexts
	own     []slim  // of each context; none in the compact form
	weight  float64 // of the next observation: grows instead of decaying all that came before
	tail    pareto
	decay   float64
	overlap float64
}

// row is one histogram.
type row struct {
	count [shapeBins]float32
	total float32
}

// The distribution begins as a Laplace distribution with a mean absolute deviation of 1, which is what scaled errors have by
// definition, somewhat wider above and below. It counts for shapePrior errors times the square of how many forecasts
// overlap: forecasts a day ahead overlap so much that a fortnight of them holds a dozen independent errors, and an
// empirical .95 quantile of a dozen is too low (measured: bench/accuracy, coverage at 1 d); of forecasts two steps ahead the
// series itself soon knows better.
const (
	shapePrior = 2.5
	priorAbove = 1.2
	priorBelow = 1.1
)

// newShape returns the prior of so many contexts. Of the forecasts overlap are under way at a time, and one in stride steps
// is scored.
func newShape(contexts int, stride, overlap int64) shape {
	memory := max(shapeMemory/float64(stride), 14*float64(overlap))
	s := shape{own: make([]slim, contexts), weight: 1, decay: 1 - 1/memory, overlap: float64(overlap)}
	all := &s.all
	for b := range shapeBins {
		m := float64(0.5 * (binEdge(b) + binEdge(b+1)))
		w := binEdge(b+1) - binEdge(b)
		width := priorAbove
		if m < 0 {
			width = priorBelow
		}
		all.count[b] = float32(shapePrior * float64(s.overlap*s.overlap) * float64(0.5*w) * fp.Exp(-math.Abs(m)/width))
		all.total += all.count[b]
	}
	s.tail = newPareto(float64(priorAbove*fp.Log(0.5/0.02)), priorAbove)
	return s
}

// edges are those of the bins, in units of scaled error.
var edges = func() (e [shapeBins + 1]float64) {
	for b := range e {
		e[b] = binEdge(b)
	}
	return e
}()

// binEdge returns the lower edge of bin b in units of scaled error.
func binEdge(b int) float64 { return float64(0.5 * fp.Sinh(shapeLow+float64(float64(b)*shapeWidth))) }

func (s *shape) update(ctx int, u float64) {
	if math.IsNaN(u) {
		return
	}
	t := (fp.Asinh(2*max(-100, min(u, 100))) - shapeLow) / shapeWidth
	b := int(max(0, min(math.Floor(t), shapeBins-1)))
	w := float32(s.weight)
	s.all.add(b, w)
	if len(s.own) > 0 {
		s.own[ctx].add(b, w)
	}
	s.tail.update(u)
	if s.weight /= s.decay; s.weight > 1e4 {
		s.rescale(float32(1 / s.weight))
	}
}

func (r *row) add(b int, w float32) {
	r.count[b] += w
	r.total += w
}

// slim is the histogram of a context at half the size, of which there are many. A count has three digits: beyond about two
// thousand times the weight of an observation another one no longer moves it, so that the total goes by what the counts
// made of it.
type slim struct {
	count [shapeBins]half
	total float32
}

func (r *slim) add(b int, w float32) {
	was := r.count[b].value()
	r.count[b] = toHalf(was + float64(w))
	r.total += float32(r.count[b].value() - was)
}

func (s *shape) rescale(f float32) {
	for b := range s.all.count {
		s.all.count[b] *= f
	}
	s.all.total *= f
	for i := range s.own {
		r := &s.own[i]
		r.total = 0
		for b, c := range r.count {
			if c.known() {
				r.count[b] = toHalf(float64(c.value() * float64(f)))
				r.total += float32(r.count[b].value())
			}
		}
	}
	s.weight = 1
}

// quantiles writes the scaled errors at Levels for a context.
func (s *shape) quantiles(dst *[NumLevels]float64, ctx int) {
	all, own := &s.all, &slim{}
	if len(s.own) > 0 {
		own = &s.own[ctx]
	}
	weight := float64(float64(shrink*s.weight) * max(1, 0.25*s.overlap))
	pull := weight / float64(all.total)
	total := float64(own.total) + weight
	var below float64
	b := 0
	in := own.count[0].value() + float64(pull*float64(all.count[0]))
	for i, tau := range Levels[:tailFrom+1] {
		want := float64(tau * total)
		for below+in < want && b < shapeBins-1 {
			below += in
			b++
			in = own.count[b].value() + float64(pull*float64(all.count[b]))
		}
		part := 0.5
		if in > 0 {
			part = max(0, min(1, (want-below)/in))
		}
		dst[i] = edges[b] + float64(part*(edges[b+1]-edges[b]))
	}
	// Beyond .98 a context has too few errors to count. The size of the excesses is its own all the same, read off below;
	// how heavy their tail is, all contexts have in common.
	excess := float64((dst[tailFrom] - dst[tailBelow]) * (1 / tailDepth))
	for i, d := range s.tail.over {
		dst[tailFrom+1+i] = dst[tailFrom] + float64(excess*d)
	}
	// Only as much of the median is taken for bias as independent errors bear it out: errors of forecasts that overlap are
	// nearly one error.
	n := float64(all.total) / s.weight
	shift := float64(dst[middle]*(n/(n+float64(10*s.overlap)))) - dst[middle]
	for i := range dst {
		dst[i] += shift
	}
}

func (s *shape) fields(c *state.Codec) {
	c.Float32s(s.all.count[:])
	c.Float32(&s.all.total)
	for i := range s.own {
		r := &s.own[i]
		for b := range r.count {
			c.Uint16((*uint16)(&r.count[b]))
		}
		c.Float32(&r.total)
	}
	c.Float64(&s.weight)
	s.tail.fields(c)
}
