package sizes

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// decide is a function as a controller.
type decide func(s *Step, nodes []int) error

func (f decide) Decide(s *Step, nodes []int) error { return f(s, nodes) }

func TestAFleetOfOneSizeIsThatOfPackageSim(t *testing.T) {
	c := days(t)
	c.Options.Lag = 5 * time.Minute
	for k := range 2 {
		one, err := c.Of(k)
		require.NoError(t, err)
		want, err := one.Play(context.Background(), sim.KubeHPA)
		require.NoError(t, err)
		hpa, err := sim.NewHPA(compat.DefaultHPAParams(), c.Trace.Step, c.Machines[k].Capacity)
		require.NoError(t, err)
		got, err := Run(context.Background(), c, k, OneSize(k, hpa))
		require.NoError(t, err)
		require.Equal(t, k, got.Machine)
		for i := range want.Ordered {
			require.Equal(t, want.Ordered[i], got.Nodes[i][k])
			require.Equal(t, want.Ready[i], got.Ready[i][k])
		}
		require.InDelta(t, want.Cost*c.Machines[k].Price, got.Cost, 1e-9*got.Cost)
	}
}

func TestPlantOfSeveralSizes(t *testing.T) {
	demand := make([]float64, 12)
	for i := range demand {
		demand[i] = 30
	}
	c := Case{Trace: minutes(t, demand...), Options: sim.Options{Penalty: 20}, Machines: []Machine{
		{Name: "small", Price: 1, Capacity: 10, Boot: time.Minute, Max: 4},
		{Name: "large", Price: 3, Capacity: 40, Boot: 3 * time.Minute, Out: 0.5},
	}}
	r, err := Run(context.Background(), c, 0, decide(func(s *Step, nodes []int) error {
		switch s.Index {
		case 1:
			nodes[1] = 1
		case 4:
			require.Equal(t, []int{4, 1}, s.Ready)
			nodes[0] = 0
		case 6:
			nodes[0], nodes[1] = 9, 0
		case 8:
			require.Equal(t, []int{4, 0}, s.Nodes)
			nodes[0] = 0
		}
		return nil
	}))
	require.NoError(t, err)
	require.Equal(t, []int32{4, 0}, r.Nodes[0])
	require.Equal(t, []int32{4, 1}, r.Nodes[3])
	require.Equal(t, []int32{4, 0}, r.Ready[3], "it boots for three minutes")
	require.Equal(t, []int32{0, 1}, r.Nodes[4])
	require.Equal(t, []int32{0, 0}, r.Ready[6], "the small ones boot for one")
	require.Equal(t, []int32{4, 0}, r.Ready[7], "no more than there are")
	require.Equal(t, []int32{1, 0}, r.Nodes[8], "one always stays")
	require.Equal(t, -1, r.Machine)
	require.InDelta(t, (4+3*7+2*3+2*4+4*1)/60., r.Run, 1e-9)
	require.InDelta(t, 0.5, r.Out, 1e-12, "small ones go for nothing")
	require.InDelta(t, (30+4*20)/60.*c.Worth(), r.Unserved, 1e-9)
	require.InDelta(t, 110/360., r.UnservedShare, 1e-12)
}

// No fleet costs less than the bound, of whatever sizes, once its first nodes are given to it.
func TestNoRunIsBelowTheBound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawCase(r, 30, 3, 8)
		c.Options.Warmup = 0.5
		bound, err := Mixed(c)
		require.NoError(t, err)
		got, err := Run(context.Background(), c, 0, decide(func(s *Step, nodes []int) error {
			for k := range nodes {
				nodes[k] = rapid.IntRange(0, 3).Draw(r, "n")
			}
			return nil
		}))
		require.NoError(t, err)
		// Nodes that were ordered before the first scored step have paid part of their boot before it.
		first := c.Options.FirstScored(c.Trace)
		slack := 0.0
		for k, n := range got.Nodes[first] {
			slack += float64(n) * c.Machines[k].in()
		}
		require.GreaterOrEqual(t, got.Cost+slack, bound-1e-9)
	})
}

func TestHistogramIsThatOfASortedSample(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := newHistogram(0.01, 24*time.Hour, time.Hour)
		values := rapid.SliceOfN(rapid.Float64Range(0, 900), 1, 60).Draw(r, "values")
		at := rapid.SampledFrom([]float64{0.5, 0.9, 0.95}).Draw(r, "percentile")
		total := 0.0
		for i, v := range values {
			h.step()
			h.add(v, 1)
			total += math.Exp2(float64(i+1-len(values)) / 24)
		}
		got := h.percentile(at)
		below := 0.0 // weight at or below the answer
		less := 0.0  // and in buckets below it
		for i, v := range values {
			w := math.Exp2(float64(i+1-len(values)) / 24)
			if v < got {
				below += w
			}
			if v < (got-0.01)/1.05-1e-9 {
				less += w
			}
		}
		require.GreaterOrEqual(t, below, at*total-1e-9)
		require.Less(t, less, at*total+1e-9, "the bucket below would not have done")
	})
}

