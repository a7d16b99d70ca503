package report

import (
	"math"

	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Log keeps what the engine said while it played a trace: the forecast at each step, and the reasons where it changed the
// fleet. Memory is O(steps).
type Log struct {
	// The quantiles of demand at the step in which replicas ordered now would serve, by that step; NaN where none was given.
	low, middle, high []float64

	changed []int // the steps with a change of the ordered count, ascending
	texts   []string
	step    int64 // nanoseconds
}

// The levels of the forecast's band.
const bandLow, bandHigh = 0.05, 0.95

// NewLog returns an empty log for a trace. Its Decided belongs into the sim.Case that is played once on that trace.
func NewLog(t *sim.Trace) *Log {
	l := &Log{step: int64(t.Step)}
	for _, q := range []*[]float64{&l.low, &l.middle, &l.high} {
		*q = make([]float64, t.Len())
		for i := range *q {
			(*q)[i] = math.NaN()
		}
	}
	return l
}

// Decided takes down the decision of a step. Nothing of d is kept.
func (l *Log) Decided(step int, d *scaler.Decision) {
	at := step + int((int64(d.Lead)+l.step/2)/l.step)
	if at < len(l.low) {
		l.low[at], l.middle[at], l.high[at] = d.Quantile(bandLow), d.Quantile(.5), d.Quantile(bandHigh)
	}
	if d.Change() != 0 {
		l.changed = append(l.changed, step)
		l.texts = append(l.texts, d.Explain().String())
	}
}
