package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/scaler/sim"
)

func TestTicksAreRoundAndInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := math.Exp(rapid.Float64Range(-14, 14).Draw(t, "from"))
		to := from * math.Exp(rapid.Float64Range(.26, 12).Draw(t, "ratio"))
		got := ticks(from, to, 100, func(v float64) float64 { return 1000 * math.Log(v/from) / math.Log(to/from) }, "%")
		require.GreaterOrEqual(t, len(got), 2)
		require.LessOrEqual(t, len(got), 12)
		for i, tick := range got {
			require.True(t, tick.At >= -.1 && tick.At <= 1000.1, "%v", tick)
			require.True(t, i == 0 || tick.At > got[i-1].At)
			v, err := strconv.ParseFloat(strings.TrimSuffix(tick.Text, "%"), 64)
			require.NoError(t, err)
			require.True(t, v >= from*99.999 && v <= to*100.001, "%v in %v .. %v", tick, from, to)
		}
	})
}

func TestFrontGoesDownToTheRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var dots []dot
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			dots = append(dots, dot{X: float64(rapid.IntRange(0, 9).Draw(t, "x")), Y: float64(rapid.IntRange(0, 9).Draw(t, "y"))})
		}
		got := front(dots)
		for i := 1; i < len(got); i++ {
			require.True(t, got[i] == got[i-1] || got[i].X > got[i-1].X && got[i].Y > got[i-1].Y, "%v", got)
		}
		for _, d := range dots {
			require.True(t, slices.ContainsFunc(got, func(o dot) bool { return o.X <= d.X && o.Y >= d.Y }), "%v is beaten by none", d)
		}
	})
}

func TestEveryPolicyStandsInThePicture(t *testing.T) {
	p := play(t, small(t), sim.Policies()...)
	got := newPlot(p.Comparison, nil)
	letters := ""
	for _, m := range got.Marks {
		letters += m.Text
		require.True(t, m.X >= got.Left && m.X <= got.Right && m.Y >= got.Top && m.Y <= got.Bottom, "%v", m)
	}
	require.Len(t, letters, len(sim.Policies()))
	require.Len(t, got.Curves, 4, "the searches in hindsight")
	require.NotEmpty(t, got.SameCost)
}

func TestPictureOfACaseWithoutAnything(t *testing.T) {
	c := small(t)
	for i := range c.Trace.Demand {
		c.Trace.Demand[i] = 0
	}
	page := write(t, play(t, c, sim.Clairvoyant, sim.Static))
	picture := page[strings.Index(page, "<svg"):strings.Index(page, "</svg>")]
	require.NotContains(t, picture, "NaN")
	require.NotContains(t, picture, "Inf")
}
