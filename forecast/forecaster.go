package forecast

import (
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Config sizes a Forecaster. The zero value of a field is replaced by the default in brackets.
type Config struct {
	Step      Duration   // length of a step of the series [1m]
	Unit      float64    // demand that is 1 inside the model, such as the capacity of one replica [1]; results do not depend on its size by more than rounding, except that demand below half a unit counts as idle
	Leads     []Duration // lead times that are learned, from the newest closed step to the target [the step]
	Kinds     []Kind     // what is known of announced events
	MaxEvents int        // size of the table of announced events [256]

	Seasons   Seasons   // what repeats [an hour, a day, a week]
	Smoothing Smoothing // gains of the Holt-Winters experts
	Bin       Duration  // width of a bin of the slow clock, in whole steps rounded up [15m]
	Holidays  []Date    // local days that go like Sundays, in any order
	Without   []Expert  // experts to leave out
	Spikes    bool      // raise forecasts while a crowd comes that nobody announced, once that has been worth it
	Compact   bool      // coarser seasons and no slow clock: less than half the memory, for very many workloads
}

// Seasons are the periods after which demand is expected to repeat itself, in whole seconds. Negative means none.
type Seasons struct {
	Short Duration `json:"short,omitempty"` // below the main season, such as ad breaks and cron jobs [1h]
	Main  Duration `json:"main,omitempty"`  // [24h]
	Long  Duration `json:"long,omitempty"`  // a whole multiple of Main [168h]
}

// WithDefaults returns s in which every zero field has its default.
func (s Seasons) WithDefaults() Seasons {
	or := func(v *Duration, d time.Duration) {
		if *v == 0 {
			*v = Duration(d)
		}
	}
	or(&s.Short, time.Hour)
	or(&s.Main, 24*time.Hour)
	or(&s.Long, 7*24*time.Hour)
	return s
}

// Counts say what became of the samples.
type Counts struct {
	Accepted, Replaced, Filled, Duplicate, Old, Far uint64
	Gaps                                            uint64 // steps without a value
}

// Forecaster turns a demand series and announced events into the distribution of demand at a lead time. See the package
// documentation for the model.
//
// It is not safe for concurrent use. Observe, Announce and Quantiles allocate nothing.
type Forecaster struct {
	series   *Series
	unit     float64
	base     base
	leads    []lead
	calendar calendar
	counts   Counts
	spike    *spike // nil unless configured
	done     int64  // newest step the experts have seen
}

var _ Model = (*Forecaster)(nil)

// Model is what the engine asks of a forecaster: Quantiles writes len(leads) rows of NumLevels values, demand at
// now+leads[i] at each of Levels, into dst, which it reallocates only when its capacity is too small. A row is NaN while
// nothing is known.
type Model interface {
	Observe(t time.Time, v float64) Verdict
	Announce(ev Event) error
	Quantiles(dst []float64, now time.Time, leads []time.Duration) []float64
}

// New returns a Forecaster. All its memory is allocated here, but for that of a kind of events, which its first event
// allocates. cfg must be sane: a positive Step of at most a week, a
// positive finite Unit, positive Leads, of which each costs about 10 kB and a microsecond a step (package scaler checks its own configuration before it comes here).
func New(cfg Config) *Forecaster {
	if cfg.Step == 0 {
		cfg.Step = Duration(time.Minute)
	}
	if cfg.Unit == 0 {
		cfg.Unit = 1
	}
	if len(cfg.Leads) == 0 {
		cfg.Leads = []Duration{cfg.Step}
	}
	if cfg.MaxEvents == 0 {
		cfg.MaxEvents = 256
	}
	if cfg.Bin == 0 {
		cfg.Bin = Duration(15 * time.Minute)
	}
	cfg.Seasons = cfg.Seasons.WithDefaults()
	step := int64(cfg.Step)
	f := &Forecaster{
		series:   NewSeries(cfg.Step.Std(), lateSteps),
		unit:     cfg.Unit,
		base:     newBase(step, cfg.Seasons, cfg.Compact),
		calendar: newCalendar(cfg.Kinds, cfg.MaxEvents),
		done:     -1,
	}
	steps := make([]int64, 0, len(cfg.Leads))
	for _, d := range cfg.Leads {
		steps = append(steps, max(1, (int64(d)+step-1)/step))
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	if !cfg.Compact {
		f.base.slow = newSlow(&cfg, steps)
	}
	for _, n := range steps {
		f.leads = append(f.leads, newLead(n, step/1e9, &cfg, f.base.slow))
	}
	if cfg.Spikes {
		s := newSpike(f.seconds(), f.leads[0].steps)
		f.spike = &s
	}
	return f
}

// lateSteps is how many closed steps a late sample may still fill.
const lateSteps = 32

// Series returns the series as it is stored, for reading.
func (f *Forecaster) Series() *Series { return f.series }

// Disbelieve keeps steps that close with the value v or less from the history and from the experts, as Series.Disbelieve says.
func (f *Forecaster) Disbelieve(v float64) { f.series.Disbelieve(v) }

// Counts returns what became of the samples so far.
func (f *Forecaster) Counts() Counts { return f.counts }

// Events returns the number of announced events in the table.
func (f *Forecaster) Events() int { return f.calendar.n }

// Observe takes a sample: v is NaN for a known gap, otherwise finite and not negative (the caller has checked that).
func (f *Forecaster) Observe(t time.Time, v float64) Verdict {
	if f.series.far(t) {
		f.counts.Far++
		return Far
	}
	f.Advance(t) // the open step must reach the experts before a long gap pushes it out of the ring
	verdict := f.series.Add(t, v)
	switch verdict {
	case Accepted:
		f.counts.Accepted++
		f.zone(t)
	case Replaced:
		f.counts.Replaced++
	case Filled:
		f.counts.Filled++
	case Duplicate:
		f.counts.Duplicate++
	case Old:
		f.counts.Old++
	case Far:
		f.counts.Far++
	}
	f.learn() // gaps before the new sample's step
	if f.calendar.n > 0 {
		f.calendar.expire(f.series.newest - f.series.step)
		f.approach()
	}
	return verdict
}

// approach makes airings of the events that decisions will soon look at: an order placed at the next step serves at the
// end of the longest lead, and a plan looks a little further.
func (f *Forecaster) approach() {
	if f.series.begun {
		ahead := f.series.newest + (f.leads[len(f.leads)-1].steps+16)*f.series.step
		f.calendar.approach(ahead, f.base.long, f.base.level.mid, f.seconds())
	}
}

// zone follows the clock of the samples: when their offset from UTC changes, the bins of the seasons move with it.
func (f *Forecaster) zone(t time.Time) {
	_, offset := t.Zone()
	f.base.origin = f.series.Start(0)/1e9 + int64(offset)
	if f.base.slow != nil {
		f.base.slow.zone(f.base.origin)
	}
}

// Advance tells the forecaster the time: steps that are over become final. A time before the newest sample does nothing.
// It leaves the table of announced events alone.
func (f *Forecaster) Advance(now time.Time) {
	if f.series.Advance(now) {
		f.learn()
	}
}

// learn shows the experts the steps that were closed since the last call.
func (f *Forecaster) learn() {
	last := f.series.Last()
	// Before that there is only silence that nobody remembers: the experts need not see each step of it.
	if far := last - recentSteps; f.done < far {
		f.counts.Gaps += uint64(far - f.done)
		f.done = far
	}
	for f.done < last {
		f.done++
		v, _ := f.series.At(f.done)
		if math.IsNaN(v) {
			f.counts.Gaps++
			f.base.gap(f.done)
			if f.spike != nil {
				f.spike.gap()
			}
			continue
		}
		f.grain(v)
		f.step(f.done, v/f.unit)
	}
}

// grain notices whether demand is counted: whole numbers so far.
func (f *Forecaster) grain(v float64) {
	switch {
	case v != math.Floor(v):
		f.base.grain = 0
	case f.base.level.seen == 0 && f.base.age == 0:
		f.base.grain = 1 / f.unit
	}
}

// seconds is the length of a step.
func (f *Forecaster) seconds() float64 { return float64(float64(f.series.step) * 1e-9) }

// step learns the value z, in units, of step k.
func (f *Forecaster) step(k int64, z float64) {
	expected := f.base.expected(k)
	var short, long float64
	if f.calendar.n > 0 && f.base.level.seen > 0 {
		from := f.series.Start(k)
		short, long = f.calendar.witness(from, from+f.series.step, z, expected, f.base.noise())
	}
	// What an announced event brings must not become the level, the season or the usual error: that would haunt the same
	// hour of tomorrow. While a short one brings much, nothing is learned at all; a long one only takes its part out, or a
	// sale would blind the forecaster for a week.
	learn := short <= float64(0.5*expected)
	z = max(0, z-long)
	if short > 0 {
		// What is left is taken for ordinary only as far as it exceeds what a response varies by anyway;
		// but that far it is: if a response is larger or longer than any known one, the level must follow what is seen.
		slack := float64(kernelNoise * short)
		left := z - short - expected
		switch {
		case left > slack:
			left -= slack
		case left < -slack:
			left += slack
		default:
			left = 0
		}
		z = max(0, expected+left)
	}
	if f.spike != nil && f.base.level.seen > 0 {
		f.spike.judge(k, z, f.base.level.norm())
		f.spike.observe(z, expected, math.Sqrt(f.base.noise()))
	}
	if learn {
		for i := range f.leads {
			f.leads[i].score(&f.base, k, z)
		}
	}
	f.base.update(k, z, expected, learn)
	if f.base.slow != nil {
		f.base.slow.refresh()
	}
	for i := range f.leads {
		f.leads[i].predict(&f.base, k)
	}
	if f.spike != nil && f.spike.phase != spikeQuiet {
		var q [NumLevels]float64
		l := &f.leads[0]
		f.plain(&q, l, l.now.target)
		f.spike.claim(&q, l.now.target, l.steps)
	}
}

// Announce adds an event to the table, or replaces the announced event that has its ID. An event that is announced again
// unchanged stays as it is, and one whose response is over by the time of the samples is accepted and forgotten at once:
// who offers the whole plan again and again does no harm. It keeps the strings ID and Kind, and of the first six Labels
// numbers. Errors: *EventError for a bad field, ErrEventTableFull.
func (f *Forecaster) Announce(ev Event) error {
	if err := ev.Check(); err != nil {
		return err
	}
	if f.over(&ev) {
		_ = f.calendar.withdraw(ev.ID) // an edit may have moved it there
		return nil
	}
	_, offset := ev.Start.Zone()
	if err := f.calendar.announce(&ev, int64(offset)); err != nil {
		return err
	}
	f.approach()
	return nil
}

// CanAnnounce returns the error that Announce would, and changes nothing.
func (f *Forecaster) CanAnnounce(ev Event) error {
	if err := ev.Check(); err != nil {
		return err
	}
	if f.calendar.full(ev.ID) && !f.over(&ev) {
		return ErrEventTableFull
	}
	return nil
}

// over says whether the response of ev was over before the step of the newest sample.
func (f *Forecaster) over(ev *Event) bool {
	return f.series.begun && f.calendar.over(ev, f.series.newest-f.series.step)
}

// Expire drops the announced events whose response ended before now. Observe does so by the time of the samples; this is
// for a series that gets none.
func (f *Forecaster) Expire(now time.Time) { f.calendar.expire(now.UnixNano()) }

// Withdraw removes an announced event. It returns ErrUnknownEvent if no event in the table has the ID.
func (f *Forecaster) Withdraw(id string) error { return f.calendar.withdraw(id) }

// Ready says whether a forecast can be made: a step with a value has been closed.
func (f *Forecaster) Ready() bool { return f.base.level.seen > 0 || f.leads[0].now.target >= 0 }

// Quantiles implements Model.
func (f *Forecaster) Quantiles(dst []float64, now time.Time, leads []time.Duration) []float64 {
	dst = f.Ordinary(dst, now, leads)
	for i, d := range leads {
		f.raise((*[NumLevels]float64)(dst[i*NumLevels:]), f.series.Index(now.Add(d)))
	}
	return dst
}

// Ordinary is Quantiles as they would be without announced events.
func (f *Forecaster) Ordinary(dst []float64, now time.Time, leads []time.Duration) []float64 {
	n := len(leads) * NumLevels
	if cap(dst) < n {
		dst = make([]float64, n)
	}
	dst = dst[:n]
	for i, d := range leads {
		f.row((*[NumLevels]float64)(dst[i*NumLevels:]), f.series.Index(now.Add(d)))
	}
	return dst
}

// Near says whether an announced event may have an effect between from and to.
func (f *Forecaster) Near(from, to time.Time) bool {
	if f.calendar.n == 0 {
		return false
	}
	return f.calendar.near(from.UnixNano(), to.UnixNano())
}

// row writes the quantiles of ordinary demand in step target.
func (f *Forecaster) row(dst *[NumLevels]float64, target int64) {
	if !f.Ready() {
		for i := range dst {
			dst[i] = math.NaN()
		}
		return
	}
	f.plain(dst, f.lead(target-f.done), target)
	if f.spike != nil && f.spike.trusted() {
		f.spike.raise(dst, float64(target-f.done))
	}
	for i := range dst {
		dst[i] = float64(dst[i] * f.unit)
	}
}

// plain writes the quantiles of step target, in replicas, from the forecast of lead l.
func (f *Forecaster) plain(dst *[NumLevels]float64, l *lead, target int64) {
	mean := l.now.mean
	if target != l.now.target { // a step that no regression aims at: move with the daily profile
		delta, _ := f.base.day.change(f.base.local(l.now.target), f.base.local(target))
		mean = max(0, mean+delta)
	}
	l.errs.quantiles(dst, l.now.ctx)
	scale := float64(l.now.scale * widen(float64(target-l.now.target), float64(l.steps)))
	for i := range dst {
		dst[i] = max(0, mean+float64(scale*dst[i]))
	}
}

// raise adds the excess of announced events to the quantiles of step target.
func (f *Forecaster) raise(q *[NumLevels]float64, target int64) {
	if f.calendar.n == 0 || !f.Ready() {
		return
	}
	from := f.series.Start(target)
	lo, hi := f.calendar.between(from, from+f.series.step)
	// Overlapping events add, independently of each other: one after the other is added to what there is.
	for i := lo; i < hi; i++ {
		var e excess
		if !f.calendar.excess(&e, i, from, from+f.series.step, f.base.long, f.base.level.mid, f.seconds()) {
			continue
		}
		for j := range e.n {
			e.x[j] *= f.unit
		}
		e.addTo(q)
	}
}

// lead returns the shortest learned lead of at least h steps, or the longest there is.
func (f *Forecaster) lead(h int64) *lead {
	for i := range f.leads {
		if f.leads[i].steps >= h {
			return &f.leads[i]
		}
	}
	return &f.leads[len(f.leads)-1]
}

// State walks the state with a codec of the engine's: it writes a snapshot, or reads one into a Forecaster of the same
// Config.
func (f *Forecaster) State(c *state.Codec) {
	f.series.fields(c)
	f.base.fields(c)
	if c.Len(len(f.leads)) {
		for i := range f.leads {
			f.leads[i].fields(c)
		}
	}
	f.calendar.fields(c)
	if f.spike != nil {
		f.spike.fields(c)
	}
	for _, n := range []*uint64{
		&f.counts.Accepted, &f.counts.Replaced, &f.counts.Filled, &f.counts.Duplicate, &f.counts.Old, &f.counts.Far, &f.counts.Gaps,
	} {
		c.Uint64(n)
	}
	c.Int64(&f.done)
	if c.Reading() && f.done != f.series.last {
		c.Fail(errDone)
	}
}
