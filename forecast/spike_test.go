package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
)

// play shows the values to a new detector that expects level with standard deviation 1, and returns the phase after each.
func play(s *spike, level float64, values ...float64) []spikePhase {
	var out []spikePhase
	for _, v := range values {
		s.observe(v, level, 1)
		out = append(out, s.phase)
	}
	return out
}

func TestSpikeFromOnsetToCalm(t *testing.T) {
	s := newSpike(60, 4)
	require.Equal(t, []spikePhase{spikeQuiet, spikeQuiet, spikeRising, spikeRising, spikeRising, spikeFalling, spikeFalling, spikeFalling, spikeFalling, spikeQuiet},
		play(&s, 10, 10, 11, 20, 30, 50, 30, 20, 11, 11, 11))
	// Its first three excesses were 10, 20 and 40 of a peak of 40: the ratios have moved towards 4, 2 and 1.
	require.Greater(t, s.excess[0][0], spikeStart[0][0])
	require.Greater(t, s.excess[1][0], spikeStart[1][0])
	require.Less(t, s.excess[2][0], spikeStart[2][0])
	require.Less(t, s.excess[0][2], spikeStart[0][2], "4 is below the .95 quantile of the prior")
	require.Less(t, s.decay, 10., "it fell faster than in ten minutes")
}

func TestSpikesThatRepeatTeachTheirRatio(t *testing.T) {
	s := newSpike(60, 4)
	for range 1000 {
		play(&s, 10, 20, 40, 60, 60, 20, 10, 10, 10, 10)
	}
	require.Equal(t, spikeQuiet, s.phase)
	for j := range spikeQuantiles {
		require.InDelta(t, 5, s.excess[0][j], 0.4, "50 over 10")
		require.InDelta(t, 5./3, s.excess[1][j], 0.2, "50 over 30")
		require.InDelta(t, 1, s.excess[2][j], 0.1, "50 over 50")
	}
}

func TestSlowRisesAddUp(t *testing.T) {
	s := newSpike(60, 4)
	phases := play(&s, 10, 12.5, 12.5, 12.5, 12.5)
	require.Equal(t, []spikePhase{spikeQuiet, spikeQuiet, spikeRising, spikeRising}, phases, "no step stands out, three do together")
}

func TestALevelShiftIsNoSpike(t *testing.T) {
	s := newSpike(60, 4)
	before := s.excess
	play(&s, 10, 30)
	require.Equal(t, spikeRising, s.phase)
	for i := 0; s.phase != spikeQuiet; i++ {
		require.Less(t, i, 2*s.shift, "it goes on for ever")
		play(&s, 10, 29)
	}
	require.Equal(t, before, s.excess, "nothing is learned from it")
	require.Zero(t, s.seen)
}

// A silence ends it: nothing may be held up by a value that is hours old.
func TestASilenceEndsASpike(t *testing.T) {
	with := New(Config{Leads: []Duration{Duration(4 * time.Minute)}, Spikes: true})
	at := time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)
	feed := func(v float64) {
		with.Observe(at, v)
		at = at.Add(time.Minute)
		with.Advance(at)
	}
	for k := range 200 {
		feed(100 + float64(k%3))
	}
	feed(200)
	feed(400)
	require.Equal(t, spikeRising, with.spike.phase)
	feed(math.NaN())
	require.Equal(t, spikeQuiet, with.spike.phase)
}

// What is twice as large has twice the forecast.
func TestSpikeIsFreeOfScale(t *testing.T) {
	a, b := newSpike(60, 4), newSpike(60, 4)
	for _, z := range []float64{10, 11, 10, 25, 40, 60, 55, 30, 15, 10, 10, 10, 10, 30, 50, 70} {
		a.observe(z, 10, 1)
		b.observe(2*z, 20, 2)
		require.Equal(t, a.phase, b.phase)
		require.InDeltaSlice(t, a.excess[0][:], b.excess[0][:], 1e-9)
		var qa, qb [NumLevels]float64
		a.raise(&qa, 3)
		b.raise(&qb, 3)
		for i := range qa {
			require.InDelta(t, 2*qa[i], qb[i], 1e-9)
		}
	}
}

// The stated rate of false alarms is one in 1,400 steps; clipping and the single-step rule change it little.
func TestNoiseIsSeldomASpike(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	alarms, steps := 0, 200_000
	s := newSpike(60, 4)
	for range steps {
		s.observe(100+rng.NormFloat64(), 100, 1)
		if s.phase != spikeQuiet {
			alarms++
			s.phase, s.sum = spikeQuiet, 0
		}
	}
	require.Less(t, float64(alarms)/float64(steps), 1./1000)
	require.Positive(t, alarms, "a detector that is never wrong does not look")
}

