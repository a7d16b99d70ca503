package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/state"
)

// shop is a demand with workdays, weekends and an evening peak, by local time.
func shop(t time.Time, noise *rand.Rand) float64 {
	h := float64(t.Hour()) + float64(t.Minute())/60
	v := 100 + 80*math.Exp(-(h-20)*(h-20)/8) - 60*math.Exp(-(h-4)*(h-4)/10)
	switch t.Weekday() {
	case time.Saturday:
		v *= 0.5
	case time.Sunday:
		v *= 0.7
	}
	return max(0, v*(1+0.03*noise.NormFloat64()))
}

// feeder shows a demand to a forecaster step by step.
type feeder struct {
	f     *Forecaster
	now   time.Time
	step  time.Duration
	noise *rand.Rand
	value func(t time.Time) float64 // NaN for a step that is missing
	rows  []float64
}

func newFeeder(cfg Config, start time.Time) *feeder {
	d := &feeder{f: New(cfg), now: start, step: cfg.Step.Std(), noise: rand.New(rand.NewPCG(21, 22))}
	d.value = func(t time.Time) float64 { return shop(t, d.noise) }
	return d
}

// feed shows n steps.
func (d *feeder) feed(n int) {
	for range n {
		if v := d.value(d.now); !math.IsNaN(v) {
			d.f.Observe(d.now, v)
		}
		d.now = d.now.Add(d.step)
		d.f.Advance(d.now)
	}
}

// median returns the median of the step that begins after ahead from now.
func (d *feeder) median(ahead time.Duration) float64 {
	d.rows = d.f.Quantiles(d.rows, d.now, []time.Duration{ahead})
	return d.rows[middle]
}

const quarter = 15 * time.Minute

// dayAhead is a configuration whose lead of a day serves for the median a day less a step ahead.
func dayAhead(step time.Duration) Config {
	return Config{Step: Duration(step), Unit: 5, Leads: []Duration{Duration(2 * step), Duration(24 * time.Hour)}}
}

// errors returns the mean absolute error of the median a day ahead over n steps, and that of the day before.
func (d *feeder) errors(n int) (own, naive float64) {
	type guess struct{ own, naive float64 }
	ahead := 24*time.Hour - d.step
	per := int(24 * time.Hour / d.step)
	pending := map[time.Time]guess{}
	for i := range n + per {
		if g, ok := pending[d.now]; ok {
			v := d.value(d.now)
			own += math.Abs(v-g.own) / float64(n)
			naive += math.Abs(v-g.naive) / float64(n)
			delete(pending, d.now)
		}
		d.feed(1)
		last, _ := d.f.Series().At(d.f.Series().Last())
		if i < n {
			pending[d.now.Add(ahead)] = guess{d.median(ahead), last}
		}
	}
	return own, naive
}

