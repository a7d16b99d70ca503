package datadog

import (
	"net/url"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// batch is Sources that are asked for together.
type batch struct {
	step    time.Duration
	length  int // of their queries, escaped
	members []*Source

	failures int       // requests for more than one of them, in a row, that found no answer at all
	whole    time.Time // it is not divided before: the last time nobody could be singled out
}

const (
	// keepBeyondStep is how long what was asked for a Source is kept for it, beyond a Step.
	keepBeyondStep = 5 * time.Minute
	// keepFailure is that for failures. They are shared by those that read at the same time, and later ones ask again.
	keepFailure = time.Second
	// aloneFor is how long a query is asked alone that spoilt a batch.
	aloneFor = 10 * time.Minute
	// longWindow is the number of intervals beyond which a Read is one of history, which only they want that begin.
	longWindow = 120
)

// enlist finds a batch for s. The caller holds c.mu.
func (c *Client) enlist(s *Source) {
	length := len(url.QueryEscape(s.cfg.Query)) + len(url.QueryEscape(","))
	for _, b := range c.batches {
		if b.step == s.cfg.Step && len(b.members) < c.cfg.Batch && (c.cfg.Version == 2 || b.length+length <= maxAddress) {
			s.batch = b
		}
	}
	if s.batch == nil {
		s.batch = &batch{step: s.cfg.Step}
		c.batches = append(c.batches, s.batch)
	}
	s.batch.length += length
	s.batch.members = append(s.batch.members, s)
}

// window is what a Source asks for: the intervals from first to before end, at time to. It is open where it goes up to the
// newest interval, which is another one later, and long where it is part of a history.
type window struct {
	first, end, to time.Time
	open, long     bool
}

// answer is what has come for one Source.
type answer struct {
	first, end time.Time // the intervals that it speaks of
	came       time.Time
	scope      string // of the series; "" if there is none
	known      bool   // there is a series
	samples    []forecast.Sample
	err        error
}

// appendTo appends the samples from first to before end.
func (a *answer) appendTo(dst []forecast.Sample, first, end time.Time) []forecast.Sample {
	at := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(a.samples, t, func(s forecast.Sample, t time.Time) int { return s.Time.Compare(t) })
		return i
	}
	return append(dst, a.samples[at(first):at(end)]...)
}

// flight is a request that is under way, with those that were divided off it.
type flight struct {
	batch   *batch
	members []*Source // the first leads
	ends    []time.Time
	q       question
	done    chan struct{}
}

func (a *answer) covers(w window) bool { return !a.first.After(w.first) && !a.end.Before(w.end) }

// find returns the answer that is kept for s and covers w, or nil.
func (s *Source) find(w window) *answer {
	for _, a := range s.held {
		if a.covers(w) && (a.err == nil || time.Since(a.came) < keepFailure) {
			return a
		}
	}
	return nil
}

// has says whether s need not be asked for w.
func (s *Source) has(w window) bool {
	a := s.find(w)
	return a != nil && a.err == nil
}

// keep keeps a for the next Read, in the place of what went wrong before.
func (s *Source) keep(a *answer) {
	s.held = slices.DeleteFunc(s.held, func(h *answer) bool { return h.err != nil })
	s.held = append(s.held, a)
}

// awaited returns the flight whose answer will cover w, or nil.
func (s *Source) awaited(w window) *flight {
	for _, f := range s.flights {
		i := slices.Index(f.members, s)
		if (&answer{first: f.q.first, end: f.ends[i]}).covers(w) {
			return f
		}
	}
	return nil
}

func (s *Source) drop(a *answer) {
	s.held = slices.DeleteFunc(s.held, func(h *answer) bool { return h == a })
}

// expire drops what s did not come for.
func (s *Source) expire(now time.Time) {
	s.held = slices.DeleteFunc(s.held, func(a *answer) bool {
		old := now.Sub(a.came) > s.cfg.Step+keepBeyondStep
		s.asleep = s.asleep || old
		return old
	})
}

// final returns the end of the newest interval that is complete for s at time to.
func (s *Source) final(to time.Time) time.Time { return to.Add(-s.cfg.Delay).Truncate(s.cfg.Step) }

// depart makes the flight that s leads, with all those on board that are likely to want the same soon. The caller holds c.mu.
func (c *Client) depart(s *Source, w window) *flight {
	now := time.Now()
	f := &flight{batch: s.batch, members: []*Source{s}, ends: []time.Time{w.end}, done: make(chan struct{})}
	first, end := w.first, w.end
	for _, m := range s.batch.members {
		m.expire(now)
		theirs := w.end
		if w.open {
			theirs = m.final(w.to)
		}
		switch {
		case m == s || m.asleep || len(m.flights) > 0 || now.Before(m.alone) || now.Before(s.alone):
		case w.long && m.reads > 0: // it has its history
		case !w.first.Before(theirs) || m.has(window{first: w.first, end: theirs}):
		default:
			f.members, f.ends = append(f.members, m), append(f.ends, theirs)
			if theirs.After(end) {
				end = theirs
			}
			if back := theirs.Add(-time.Duration(m.wants) * m.cfg.Step); w.open && !w.long && back.Before(first) {
				first = back
			}
		}
	}
	// What others want beyond w must not make it longer than a request may be.
	most := time.Duration(s.cfg.Points) * s.cfg.Step
	if end.Sub(w.first) > most {
		end = w.first.Add(most)
	}
	if end.Sub(first) > most {
		first = end.Add(-most)
	}
	for i := range f.ends {
		if f.ends[i].After(end) {
			f.ends[i] = end
		}
	}
	f.q = question{first: first, end: end, step: s.cfg.Step}
	for _, m := range f.members {
		m.flights = append(m.flights, f)
	}
	return f
}