// Whatever happens, the state is finite and raising only raises, in order.
func TestSpikeOnlyRaises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step, lead := float64(rapid.IntRange(1, 3600).Draw(t, "step")), rapid.Int64Range(1, 60).Draw(t, "lead")
		s := newSpike(step, lead)
		for k := range rapid.IntRange(1, 200).Draw(t, "steps") {
			z := rapid.SampledFrom([]float64{0, 1, 5, 9, 10, 11, 14, 30, 100, 1e6, 1e15}).Draw(t, "z")
			s.judge(int64(k), z, 1)
			s.observe(z, rapid.SampledFrom([]float64{0, 10, 1e9}).Draw(t, "expected"), rapid.SampledFrom([]float64{0, 1, 50}).Draw(t, "sd"))
			var q [NumLevels]float64
			for i := range q {
				q[i] = float64(i)
			}
			raised := q
			s.raise(&raised, float64(rapid.IntRange(1, 300).Draw(t, "ahead")))
			for i := range q {
				require.False(t, math.IsNaN(raised[i]) || math.IsInf(raised[i], 0), "%+v", s)
				require.GreaterOrEqual(t, raised[i], q[i])
				if i > 0 {
					require.GreaterOrEqual(t, raised[i], raised[i-1])
				}
			}
			s.claim(&q, int64(k)+lead, lead)
			require.False(t, math.IsNaN(s.credit) || math.IsInf(s.credit, 0))
		}
		w := state.NewWriter(nil)
		s.fields(&w)
		read := newSpike(step, lead)
		r := state.NewReader(w.Bytes())
		read.fields(&r)
		require.NoError(t, r.Err())
		require.Equal(t, s, read)
	})
}

// Raising is done only where it would have been better so far.
func TestSpikeEarnsItsTrust(t *testing.T) {
	s := newSpike(60, 4)
	require.False(t, s.trusted())
	k := int64(1)
	round := func(values ...float64) {
		for _, z := range append(values, 10, 10, 10, 10, 10) {
			s.judge(k, z, 10)
			s.observe(z, 10, 1)
			var q [NumLevels]float64
			for i := range q {
				q[i] = 12
			}
			s.claim(&q, k+2, 2)
			k++
		}
	}
	for range 5 {
		round(20, 45, 70, 120, 70)
	}
	require.True(t, s.trusted(), "they rise for longer than the lead time")
	for range 200 {
		round(120) // one step, and gone
	}
	require.False(t, s.trusted(), "and now they do not")
}

// With the option a forecaster is the same until raising has been worth it, survives a restart, and allocates nothing.
func TestForecasterWithSpikes(t *testing.T) {
	plain := New(Config{Leads: []Duration{Duration(4 * time.Minute)}})
	with := New(Config{Leads: []Duration{Duration(4 * time.Minute)}, Spikes: true})
	rng := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)
	lead := []time.Duration{3 * time.Minute}
	var a, b []float64
	differ := 0
	for k := range 6000 {
		v := 100 + 3*rng.NormFloat64()
		if p := k % 300; p < 40 { // twelve minutes up, and slowly down
			v += 400 * min(float64(p+1)/12, math.Exp(-float64(p-12)/8))
		}
		plain.Observe(at, v)
		with.Observe(at, v)
		at = at.Add(time.Minute)
		plain.Advance(at)
		with.Advance(at)
		a, b = plain.Quantiles(a, at, lead), with.Quantiles(b, at, lead)
		for i := range a {
			require.GreaterOrEqual(t, b[i], a[i])
		}
		if b[NumLevels-1] > a[NumLevels-1] {
			differ++
		}
		if k == 3000 {
			w := state.NewWriter(nil)
			with.State(&w)
			with = New(Config{Leads: []Duration{Duration(4 * time.Minute)}, Spikes: true})
			r := state.NewReader(w.Bytes())
			with.State(&r)
			require.NoError(t, r.Err())
		}
	}
	require.Positive(t, differ, "twelve minutes up: worth it at a lead time of four")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		with.Observe(at, 500)
		at = at.Add(time.Minute)
		with.Advance(at)
		b = with.Quantiles(b, at, lead)
	}))
}
