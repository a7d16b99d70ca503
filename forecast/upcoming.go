package forecast

import "time"

// Upcoming is an announced event that is near or under way.
type Upcoming struct {
	ID, Kind string
	Start    time.Time
	End      time.Time // when its effect is over at the latest, by what is known of its kind
	Others   int       // events beside it that are near or under way
}

// Upcoming returns the announced event that starts nearest to at, of those that may have an effect between from and to, and
// false where there is none. Its times are in the zone of from. It allocates nothing.
func (f *Forecaster) Upcoming(from, to, at time.Time) (Upcoming, bool) {
	var u Upcoming
	if f.calendar.n == 0 {
		return u, false
	}
	c := &f.calendar
	lo, hi := c.between(from.UnixNano(), to.UnixNano())
	found := 0
	var least int64
	for i := lo; i < hi; i++ {
		a := &c.events[i]
		m := c.models[a.prior]
		if a.start+a.late(m) < from.UnixNano() || a.start-a.early(m) >= to.UnixNano() {
			continue
		}
		found++
		away := a.start - at.UnixNano()
		if away = max(away, -away); found > 1 && away >= least {
			continue
		}
		least = away
		u.ID, u.Kind = a.id, a.kind
		u.Start, u.End = time.Unix(0, a.start).In(from.Location()), time.Unix(0, a.start+a.late(m)).In(from.Location())
	}
	u.Others = max(0, found-1)
	return u, found > 0
}
