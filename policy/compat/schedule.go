package compat

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// ScheduleWindow is a time of the day, on some days, in which the fleet has bounds of its own. Times are civil: 08:00 is
// 08:00 on the clock of the place, in summer and in winter.
type ScheduleWindow struct {
	Name  string   `json:"name,omitempty"` // for the reader
	Days  []string `json:"days,omitempty"` // mon, tue, wed, thu, fri, sat, sun: when it begins; default: every day
	From  string   `json:"from,omitempty"` // the first date on which it begins, such as 2026-11-27; default: none
	Until string   `json:"until,omitempty"`
	Start string   `json:"start"` // such as 08:00
	// End, such as 22:30 or 24:00, belongs to the next day where it is not after Start. What begins at Start ends before End.
	End string `json:"end"`
	Min int    `json:"min,omitempty"` // the smallest fleet, 0 for none
	Max int    `json:"max,omitempty"` // the largest fleet, 0 for none
	// RampUp before Start and RampDown after End raise and lower Min in steps. At most 12 h each.
	RampUp   Duration `json:"ramp_up,omitempty"`
	RampDown Duration `json:"ramp_down,omitempty"`
}

// ScheduleConfig is the configuration of a Schedule.
type ScheduleConfig struct {
	// TimeZone is the name of the zone, for the reader and for whoever loads the zone. The rule loads none.
	TimeZone string           `json:"time_zone,omitempty"`
	Windows  []ScheduleWindow `json:"windows"`
	Steps    int              `json:"ramp_steps,omitempty"` // default 10: in how many steps a ramp goes
	Min      int              `json:"min,omitempty"`        // the smallest fleet at any time
	Max      int              `json:"max,omitempty"`        // the largest fleet at any time, 0 for none
}

// WithDefaults returns c with everything filled in that was left out.
func (c ScheduleConfig) WithDefaults() ScheduleConfig {
	if c.Steps == 0 {
		c.Steps = 10
	}
	return c
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c ScheduleConfig) Validate() error {
	var f faults
	c.WithDefaults().compile(&f)
	return f.join()
}

// scheduleWindow is a window without text.
type scheduleWindow struct {
	days             [7]bool
	from, until      int64 // days since 1970
	start, end       int   // seconds since midnight, end after start
	min, max         int
	rampUp, rampDown time.Duration
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// compile checks a configuration and turns its text into numbers.
func (c ScheduleConfig) compile(f *faults) []scheduleWindow {
	f.bounds("min", c.Min, "max", c.Max)
	if c.Steps < 1 || c.Steps > 1000 {
		f.addf("ramp_steps is %d; wanted 1 to 1000", c.Steps)
	}
	out := make([]scheduleWindow, len(c.Windows))
	for i, w := range c.Windows {
		to := &out[i]
		to.min, to.max = w.Min, w.Max
		if w.Min < 0 || w.Min > math.MaxInt32 || w.Max < 0 || w.Max > math.MaxInt32 || w.Max > 0 && w.Max < w.Min {
			f.addf("windows[%d].max is %[3]d with a min of %[2]d; wanted 0 or more, and max at least min or 0 for none", i, w.Min, w.Max)
		}
		for _, day := range w.Days {
			if k := slices.Index(weekdays, day); k >= 0 {
				to.days[k] = true
			} else {
				f.addf("windows[%d].days is %q; wanted mon, tue, wed, thu, fri, sat or sun", i, day)
			}
		}
		if len(w.Days) == 0 {
			to.days = [7]bool{true, true, true, true, true, true, true}
		}
		to.from = f.date(i, "from", w.From, math.MinInt64)
		if to.until = f.date(i, "until", w.Until, math.MaxInt64); to.until < to.from {
			f.addf("windows[%d].until is %s; wanted at least from (%s)", i, w.Until, w.From)
		}
		to.start, to.end = f.timeOfDay(i, "start", w.Start), f.timeOfDay(i, "end", w.End)
		if to.start == secondsPerDay {
			f.addf("windows[%d].start is %q; wanted 00:00 to 23:59", i, w.Start)
		}
		if to.end <= to.start {
			to.end += secondsPerDay
		}
		to.rampUp, to.rampDown = w.RampUp.Std(), w.RampDown.Std()
		if w.RampUp.Std() < 0 || w.RampUp.Std() > 12*time.Hour || w.RampDown.Std() < 0 || w.RampDown.Std() > 12*time.Hour {
			f.addf("windows[%d].ramp_up is %v and ramp_down %v; wanted 0 to 12h", i, w.RampUp, w.RampDown)
		}
	}
	return out
}

const secondsPerDay = 24 * 60 * 60

// date is a date in days since 1970, or what stands for none.
func (f *faults) date(i int, name, text string, none int64) int64 {
	if text == "" {
		return none
	}
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		f.addf("windows[%d].%s is %q; wanted a date such as 2026-11-27", i, name, text)
		return none
	}
	return d.Unix() / secondsPerDay
}

// timeOfDay is a time of the day in seconds since midnight; 24:00 is the end of the day.
func (f *faults) timeOfDay(i int, name, text string) int {
	if text == "24:00" {
		return secondsPerDay
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		f.addf("windows[%d].%s is %q; wanted a time such as 08:00", i, name, text)
		return 0
	}
	return t.Hour()*3600 + t.Minute()*60
}

