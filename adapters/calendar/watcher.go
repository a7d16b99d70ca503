package calendar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Watcher keeps what is announced in line with calendars. Make it with NewWatcher. Its methods are safe for concurrent
// use.
//
// Each new engine wants a new Watcher: a Watcher does not say twice what it has said. An engine that was restored from a
// snapshot has events announced; give the Watcher the State of that moment with Restore.
type Watcher struct {
	cfg Config

	mu        sync.Mutex
	ledger    map[string]*standing // what is announced, by ID
	calendars []calendarState
	found     map[string]bool // keys of the findings of the last Sync
}

// standing is an event that is announced.
type standing struct {
	event    forecast.Event
	calendar string
	line     int
	doubted  bool // announced beside another of its ID, while its calendar was in doubt
	unsure   bool // from a State; to be announced again
}

// calendarState is what is remembered of a calendar.
type calendarState struct {
	loc       *time.Location
	held      time.Time // since when it is not believed because of what it lost; zero otherwise
	what      string    // what it lost then
	confirmed bool
	sum       [32]byte
	changed   time.Time // when the sum was seen to change
}

// NewWatcher returns a Watcher that has read and announced nothing yet. The error wraps scaler.Faults, with every fault of
// cfg.
func NewWatcher(cfg Config) (*Watcher, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, fmt.Errorf("calendar: %w", faults)
	}
	w := &Watcher{cfg: cfg, ledger: make(map[string]*standing), calendars: make([]calendarState, len(cfg.Calendars)), found: make(map[string]bool)}
	for i, c := range cfg.Calendars {
		if w.calendars[i].loc = c.Read.Location; c.Read.Location == nil {
			w.calendars[i].loc = time.UTC
		}
	}
	return w, nil
}

// Confirm believes the calendar of that name in the next Sync that can read it, whatever it has lost, even if it is empty
// or has faults. It returns false if there is no such calendar.
func (w *Watcher) Confirm(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.cfg.Calendars {
		if w.cfg.Calendars[i].Name == name {
			w.calendars[i].confirmed = true
			return true
		}
	}
	return false
}

// Announced returns the events that the Watcher has announced and that are not over, by start.
func (w *Watcher) Announced() []forecast.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := make([]forecast.Event, 0, len(w.ledger))
	for _, s := range w.ledger {
		events = append(events, s.event)
	}
	slices.SortFunc(events, compareEvents)
	return events
}

func compareEvents(a, b forecast.Event) int {
	return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID))
}

// wanted is an event that should be announced.
type wanted struct {
	standing
	note    string
	carried bool // no longer in its calendar, which is in doubt
}

// Sync loads the calendars and brings what is announced in line with them: new events are announced, those that changed
// are announced again under their ID, those that are gone are withdrawn. It announces first and withdraws then, so that
// there is no moment between in which an event that moved is not announced. Call it as often as a change should take to
// arrive, for example once a minute.
//
// Missing is not zero. While a calendar cannot be read, has faults, is empty, or has lost more than Config.Loss of what
// is to come, it is in doubt: what it says is announced, and what it no longer says stays announced beside it, because an
// event in doubt costs replicas and one that was lost costs visits. An event that moved stands at both times then. What a
// calendar itself calls off (STATUS:CANCELLED) is withdrawn at any time. An event that has begun is never withdrawn.
//
// The error joins what the Announcer refused, and what kept a calendar from being loaded; all of it stands in the Report,
// too, and everything else was done. A full table of events is no error: those that start first are announced.
func (w *Watcher) Sync(ctx context.Context, now time.Time) (Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Report{At: now}, err
	}
	s := &syncing{w: w, now: now, report: Report{At: now}}
	var want []wanted
	for i := range w.cfg.Calendars {
		want = append(want, s.read(ctx, i)...)
	}
	if err := ctx.Err(); err != nil {
		return Report{At: now}, err // what could not be read for want of time says nothing of the calendars
	}
	want = s.single(want)
	s.weights(want)
	s.announce(want)
	s.finish(ctx)
	return s.report, errors.Join(s.errs...)
}

// syncing is the state of one Sync.
type syncing struct {
	w       *Watcher
	now     time.Time
	report  Report
	errs    []error
	desired map[string]time.Time // starts by ID
}

// over says whether ev can have no effect any more.
func over(ev *forecast.Event, now time.Time) bool {
	return ev.Start.Add(ev.Window + ev.Duration + grace).Before(now)
}

// single leaves out what is announced by another entry already. want is in the order of the calendars.
func (s *syncing) single(want []wanted) []wanted {
	kept := want[:0:0]
	ids := make(map[string]int)
	starts := make(map[string][]int) // by signature, places in kept
	for _, x := range want {
		key := signature(&x.event)
		twin := -1
		if i, taken := ids[x.event.ID]; taken {
			twin = i
		}
		for _, i := range starts[key] {
			if twin < 0 && s.near(kept[i].event.Start, x.event.Start) {
				twin = i
			}
		}
		if twin < 0 {
			ids[x.event.ID] = len(kept)
			starts[key] = append(starts[key], len(kept))
			kept = append(kept, x)
			continue
		}
		other := &kept[twin]
		switch {
		case x.carried:
		case x.event.ID == other.event.ID && (!s.near(x.event.Start, other.event.Start) || key != signature(&other.event)):
			s.find(FindConflict, x.calendar, x.line, x.event.ID, "%s has the id of %s in %s; the latter is announced, this one is not", s.name(x.standing), s.name(other.standing), place(other.standing))
		default:
			s.find(FindDuplicate, x.calendar, x.line, x.event.ID, "%s is in %s already; it is announced once", s.name(x.standing), place(other.standing))
		}
	}
	return kept
}

