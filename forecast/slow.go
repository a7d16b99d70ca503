package forecast

import (
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// slow is the slow clock with its experts: bins of the series, and what forecasts whole bins hours and days ahead.
//
// Data flows once a bin: the value of the bin that ended goes to each expert, and then each writes what it expects of the
// bins that the lead times will aim at until the next one ends (ahead). Reading a forecast is then reading a table.
type slow struct {
	bins
	smooth   [2]smoother[float32] // plain, log
	near     [2]autoregression
	days     [2]autoregression
	class    classes
	level    shapeLevel
	size     float64 // exponentially weighted mean of the bins
	sized    float64 // bins in it, capped
	holidays []int64 // local days since 1970, ascending
	civil    bool    // the main season is a day, and days have classes

	shift  int64              // local time of the first step, in bins
	origin int64              // the same in seconds
	wanted []int64            // bins ahead that leads aim at, ascending
	decay  []float64          // the error that smoothing expects to be left then
	ahead  [numSlow][]float32 // forecasts by expert and wanted; NaN where the expert sleeps
	path   []float64          // scratch: forecasts of all bins to the last wanted
	dirty  bool               // ahead is older than the bins
}

const numSlow = NumExperts - numFast

// newSlow returns the slow clock for lead times of so many steps, or nil where none is as long as a bin, or where the
// seasons do not suit the step.
func newSlow(cfg *Config, leads []int64) *slow {
	b := newBins(int64(cfg.Step), int64(cfg.Bin), int64(cfg.Seasons.Main), max(0, int64(cfg.Seasons.Long)))
	if b == nil {
		return nil
	}
	s := &slow{bins: *b, civil: cfg.Seasons.Main == Duration(24*time.Hour), dirty: true}
	for _, d := range cfg.Holidays {
		s.holidays = append(s.holidays, d.day())
	}
	slices.Sort(s.holidays)
	for _, n := range leads {
		if n >= b.per {
			first := (n-1)/b.per + 1
			s.wanted = append(s.wanted, first, first+1)
		}
	}
	if len(s.wanted) == 0 {
		return nil
	}
	slices.Sort(s.wanted)
	s.wanted = slices.Compact(s.wanted)
	s.path = make([]float64, s.wanted[len(s.wanted)-1])
	s.decay = make([]float64, len(s.wanted))
	for i := range s.ahead {
		s.ahead[i] = make([]float32, len(s.wanted))
	}
	near := []int64{1, 2, b.main, b.main + 1}
	if b.long > 0 {
		near = append(near, b.long, b.long+1)
	}
	days := make([]int64, lagDays)
	for i := range days {
		days[i] = int64(i+1) * b.main
	}
	for i := range s.smooth {
		s.smooth[i] = newSmoother[float32](cfg.Smoothing.WithDefaults(), b)
		s.near[i] = newAutoregression(near, 0.999, b, i == 1)
		s.days[i] = newAutoregression(days, 1, b, i == 1)
	}
	for i, h := range s.wanted {
		s.decay[i] = 1
		for range h {
			s.decay[i] *= s.smooth[0].AR
		}
	}
	s.class = newClasses(b)
	return s
}

// zone tells the local time of the first step, in seconds since 1970 on the local clock.
func (s *slow) zone(origin int64) {
	if origin != s.origin {
		s.origin, s.dirty = origin, true
		s.shift = floorDiv(origin*1e9, s.width())
	}
}

// floorDiv is a/b rounded down; b is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// classOf returns the class of the day of bin i.
func (s *slow) classOf(i int64) int64 {
	if !s.civil {
		return workday
	}
	day := floorDiv(s.origin+((i+s.skip)*s.width()+s.width()/2)/1e9, 86400)
	if _, ok := slices.BinarySearch(s.holidays, day); ok {
		return sunday
	}
	switch (day%7 + 7) % 7 { // 1 January 1970 was a Thursday
	case 2:
		return saturday
	case 3:
		return sunday
	}
	return workday
}

// add gives the value z of step k to its bin, if ok; otherwise the step has none. Steps come in order, though not all of
// those without a value need to.
func (s *slow) add(k int64, z float64, ok bool) {
	s.jump(k)
	for s.next < s.of(k) {
		s.end()
	}
	if ok {
		s.sum += z
		s.count++
	}
	if (k+1)%s.per == 0 {
		s.end()
	}
}

// end closes the bin being collected and shows it to the experts.
func (s *slow) end() {
	silent := s.holes
	v, ok := s.close()
	s.dirty = true
	if !ok {
		for i := range s.smooth {
			s.smooth[i].gap()
		}
		return
	}
	i := s.next - 1
	s.sized = min(s.sized+1, float64(2*s.main))
	s.size += (v - s.size) / s.sized
	norm := s.norm()
	for j := range s.smooth {
		sm, y := &s.smooth[j], s.at(i, j == 1)
		switch {
		case !sm.ready:
			if s.has(s.next - s.main) {
				sm.begin(&s.bins, s.shift, j == 1)
			}
		case silent >= 2*s.main:
			sm.anchor(y, i, s.shift)
		default:
			sm.update(y, i, s.shift)
		}
		s.near[j].update(&s.bins, i, norm)
		s.days[j].update(&s.bins, i, norm)
	}
	// The shape is learned half a season late, when the mean around a bin is known.
	if j := i - s.main/2; s.has(s.next - s.main) {
		m := max(s.mean(s.next, s.main, false), minSize)
		w := s.at(j, false)
		s.class.update(s.classOf(j), slot(j, s.shift, s.main), w, w/m)
	}
	_, share, _ := s.class.at(s.classOf(i), slot(i, s.shift, s.main))
	if silent >= 2*s.main {
		s.level.seen = 0
	}
	s.level.update(v, share, float64(s.main))
}

// minSize is the size, in replicas, below which a series counts as idle and is not divided by.
const minSize = 0.05

func (s *slow) norm() float64 { return max(0.5, s.size) }

// refresh brings the table of forecasts up to date.
func (s *slow) refresh() {
	if !s.dirty {
		return
	}
	s.dirty = false
	for e := range s.ahead {
		for w := range s.ahead[e] {
			s.ahead[e][w] = float32(math.NaN())
		}
	}
	if s.next == 0 {
		return
	}
	s.naive(ByNaiveMain, s.main, 1)
	s.naive(ByRatioMain, s.main, s.ratio(s.main))
	if s.long > 0 {
		s.naive(ByNaiveLong, s.long, 1)
		s.naive(ByRatioLong, s.long, s.ratio(s.long))
	}
	for w, h := range s.wanted {
		i := s.next - 1 + h
		value, share, ok := s.class.at(s.classOf(i), slot(i, s.shift, s.main))
		if ok {
			s.put(ByClass, w, value)
			s.put(ByShape, w, float64(s.level.at(float64(h), float64(s.main), 0)*share))
			s.put(ByDrift, w, float64(s.level.at(float64(h), float64(s.main), 0.5)*share))
		}
		for j := range s.smooth {
			if sm := &s.smooth[j]; sm.ready {
				s.put(BySmoothing+Expert(j), w, back(sm.at(i, s.shift, s.decay[w]), j == 1))
			}
		}
	}
	low, high := s.extent()
	room := float64(0.5 * (high - low))
	low, high = max(0, low-room), high+room
	for j := range s.near {
		s.regress(ByNeighbours+Expert(j), &s.near[j], low, high)
		s.regress(ByDays+Expert(j), &s.days[j], low, high)
	}
}

func (s *slow) put(e Expert, w int, v float64) {
	s.ahead[e-numFast][w] = float32(v)
}

// naive writes the value of the newest season of m bins at the slot of each target, times ratio; NaN is passed on.
func (s *slow) naive(e Expert, m int64, ratio float64) {
	for w, h := range s.wanted {
		i := s.next - 1 + h - (h+m-1)/m*m
		if s.has(i) {
			s.put(e, w, float64(ratio*s.at(i, false)))
		}
	}
}

// ratio compares the newest quarter of a main season with the same bins m bins before, within a third and three times;
// NaN while they are not known.
func (s *slow) ratio(m int64) float64 {
	n := max(1, s.main/4)
	if !s.has(s.next - m - n) {
		return math.NaN()
	}
	now, then := s.mean(s.next, n, false), s.mean(s.next-m, n, false)
	return max(1./3, min((now+minSize)/(then+minSize), 3))
}

func (s *slow) regress(e Expert, a *autoregression, low, high float64) {
	if !a.path(s.path, &s.bins, s.norm(), low, high) {
		return
	}
	for w, h := range s.wanted {
		s.put(e, w, back(s.path[h-1], a.log))
	}
}

// index returns the place in ahead of the bin of step target, or -1 where there is none.
func (s *slow) index(target int64) int {
	h := s.of(target) - (s.next - 1)
	if i, ok := slices.BinarySearch(s.wanted, h); ok {
		return i
	}
	return -1
}

func (s *slow) fields(c *state.Codec) {
	s.bins.fields(c)
	for i := range s.smooth {
		s.smooth[i].fields(c)
		s.near[i].fields(c)
		s.days[i].fields(c)
	}
	s.class.fields(c)
	s.level.fields(c)
	c.Float64(&s.size)
	c.Float64(&s.sized)
	if c.Reading() {
		s.dirty = true
	}
}
