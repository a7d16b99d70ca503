package fit

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/headroom-go/headroom/forecast"
)

// Season is a cycle that recurs in a history.
type Season struct {
	Period   forecast.Duration `json:"period"`   // a whole number of steps, or a civil period
	Strength float64           `json:"strength"` // share of the variance around the level that the other cycles explain, 0..1
	Share    float64           `json:"share"`    // of the variance of the logarithms of the whole history, level and trend included, 0..1
	Power    float64           `json:"power"`    // of its line in the periodogram, over the noise around it
}

// What a season must be. With fewer than three cycles nobody can tell a season from a coincidence; the strength is one at
// which a profile still improves a forecast; the harmonics that a season takes with it reach to four hours of a day.
const (
	leastCycles     = 3
	leastStrength   = 0.1
	leastShare      = 0.01
	seasonHarmonics = 6
	mostSeasons     = 4
	leastValues     = 24
)

// Seasons returns the seasons of a history, the shortest first; none is a result. It looks for lines in the periodogram
// of the logarithms, wants each confirmed by a hill of the autocorrelation (Vlachos, Yu and Castelli, On periodicity
// detection and structural similarity, 2005) and by what the other cycles say about each cycle, takes the strongest out
// and looks again. Periods are between three steps and a third of the history.
//
// It is an error if h has fewer than 24 values, or values that are not demand.
func Seasons(h History) ([]Season, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	x, known := logs(h.Values)
	if known < leastValues {
		return nil, fmt.Errorf("history of %d values; wanted at least %d to look for seasons", known, leastValues)
	}
	detrend(x)
	total := variance(x)
	var found []Season
	for len(found) < mostSeasons && total > 0 {
		s, steps, ok := strongest(x, h.Step, found, total)
		if !ok {
			break
		}
		found = append(found, s)
		removeSeason(x, steps, seasonHarmonics)
	}
	slices.SortFunc(found, func(a, b Season) int { return cmp.Compare(a.Period, b.Period) })
	return found, nil
}

// ErrNoLevel is returned for a history without any demand.
var ErrNoLevel = errors.New("history without any demand; wanted some values above 0")

// logs returns log(1+v/mean) of the values, which keeps spikes and idle times from ruling the variance, and the number of
// known ones.
func logs(y []float64) ([]float64, int) {
	m := mean(y)
	x := make([]float64, len(y))
	known := 0
	for i, v := range y {
		x[i] = v
		if !math.IsNaN(v) {
			known++
			if m > 0 {
				x[i] = math.Log1p(v / m)
			}
		}
	}
	return x, known
}

// detrend takes the line of least squares out of x, in place.
func detrend(x []float64) {
	level, slope := line(x)
	for i := range x {
		x[i] -= level + slope*float64(i+1)
	}
}

// filled returns x with zeros for gaps.
func filled(x []float64) []float64 {
	out := slices.Clone(x)
	for i, v := range out {
		if math.IsNaN(v) {
			out[i] = 0
		}
	}
	return out
}

// strongest returns the strongest confirmed season of x that was not found before, and its period in steps.
func strongest(x []float64, step forecast.Duration, before []Season, total float64) (s Season, steps float64, ok bool) {
	g := grid{n: len(x), step: step}
	p := newPeriodogram(filled(x))
	for _, k := range p.peaks(3, float64(g.most()), 24) {
		period := p.period(k)
		if g.harmonic(period, before) {
			continue
		}
		// The level and longer seasons would bury the hill of a short one on their own slope.
		cycle := around(x, int(math.Round(2*period)))
		if fold(cycle, g.whole(period)) < leastStrength/2 { // before the dear transforms; half a day of two humps has some strength too
			continue
		}
		r := autocorrelation(cycle, min(g.n-2, g.most()+g.most()/2+1))
		period = g.climb(p, r, g.whole(period))
		if !g.confirmed(r, period) {
			continue
		}
		period, strength, explained := g.settle(x, period)
		share := explained / total
		if g.known(period, before) || strength < leastStrength || share < leastShare {
			continue
		}
		d := forecast.Duration(math.Round(period * float64(step)))
		return Season{Period: d, Strength: strength, Share: math.Min(1, share), Power: p.ratio[k]}, period, true
	}
	return s, 0, false
}
