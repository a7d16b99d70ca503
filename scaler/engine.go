package scaler

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy"
)

// Engine decides. It holds one Forecaster per signal and the memory of the policy; all buffers are sized by New, but for
// what events need, which the first event, and the first of each kind, allocates. Observe, Withdraw and Recommend allocate nothing, and
// neither do Peek and Announce after their first call.
//
// An Engine is not safe for concurrent use: whoever drives it, one goroutine at a time.
type Engine struct {
	cfg     Config
	print   Fingerprint
	signals []signal
	limits  policy.Limits
	plan    policy.Plan
	apart   time.Duration    // between the rows of the plan
	leads   []time.Duration  // of the rows of the plan, from now
	rows    []policy.Curve   // scratch: one per row
	demand  []float64        // scratch: quantiles of all rows
	arrival [1]time.Duration // scratch: from now to the step in which an order serves
	then    []float64        // scratch: quantiles of demand then
	saved   []byte           // scratch of Peek
	values  []float64        // scratch: what the rule of today measures

	// What Recommend changes, apart from the forecasters:
	shadows *policy.Shadows
	sized   *sized // nil where no sizes are chosen
	guard   guard
	hold    policy.Hold
	last    int64 // unix nanoseconds of the newest decision
	ever    bool  // there was one
	back    int64 // unix nanoseconds of the first decision of a clock that lies behind last, 0 if there is none
}

// signal is one demand series with what one replica carries of it.
type signal struct {
	name     string
	capacity float64
	forecast *forecast.Forecaster
	refused  refused
	lateness lateness
	low      float64 // scratch: the .05 quantile of ordinary demand when an order serves
}

// New returns an engine that has seen nothing. The configuration is completed WithDefaults and validated; the error is
// Faults, with every fault.
func New(cfg Config) (*Engine, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	boot := cfg.bootSteps()
	// A plan looks Horizon steps ahead and must reach at least as far as an order does; where boot takes many steps its
	// rows are wider apart, so that their number stays bounded.
	stride := 1 + boot/(policy.MaxRows-policy.Horizon-1)
	planBoot := (boot + stride - 1) / stride
	e := &Engine{
		cfg:    cfg,
		print:  cfg.Fingerprint(),
		limits: cfg.unit().Fit(policy.Limits{Min: cfg.Min, Max: cmp.Or(cfg.Max, maxCount), StepUp: cfg.StepUp, StepDown: cfg.StepDown}),
		guard:  newGuard(&cfg),
		plan:   policy.Plan{Penalty: cfg.Penalty, Boot: planBoot, Slack: cfg.Slack},
		apart:  time.Duration(stride) * cfg.Step.Std(),
		hold:   policy.NewHold(max(1, cfg.steps(cfg.Hold))),
	}
	e.sized = newSized(&cfg)
	today, values, err := cfg.today()
	if err != nil {
		return nil, err
	}
	e.values = values
	e.shadows = policy.NewShadows(policy.ShadowConfig{
		Step: cfg.Step.Std(), Boot: boot, Lag: cfg.steps(cfg.Delay), Hold: max(1, cfg.steps(cfg.Hold)),
		Penalty: cfg.Penalty, Change: cfg.Change, Limits: e.limits, Zero: cfg.Zero.Below > 0, Calm: cfg.Calm, Pin: cfg.Policy, Exclude: cfg.Exclude, Today: today,
	})
	for h := range max(policy.Horizon, planBoot) + 1 {
		e.leads = append(e.leads, time.Duration(h)*e.apart)
	}
	e.then = make([]float64, forecast.NumLevels)
	for _, s := range cfg.Signals {
		e.signals = append(e.signals, signal{name: s.Name, capacity: s.Capacity, forecast: forecast.New(forecast.Config{
			Step: cfg.Step, Unit: float64(s.Capacity * e.sized.unit()), Leads: []Duration{Duration(cfg.lead())}, Kinds: cfg.Kinds, MaxEvents: cfg.MaxEvents,
			Seasons: cfg.Forecast.Seasons, Smoothing: cfg.Forecast.Smoothing, Bin: cfg.Forecast.Bin,
			Holidays: cfg.Forecast.Holidays, Without: cfg.Forecast.Without,
			Spikes: cfg.Forecast.Spikes, Compact: cfg.Forecast.Compact,
		})})
	}
	if e.sized != nil {
		e.revalue()
	}
	return e, nil
}