// After three weeks a day ahead is known far better than by the day before, which is wrong twice a week; on a quarter of an
// hour and on minutes.
func TestADayAheadIsLearned(t *testing.T) {
	for _, step := range []time.Duration{quarter, time.Minute} {
		d := newFeeder(dayAhead(step), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		d.feed(int(21 * 24 * time.Hour / step))
		own, naive := d.errors(int(7 * 24 * time.Hour / step))
		require.Less(t, own, 0.45*naive, "%v: %v against %v", step, own, naive)
	}
}

// When clocks change, people get up an hour earlier by the sun: seasons move, and after a day the forecasts are as good as before.
func TestClocksThatChangeMoveSeasons(t *testing.T) {
	winter, summer := time.FixedZone("winter", 3600), time.FixedZone("summer", 7200)
	d := newFeeder(dayAhead(quarter), time.Date(2026, 3, 2, 0, 0, 0, 0, winter))
	d.feed(4 * 7 * 96)
	shift := d.f.base.slow.shift
	d.now = d.now.In(summer)
	d.feed(1)
	require.Equal(t, shift+4, d.f.base.slow.shift)
	at := d.now.Add(24*time.Hour - quarter)
	d.feed(96)
	require.InEpsilon(t, shop(at.Add(quarter), d.noise), d.median(0), 0.25)
	for range 24 { // through the day after, three hours ahead
		d.feed(4)
		ahead := 24*time.Hour - quarter
		require.InDelta(t, shop(d.now.Add(ahead), rand.New(rand.NewPCG(0, 0))), d.median(ahead), 45)
	}
}

func TestAHolidayGoesLikeASunday(t *testing.T) {
	holiday := time.Date(2026, 4, 22, 0, 0, 0, 0, time.UTC) // a Wednesday
	class := func(holidays ...Date) float64 {
		cfg := dayAhead(quarter)
		cfg.Holidays = holidays
		cfg.Without = []Expert{ByPersistence, ByLevel, BySeason, ByMain, ByLong, ByNaiveMain, ByNaiveLong, ByRatioMain, ByRatioLong, ByShape, ByDrift,
			BySmoothing, BySmoothingLog, ByNeighbours, ByNeighboursLog, ByDays, ByDaysLog, ByRegression}
		d := newFeeder(cfg, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		for d.now.Before(holiday.Add(-3*time.Hour - quarter)) { // 21:00 the evening before, less a step
			d.feed(1)
		}
		return d.f.leads[1].now.mean * 5 // ByClass alone: the same time on the holiday, in the unit of demand
	}
	work, free := class(), class(Date{2026, 4, 22})
	require.InDelta(t, 0.7, free/work, 0.08)
}

// What is missing moves the phase on; after two days of it the level begins where the first value is.
func TestGapsMoveThePhaseAndReanchor(t *testing.T) {
	for _, gap := range []time.Duration{time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, 33 * 24 * time.Hour} {
		d := newFeeder(dayAhead(quarter), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		d.feed(4 * 7 * 96)
		d.now = d.now.Add(gap)
		factor := 1.0
		if gap > 2*24*time.Hour {
			factor = 2 // the shop has doubled meanwhile
		}
		d.value = func(t time.Time) float64 { return factor * shop(t, d.noise) }
		d.feed(8)
		s := d.f.base.slow
		require.Equal(t, d.f.done, (s.next+s.skip)-1, "%v: bins are where time is", gap)
		at := d.now.Add(24*time.Hour - quarter)
		got := back(s.smooth[1].at(s.next-1+96, s.shift, 0), true) * 5
		require.InEpsilon(t, factor*shop(at, rand.New(rand.NewPCG(0, 0))), got, 0.35, "%v", gap)
	}
}

// Restored in the middle, with the slow clock, it goes on as if it had never stopped.
func TestSlowClockSurvivesARestart(t *testing.T) {
	cfg := dayAhead(quarter)
	a := newFeeder(cfg, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	for _, n := range []int{0, 5, 97, 700, 1200} {
		a.feed(n)
		w := state.NewWriter(nil)
		a.f.State(&w)
		f := New(cfg)
		r := state.NewReader(w.Bytes())
		f.State(&r)
		require.NoError(t, r.Err())
		b := &feeder{f: f, now: a.now, step: a.step, noise: rand.New(rand.NewPCG(21, 22)), value: a.value}
		values := map[time.Time]float64{}
		draw := a.value
		a.value = func(t time.Time) float64 { values[t] = draw(t); return values[t] }
		b.value = func(t time.Time) float64 { return values[t] }
		for range 200 {
			a.feed(1)
			b.feed(1)
			require.Equal(t, a.median(24*time.Hour-quarter), b.median(24*time.Hour-quarter))
			require.Equal(t, a.rows, b.rows)
		}
		a.value = draw
	}
}

func TestSlowClockAllocatesNothing(t *testing.T) {
	d := newFeeder(dayAhead(quarter), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	d.feed(1000)
	_ = d.median(time.Hour)
	require.Zero(t, testing.AllocsPerRun(200, func() {
		d.feed(1)
		_ = d.median(24*time.Hour - quarter)
	}))
}

// Seasons can be left out, and be others; steps of a day have none of their own.
func TestSeasonsThatAreNotThere(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no main":   {Seasons: Seasons{Main: -1, Long: -1}},
		"no long":   {Seasons: Seasons{Long: -1}},
		"no short":  {Seasons: Seasons{Short: -1}},
		"others":    {Seasons: Seasons{Short: Duration(30 * time.Minute), Main: Duration(12 * time.Hour), Long: Duration(24 * time.Hour)}},
		"compact":   {Compact: true},
		"wide bins": {Bin: Duration(6 * time.Hour)},
	} {
		cfg.Step, cfg.Unit, cfg.Leads = Duration(quarter), 5, dayAhead(quarter).Leads
		d := newFeeder(cfg, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		d.feed(3 * 7 * 96)
		slowly := cfg.Seasons.Main >= 0 && !cfg.Compact
		require.Equal(t, slowly, d.f.base.slow != nil, name)
		v := d.median(24*time.Hour - quarter)
		require.InDelta(t, 100, v, 99, name)
		w := state.NewWriter(nil)
		d.f.State(&w)
		r := state.NewReader(w.Bytes())
		f := New(cfg)
		f.State(&r)
		require.NoError(t, r.Err(), name)
	}
	daily := New(Config{Step: Duration(24 * time.Hour), Leads: []Duration{Duration(7 * 24 * time.Hour)}})
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for range 100 {
		daily.Observe(at, 10)
		at = at.Add(24 * time.Hour)
		daily.Advance(at)
	}
	require.InDelta(t, 10, daily.Quantiles(nil, at, []time.Duration{0})[middle], 1)
}

// Counted demand is never forecast with less spread than counting has, however calm it was.
func TestCountsHaveTheNoiseOfCounting(t *testing.T) {
	spread := func(v float64) float64 {
		f := New(Config{Unit: 100, Leads: []Duration{Duration(2 * time.Minute)}})
		at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		for range 30 {
			f.Observe(at, v)
			at = at.Add(time.Minute)
			f.Advance(at)
		}
		return f.leads[0].now.scale * 100
	}
	require.InDelta(t, 0.8*math.Sqrt(10000), spread(10000), 1)
	require.Less(t, spread(9999.5), 0.5*spread(10000), "what is measured may be as calm as it likes")
}
