package sim

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Paired is the difference between two policies on the same days, and how sure one may be of it.
type Paired struct {
	A, B string // the names
	// Days is the number of days compared: those of which at least half is scored.
	Days int
	// Difference is the mean cost of a day with A less that with B: below 0, A is cheaper. Part is that as a part of B's.
	Difference, Part float64
	// Low and High bound the difference with a confidence of 95 %. They are NaN for fewer than 7 days, too few to tell.
	Low, High float64
	// Won is the part of the days on which A costs less, 0..1. A day on which both cost the same is not won.
	Won float64
}

// fewestDays is how many days an interval needs. With fewer the interval of normally distributed days that know nothing of
// each other holds their mean less than 9 times in 10, whatever is done (measured; docs/decisions, paired comparison).
const fewestDays = 7

// resamples is how often the days are drawn.
const resamples = 10_000

// Compare returns the difference between two policies of the comparison, of which the optimum is always one.
//
// Each day is a pair: weather that is bad for both cancels out. The interval is that of a moving-block bootstrap (Künsch,
// The jackknife and the bootstrap for general stationary observations, 1989; joined end to end as Politis and Romano have it,
// A circular block-resampling procedure for stationary data, 1992): blocks of neighbouring days are drawn, about the cube
// root of the number of days long, so that days which resemble their neighbours do not count as so many independent ones.
// It is widened for few blocks (expandedTail). The seed settles what is drawn.
func (c *Comparison) Compare(a, b string, seed uint64) (Paired, error) {
	var sides [2]Result
	for i, name := range []string{a, b} {
		r, ok := c.Result(name)
		if !ok && name != Clairvoyant {
			return Paired{}, fmt.Errorf("policy %q: wanted one of those that are compared", name)
		}
		if name == Clairvoyant {
			r = c.Optimum
		}
		sides[i] = r
	}
	var differences []float64
	p := Paired{A: a, B: b}
	other := 0.0
	half := int(12 * time.Hour / c.Case.Trace.Step)
	for _, s := range daySpans(c.Case.Trace, c.Case.Options) {
		if s.to-s.from < half {
			continue
		}
		one, two := c.daily(sides[0], s).Cost, c.daily(sides[1], s).Cost
		if one < two {
			p.Won++
		}
		p.Difference += one - two
		other += two
		differences = append(differences, one-two)
	}
	p.Days = len(differences)
	days := float64(p.Days)
	p.Part = p.Difference / other
	p.Difference /= days
	p.Won /= days
	p.Low, p.High = math.NaN(), math.NaN()
	if p.Days >= fewestDays {
		p.Low, p.High = blockInterval(differences, resamples, seed)
	}
	return p, nil
}

// blockLength is the number of neighbouring days that are drawn together: the cube root of their number, rounded, which is
// the order that Hall, Horowitz and Jing find best for a variance (On blocking rules for the bootstrap with dependent data, 1995).
func blockLength(days int) int { return max(1, int(math.Round(math.Cbrt(float64(days))))) }

// blockInterval bounds the mean of a series with a confidence of 95 %, from so many draws.
func blockInterval(series []float64, draws int, seed uint64) (low, high float64) {
	n := len(series)
	block := blockLength(n)
	// sums[i] is the sum of the first i values of the series written twice: a block may run over its end.
	sums := make([]float64, 2*n+1)
	for i := range 2 * n {
		sums[i+1] = sums[i] + series[i%n]
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	means := make([]float64, draws)
	for k := range means {
		sum := 0.0
		for left := n; left > 0; left -= block {
			at := chance.IntN(n)
			sum += sums[at+min(block, left)] - sums[at]
		}
		means[k] = sum / float64(n)
	}
	slices.Sort(means)
	tail := expandedTail(float64(n) / float64(block))
	return sortedQuantile(means, tail), sortedQuantile(means, 1-tail)
}

// expandedTail is what is cut off on either side of a bootstrap distribution from n independent parts for a confidence of
// 95 %. A bootstrap of few is too narrow, by the root of n/(n-1) and by what a normal quantile falls short of Student's
// (Hesterberg, What teachers should know about the bootstrap, 2015: the expanded percentile interval).
func expandedTail(n float64) float64 {
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(.975)
	return distuv.UnitNormal.CDF(-math.Sqrt(n/(n-1)) * t)
}

// sortedQuantile interpolates the quantile at a share of values that rise.
func sortedQuantile(values []float64, share float64) float64 {
	at := share * float64(len(values)-1)
	i := min(int(at), len(values)-2)
	return values[i] + float64((at-float64(i))*(values[i+1]-values[i]))
}

// pairedJSON is a difference as -format json writes it.
type pairedJSON struct {
	A          string   `json:"a"`
	B          string   `json:"b"`
	Days       int      `json:"days"`
	Difference *float64 `json:"difference_per_day"`
	Low        *float64 `json:"low"`
	High       *float64 `json:"high"`
	Part       *float64 `json:"part"`
	Won        *float64 `json:"won"`
}

func (p Paired) json() pairedJSON {
	return pairedJSON{p.A, p.B, p.Days, orNull(p.Difference), orNull(p.Low), orNull(p.High), orNull(p.Part), orNull(p.Won)}
}

// writePairs writes differences as text, a line for each.
func writePairs(w io.Writer, pairs []Paired) error {
	for _, p := range pairs {
		interval := fmt.Sprintf("95%% interval %s to %s", decimal(p.Low, 2, ""), decimal(p.High, 2, ""))
		if math.IsNaN(p.Low) {
			interval = fmt.Sprintf("no interval from fewer than %d days", fewestDays)
		}
		if _, err := fmt.Fprintf(w, "%s less %s: %s a day (%s), %s; cheaper on %s of %d days\n", p.A, p.B,
			decimal(p.Difference, 2, ""), decimal(100*p.Part, 1, "%"), interval, decimal(100*p.Won, 0, "%"), p.Days); err != nil {
			return err
		}
	}
	return nil
}
