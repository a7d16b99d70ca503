package calendar

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// late reports an event for which replicas come too late.
func (s *syncing) late(x *wanted) {
	left, lead := x.event.Start.Sub(s.now), s.w.cfg.Lead
	switch {
	case left < 0:
		s.find(FindLate, x.calendar, x.line, x.event.ID, "%s is too late: announced %s after its start, replicas need %s", s.name(x.standing), span(-left), span(lead))
	case left < lead:
		s.find(FindLate, x.calendar, x.line, x.event.ID, "%s is too late: announced %s before its start, replicas need %s", s.name(x.standing), span(left), span(lead))
	}
}

// ends reports a calendar that knows too little of what comes.
func (s *syncing) ends(name string, plan Plan, loc *time.Location) {
	left := plan.Last.Sub(s.now)
	switch {
	case s.w.cfg.Ahead < 0 || left >= s.w.cfg.Ahead:
	case plan.Last.IsZero():
		s.find(FindEnds, name, 0, "", "it has no event at all")
	case left < 0:
		s.find(FindEnds, name, 0, "", "it is over: its last event was on %s", plan.Last.In(loc).Format(momentLayout))
	default:
		s.find(FindEnds, name, 0, "", "it ends in %s, on %s; nothing is known of what comes then", span(left), plan.Last.In(loc).Format(momentLayout))
	}
}

// midnightShare of the events of a plan at midnight, sharp, looks like a column of times that was lost on the way.
const midnightShare = 0.8

// plausible reports times of a plan that are hardly meant.
func (s *syncing) plausible(name string, plan Plan, loc *time.Location) {
	midnight, short := 0, 0
	for i := range plan.Entries {
		e := &plan.Entries[i]
		if e.Note != "" && e.Event.Start.After(s.now) {
			s.find(FindTime, name, e.Line, e.Event.ID, "%s: %s", describe(&e.Event), e.Note)
		}
		if e.Event.Duration >= time.Hour {
			continue // a sale may begin at midnight
		}
		short++
		if t := e.Event.Start.In(loc); t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
			midnight++
		}
	}
	if short >= 5 && float64(midnight) >= midnightShare*float64(short) {
		s.find(FindTime, name, 0, "", "%d of %d events begin at midnight; has the time of day been lost?", midnight, short)
	}
	for i := range plan.Far {
		e := &plan.Far[i]
		s.find(FindTime, name, e.Line, e.Event.ID, "%q (%s) begins in the year %d; a slip?", e.Event.ID, e.Event.Kind, e.Event.Start.Year())
	}
}

// weights reports weights that are far from what is usual for their kind, and events of two calendars that may be the same.
func (s *syncing) weights(want []wanted) {
	byKind := make(map[string][]float64)
	for i := range want {
		if ev := &want[i].event; ev.Weight > 0 {
			byKind[ev.Kind] = append(byKind[ev.Kind], ev.Weight)
		}
	}
	for _, list := range byKind {
		slices.Sort(list)
	}
	sorted := slices.Clone(want)
	slices.SortStableFunc(sorted, func(a, b wanted) int { return compareEvents(a.event, b.event) })
	for i := range sorted {
		x := &sorted[i]
		if list := byKind[x.event.Kind]; len(list) >= 5 {
			if usual := list[len(list)/2]; x.event.Weight >= s.w.cfg.Usual*usual {
				s.find(FindWeight, x.calendar, x.line, x.event.ID, "%s has the weight %g, %.0f times the usual %g; another unit, or thousands taken for decimals?", s.name(x.standing), x.event.Weight, x.event.Weight/usual, usual)
			}
		}
		for j := i + 1; j < len(sorted) && s.near(x.event.Start, sorted[j].event.Start); j++ {
			if y := &sorted[j]; y.calendar != x.calendar && y.event.Kind == x.event.Kind {
				s.find(FindOverlap, y.calendar, y.line, y.event.ID, "%s may be %s of %s, with other labels; both are announced", s.name(y.standing), describe(&x.event), place(x.standing))
				break
			}
		}
	}
}

// finish completes the report, remembers what was found and logs it.
func (s *syncing) finish(ctx context.Context) {
	w := s.w
	s.report.Standing = len(w.ledger)
	found := make(map[string]bool)
	counts := make(map[string]int)
	kept := s.report.Findings[:0]
	for _, f := range s.report.Findings {
		key := f.key()
		f.New = !w.found[key]
		found[key] = true
		group := string(f.Rule) + "\x00" + f.Calendar
		if counts[group]++; counts[group] <= mostFindings {
			kept = append(kept, f)
		}
	}
	for i, f := range kept {
		group := string(f.Rule) + "\x00" + f.Calendar
		if n := counts[group]; n > mostFindings && (i == len(kept)-1 || !slices.ContainsFunc(kept[i+1:], func(g Finding) bool { return g.Rule == f.Rule && g.Calendar == f.Calendar })) {
			kept[i].Text += fmt.Sprintf(" (and %d more of this kind)", n-mostFindings)
		}
	}
	s.report.Findings, w.found = kept, found
	if len(s.report.Announced)+len(s.report.Edited)+len(s.report.Withdrawn) > 0 {
		w.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "calendar", slog.Any("sync", s.report))
	}
	for _, f := range s.report.Findings {
		if f.New {
			w.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, f.String(), slog.Any("finding", f))
		}
	}
}
