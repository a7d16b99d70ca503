package forecast

import (
	"errors"
	"math"
	"slices"

	"github.com/headroom-go/headroom/internal/state"
)

// mix weighs the experts of one lead by their discounted absolute errors, relative to the smallest of them:
//
//	w ~ (1 + r (L/L_best - 1)/16)^-16 + 1/1000
//
// This is the polynomially weighted forecaster (Cesa-Bianchi and Lugosi 2006, section 2.1) made free of scale, close to
// exp(-r (L/L_best - 1)) at a small part of its price. The floor lets an expert come back whose time has come. An expert whose forecast is not a number, or absurd, sleeps: it is left out of the mean
// and its loss stays as it was (Freund et al. 1997, Using and combining predictors that specialize).
type mix struct {
	rivals []rival // by Expert; on the fast clock alone there are fewer
	rate   float64
}

// rival is how an expert did.
type rival struct {
	loss   float32 // discounted mean absolute error, in replicas
	weight float32
	seen   uint8 // errors, capped
	out    bool  // left out by configuration
}

const (
	// The rates r: few experts that differ are told apart sharply, many that are alike better averaged. From 6 to 15 errors
	// differ by 1 %.
	mixFew    = 15
	mixMany   = 6
	mixMemory = 100 // errors that count
	mixFloor  = 1e-3
)

func newMix(experts int, without []Expert) mix {
	m := mix{rivals: make([]rival, experts), rate: mixFew}
	if experts > int(numFast) {
		m.rate = mixMany
	}
	for i := range m.rivals {
		m.rivals[i].weight = 1
		m.rivals[i].out = slices.Contains(without, Expert(i))
	}
	return m
}

// awake says whether the forecast v can be used; nothing beyond limit can.
func awake(v, limit float64) bool { return v >= 0 && v <= limit } // false for NaN

// blend returns the weighted mean of the forecasts that are awake, or the newest value where none is.
func (m *mix) blend(expert *[NumExperts]float64, limit float64) float64 {
	var sum, total float64
	for i := range m.rivals {
		if r, v := &m.rivals[i], expert[i]; awake(v, limit) && !r.out {
			sum += float64(float64(r.weight) * v)
			total += float64(r.weight)
		}
	}
	if total == 0 {
		return expert[ByPersistence]
	}
	return sum / total
}

// learn moves the weights, after the forecasts were for a value that turned out to be z.
func (m *mix) learn(said []float32, z, limit float64) {
	best := float32(math.Inf(1))
	for i := range m.rivals {
		r := &m.rivals[i]
		if v := float64(said[i]); awake(v, limit) && !r.out {
			r.seen = min(r.seen+1, mixMemory)
			r.loss += (float32(math.Abs(z-v)) - r.loss) / float32(r.seen)
		}
		if r.seen > 0 {
			best = min(best, r.loss)
		}
	}
	for i := range m.rivals {
		r := &m.rivals[i]
		w := 1.0
		switch {
		case r.seen == 0 || r.loss == 0:
		case best == 0:
			w = 0
		default:
			w = 1 / (1 + float64(m.rate/16*(float64(r.loss/best)-1)))
			w = float64(w * w)
			w = float64(w * w)
			w = float64(w * w)
			w = float64(w * w)
		}
		r.weight = float32(w + mixFloor)
	}
}

func (m *mix) fields(c *state.Codec) {
	for i := range m.rivals {
		r := &m.rivals[i]
		c.Float32(&r.loss)
		c.Float32(&r.weight)
		c.Byte(&r.seen)
		if c.Reading() && (r.seen > mixMemory || r.loss < 0 || r.weight <= 0) {
			c.Fail(errWeight)
			*r = rival{weight: 1, out: r.out}
		}
	}
}

var errWeight = errors.New("snapshot has an expert with an impossible weight")
