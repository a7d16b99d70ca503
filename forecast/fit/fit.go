package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Options say how Fit looks for a configuration. The zero value of a field is replaced by the default in brackets.
type Options struct {
	// Config is what the Forecaster runs with today, the baseline. Its Step is that of the history. [the defaults]
	Config forecast.Config
	// Leads are the lead times that count [those of Config, or else the step, 10m, 1h and 24h as far as they are longer].
	Leads []forecast.Duration
	// Train is the share of the history in which seasons and gains are looked for; only the rest of it is scored, so that
	// nothing is chosen by what it was made from. 0 to 1 [0.5]
	Train float64
	// MinGain is the share of the pinball losses that a choice must save to be proposed, on the whole of what is scored; and
	// what it saves in twelve parts of that must not look like luck [0.005].
	MinGain float64
	// Evals bounds the evaluations of each search for gains, a start [200].
	Evals int
	// Classical adds rows for classical models, fitted to the training part, to the report.
	Classical bool
}

// Result is what Fit proposes.
type Result struct {
	Config  forecast.Config `json:"-"`       // Options.Config with what gained
	Seasons []Season        `json:"seasons"` // found in the training part
	Report  Report          `json:"report"`
}

// Fit proposes a configuration for a history: it looks for seasons and gains in the first part of it and lets the real
// Forecaster run over all of it, with the configuration of today, with each choice alone and with all together. It
// proposes the choices that gain in the second part, the largest first, as long as each adds something. That nothing gains
// is a result: the defaults are good for what people and machines usually do.
//
// Events that were announced are not part of a history; a forecaster that knew them does better than its row says.
//
// Errors: a history that is not demand, has no demand, or is too short to be split; ctx.Err().
func Fit(ctx context.Context, o Options, h History) (*Result, error) {
	o, train, err := o.prepare(h)
	if err != nil {
		return nil, err
	}
	first := History{Start: h.Start, Step: h.Step, Values: h.Values[:train]}
	res := &Result{}
	if res.Seasons, err = Seasons(first); err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	naive := o.naive(res.Seasons, h.Step)
	b := &bench{ctx: ctx, options: &o, history: h, train: train, naive: naive}
	base, err := b.run("as it is", o.Config)
	if err != nil {
		return nil, err
	}
	choices, err := o.choices(ctx, first, res.Seasons)
	if err != nil {
		return nil, err
	}
	rows := []Row{base.Row}
	all := o.Config
	for i := range choices {
		c := &choices[i]
		if c.alone, err = b.run(c.name, c.apply(o.Config)); err != nil {
			return nil, err
		}
		c.alone.compare(&base)
		all = c.apply(all)
		rows = append(rows, c.alone.Row)
	}
	if len(choices) > 1 {
		together, err := b.run("all together", all)
		if err != nil {
			return nil, err
		}
		together.compare(&base)
		rows = append(rows, together.Row)
	}
	best, chosen, err := b.choose(base, choices)
	if err != nil {
		return nil, err
	}
	if len(chosen) > 0 {
		best.compare(&base)
		best.Choice = "proposed"
		rows = append(rows, best.Row)
	}
	res.Config = o.Config
	for _, c := range chosen {
		res.Config = c.apply(res.Config)
	}
	if o.Classical {
		classical, err := o.classical(ctx, h, train, naive)
		if err != nil {
			return nil, err
		}
		for i := range classical {
			classical[i].Gain = Number(math.NaN())
		}
		rows = append(rows, classical...)
	}
	res.Report = newReport(h, train, naive, rows, chosen)
	return res, nil
}

