package fit

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

// losses makes a trial from its loss in each part, at one lead time and the same at each level.
func losses(perPart func(i int) float64) trial {
	score := func(v float64) []Score {
		return []Score{{Pinball: [len(Levels)]Number{Number(v), Number(v), Number(v)}}}
	}
	var t trial
	sum := 0.0
	for i := range t.parts {
		t.parts[i] = score(perPart(i))
		sum += perPart(i)
	}
	t.Scores = score(sum / parts)
	return t
}

func TestAGainMustBeLargeAndHold(t *testing.T) {
	b := &bench{options: &Options{MinGain: 0.01}}
	base := losses(func(int) float64 { return 1 })
	for _, c := range []struct {
		name string
		loss func(i int) float64
		want bool
	}{
		{"two percent everywhere", func(int) float64 { return 0.98 }, true},
		{"two percent, more or less", func(i int) float64 { return 0.97 + 0.02*float64(i%2) }, true},
		{"half a percent everywhere", func(int) float64 { return 0.995 }, false},
		{"nothing", func(int) float64 { return 1 }, false},
		{"a third, in one part", func(i int) float64 {
			if i == 3 {
				return 0.66
			}
			return 1
		}, false},
		{"ten percent up and seven down", func(i int) float64 { return 0.9 + 0.17*float64(i%2) }, false},
		{"worse", func(int) float64 { return 1.1 }, false},
	} {
		x := losses(c.loss)
		require.Equal(t, c.want, b.gains(&x, &base), c.name)
	}
	x := losses(func(i int) float64 { return 0.9 + 0.17*float64(i%2) })
	x.compare(&base)
	require.Equal(t, parts/2, x.Better)
	require.InDelta(t, 0.015, float64(x.Gain), 1e-12)
}

// Of two choices that gain, the second is kept only if it adds to the first.
func TestChooseWantsEachChoiceToAdd(t *testing.T) {
	h := recurring(5*time.Minute, 20*day, 6, 10*time.Hour)
	o, train, err := (Options{Leads: []forecast.Duration{forecast.Duration(time.Hour)}}).prepare(h)
	require.NoError(t, err)
	b := &bench{ctx: context.Background(), options: &o, history: h, train: train, naive: 120}
	base, err := b.run("", o.Config)
	require.NoError(t, err)
	season := func(c forecast.Config) forecast.Config {
		c.Seasons.Main, c.Seasons.Long = forecast.Duration(10*time.Hour), -1
		return c
	}
	choices := []choice{{name: "nothing", apply: func(c forecast.Config) forecast.Config { return c }}, {name: "once", apply: season}, {name: "again", apply: season}}
	for i := range choices {
		choices[i].alone, err = b.run(choices[i].name, choices[i].apply(o.Config))
		require.NoError(t, err)
		choices[i].alone.compare(&base)
	}
	best, chosen, err := b.choose(base, choices)
	require.NoError(t, err)
	require.Len(t, chosen, 1)
	require.Equal(t, "once", chosen[0].name)
	require.Equal(t, choices[1].alone.Scores, best.Scores)
}