// room allocates what plans around events are made on. Most engines of many never hear of an event, and it is more than all
// else that they hold.
func (e *Engine) room() {
	if e.rows == nil {
		e.rows = make([]policy.Curve, len(e.leads))
		e.demand = make([]float64, len(e.leads)*forecast.NumLevels)
	}
}

// Config returns the configuration with its defaults.
func (e *Engine) Config() Config { return e.cfg.WithDefaults() }

// Fingerprint returns the fingerprint of the configuration.
func (e *Engine) Fingerprint() Fingerprint { return e.print }

// Newest returns the time of the newest sample of a signal, and false before the first or for a signal that does not exist.
// Whoever drives a restored engine continues behind it.
func (e *Engine) Newest(signal int) (time.Time, bool) {
	if signal < 0 || signal >= len(e.signals) {
		return time.Time{}, false
	}
	if newest, ok := e.signals[signal].forecast.Series().Newest(); ok {
		return newest, true
	}
	return time.Time{}, false
}

// Announce tells the engine of an event, or changes the announced event that has the same ID. An event may only raise a
// decision. Errors: a *forecast.EventError for a bad field, ErrEventTableFull; either way nothing was changed.
//
// The engine keeps the strings ID and Kind, and of the Labels (the first six) numbers. The first event of a kind allocates
// the memory for it; after that Announce allocates nothing.
func (e *Engine) Announce(ev forecast.Event) error {
	// All are asked before one is changed: a signal whose samples are behind keeps events that others have forgotten.
	for i := range e.signals {
		f := e.signals[i].forecast
		err := f.CanAnnounce(ev)
		if errors.Is(err, ErrEventTableFull) {
			// Samples of this signal may have stopped long ago, and with them the clock by which its events leave.
			f.Expire(e.newest())
			err = f.CanAnnounce(ev)
		}
		if err != nil {
			return err
		}
	}
	e.room()
	for i := range e.signals {
		if err := e.signals[i].forecast.Announce(ev); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the time of the newest sample of all signals, less a step that may still be open.
func (e *Engine) newest() time.Time {
	var newest time.Time
	for i := range e.signals {
		if t, ok := e.signals[i].forecast.Series().Newest(); ok && t.After(newest) {
			newest = t
		}
	}
	return newest.Add(-e.cfg.Step.Std())
}

// Withdraw takes an announced event back. It returns ErrUnknownEvent where none has the ID, for example because it has
// passed.
func (e *Engine) Withdraw(id string) error {
	err := ErrUnknownEvent
	for i := range e.signals {
		if e.signals[i].forecast.Withdraw(id) == nil {
			err = nil
		}
	}
	return err
}

// Recommend fills d with the decision at time now for the observed fleet, and remembers it. It may be called as often as
// one likes: within a step the same fleet gets the same answer, and what is on order is not ordered twice. A time
// before that of the last decision leaves the fleet as it is, until the clock has gone on from there for two steps. The error is a *FleetError, and then d and the engine are
// unchanged.
func (e *Engine) Recommend(d *Decision, now time.Time, fleet policy.Fleet) error {
	if e.sized != nil {
		var err error
		if fleet, err = e.sized.see(fleet); err != nil {
			return err
		}
	}
	if err := check(fleet); err != nil {
		return err
	}
	ordered := fleet.Ordered()
	*d = Decision{Time: now, Replicas: ordered, Ready: fleet.Ready, Starting: fleet.Starting, Lead: e.boot(fleet), Penalty: e.cfg.Penalty, Observed: math.NaN()}
	for i := range d.Demand {
		d.Demand[i] = math.NaN()
	}
	nano := now.UnixNano()
	if e.ever && nano < e.last && !e.turned(nano) {
		d.Signal, d.Capacity = e.signals[0].name, e.signals[0].capacity
		e.age(d, now)
		e.begin(d, now)
		d.trail.Mark(policy.RuleClock, ordered)
		e.finish(d, e.bound(d, ordered, ordered, ordered == 0), ordered, nano)
		e.account(d)
		e.note(d)
		e.place(d, now)
		return nil
	}
	e.ever, e.last, e.back = true, nano, 0
	for i := range e.signals {
		e.signals[i].forecast.Advance(now)
	}
	e.arrive(d, now)
	e.age(d, now)
	e.begin(d, now)
	e.settle(now, ordered)

	n := e.need(d, now, ordered)
	n = e.reactive(d, n)
	n = e.distrust(d, n, ordered, nano)
	zero := n == 0
	n = e.limits.Rate(&d.trail, n, ordered)
	e.finish(d, e.bound(d, n, ordered, zero), ordered, nano)
	e.guard.flap.Record(nano, d.Replicas, ordered)
	if e.shadows.Begun() {
		e.shadows.Record(d.Replicas, d.Ready)
	}
	e.account(d)
	e.note(d)
	e.place(d, now)
	return nil
}

// turned says whether a clock that lies behind that of the last decision has gone on for two steps since it was first seen
// to: then the decision that lay ahead was the mistake, and time begins again here. A single decision in the past, or a
// few at odds with the rest, change nothing.
func (e *Engine) turned(nano int64) bool {
	if e.back == 0 || nano < e.back {
		e.back = nano
		return false
	}
	if nano-e.back < 2*int64(e.cfg.Step) {
		return false
	}
	e.hold.Forget()
	e.guard.forget()
	return true
}

// check refuses a fleet that cannot be.
func check(f policy.Fleet) error {
	count := func(n int, field string) error {
		if n < 0 || n > maxCount {
			return &FleetError{field, strconv.Itoa(n), "0 to " + strconv.Itoa(maxCount)}
		}
		return nil
	}
	if err := count(f.Ready, "ready"); err != nil {
		return err
	}
	if err := count(f.Starting, "starting"); err != nil {
		return err
	}
	if f.Boot < 0 || f.Boot > maxWait.Std() {
		return &FleetError{"boot", f.Boot.String(), "0s (as configured) to " + maxWait.String()}
	}
	return nil
}

// age fills in how old the samples are. A sample that lies ahead by more than a step is from a clock that is wrong, and what
// is measured now counts as late beside it: that is as blind as having no samples.
func (e *Engine) age(d *Decision, now time.Time) {
	first := true
	e.guard.blind = 0
	for i := range e.signals {
		e.guard.readings[i].Fresh = false
		newest, ok := e.signals[i].forecast.Series().NewestNumber()
		if !ok {
			d.Stale = true
			e.guard.blind++
			continue
		}
		age := now.Sub(newest)
		if first || age > d.Age {
			d.Age, first = age, false
		}
		stale := age > e.allowed(i) || -age > e.cfg.Step.Std()
		if e.guard.readings[i].Fresh = !stale; stale {
			d.Stale = true
			e.guard.blind++
		}
	}
}

// arrive notes which samples are new since the last decision, and how late they are.
func (e *Engine) arrive(d *Decision, now time.Time) {
	d.Late = 0
	for i := range e.signals {
		s := &e.signals[i]
		if newest, ok := s.forecast.Series().NewestNumber(); ok {
			s.lateness.see(newest.UnixNano(), int64(now.Sub(newest)), int64(e.cfg.MaxAge), int64(e.cfg.Step), e.cfg.mostLate())
		}
		d.Late = max(d.Late, e.allowed(i)-e.cfg.MaxAge.Std())
	}
}

// allowed is the age up to which a sample of a signal is fresh.
func (e *Engine) allowed(i int) time.Duration {
	return e.cfg.MaxAge.Std() + time.Duration(e.signals[i].lateness.late())*e.cfg.Step.Std()
}

// need returns the count that demand asks for, over all signals, and fills in what it was based on.
func (e *Engine) need(d *Decision, now time.Time, ordered int) int {
	ready := false
	var sight policy.Sight
	low := 0
	for i := range e.signals {
		s := &e.signals[i]
		if !s.forecast.Ready() {
			continue
		}
		var one policy.Sight
		if !e.bands(d, &one, s, now) {
			continue
		}
		e.guard.sense(i, s.low/s.capacity, at(e.then, highLevel)/s.capacity)
		if need := max(one.Full.Low, one.Event.Low); !ready || need > low {
			low = need
			d.Signal, d.Capacity = s.name, s.capacity
			d.Observed = s.forecast.Series().Said()
			copy(d.Demand[:], e.then)
		}
		sight.Full, sight.Half, sight.Event = sight.Full.Join(one.Full), sight.Half.Join(one.Half), sight.Event.Join(one.Event)
		ready = true
	}
	if !ready {
		d.Signal, d.Capacity = e.signals[0].name, e.signals[0].capacity
		d.trail.Mark(policy.RuleNoData, ordered)
		return ordered
	}
	sight.Stale = d.Stale
	wanted := e.follow(&sight, now)
	rule := policy.RuleNeed
	if e.shadows.Pinned() >= 0 {
		rule = policy.RulePinned
	}
	n := d.trail.Apply(rule, ordered, wanted)
	if e.shadows.Pinned() == policy.Today { // as it is: whoever pins it wants to see it
		d.Need = policy.Band{Low: wanted, High: wanted}
		return n
	}
	// An event only raises: where it asks for less than the shadows do, they decide.
	calm := policy.Calm(wanted, e.cfg.Calm)
	d.Need = calm.Join(sight.Event)
	if calm.Holds(ordered) {
		n = d.trail.Apply(policy.RuleCalm, n, ordered)
	}
	order := 0
	if n > ordered {
		order = n
	}
	// What is held may be kept but not ordered again: limits or a lost replica may have made it less.
	held := e.hold.Raise(e.stepOf(now), order)
	n = d.trail.Apply(policy.RuleHold, n, max(n, min(held, ordered)))
	// The plan of an event knows boot times and what was ordered, and needs no hold.
	return d.trail.Apply(policy.RuleEvent, n, max(n, sight.Event.Clamp(ordered)))
}

// stepOf returns the step of the decision clock that holds now: steps since 1970, rounded down before it too.
func (e *Engine) stepOf(now time.Time) int64 {
	nano, step := now.UnixNano(), int64(e.cfg.Step)
	k := nano / step
	if nano%step < 0 {
		k--
	}
	return k
}

// boot is the time from now to the step in which an order serves, in whole steps: as the fleet observes it, or as
// configured.
func (e *Engine) boot(fleet policy.Fleet) time.Duration {
	boot := e.cfg.Boot
	if fleet.Boot > 0 {
		boot = Duration(fleet.Boot)
	}
	return time.Duration(e.cfg.steps(boot)) * e.cfg.Step.Std()
}

// bands fills in what one signal asks for: the bands of ordinary demand at the step in which an order serves, and, while an
// announced event is near, that of the plan over the steps ahead (zero otherwise). It leaves the quantiles at the arrival of
// an order in e.then. It reports false where the forecast is not made of numbers, and then nothing may be concluded from it.
func (e *Engine) bands(d *Decision, v *policy.Sight, s *signal, now time.Time) bool {
	e.arrival[0] = d.Lead
	e.then = s.forecast.Ordinary(e.then, now, e.arrival[:])
	var serve policy.Curve
	if !serve.Set(forecast.Levels[:], e.then, s.capacity) {
		return false
	}
	s.low = at(e.then, lowLevel)
	v.Full = serve.Newsvendor(e.cfg.Penalty, e.cfg.Release)
	v.Half.Low, v.Half.High = serve.Count(float64(0.5*e.cfg.Penalty)), v.Full.Low
	if e.cfg.Release != 2 {
		v.Half.High = serve.Count(float64(0.5 * float64(e.cfg.Penalty*e.cfg.Release)))
	}
	horizon := e.leads[len(e.leads)-1]
	if !s.forecast.Near(now, now.Add(max(horizon, d.Lead))) {
		return true
	}
	d.Event = true
	e.then = s.forecast.Quantiles(e.then, now, e.arrival[:])
	e.demand = s.forecast.Quantiles(e.demand, now, e.leads)
	for h := range e.rows {
		if !e.rows[h].Set(forecast.Levels[:], e.demand[h*forecast.NumLevels:(h+1)*forecast.NumLevels], s.capacity) {
			return false
		}
	}
	// A fleet that boots more slowly than the plan looks ahead is planned as if an order served at its horizon.
	plan := e.plan
	plan.Boot = min(int((d.Lead+e.apart-1)/e.apart), len(e.leads)-1)
	v.Event = plan.Band(e.rows)
	return true
}

// reactive applies the operator's floor on observed demand.
func (e *Engine) reactive(d *Decision, n int) int {
	if e.cfg.ReactiveTarget == 0 {
		return n
	}
	floor := 0
	for i := range e.signals {
		s := &e.signals[i]
		series := s.forecast.Series()
		if v, _ := series.At(series.Last()); !math.IsNaN(v) {
			f := math.Ceil(v / float64(s.capacity*e.cfg.ReactiveTarget))
			floor = max(floor, int(math.Min(f, maxCount)))
		}
	}
	return d.trail.Apply(policy.RuleReactive, n, max(n, floor))
}

// Peek fills d with what Recommend would decide, and changes nothing: ask it what another fleet, or a later time, would
// get.
func (e *Engine) Peek(d *Decision, now time.Time, fleet policy.Fleet) error {
	w := state.NewWriter(e.saved[:0])
	e.fields(&w)
	e.saved = w.Bytes()
	err := e.Recommend(d, now, fleet)
	r := state.NewReader(e.saved)
	e.fields(&r)
	return err
}
