package adapters

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// intake is the last part of the way into one signal of the engine. The windows of sources overlap, and it lets each sample
// through once: the engine would drop what lies in a closed step anyway, but in the open step it takes every sample into
// the mean, and must not be given one twice.
type intake struct {
	index  int
	name   string
	newest time.Time // time of the newest sample that came; zero before the first
	seen   []mark    // what came in the overlap before newest, in ascending order
	since  time.Time // the engine was restored with samples up to here: what is not after it, it has had or given up
}

// mark is one sample that the engine was given.
type mark struct {
	at  time.Time
	gap bool // its value was NaN: a number may still come
}

// window returns from where to read at time now.
func (in *intake) window(now time.Time, backfill, overlap time.Duration) time.Time {
	from := now.Add(-backfill)
	if again := in.newest.Add(-overlap); !in.newest.IsZero() && again.After(from) {
		from = again
	}
	return from
}

// observe gives the engine those of samples that it has not had, in location loc unless that is nil. A sample outside
// from..to is refused, because one that lies ahead would make the engine take the present for the past. It returns how many
// were new; the error names the first sample that was refused, and the others have been observed all the same.
func (in *intake) observe(e *scaler.Engine, samples []forecast.Sample, from, to time.Time, loc *time.Location) (int, error) {
	var first error
	refused, taken := 0, 0
	refuse := func(err error) {
		if refused++; first == nil {
			first = err
		}
	}
	for _, s := range samples {
		if s.Time.Before(from) || !s.Time.Before(to) {
			refuse(fmt.Errorf("sample at %v; wanted from %v to before %v, as was asked", s.Time, from, to))
			continue
		}
		if !in.admit(s) {
			continue
		}
		if loc != nil {
			s.Time = s.Time.In(loc)
		}
		if err := e.Observe(in.index, s); err != nil {
			refuse(fmt.Errorf("sample at %v: %w", s.Time, err))
			continue
		}
		taken++
	}
	if refused == 0 {
		return taken, nil
	}
	return taken, fmt.Errorf("%d of %d samples refused, the first: %w", refused, len(samples), first)
}

// admit says whether s is new, and remembers it.
func (in *intake) admit(s forecast.Sample) bool {
	if !s.Time.After(in.since) {
		return false
	}
	gap := math.IsNaN(s.Value)
	i := len(in.seen)
	if i > 0 && !s.Time.After(in.seen[i-1].at) { // in ascending order nearly all samples come after the last
		var found bool
		i, found = slices.BinarySearchFunc(in.seen, s.Time, func(m mark, t time.Time) int { return m.at.Compare(t) })
		if found {
			late := in.seen[i].gap && !gap
			in.seen[i].gap = gap && in.seen[i].gap
			return late
		}
	}
	in.seen = slices.Insert(in.seen, i, mark{s.Time, gap})
	if s.Time.After(in.newest) {
		in.newest = s.Time
	}
	return true
}

// forget drops what no later window reaches.
func (in *intake) forget(overlap time.Duration) {
	from := in.newest.Add(-overlap)
	n := slices.IndexFunc(in.seen, func(m mark) bool { return !m.at.Before(from) })
	if n > 0 {
		in.seen = slices.Clone(in.seen[n:]) // and not a slice of the backfill's array
	}
}
