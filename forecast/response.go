package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// The bins of a learned response: for a spot 10 seconds each, from a minute before its start to eight minutes after it. The
// real start may differ by seconds from the announced one, and the tail of a spot is gone in five minutes. Kinds that rise
// more slowly have wider bins.
const (
	narrowBin    = 10.0 // seconds
	binsBefore   = 6
	binsAfter    = 48
	responseBins = binsBefore + binsAfter
)

// priorArrivals is how many arrivals the prior of a response counts for. Sixty is two or three ordinary spots: the shape
// is well known beforehand, and what a kind adds of its own is learned within a day of airings.
const priorArrivals = 60

// longEvent is the length, in bins, from which an event is taken to bring demand for as long as it lasts. Below that its
// length is part of the learned shape.
const longEvent = 12

// response is the shape in time of what the events of one kind bring: which part of it comes when, learned by expectation
// and maximisation from the arrivals that are attributed to the events.
type response struct {
	width    float64                   // of a bin, seconds
	arrivals [responseBins]float64     // attributed to each bin, the prior's included
	total    float64                   // their sum
	part     [responseBins + 1]float64 // share that has come before the bin begins
	area     [responseBins + 1]float64 // integral of part, in seconds
}

func newResponse(k *Kind) response {
	r := response{width: k.binWidth()}
	for b := range r.arrivals {
		t := r.edge(b)
		r.arrivals[b] = float64(priorArrivals * k.share(t, t+r.width))
	}
	r.settle()
	return r
}

// binWidth is the width of the bins in which the responses of a kind are learned, in seconds.
func (k *Kind) binWidth() float64 { return max(narrowBin, k.after()/binsAfter) }

// edge returns the beginning of bin b in seconds after the start.
func (r *response) edge(b int) float64 { return float64(r.width * float64(b-binsBefore)) }

// settle recomputes the tables from the arrivals.
func (r *response) settle() {
	r.total = 0
	for _, n := range r.arrivals {
		r.total += n
	}
	for b, n := range r.arrivals {
		r.part[b+1] = r.part[b] + n/r.total
		r.area[b+1] = r.area[b] + float64(float64(0.5*r.width)*(r.part[b]+r.part[b+1]))
	}
}

// before returns the share that has come t seconds after the start.
func (r *response) before(t float64) float64 {
	b, rest := r.bin(t)
	switch {
	case b < 0:
		return 0
	case b >= responseBins:
		return 1
	}
	return r.part[b] + float64(rest*(r.part[b+1]-r.part[b]))
}

// bin returns the bin that holds t and how far into it t lies, 0..1.
func (r *response) bin(t float64) (b int, rest float64) {
	x := t/r.width + binsBefore
	f := math.Floor(max(-1, min(x, responseBins)))
	return int(f), x - f
}

// integral returns the integral of before from the first bin to t.
func (r *response) integral(t float64) float64 {
	b, rest := r.bin(t)
	switch {
	case b < 0:
		return 0
	case b >= responseBins:
		return r.area[responseBins] + (t - r.after())
	}
	dt := float64(rest * r.width)
	return r.area[b] + float64(dt*(r.part[b]+float64(0.5*rest*(r.part[b+1]-r.part[b]))))
}

// share returns which part of the response of an event that starts at 0 and lasts length seconds comes between from and
// to seconds. A long event sends its response evenly over its length.
func (r *response) share(from, to, length float64) float64 {
	if !r.long(length) {
		return r.before(to) - r.before(from)
	}
	return r.smear(from, to, length)
}

// smear returns the share of a response that begins evenly over length seconds.
func (r *response) smear(from, to, length float64) float64 {
	s := (r.integral(to) - r.integral(to-length)) - (r.integral(from) - r.integral(from-length))
	return max(0, s/length)
}

// body returns how long after the start nine tenths of the response have come, in seconds.
func (r *response) body() float64 {
	for b := range r.arrivals {
		if r.part[b+1] >= 0.9 {
			return r.edge(b + 1)
		}
	}
	return r.after()
}

// long says whether an event of that many seconds brings demand for as long as it lasts.
func (r *response) long(length float64) bool { return length >= float64(longEvent*r.width) }

// ahead returns how long before its start an event may be felt, and after how long after its end, in seconds.
func (r *response) ahead() float64 { return float64(binsBefore * r.width) }
func (r *response) after() float64 { return float64(binsAfter * r.width) }

// attribute adds n arrivals, which came between from and to seconds after the start of an event, to the bins of came: to
// each by the share that the shape so far expects of it.
func (r *response) attribute(came *[responseBins]float64, from, to, n float64) {
	share := r.before(to) - r.before(from)
	if share <= 0 || n <= 0 {
		return
	}
	scale := n / share
	for b := range came {
		t := r.edge(b)
		lo, hi := max(from, t), min(to, t+r.width)
		if hi > lo {
			came[b] += float64(float64(scale*(r.part[b+1]-r.part[b])) * ((hi - lo) / r.width))
		}
	}
}

// eventArrivals is the largest number of arrivals that one event counts for. However many visitors a step has, how they
// spread over it differs from event to event by kernelNoise, so that a step says no more than 1/kernelNoise^2 = 6 single
// arrivals would, and a response has some five steps.
const eventArrivals = 30

// learn takes the arrivals of an event that is over. Before it is over it would teach that all comes early.
func (r *response) learn(came *[responseBins]float64) {
	var n float64
	for _, c := range came {
		n += c
	}
	if n <= 0 {
		return
	}
	f := min(1, eventArrivals/n)
	for b, c := range came {
		r.arrivals[b] += float64(f * c)
	}
	if r.total += float64(f * n); r.total > maxArrivals { // old responses fade, so that the shape can move
		f := maxArrivals / r.total
		for b := range r.arrivals {
			r.arrivals[b] *= f
		}
	}
	r.settle()
}

// maxArrivals bounds the memory of a response, in arrivals.
const maxArrivals = 6000

func (r *response) fields(c *state.Codec) {
	c.Float64s(r.arrivals[:])
	if c.Reading() {
		for b := range r.arrivals {
			r.arrivals[b] = max(r.arrivals[b], 0)
		}
		r.arrivals[responseBins-1] = max(r.arrivals[responseBins-1], 1e-9)
		r.settle()
	}
}
