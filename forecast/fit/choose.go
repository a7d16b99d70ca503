package fit

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/headroom-go/headroom/forecast"
)

// bench runs configurations over one history.
type bench struct {
	ctx          context.Context
	options      *Options
	history      History
	train, naive int
}

// trial is a configuration that was run: its row, and its scores in each part of what is scored.
type trial struct {
	Row
	parts [parts][]Score
}

func (b *bench) run(name string, cfg forecast.Config) (trial, error) {
	tallies, err := backtest(b.ctx, cfg, b.history, b.train, b.naive)
	if err != nil {
		return trial{}, err
	}
	scored := b.history.Values[b.train:]
	t := trial{Row: Row{
		Choice: name, Seasons: cfg.Seasons.WithDefaults(), Smoothing: cfg.Smoothing.WithDefaults(),
		Scores: scores(tallies, cfg.Leads, scored, 0, parts-1),
	}}
	for i := range t.parts {
		t.parts[i] = scores(tallies, cfg.Leads, scored, i, i)
	}
	return t, nil
}

// compare notes what t gains over base.
func (t *trial) compare(base *trial) {
	t.Gain = Number(gain(base.Scores, t.Scores))
	t.Better = 0
	for i := range t.parts {
		if gain(base.parts[i], t.parts[i]) > 0 {
			t.Better++
		}
	}
}

// certain is what Student's t of the gains in twelve parts exceeds by luck once in forty times.
const certain = 2.2

// gains says whether t gains enough over base, and does so throughout: the mean of its gains in the parts must stand further
// above zero than luck alone brings it, for of several choices without any effect the luckiest always gains something.
func (b *bench) gains(t, base *trial) bool {
	var sum, squares float64
	for i := range t.parts {
		g := gain(base.parts[i], t.parts[i])
		sum += g
		squares += g * g
	}
	m := sum / parts
	deviation := math.Sqrt(max(0, squares/parts-m*m) * parts / (parts - 1))
	return gain(base.Scores, t.Scores) >= b.options.MinGain && m > certain*deviation/math.Sqrt(parts)
}

// choose takes the choices that gain, the largest first, and keeps each that adds to those before it.
func (b *bench) choose(base trial, choices []choice) (trial, []choice, error) {
	order := slices.Clone(choices)
	slices.SortStableFunc(order, func(x, y choice) int { return cmp.Compare(y.alone.Gain, x.alone.Gain) })
	best, cfg := base, b.options.Config
	var chosen []choice
	for _, c := range order {
		t := c.alone
		if !b.gains(&t, &base) {
			continue
		}
		if len(chosen) > 0 {
			var err error
			if t, err = b.run("", c.apply(cfg)); err != nil {
				return best, nil, err
			}
			if !b.gains(&t, &best) {
				continue
			}
		}
		best, cfg, chosen = t, c.apply(cfg), append(chosen, c)
	}
	return best, chosen, nil
}
