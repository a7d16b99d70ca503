package calendar

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// read returns what the i-th calendar wants to have announced, with what it has lost while it is in doubt.
func (s *syncing) read(ctx context.Context, i int) []wanted {
	c, state := &s.w.cfg.Calendars[i], &s.w.calendars[i]
	status := Status{Name: c.Name}
	defer func() { s.report.Calendars = append(s.report.Calendars, status) }()

	known := s.known(c.Name)
	content, err := c.Loader.Load(ctx)
	if err != nil {
		err = fmt.Errorf("%s: %w", c.Name, err)
		s.errs = append(s.errs, err)
		s.find(FindUnreadable, c.Name, 0, "", "it cannot be loaded (%v); its %s announced", unwrapName(err), stay(len(known)))
		status.Doubt = true
		return s.carry(c.Name, Plan{}, true)
	}
	s.age(c, state, content)
	cfg := c.Read
	cfg.From, cfg.To = s.now.Add(-past), s.now.Add(s.w.cfg.Horizon+max(0, s.w.cfg.Ahead))
	plan, err := Read(content.Data, c.Name, cfg)
	faulty := err != nil
	if faulty {
		s.faults(c.Name, err, len(known))
	}
	status.Events, status.Ignored = s.coming(plan), plan.Ignored
	status.Ends = plan.Last

	lost := s.lost(known, plan)
	emptied := status.Events == 0 && len(lost) > 0 && !s.w.cfg.Empty
	sure := 0
	for _, x := range known {
		if !x.doubted {
			sure++
		}
	}
	loss := len(lost) >= leastLoss && float64(len(lost)) > s.w.cfg.Loss*float64(sure)
	loss = loss || len(lost) > 0 && !state.held.IsZero() // what moved onto another's time is not lost any more, and yet in doubt
	switch {
	case state.confirmed:
		state.confirmed, state.held = false, time.Time{}
	case faulty:
		status.Doubt = true
	case emptied:
		status.Doubt = true
		s.find(FindEmpty, c.Name, 0, "", "it has no coming event any more; its %s announced until it is confirmed or they have passed", stay(len(known)))
	case loss:
		status.Doubt = s.hold(c.Name, state, plan, sure, lost)
	default:
		state.held = time.Time{}
	}
	if !status.Doubt {
		s.ends(c.Name, plan, state.loc)
	}
	s.plausible(c.Name, plan, state.loc)
	return s.carry(c.Name, plan, status.Doubt)
}

// stay says what becomes of so many events.
func stay(n int) string {
	if n == 1 {
		return "1 coming event stays"
	}
	return fmt.Sprintf("%d coming events stay", n)
}

