package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// History is a demand series on a grid of fixed steps.
type History struct {
	Start  time.Time         // of the first step; seasons follow the clock of its Location
	Step   forecast.Duration // length of a step
	Values []float64         // one a step; NaN is a gap
}

// maxSteps bounds the memory that a broken clock can ask for: 8 million steps are 15 years of minutes.
const maxSteps = 8 << 20

// NewHistory puts samples on a grid of steps as a forecast.Series does: a step is the mean of its samples, and one without
// any is a gap. It is an error if step is not positive, there is no sample that is a number, or the samples span more than
// eight million steps or hold a silence of more than a year. Their order does not matter.
func NewHistory(step forecast.Duration, samples []forecast.Sample) (History, error) {
	if step <= 0 {
		return History{}, fmt.Errorf("step %v; wanted a positive duration", step)
	}
	first, last := time.Time{}, time.Time{}
	numbers := 0
	for i, s := range samples {
		if math.IsInf(s.Value, 0) {
			return History{}, fmt.Errorf("sample %d at %v: %v; wanted a finite value, or NaN for a gap", i, s.Time, s.Value)
		}
		if !math.IsNaN(s.Value) {
			numbers++
		}
		if i == 0 || s.Time.Before(first) {
			first = s.Time
		}
		if i == 0 || s.Time.After(last) {
			last = s.Time
		}
	}
	if numbers == 0 {
		return History{}, errors.New("no sample has a value; wanted a history")
	}
	n := int64(last.Sub(first)/step.Std()) + 2
	if n > maxSteps {
		return History{}, fmt.Errorf("samples from %v to %v are %d steps of %v; wanted at most %d", first, last, n, step, maxSteps)
	}
	samples = slices.Clone(samples)
	slices.SortStableFunc(samples, func(a, b forecast.Sample) int { return a.Time.Compare(b.Time) })
	series := forecast.NewSeries(step.Std(), int(n))
	for _, s := range samples {
		if series.Add(s.Time, s.Value) == forecast.Far {
			return History{}, fmt.Errorf("sample at %v comes more than a year after the one before it; wanted one history", s.Time)
		}
	}
	series.Advance(last.Add(2 * step.Std()))
	h := History{Start: time.Unix(0, series.Start(0)).In(first.Location()), Step: step}
	for k := int64(0); k <= series.Last(); k++ {
		v, _ := series.At(k)
		h.Values = append(h.Values, v)
	}
	return h, nil
}

// Time returns the start of step i.
func (h History) Time(i int) time.Time { return h.Start.Add(time.Duration(i) * h.Step.Std()) }

// check returns an error that names what is wrong with h.
func (h History) check() error {
	if h.Step <= 0 {
		return fmt.Errorf("history: Step %v; wanted a positive duration", h.Step)
	}
	for i, v := range h.Values {
		if math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("history: Values[%d]: %v; wanted demand, which is finite and not negative, or NaN for a gap", i, v)
		}
	}
	return nil
}

// mean is that of the known values; NaN if there is none.
func mean(y []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range y {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}