// A base of 1 with a daily spike to 4 of an hour: VPA holds what carries the base, and every spike is under-provisioned. Of four
// hours it holds four all day long. Autopilot weighs usage by itself, so that it does after the hour.
func TestWhatPercentilesHold(t *testing.T) {
	for _, play := range []struct {
		rule    Vertical
		minutes int
		want    string
	}{{VPA, 60, "c2"}, {VPA, 240, "c5"}, {Autopilot, 60, "c5"}, {Autopilot, 10, "c2"}} {
		demand := make([]float64, 7*1440)
		for i := range demand {
			demand[i] = 1
			if i%1440 < play.minutes {
				demand[i] = 4
			}
		}
		c := Case{Trace: minutes(t, demand...), Options: sim.Options{Penalty: 20, Warmup: 0.3}}
		for i, name := range []string{"c1", "c2", "c3", "c4", "c5", "c6"} {
			c.Machines = append(c.Machines, Machine{Name: name, Price: float64(i + 1), Capacity: float64(i + 1), Boot: 2 * time.Minute})
		}
		v, err := NewVertical(c, play.rule, 1, 5)
		require.NoError(t, err)
		r, err := Run(context.Background(), c, 5, v)
		require.NoError(t, err)
		require.Equal(t, play.want, c.Machines[largest(c.Machines, r.Nodes[len(r.Nodes)-1])].Name, play)
	}
}

func TestVerticalRules(t *testing.T) {
	c := days(t)
	c.Machines = c.Machines[:2]
	best, count, err := VerticalBest(context.Background(), c, Autopilot, 0)
	require.NoError(t, err)
	require.Equal(t, "autopilot", best.Name)
	for n := 1; n <= 16; n = more(n) {
		v, err := NewVertical(c, Autopilot, n, 0)
		require.NoError(t, err)
		r, err := Run(context.Background(), c, 0, v)
		require.NoError(t, err)
		require.LessOrEqual(t, best.Cost, r.Cost)
		require.True(t, n != count || r.Cost == best.Cost)
	}
	_, err = NewVertical(c, "hpa", 1, 0)
	require.ErrorContains(t, err, `vertical rule "hpa"`)
	_, err = NewVertical(c, VPA, -1, 0)
	require.ErrorContains(t, err, "count -1")
	v, err := NewVertical(c, VPA, 0, 1)
	require.NoError(t, err)
	_, err = Run(context.Background(), c, 1, v)
	require.NoError(t, err)
}

func TestSizerOfOneSizeIsTheEngine(t *testing.T) {
	c := days(t)
	c.Machines = c.Machines[:1]
	want, _, err := Fixed(context.Background(), c, sim.Headroom)
	require.NoError(t, err)
	z, err := NewSizer(c, scaler.Sizes{})
	require.NoError(t, err)
	got, err := Run(context.Background(), c, 0, z)
	require.NoError(t, err)
	require.Equal(t, want.Nodes, got.Nodes)
	require.Zero(t, z.Changes)
}

func TestSizerLeavesASizeThatIsTooDear(t *testing.T) {
	c := days(t)
	c.Machines = []Machine{
		{Name: "dear", Price: 2, Capacity: 10, Boot: 5 * time.Minute},
		{Name: "cheap", Price: 1.2, Capacity: 10, Boot: 5 * time.Minute},
		{Name: "half", Price: 0.9, Capacity: 10, Boot: 5 * time.Minute, Max: 0},
	}
	play := func(machines []Machine, terms scaler.Sizes) (*Sizer, Result) {
		one := c
		one.Machines = machines
		z, err := NewSizer(one, terms)
		require.NoError(t, err)
		r, err := Run(context.Background(), one, 0, z)
		require.NoError(t, err)
		return z, r
	}
	score := scaler.Sizes{Tolerance: 2}
	// Four tenths are saved, and all nodes would be replaced: by Karpenter's score that is not worth it. Without the score it is.
	z, r := play(c.Machines[:2], score)
	require.Equal(t, "dear", z.Decision().Sizing.Swing)
	require.Positive(t, z.Vetoes[sizing.VetoDisruption])
	z, free := play(c.Machines[:2], scaler.Sizes{})
	require.Equal(t, "cheap", z.Decision().Sizing.Swing)
	require.Equal(t, 1, z.Changes)
	require.Less(t, free.Cost, r.Cost)
	// More than half: also for the score.
	z, _ = play(c.Machines, score)
	require.Equal(t, "half", z.Decision().Sizing.Swing)
}

// While nodes are exchanged there are more than are wanted. An engine that has no measurements leaves alone whatever it sees; if it
// saw those, and the exchange added to them again at each step, the fleet would grow for as long as the measurements are missing.
func TestAnExchangeDoesNotFeedOnItself(t *testing.T) {
	demand := make([]float64, 6*288)
	for i := range demand {
		demand[i] = max(0, 200-400*math.Cos(2*math.Pi*float64(i)/288)) + 20*(1+math.Sin(float64(i)*1.7))
		if hour := i % 288 / 12; hour >= 19 || hour < 5 {
			demand[i] = math.NaN()
		}
	}
	tr, err := sim.NewTrace("nights", start, 5*time.Minute, demand)
	require.NoError(t, err)
	machines, err := Machines(relative(t), Load{PerDemand: sizing.Resources{CPU: 0.1}, Target: 1, Boot: 2 * time.Minute})
	require.NoError(t, err)
	c := Case{Trace: tr, Options: sim.Options{Penalty: 20, Warmup: 0.3}, Machines: machines}
	r, err := c.Play(context.Background(), HeadroomSizes)
	require.NoError(t, err)
	best, err := c.Play(context.Background(), sim.Headroom)
	require.NoError(t, err)
	require.Less(t, r.Cost, 1.25*best.Cost)
}
