package forecast

import (
	"errors"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// spike notices crowds that nobody announced, and says how far they may still rise. It begins where a step stands out
// from what was expected of it, by itself (a robust z-score of 5.75) or together with those before it (a cumulative sum, Page
// 1954); foretells the peak from the first one to three excesses by the ratios that earlier spikes of the series had; then
// follows the decay. What neither falls nor ends is a shift of the level and no spike: then it steps back, and the level,
// which has followed meanwhile, speaks for itself.
//
// No series can announce a rise that is faster than the lead time; this is for the slower ones. Its answer can only raise a
// forecast, and does so only where raising has been worth it: forecasts of the shortest lead time made during a spike are
// judged when their step has come, by the pinball loss at .95 with the spike and without (the docs/decisions note on unannounced spikes says why).
type spike struct {
	phase  spikePhase
	sum    float64 // cumulative sum of standardised surprises, less what is usual
	base   float64 // what was expected when it began, in replicas
	first  [spikeRatios]float64
	n      int                               // steps since it began, the first is 1
	last   float64                           // newest excess
	prev   float64                           // the one before
	peak   float64                           // largest excess
	at     int                               // step of the peak
	calm   int                               // steps in a row that were usual again
	excess [spikeRatios][spikeLevels]float64 // peak over the first, second, third excess: learned quantiles
	seen   float64                           // spikes learned from, capped
	decay  float64                           // steps in which an excess falls to 1/e: mean of the spikes seen
	shift  int                               // steps after which an excess above half of the peak is a new level
	stride int64                             // one claim in so many steps is judged, so that the ring holds a lead time of them
	credit float64                           // what raising would have saved of late, as a share of demand; below 0 it is not done
	open   [spikePending]claim               // ring by target: what is still to be judged
}

// claim is a .95 quantile as it would be without and with the spike, in replicas.
type claim struct {
	target        int64 // step, 0 if none
	plain, raised float32
}

type spikePhase uint8

const (
	spikeQuiet spikePhase = iota
	spikeRising
	spikeFalling
)

const (
	spikeRatios = 3
	spikeLevels = 3 // of spikeQuantiles

	spikeClip     = 6    // standard deviations that a single surprise adds at most; from 5.75 on it begins a spike alone
	spikeDrift    = 0.75 // taken off each surprise in the sum
	spikeTogether = 5    // sum that begins one; about one false alarm in 1,400 steps of Gaussian noise (Siegmund 1985)
	spikeOver     = 2    // standard deviations that are usual again
	spikeCalm     = 3    // steps of that which end it
	spikeTurn     = 0.9  // of the peak: below that it falls
	spikeShift    = 1800 // seconds after which an excess above half of the peak is a shift; five steps at least
	spikeMemory   = 20   // spikes that count
	spikePrior    = 3    // spikes that the prior counts for
	spikePending  = 16   // forecasts that may wait to be judged; with longer leads some are not
	spikeForget   = 0.999
)

// spikeQuantiles are the levels at which the ratios are learned; Levels has them too.
var spikeQuantiles = [spikeLevels]float64{.5, .8, .95}

// spikeIndex are the places of spikeQuantiles in Levels.
var spikeIndex = [spikeLevels]int{middle, 11, 17}

// spikeStart are the ratios before any was seen.
var spikeStart = [spikeRatios][spikeLevels]float64{{1.5, 3, 6}, {1.2, 2, 3.5}, {1.1, 1.5, 2.5}}

// newSpike returns a detector for steps of so many seconds, which is judged at a lead time of so many steps; a decay of ten
// minutes is assumed at first.
func newSpike(seconds float64, lead int64) spike {
	return spike{
		excess: spikeStart, decay: max(1, 600/seconds), shift: int(max(5, spikeShift/seconds)),
		stride: (lead + spikePending - 1) / spikePending,
	}
}

// gap passes over a step without a value: who sees nothing cannot say how far a crowd still rises, or whether it is there.
func (s *spike) gap() { s.phase, s.sum = spikeQuiet, 0 }

// observe takes the value z of a step, in replicas, of which expected was expected with standard deviation sd.
func (s *spike) observe(z, expected, sd float64) {
	if s.phase == spikeQuiet {
		r := (z - expected) / max(sd, 1e-9)
		s.sum = max(0, s.sum+min(r, spikeClip)-spikeDrift)
		if s.sum <= spikeTogether || r <= spikeDrift {
			return
		}
		s.phase, s.base, s.n, s.peak, s.at, s.calm, s.last, s.sum = spikeRising, expected, 0, 0, 0, 0, 0, 0
		s.first = [spikeRatios]float64{}
	}
	s.n++
	s.prev, s.last = s.last, max(0, z-s.base)
	if s.n <= spikeRatios {
		s.first[s.n-1] = s.last
	}
	if s.last > s.peak {
		s.peak, s.at = s.last, s.n
	}
	s.phase = spikeRising
	if s.last < float64(spikeTurn*s.peak) {
		s.phase = spikeFalling
	}
	if s.last <= float64(spikeOver*sd) {
		s.calm++
	} else {
		s.calm = 0
	}
	switch {
	case s.calm >= spikeCalm:
		s.learn()
		s.phase = spikeQuiet
	case s.n-s.at >= s.shift && s.last > float64(0.5*s.peak), s.n >= 8*s.shift:
		s.phase = spikeQuiet // a new level; it has no peak to learn from
	}
}

// learn takes the ratios and the decay of the spike that ended. One that stood out in a single step was noise as likely.
func (s *spike) learn() {
	if s.n-spikeCalm < 2 {
		return
	}
	s.seen = min(s.seen+1, spikeMemory)
	gain := 1 / (s.seen + spikePrior)
	for i, x := range s.first {
		if x <= 0 || i >= s.at {
			continue
		}
		ratio := min(s.peak/x, 100)
		for j, q := range spikeQuantiles {
			// A quantile tracker whose steps are shares of the ratio.
			step := float64(q * gain)
			if ratio < s.excess[i][j] {
				step = -float64((1 - q) * gain)
			}
			s.excess[i][j] = max(1, float64(s.excess[i][j]*(1+step)))
		}
	}
	// From the peak to calm an exponential decay falls to about a twentieth: three time constants.
	fall := max(1, float64(s.n-spikeCalm-s.at)/3)
	s.decay += float64(gain * (fall - s.decay))
}

// raise lifts the quantiles q of demand, in replicas, in the step ahead steps after the newest, to those that the spike
// has by itself. Those above .95 keep their distance to it.
func (s *spike) raise(q *[NumLevels]float64, ahead float64) {
	if s.phase == spikeQuiet {
		return
	}
	var x [spikeLevels]float64
	left := fp.Exp(-ahead / s.decay)
	for j := range x {
		x[j] = float64(s.last * left)
	}
	if s.phase == spikeRising {
		i := min(s.n, spikeRatios) - 1
		for j := range x {
			grown := float64(s.first[i] * s.excess[i][j])
			// It grows no faster than it did.
			if s.n > 1 && s.prev > 0 {
				grown = min(grown, float64(s.last*pow(max(1, s.last/s.prev), ahead)))
			}
			x[j] = max(x[j], min(max(grown, s.last), float64(100*s.last)))
			if j == 0 { // half of them have their peak behind them when a lead time is over
				x[j] = float64(x[j] * max(left, 0.5))
			}
		}
	}
	highest := q[spikeIndex[spikeLevels-1]]
	j := 0
	for i := middle; i < NumLevels; i++ {
		for j < spikeLevels-1 && Levels[i] >= spikeQuantiles[j+1] {
			j++
		}
		v := x[j]
		if j < spikeLevels-1 {
			part := (Levels[i] - spikeQuantiles[j]) / (spikeQuantiles[j+1] - spikeQuantiles[j])
			v += float64(part * (x[j+1] - x[j]))
		}
		v += s.base
		if i > spikeIndex[spikeLevels-1] {
			v += q[i] - highest
		}
		q[i] = max(q[i], v)
	}
}

// claim remembers what the quantile q of the step target would be without and with the spike.
func (s *spike) claim(q *[NumLevels]float64, target, ahead int64) {
	if s.phase == spikeQuiet || target%s.stride != 0 {
		return
	}
	i := spikeIndex[spikeLevels-1]
	plain := q[i]
	s.raise(q, float64(ahead))
	s.open[target/s.stride%spikePending] = claim{target, float32(plain), float32(q[i])}
}

// judge compares the claim for step k with the value z that it had: the pinball loss at .95 says which would have been the
// better forecast. norm is the size of the series.
func (s *spike) judge(k int64, z, norm float64) {
	c := &s.open[k/s.stride%spikePending]
	if c.target != k || k == 0 {
		return
	}
	saved := pinball95(z, float64(c.plain)) - pinball95(z, float64(c.raised))
	s.credit = float64(spikeForget*s.credit) + saved/norm
	c.target = 0
}

// trusted says whether raising has been worth it.
func (s *spike) trusted() bool { return s.credit > 0 }

func pinball95(z, q float64) float64 {
	if z > q {
		return float64(0.95 * (z - q))
	}
	return float64(0.05 * (q - z))
}

// pow returns x to the power of n, for x >= 1 and n a number of steps, up to 1e6.
func pow(x, n float64) float64 {
	v := 1.0
	for ; n >= 1 && v < 1e6; n-- {
		v = float64(v * x)
	}
	return v
}

var errSpike = errors.New("snapshot has a spike that cannot be")

func (s *spike) fields(c *state.Codec) {
	c.Byte((*byte)(&s.phase))
	c.Float64(&s.sum)
	c.Float64(&s.base)
	c.Float64s(s.first[:])
	c.Int(&s.n)
	c.Float64(&s.last)
	c.Float64(&s.prev)
	c.Float64(&s.peak)
	c.Int(&s.at)
	c.Int(&s.calm)
	for i := range s.excess {
		c.Float64s(s.excess[i][:])
	}
	c.Float64(&s.seen)
	c.Float64(&s.decay)
	c.Float64(&s.credit)
	for i := range s.open {
		c.Int64(&s.open[i].target)
		c.Float32(&s.open[i].plain)
		c.Float32(&s.open[i].raised)
	}
	if !c.Reading() {
		return
	}
	ok := s.phase <= spikeFalling && (s.phase == spikeQuiet || s.n >= 1) && s.at >= 0 && s.at <= s.n && s.calm >= 0 &&
		s.decay >= 1 && s.base >= 0 && s.seen >= 0 && s.seen <= spikeMemory
	for i := range s.excess {
		for _, x := range s.excess[i] {
			ok = ok && x >= 1
		}
	}
	if !ok {
		c.Fail(errSpike)
	}
}
