package fit

import (
	"cmp"
	"context"
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

// trial is a configuration that was run: its row, and its scores in each quarter of what is scored.
type trial struct {
	Row
	quarters [parts][]Score
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
	for i := range t.quarters {
		t.quarters[i] = scores(tallies, cfg.Leads, scored, i, i)
	}
	return t, nil
}

// compare notes what t gains over base.
func (t *trial) compare(base *trial) { t.Gain, t.Better = t.over(base) }

// over returns what t gains over base, and in how many quarters it gains something.
func (t *trial) over(base *trial) (Number, int) {
	better := 0
	for i := range t.quarters {
		if gain(base.quarters[i], t.quarters[i]) > 0 {
			better++
		}
	}
	return Number(gain(base.Scores, t.Scores)), better
}

// gains says whether t gains enough over base, and not by luck in one quarter.
func (b *bench) gains(t, base *trial) bool {
	g, better := t.over(base)
	return float64(g) >= b.options.MinGain && better >= parts-1
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
