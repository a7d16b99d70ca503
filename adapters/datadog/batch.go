package datadog

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// batch is Sources that are asked for together. They have the same step, which is a matter of the request, and the same delay, so
// that what is final for one is final for all.
type batch struct {
	step, delay time.Duration
	length      int // of their queries, escaped
	members     []*Source

	failures int       // requests for more than one of them, in a row, that found no answer at all
	failed   time.Time // the last of them
	err      error     // and its error
	whole    time.Time // it is not divided before: the last time nobody could be singled out
	narrow   int       // how many times a request for history takes a quarter of them, because all found no answer
}

const (
	// keepBeyondStep is how long what was asked for a Source is kept for it, beyond a Step.
	keepBeyondStep = 5 * time.Minute
	// keepFailure is that for failures. They are shared by those that read at the same time, and later ones ask again.
	keepFailure = time.Second
	// unripeFor is that for answers that have no number yet in the newest interval: those that read somewhat later may get it.
	unripeFor = 15 * time.Second
	// narrowest is the largest batch.narrow.
	narrowest = 2
	// outageEvery is how often a batch is asked for that has failed more than once in a row. Who decides should not wait, and
	// when the outage is over the limit should not be used up.
	outageEvery = 10 * time.Second
	// aloneFor is how long a query is asked alone that spoilt a batch.
	aloneFor = 10 * time.Minute
	// longWindow is the number of intervals beyond which a Read is one of history, which only they want that begin or were away
	// for as long.
	longWindow = 120
)

// enlist finds a batch for s. The caller holds c.mu.
func (c *Client) enlist(s *Source) {
	length := len(url.QueryEscape(s.cfg.Query)) + len(url.QueryEscape(","))
	for _, b := range c.batches {
		if b.step == s.cfg.Step && b.delay == s.cfg.Delay && len(b.members) < c.cfg.Batch && (c.cfg.Version == 2 || b.length+length <= maxAddress) {
			s.batch = b
		}
	}
	if s.batch == nil {
		s.batch = &batch{step: s.cfg.Step, delay: s.cfg.Delay}
		c.batches = append(c.batches, s.batch)
	}
	s.batch.length += length
	s.batch.members = append(s.batch.members, s)
}

// window is what a Source asks for: the intervals from first to before end. It is long where it is part of a history.
type window struct {
	first, end time.Time
	long       bool
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
	q       question
	long    bool // it is part of a history
	done    chan struct{}
}

func (a *answer) covers(w window) bool { return !a.first.After(w.first) && !a.end.Before(w.end) }

// find returns the answer that is kept for s and covers w, or nil.
func (s *Source) find(w window) *answer {
	for _, a := range s.held {
		since := time.Since(a.came)
		switch {
		case !a.covers(w):
		case a.err != nil && since >= keepFailure:
		case a.err == nil && !w.long && !a.ripe(s.cfg.Step) && since >= unripeFor:
		default:
			return a
		}
	}
	return nil
}

// ripe says whether there is a number for the newest interval.
func (a *answer) ripe(step time.Duration) bool {
	if len(a.samples) == 0 {
		return false
	}
	newest := a.samples[len(a.samples)-1]
	return newest.Time.Equal(a.end.Add(-step)) && !math.IsNaN(newest.Value)
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
		if (&answer{first: f.q.first, end: f.q.end}).covers(w) {
			return f
		}
	}
	return nil
}

// out returns an error while nobody is asked for s because of an outage.
func (s *Source) out() error {
	since := time.Since(s.batch.failed)
	if s.batch.failures < 2 || since >= outageEvery || time.Now().Before(s.alone) {
		return nil
	}
	return fmt.Errorf("not asked, since %d answers in a row were, the last %v ago: %w", s.batch.failures, since.Round(time.Second), s.batch.err)
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

// depart makes the flight that s leads, with all those on board that are likely to want the same soon. The caller holds c.mu.
func (c *Client) depart(s *Source, w window) *flight {
	now := time.Now()
	step, b, room := s.cfg.Step, s.batch, c.cfg.Batch
	if w.long {
		room = max(1, room>>(2*b.narrow))
	}
	f := &flight{batch: b, members: []*Source{s}, q: question{first: w.first, end: w.end, step: step}, long: w.long, done: make(chan struct{})}
	for _, m := range b.members {
		m.expire(now)
		switch {
		case m == s || m.asleep || len(m.flights) > 0 || now.Before(m.alone) || now.Before(s.alone) || m.has(w):
		case len(f.members) == room:
		case w.long && m.upto.After(w.end.Add(-longWindow*step)): // it has its history
		default:
			f.members = append(f.members, m)
			if back := w.end.Add(-time.Duration(m.wants) * step); !w.long && back.Before(f.q.first) {
				f.q.first = back // it was a step or two further behind
			}
		}
	}
	if most := w.end.Add(-time.Duration(s.cfg.Points) * step); f.q.first.Before(most) {
		f.q.first = most
	}
	for _, m := range f.members {
		m.flights = append(m.flights, f)
	}
	return f
}