// unwrapName is the error without the name of the calendar before it, which a finding has.
func unwrapName(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// faults reports what is wrong with a calendar.
func (s *syncing) faults(name string, err error, known int) {
	s.errs = append(s.errs, err)
	var faults *Faults
	if !errors.As(err, &faults) {
		s.find(FindFault, name, 0, "", "%v; its %s announced", strings.TrimPrefix(err.Error(), name+": "), stay(known))
		return
	}
	for _, f := range faults.List {
		line := f.Line
		f.Line = 0 // the finding has it
		s.find(FindFault, name, line, "", "%s; until it is right nothing is withdrawn", f)
	}
	if faults.More > 0 {
		s.find(FindFault, name, 0, "", "%d more faults", faults.More)
	}
}

// known are the coming events that are announced for a calendar, by start.
func (s *syncing) known(name string) []*standing {
	var known []*standing
	for _, x := range s.w.ledger {
		if x.calendar == name && x.event.Start.After(s.now) {
			known = append(known, x)
		}
	}
	slices.SortFunc(known, func(a, b *standing) int { return compareEvents(a.event, b.event) })
	return known
}

// coming counts the events of a plan that have not begun.
func (s *syncing) coming(plan Plan) int {
	n := 0
	for i := range plan.Entries {
		if start := plan.Entries[i].Event.Start; start.After(s.now) && !start.After(s.now.Add(s.w.cfg.Horizon)) {
			n++
		}
	}
	return n
}

// has says whether plan still has the event x, at its time.
func (s *syncing) has(plan Plan, x *standing) bool {
	return slices.ContainsFunc(plan.Entries, func(e Entry) bool {
		same := e.Event.ID == x.event.ID || x.doubted && provisional(&e.Event) == x.event.ID
		return same && e.Event.Start.Sub(x.event.Start).Abs() <= max(0, s.w.cfg.Same)
	})
}

// lost are those of known that plan has no more, or at another time. What it calls off is not lost.
func (s *syncing) lost(known []*standing, plan Plan) []*standing {
	var lost []*standing
	for _, x := range known {
		if !x.doubted && !slices.Contains(plan.Cancelled, x.event.ID) && !s.has(plan, x) {
			lost = append(lost, x)
		}
	}
	return lost
}

// hold says whether a calendar that lost so much is not to be believed yet, and reports it.
func (s *syncing) hold(name string, state *calendarState, plan Plan, known int, lost []*standing) bool {
	if state.held.IsZero() {
		state.held = s.now
		state.what = fmt.Sprintf("%d of %d coming events are gone or moved at once", len(lost), known)
		if by, n := shift(lost, plan); n >= leastLoss && float64(n) >= 0.8*float64(len(lost)) {
			state.what += fmt.Sprintf("; %d of them by %s, as if the time zone were another", n, signed(by))
		}
	}
	what := orText(state.what, "many coming events are gone or moved at once") // a State has no words
	until := state.held.Add(s.w.cfg.Hold)
	if s.now.Before(until) {
		s.find(FindLoss, name, 0, "", "%s; they stay announced beside what it says now, until it is confirmed or %s", what, until.In(state.loc).Format(momentLayout))
		return true
	}
	s.find(FindLoss, name, 0, "", "%s; nobody confirmed that for %v, so it is believed now", what, s.w.cfg.Hold)
	state.held = time.Time{}
	return false
}

// shift returns the offset, a multiple of a quarter of an hour, by which most of lost stand in plan again, and how many.
func shift(lost []*standing, plan Plan) (by time.Duration, n int) {
	there := make(map[string]bool)
	for i := range plan.Entries {
		ev := &plan.Entries[i].Event
		there[ev.Start.UTC().Format(time.RFC3339)+signature(ev)] = true
	}
	for quarters := -56; quarters <= 56; quarters++ { // zones are up to 14 hours from UTC
		offset := time.Duration(quarters) * 15 * time.Minute
		found := 0
		for _, x := range lost {
			if there[x.event.Start.Add(offset).UTC().Format(time.RFC3339)+signature(&x.event)] {
				found++
			}
		}
		if quarters != 0 && found > n {
			by, n = offset, found
		}
	}
	return by, n
}

func signed(d time.Duration) string {
	if d > 0 {
		return "+" + span(d)
	}
	return "-" + span(-d)
}

// carry returns the entries of a plan within the horizon; while it is in doubt, what it has lost stays beside them.
func (s *syncing) carry(name string, plan Plan, doubt bool) []wanted {
	var kept []wanted
	held := make(map[string]bool)
	if doubt {
		for _, x := range s.known(name) {
			if !slices.Contains(plan.Cancelled, x.event.ID) && !s.has(plan, x) {
				kept = append(kept, wanted{standing: *x, carried: true})
				held[x.event.ID] = true
			}
		}
	}
	var want []wanted
	for i := range plan.Entries {
		e := &plan.Entries[i]
		if over(&e.Event, s.now) || e.Event.Start.After(s.now.Add(s.w.cfg.Horizon)) {
			continue
		}
		x := wanted{standing: standing{event: e.Event, calendar: name, line: e.Line}, note: e.Note}
		if held[x.event.ID] {
			x.event.ID, x.doubted = provisional(&x.event), true
		}
		want = append(want, x)
	}
	return append(want, kept...)
}

// provisional is the ID of an event that stands beside another of its ID.
func provisional(ev *forecast.Event) string {
	return ev.ID[:min(len(ev.ID), 230)] + "~" + ev.Start.UTC().Format("20060102T150405Z")
}

// age reports a calendar that was not changed for long.
func (s *syncing) age(c *Calendar, state *calendarState, content Content) {
	if sum := sha256.Sum256(content.Data); sum != state.sum || state.changed.IsZero() {
		state.sum, state.changed = sum, s.now
	}
	modified := content.Modified
	if modified.IsZero() {
		modified = state.changed
	}
	if age := s.now.Sub(modified); c.MaxAge > 0 && age > c.MaxAge {
		s.find(FindOld, c.Name, 0, "", "it was not changed for %s (since %s), and should be within %s", span(age), modified.In(state.loc).Format(momentLayout), span(c.MaxAge))
	}
}
