package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// mix weighs the experts of one lead by their discounted absolute errors, relative to the smallest of them:
//
//	w ~ exp(-6 (L/L_best - 1)) + 1/1000
//
// This is the exponentially weighted forecaster (Cesa-Bianchi and Lugosi 2006) made free of scale; the floor lets an expert
// come back whose time has come. An expert whose forecast is not a number, or absurd, sleeps: it is left out of the mean
// and its loss stays as it was (Freund et al. 1997, Using and combining predictors that specialize).
type mix struct {
	loss   [NumExperts]float64
	weight [NumExperts]float64
	seen   [NumExperts]uint8 // errors of each, capped
	out    [NumExperts]bool  // left out by configuration
}

const (
	mixRate   = 8
	mixMemory = 100 // errors that count
	mixFloor  = 1e-3
)

func newMix(without []Expert) mix {
	var m mix
	for _, e := range without {
		m.out[e] = true
	}
	for i := range m.weight {
		m.weight[i] = 1
	}
	return m
}

// awake says whether the forecast v can be used; nothing beyond limit can.
func awake(v, limit float64) bool { return v >= 0 && v <= limit } // false for NaN

// blend returns the weighted mean of the forecasts that are awake, or the newest value where none is.
func (m *mix) blend(expert *[NumExperts]float64, limit float64) float64 {
	var sum, total float64
	for i, v := range expert {
		if awake(v, limit) && !m.out[i] {
			sum += float64(m.weight[i] * v)
			total += m.weight[i]
		}
	}
	if total == 0 {
		return expert[ByPersistence]
	}
	return sum / total
}

// learn moves the weights, after the forecasts were for a value that turned out to be z.
func (m *mix) learn(expert *[NumExperts]float32, z, limit float64) {
	best := math.Inf(1)
	for i, f := range expert {
		if v := float64(f); awake(v, limit) && !m.out[i] {
			if m.seen[i] < mixMemory {
				m.seen[i]++
			}
			m.loss[i] += (math.Abs(z-v) - m.loss[i]) / float64(m.seen[i])
		}
		if m.seen[i] > 0 {
			best = math.Min(best, m.loss[i])
		}
	}
	for i := range m.weight {
		w := 1.0
		switch {
		case m.seen[i] == 0:
		case m.loss[i] == 0:
		case best == 0:
			w = 0
		default:
			w = fp.Exp(-mixRate * (m.loss[i]/best - 1))
		}
		m.weight[i] = w + mixFloor
	}
}

func (m *mix) fields(c *state.Codec) {
	c.Float64s(m.loss[:])
	c.Float64s(m.weight[:])
	for i := range m.seen {
		c.Byte(&m.seen[i])
	}
}
