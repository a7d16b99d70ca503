package sizing

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/policy"
)

var levels = []float64{.01, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .99, .995, .999}

func curve(t interface{ Fatal(...any) }, q []float64) *policy.Curve {
	var c policy.Curve
	if !c.Set(levels, q, 1) {
		t.Fatal("no curve of", q)
	}
	return &c
}

func drawCurve(t *rapid.T) *policy.Curve {
	q := rapid.SliceOfN(rapid.Float64Range(0, 1000), len(levels), len(levels)).Draw(t, "quantiles")
	slices.Sort(q)
	return curve(t, q)
}

func drawCandidate(t *rapid.T) Candidate {
	return Candidate{
		Price: rapid.Float64Range(0.01, 10).Draw(t, "price"), Capacity: rapid.Float64Range(1, 300).Draw(t, "capacity"),
		In: rapid.Float64Range(0, 5).Draw(t, "in"), Out: rapid.Float64Range(0, 5).Draw(t, "out"),
		Min: rapid.IntRange(0, 3).Draw(t, "min"), Max: rapid.IntRange(3, 5000).Draw(t, "max"),
	}
}

// No other count is cheaper: the twin tries them all.
func TestAskIsTheCheapest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, c, worth := drawCurve(t), drawCandidate(t), rapid.Float64Range(0.001, 5).Draw(t, "worth")
		c.Max = min(c.Max, 600)
		bid := Ask(d, worth, &c)
		require.GreaterOrEqual(t, bid.Nodes, c.Min)
		require.LessOrEqual(t, bid.Nodes, c.Max)
		for n := c.Min; n <= c.Max; n++ {
			cost := float64(n)*c.Price + worth*d.Beyond(float64(n)*c.Capacity)
			require.GreaterOrEqual(t, cost, bid.Cost()*(1-1e-9)-1e-9, "%d nodes instead of %d", n, bid.Nodes)
		}
	})
}

func TestAskOfNothing(t *testing.T) {
	d := curve(t, slices.Repeat([]float64{100}, len(levels)))
	for _, c := range []Candidate{{Price: 1, Capacity: 0, Max: 9}, {Price: 1, Capacity: math.NaN(), Max: 9}, {Price: 1, Capacity: 5}} {
		require.True(t, math.IsInf(Ask(d, 1, &c).Cost(), 1))
	}
	require.Zero(t, Ask(d, 0.1, &Candidate{Price: 1, Capacity: 5, Max: 99}).Nodes, "what is worth less than its price is not served")
	require.Equal(t, 20, Ask(d, 1, &Candidate{Price: 1, Capacity: 5, Max: 99}).Nodes)
}

// All prices times k change no count; all demand and capacity times k neither.
func TestAskIsOfNoCurrency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, c, worth := drawCurve(t), drawCandidate(t), rapid.Float64Range(0.001, 5).Draw(t, "worth")
		for _, k := range []float64{0.25, 8} {
			twin := c
			twin.Price *= k
			require.Equal(t, Ask(d, worth, &c).Nodes, Ask(d, worth*k, &twin).Nodes)
		}
	})
}

// Without costs of a change the band is the newsvendor's count; with them it holds that count and grows with them.
func TestBand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, c, worth := drawCurve(t), drawCandidate(t), rapid.Float64Range(0.001, 5).Draw(t, "worth")
		hours := rapid.Float64Range(0.1, 100).Draw(t, "hours")
		n := Ask(d, worth, &c).Nodes
		low, high := c.Band(d, worth, hours)
		require.LessOrEqual(t, low, n)
		require.GreaterOrEqual(t, high, n)
		wider := c
		wider.In, wider.Out = 2*c.In, 2*c.Out
		l, h := wider.Band(d, worth, hours)
		require.LessOrEqual(t, l, low)
		require.GreaterOrEqual(t, h, high)
		free := c
		free.In, free.Out = 0, 0
		l, h = free.Band(d, worth, hours)
		require.Equal(t, [2]int{n, n}, [2]int{l, h})
	})
}

func BenchmarkAsk(b *testing.B) {
	q := make([]float64, len(levels))
	for i, l := range levels {
		q[i] = 500 - 100*math.Log(1/l-1)
		q[i] = max(0, q[i])
	}
	for _, n := range []int{20, 300} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			cs := make([]Candidate, n)
			for i := range cs {
				cs[i] = Candidate{Price: 0.1 * float64(1+i%20), Capacity: 10 * float64(1+i%20), Max: 1000}
			}
			c := NewChoice(n, 0)
			bids := make([]Bid, n)
			b.ReportAllocs()
			for b.Loop() {
				d := curve(b, q)
				for i := range cs {
					bids[i] = Ask(d, 0.2, &cs[i])
				}
				c.Step(bids, cs, 1./60)
			}
		})
	}
}
