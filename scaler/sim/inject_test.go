package sim

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// steady is a trace of constant demand.
func steady(t testing.TB, n int, demand float64) *Trace {
	values := make([]float64, n)
	for i := range values {
		values[i] = demand
	}
	return minutes(t, values...)
}

func TestInjectByHand(t *testing.T) {
	tr := steady(t, 60, 10)
	tr.Demand[22] = hole
	in := Injection{Kernel: Kernel{Amplitude: 2, Rise: 2 * time.Minute, Decay: time.Minute}, Every: time.Hour}
	p, err := Inject(tr, in, []time.Time{at(20 * 60)})
	require.NoError(t, err)
	// From nothing to a half, from a half to the whole, and then the areas below exp(-t).
	require.Equal(t, 10.0, p.Trace.Demand[19])
	require.InDelta(t, 10+20*0.25, p.Trace.Demand[20], 1e-9)
	require.InDelta(t, 10+20*0.75, p.Trace.Demand[21], 1e-9)
	require.True(t, math.IsNaN(p.Trace.Demand[22]), "a hole stays one")
	require.InDelta(t, 10+20*(math.Exp(-1)-math.Exp(-2)), p.Trace.Demand[23], 1e-9)
	require.InDelta(t, 10+20*(math.Exp(-2)-math.Exp(-3)), p.Trace.Demand[24], 1e-9)
	require.Equal(t, 10.0, p.Trace.Demand[31], "it is over eight decay times after the peak")
	require.Equal(t, 10.0, tr.Demand[20], "the trace before stays")
	require.Equal(t, at(20*60), p.Planned[0].Start)
	require.Equal(t, p.Planned[0].Start, p.True[0].Start)

	in.Rise = 0 // a jump, half a minute into a step
	p, err = Inject(tr, in, []time.Time{at(20*60 + 30)})
	require.NoError(t, err)
	require.InDelta(t, 10+20*(1-math.Exp(-.5)), p.Trace.Demand[20], 1e-9)
	require.InDelta(t, 10+20*(math.Exp(-.5)-math.Exp(-1.5)), p.Trace.Demand[21], 1e-9)
}

// The area that is planted is that of the kernels, whatever the steps, and the draws keep within what is stated.
func TestInjectPlantsTheAreaOfItsKernels(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		step := time.Duration(rapid.SampledFrom([]int{30, 60, 300}).Draw(r, "step")) * time.Second
		demand := make([]float64, int(48*time.Hour/step))
		for i := range demand {
			demand[i] = 10
		}
		tr := steps(t, step, demand...)
		in := Injection{
			Kernel: Kernel{
				Amplitude: rapid.Float64Range(0.1, 9).Draw(r, "amplitude"),
				Rise:      time.Duration(rapid.IntRange(0, 1800).Draw(r, "rise")) * time.Second,
				Decay:     time.Duration(rapid.IntRange(1, 600).Draw(r, "decay")) * time.Second,
			},
			Jitter:  time.Duration(rapid.IntRange(0, 120).Draw(r, "jitter")) * time.Second,
			Scatter: rapid.Float64Range(0, 0.9).Draw(r, "scatter"),
			Every:   time.Duration(rapid.IntRange(1, 12).Draw(r, "every")) * time.Hour,
			Seed:    rapid.Uint64().Draw(r, "seed"),
		}
		moments := in.Moments(tr)
		require.InDelta(r, 48*time.Hour/in.Every, len(moments), 1)
		inner := moments[:0:0] // so that none is cut off by the ends
		for i, at := range moments {
			require.Equal(r, i, int(at.Sub(tr.Times[0])/in.Every), "one within each Every")
			if at.After(tr.Times[0].Add(time.Hour)) && at.Before(tr.Times[0].Add(44*time.Hour)) {
				inner = append(inner, at)
			}
		}
		p, err := Inject(tr, in, inner)
		require.NoError(r, err)
		again, err := Inject(tr, in, inner)
		require.NoError(r, err)
		require.Equal(r, p, again)

		area := 0.0
		for i := range p.Trace.Demand {
			require.GreaterOrEqual(r, p.Trace.Demand[i], 10.0)
			area += (p.Trace.Demand[i] - 10) * step.Seconds()
		}
		kernel := in.Rise.Seconds()/2 + in.Decay.Seconds()*(1-math.Exp(-kernelEnd))
		least := float64(len(inner)) * 10 * in.Amplitude * kernel * (1 - in.Scatter)
		most := float64(len(inner)) * 10 * in.Amplitude * kernel * (1 + in.Scatter)
		require.GreaterOrEqual(r, area, least*(1-1e-9))
		require.LessOrEqual(r, area, most*(1+1e-9))
		for i, e := range p.Planned {
			require.Equal(r, inner[i], e.Start)
			require.Equal(r, in.Jitter, e.Window)
		}
		for _, e := range p.True {
			require.Zero(r, e.Window)
			near := false
			for _, planned := range p.Planned {
				near = near || planned.ID == e.ID && e.Start.Sub(planned.Start).Abs() <= in.Jitter
			}
			require.True(r, near, "no further off than the jitter")
		}
	})
}

// A kernel of another shape comes at the same moments and with the same heights.
func TestDrawsDoNotDependOnTheKernel(t *testing.T) {
	tr := steady(t, 2000, 10)
	a, b := DefaultInjection(), DefaultInjection()
	a.Rise, b.Rise = 0, 30*time.Minute
	b.Amplitude = 7
	x, err := Inject(tr, a, a.Moments(tr))
	require.NoError(t, err)
	y, err := Inject(tr, b, b.Moments(tr))
	require.NoError(t, err)
	require.Equal(t, x.Planned, y.Planned)
	require.Equal(t, x.True, y.True)
	b.Seed = 2
	require.NotEqual(t, a.Moments(tr), b.Moments(tr))
}

func TestInjectWhereNothingIs(t *testing.T) {
	tr := minutes(t, make([]float64, 240)...)
	in := DefaultInjection()
	p, err := Inject(tr, in, in.Moments(tr))
	require.NoError(t, err)
	require.Equal(t, tr.Demand, p.Trace.Demand, "a multiple of nothing")
	require.Len(t, p.Planned, 1)
}

func TestInjectNamesWhatIsWrong(t *testing.T) {
	tr := steady(t, 100, 1)
	_, err := Inject(tr, Injection{Kernel: Kernel{Amplitude: math.NaN(), Rise: -1, Decay: 0}, Jitter: -1, Scatter: 1, Every: time.Minute}, nil)
	for _, want := range []string{"amplitude NaN: wanted more than 0", "rise -1ns: wanted", "decay 0s: wanted", "jitter -1ns: wanted", "scatter 1: wanted", "every 1m0s: wanted at least two steps of 1m0s"} {
		require.ErrorContains(t, err, want)
	}
	_, err = Inject(tr, DefaultInjection(), []time.Time{at(600), at(60)})
	require.ErrorContains(t, err, "moments: wanted them to rise")
}