// Schedule is a plan of the day: bounds that hold at certain times, with ramps before and after, as schedule metrics of
// other autoscalers have them (Zalando's kube-metrics-adapter: a ramp is floor(part * steps) of equal steps, and of several
// windows the largest counts). It is a policy of its own where Min and Max of its windows agree, and bounds another one
// through Bounds.
type Schedule struct {
	cfg     ScheduleConfig
	place   *time.Location // nil: that of the times it is asked about
	windows []scheduleWindow
	clock   clock
}

// NewSchedule returns a Schedule for the clock of a place. The error is Validate's; a nil place is one too.
func NewSchedule(cfg ScheduleConfig, place *time.Location) (*Schedule, error) {
	var f faults
	if place == nil {
		f.addf("the location is nil; wanted the zone of the schedule's times (time_zone %q)", cfg.TimeZone)
	}
	s, err := localSchedule(cfg, place)
	if err = errors.Join(f.join(), err); err != nil {
		return nil, err
	}
	return s, nil
}

// localSchedule makes a schedule; without a place its clock is that of the times it is asked about.
func localSchedule(cfg ScheduleConfig, place *time.Location) (*Schedule, error) {
	cfg = cfg.WithDefaults()
	var f faults
	windows := cfg.compile(&f)
	if err := f.join(); err != nil {
		return nil, err
	}
	if cfg.Max == 0 {
		cfg.Max = math.MaxInt32
	}
	return &Schedule{cfg: cfg, place: place, windows: windows}, nil
}

// Bounds returns the smallest and the largest fleet at a time. Of several windows the largest Min and the smallest Max
// count; where they contradict each other Min wins, because what it promises is capacity. At any time it is within the
// bounds of the configuration. It remembers nothing.
func (s *Schedule) Bounds(now time.Time) (least, most int) {
	place := s.place
	if place == nil {
		place = now.Location()
	}
	now = now.In(place)
	year, month, dom := now.Date()
	today := time.Date(year, month, dom, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay // exact, also before 1970
	least, most = s.cfg.Min, s.cfg.Max
	for i := range s.windows {
		w := &s.windows[i]
		// A window of yesterday may still go on, its ramp may end the day after, and tomorrow's may begin today.
		for day := int64(-2); day <= 1; day++ {
			date := today + day
			weekday := ((date+4)%7 + 7) % 7 // 1970-01-01 was a Thursday
			if date < w.from || date > w.until || !w.days[weekday] {
				continue
			}
			start, end := instant(place, date, w.start), instant(place, date, w.end)
			least = max(least, s.ramped(w, now, start, end))
			if w.max > 0 && !now.Before(start) && now.Before(end) {
				most = min(most, w.max)
			}
		}
	}
	least = min(least, s.cfg.Max)
	return least, max(most, least)
}

// ramped is the smallest fleet that a window from start to end wants at a time.
func (s *Schedule) ramped(w *scheduleWindow, now, start, end time.Time) int {
	var part, whole time.Duration
	switch before, after := start.Sub(now), now.Sub(end); {
	case before <= 0 && after < 0:
		return w.min
	case before > 0 && before <= w.rampUp:
		part, whole = w.rampUp-before, w.rampUp
	case after >= 0 && after < w.rampDown:
		part, whole = w.rampDown-after, w.rampDown
	default:
		return 0
	}
	steps := int64(s.cfg.Steps)
	done := int64(part) * steps / int64(whole)
	return int((done*int64(w.min) + steps - 1) / steps)
}

// instant is the time at which the clock of the place shows so many seconds since midnight of a date. Where it shows them
// twice it is the first time; where it skips them it is as much after the skip as the time lies in it. time.Date leaves
// both open.
func instant(place *time.Location, date int64, seconds int) time.Time {
	civil := date*secondsPerDay + int64(seconds)
	shown := func(offset int64) (time.Time, int64) {
		t := time.Unix(civil-offset, 0).In(place)
		_, there := t.Zone()
		return t, int64(there)
	}
	_, offset := shown(0)
	near, _ := shown(offset) // within some hours of what is wanted
	_, before := near.Add(-6 * time.Hour).Zone()
	_, after := near.Add(6 * time.Hour).Zone()
	first, there := shown(int64(before))
	if there == int64(before) {
		return first
	}
	if second, there := shown(int64(after)); there == int64(after) {
		return second
	}
	return first
}

// Reset forgets the time of the last decision; nothing else is remembered.
func (s *Schedule) Reset() { s.clock = clock{} }

// Recommend keeps the fleet within the bounds of the time. Measurements are not looked at.
func (s *Schedule) Recommend(now time.Time, _ []float64, fleet Fleet) Decision {
	current := fleet.Ordered()
	if _, _, ok := s.clock.advance(now); !ok {
		return Decision{current, ReasonClock}
	}
	least, most := s.Bounds(now)
	n := min(max(current, least), most)
	switch {
	case n == s.cfg.Min && n > current:
		return Decision{n, ReasonMin}
	case n == s.cfg.Max && n < current:
		return Decision{n, ReasonMax}
	}
	return Decision{n, ReasonSchedule}
}

// State walks what the rule remembers, for snapshots.
func (s *Schedule) State(c *state.Codec) { s.clock.state(c) }