// prepare returns o with its defaults, and how many steps are for training.
func (o Options) prepare(h History) (Options, int, error) {
	if err := h.check(); err != nil {
		return o, 0, fmt.Errorf("fit: %w", err)
	}
	if o.Train == 0 {
		o.Train = 0.5
	}
	if o.MinGain == 0 {
		o.MinGain = 0.005
	}
	if !(o.Train > 0 && o.Train < 1) {
		return o, 0, fmt.Errorf("fit: Train: %v; wanted between 0 and 1", o.Train)
	}
	if !(o.MinGain > 0 && o.MinGain < 1) {
		return o, 0, fmt.Errorf("fit: MinGain: %v; wanted between 0 and 1", o.MinGain)
	}
	if o.Leads == nil {
		o.Leads = o.Config.Leads
	}
	if o.Leads == nil {
		o.Leads = []forecast.Duration{h.Step}
		for _, d := range []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour} {
			if forecast.Duration(d) > h.Step {
				o.Leads = append(o.Leads, forecast.Duration(d))
			}
		}
	}
	longest := forecast.Duration(0)
	for i, d := range o.Leads {
		if d <= 0 {
			return o, 0, fmt.Errorf("fit: Leads[%d]: %v; wanted a positive duration", i, d)
		}
		longest = max(longest, d)
	}
	o.Config.Step, o.Config.Leads = h.Step, slices.Clone(o.Leads)
	train := int(o.Train * float64(len(h.Values)))
	rest := forecast.Duration(len(h.Values)-train) * h.Step
	if train < leastValues || rest < 2*longest || rest < leastValues*h.Step {
		return o, 0, fmt.Errorf("fit: history of %v, of which %v are for training; wanted at least %d steps of %v on both sides, and twice the longest lead time of %v after training",
			h.length(), time.Duration(train)*h.Step.Std(), leastValues, h.Step, longest)
	}
	m := mean(h.Values[:train])
	switch {
	case math.IsNaN(m) || math.IsNaN(mean(h.Values[train:])):
		return o, 0, errors.New("fit: all of the training part or of the rest are gaps; wanted values in both")
	case m == 0 || mean(h.Values[train:]) == 0:
		return o, 0, fmt.Errorf("fit: %w", ErrNoLevel)
	}
	if o.Config.Unit == 0 {
		o.Config.Unit = m / 20 // a fleet of some tens, like those the Forecaster is made for
	}
	return o, train, nil
}

// naive is the season of the naive forecast in steps: a day, or the season with the largest share where no day was found,
// or the step where nothing recurs at all.
func (o *Options) naive(found []Season, step forecast.Duration) int {
	const day = forecast.Duration(24 * time.Hour)
	if step <= day && (len(found) == 0 || slices.ContainsFunc(found, func(s Season) bool { return s.Period == day })) {
		return int(day / step)
	}
	period := step
	if len(found) > 0 {
		period = slices.MaxFunc(found, func(a, b Season) int { return cmp.Compare(a.Share, b.Share) }).Period
	}
	return max(1, int((period+step/2)/step))
}

// choice is one thing that may be done to a configuration.
type choice struct {
	name  string
	apply func(forecast.Config) forecast.Config
	alone trial // without the other choices
}

// shortest is the shortest main season: one below is a short season, which has its own expert.
const shortest = forecast.Duration(6 * time.Hour)