// near says whether two starts may be those of one event.
func (s *syncing) near(a, b time.Time) bool {
	if s.w.cfg.Same < 0 {
		return false
	}
	return a.Sub(b).Abs() <= s.w.cfg.Same
}

// announce tells the Announcer what is new or changed, those that start first before the others, and then withdraws what
// is gone.
func (s *syncing) announce(want []wanted) {
	w := s.w
	slices.SortStableFunc(want, func(a, b wanted) int { return compareEvents(a.event, b.event) })
	s.desired = make(map[string]time.Time)
	for i := range want {
		s.desired[want[i].event.ID] = want[i].event.Start
	}
	full := false
	for i := range want {
		x := &want[i]
		was := w.ledger[x.event.ID]
		if was != nil && !was.unsure && sameEvent(&was.event, &x.event) {
			was.calendar, was.line, was.doubted = x.calendar, x.line, x.doubted
			continue
		}
		if was == nil && full {
			s.report.Waiting = append(s.report.Waiting, x.event)
			continue
		}
		err := w.cfg.Announcer.Announce(x.event)
		if errors.Is(err, forecast.ErrEventTableFull) {
			s.withdrawGone()
			err = w.cfg.Announcer.Announce(x.event)
		}
		for errors.Is(err, forecast.ErrEventTableFull) && s.makeRoom(x.event.Start) {
			err = w.cfg.Announcer.Announce(x.event)
		}
		switch {
		case errors.Is(err, forecast.ErrEventTableFull):
			full = true
			s.report.Waiting = append(s.report.Waiting, x.event)
			continue
		case err != nil:
			s.errs = append(s.errs, fmt.Errorf("announce %q: %w", x.event.ID, err))
			s.find(FindRefused, x.calendar, x.line, x.event.ID, "%s was refused: %v", s.name(x.standing), err)
			continue
		}
		now := x.standing
		now.unsure = false
		w.ledger[x.event.ID] = &now
		switch {
		case was == nil:
			s.report.Announced = append(s.report.Announced, x.event)
			s.late(x)
		case !sameEvent(&was.event, &x.event):
			s.report.Edited = append(s.report.Edited, Edit{Was: was.event, Is: x.event})
			if !was.event.Start.Equal(x.event.Start) {
				s.late(x)
			}
		}
	}
	s.withdrawGone()
	if n := len(s.report.Waiting); n > 0 {
		s.find(FindWaiting, "", 0, "", "the table of events is full: %d from %s on wait until earlier ones have passed; a larger max_events announces them now", n, s.report.Waiting[0].Start.Format(momentLayout))
	}
}

// makeRoom takes back the announced event that starts last, if it starts after that moment, or is to.
func (s *syncing) makeRoom(start time.Time) bool {
	var last *standing
	latest := start
	for id, x := range s.w.ledger {
		at := x.event.Start
		if moved, there := s.desired[id]; there {
			at = moved
		}
		if at.After(latest) || last != nil && at.Equal(latest) && id > last.event.ID {
			last, latest = x, at
		}
	}
	if last == nil || !latest.After(s.now) {
		return false
	}
	_ = s.w.cfg.Announcer.Withdraw(last.event.ID) // one that the engine does not know makes no room, and the next is tried
	delete(s.w.ledger, last.event.ID)
	s.report.Evicted = append(s.report.Evicted, last.event)
	return true
}

// withdrawGone withdraws what no calendar has any more, and forgets what is over.
func (s *syncing) withdrawGone() {
	for _, ev := range s.gone() {
		x := s.w.ledger[ev.ID]
		if !ev.Start.After(s.now) {
			if over(&ev, s.now) {
				delete(s.w.ledger, ev.ID)
			}
			continue // it has begun: what it brings is under way, and a plan may drop what has aired
		}
		if err := s.w.cfg.Announcer.Withdraw(ev.ID); err != nil && !errors.Is(err, forecast.ErrUnknownEvent) {
			s.errs = append(s.errs, fmt.Errorf("withdraw %q: %w", ev.ID, err))
			s.find(FindRefused, x.calendar, 0, ev.ID, "%s could not be withdrawn: %v", s.name(*x), err)
			continue
		}
		delete(s.w.ledger, ev.ID)
		s.report.Withdrawn = append(s.report.Withdrawn, ev)
	}
}

// gone are the announced events that no calendar has any more, by start.
func (s *syncing) gone() []forecast.Event {
	var events []forecast.Event
	for id, x := range s.w.ledger {
		if _, there := s.desired[id]; !there {
			events = append(events, x.event)
		}
	}
	slices.SortFunc(events, compareEvents)
	return events
}