// choices returns what may be worth a try.
func (o *Options) choices(ctx context.Context, h History, found []Season) ([]choice, error) {
	want := propose(found)
	now := o.Config.Seasons.WithDefaults()
	var list []choice
	add := func(name string, apply func(forecast.Config) forecast.Config) {
		list = append(list, choice{name: name, apply: apply})
	}
	name := func(which string, d forecast.Duration) string {
		if d < 0 {
			return "no " + which + " season"
		}
		return fmt.Sprintf("%s season %s", which, text(d))
	}
	// That a season was not found says something only where it had the time to show.
	absent := func(found, now forecast.Duration) bool {
		return found < 0 && now > 0 && h.length() >= leastCycles*now.Std()
	}
	if want.Short > 0 && want.Short != now.Short || absent(want.Short, now.Short) {
		add(name("short", want.Short), func(c forecast.Config) forecast.Config {
			c.Seasons.Short = want.Short
			return c
		})
	}
	if want.Main > 0 && want.Main != now.Main {
		add(name("main", want.Main), func(c forecast.Config) forecast.Config {
			c.Seasons.Main = want.Main
			if long := c.Seasons.WithDefaults().Long; long > 0 && (long <= want.Main || long%want.Main != 0) {
				c.Seasons.Long = -1
			}
			return c
		})
	}
	if want.Long > 0 && want.Long != now.Long || absent(want.Long, now.Long) {
		add(name("long", want.Long), func(c forecast.Config) forecast.Config {
			if main := c.Seasons.WithDefaults().Main; want.Long < 0 || want.Long > main && want.Long%main == 0 {
				c.Seasons.Long = want.Long
			}
			return c
		})
	}
	gains, err := o.gains(ctx, h, want, now)
	return append(list, gains...), err
}

// propose maps the seasons that were found to those of a configuration; negative means none was found.
func propose(found []Season) forecast.Seasons {
	s := forecast.Seasons{Short: -1, Main: -1, Long: -1}
	largest := func(fits func(forecast.Duration) bool) forecast.Duration {
		best, d := 0.0, forecast.Duration(-1)
		for _, f := range found {
			if p := f.Period / forecast.Duration(time.Second) * forecast.Duration(time.Second); f.Share > best && fits(p) {
				best, d = f.Share, p
			}
		}
		return d
	}
	s.Main = largest(func(d forecast.Duration) bool { return d >= shortest })
	if part := largest(func(d forecast.Duration) bool { return d >= shortest && d < s.Main && s.Main%d == 0 }); part > 0 {
		s.Main = part // the other one is the long season
	}
	main := s.Main
	if main < 0 {
		main = forecast.Duration(24 * time.Hour)
	}
	s.Short = largest(func(d forecast.Duration) bool { return d >= forecast.Duration(time.Minute) && d < shortest })
	s.Long = largest(func(d forecast.Duration) bool { return d > main && d%main == 0 })
	return s
}

// gains returns choices of gains: by likelihood, and for the longest lead time. There are none where no lead time is as
// long as a bin, since the experts that use them sleep then, or where the training part is too short.
func (o *Options) gains(ctx context.Context, h History, want, now forecast.Seasons) ([]choice, error) {
	seasons := now
	if want.Main > 0 {
		seasons.Main, seasons.Long = want.Main, want.Long
	}
	g := GainsOptions{Seasons: seasons, Bin: o.Config.Bin, Evals: o.Evals}
	longest := slices.Max(o.Leads)
	if seasons.Main < 0 || o.Config.Compact {
		return nil, nil
	}
	_, width, main := bin(h, cmp.Or(g.Bin, forecast.Duration(15*time.Minute)), seasons.Main)
	if longest < width || main < 4 || h.length() < 3*seasons.Main.Std() {
		return nil, nil
	}
	var list []choice
	for _, lead := range []forecast.Duration{0, longest} {
		g.Lead = lead
		s, ratio, err := Gains(ctx, g, h)
		if err != nil {
			return nil, err
		}
		if ratio >= 1 {
			continue
		}
		name := "gains by likelihood"
		if lead > 0 {
			name = "gains for " + text(lead)
		}
		s = rounded(s)
		list = append(list, choice{name: name, apply: func(c forecast.Config) forecast.Config {
			c.Smoothing = s
			return c
		}})
	}
	return list, nil
}

// rounded keeps three decimals of each gain, at least a thousandth: more is not known, and a configuration is read by
// people.
func rounded(s forecast.Smoothing) forecast.Smoothing {
	for _, v := range []*float64{&s.Level, &s.Main, &s.Long, &s.AR} {
		*v = math.Max(0.001, math.Min(1, math.Round(*v*1000)/1000))
	}
	return s
}
