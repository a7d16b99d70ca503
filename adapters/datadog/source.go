package datadog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/forecast"
)

// Source reads one series from Datadog, through a Client.
//
// null is a known gap in version 1 of the API, and left out in version 2, where it may also mean that another series of the
// same answer has a value there; a bucket that Datadog does not have is left out. Values pass as they are: a zero during an outage of
// whatever measures is a zero here too, unless the query says otherwise. An answer with more than one series, another
// interval than the rollup asks, or times that were not asked for, that come twice or run backwards, is an error. Samples are
// in UTC.
//
// It does not repeat a query that has failed: whoever reads again, with a window that overlaps, is the repetition. The pages
// of a long window that have come are kept until then, so that it goes on where it stopped.
//
// No error holds a key. Its methods are safe for concurrent use.
type Source struct {
	cfg    SourceConfig
	client *Client
	batch  *batch

	// Guarded by the mutex of client:
	upto    time.Time // the end of the newest Read that succeeded; zero before the first
	wants   int       // intervals of the newest that was no history
	asleep  bool      // it did not come for what was asked for it
	alone   time.Time // it is asked for alone before
	refused bool      // because of what its query is, and not for how long it takes
	held    []*answer // for its next Read
	flights []*flight // that are under way and bring it an answer
}

var (
	_ adapters.Source = (*Source)(nil)
	_ adapters.Timed  = (*Source)(nil)
)

// Source returns a Source that has asked nothing yet. It counts as one of the Client's for as long as that is used. The error is
// scaler.Faults, with every fault of cfg.
func (c *Client) Source(cfg SourceConfig) (*Source, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, faults
	}
	s := &Source{cfg: cfg, client: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enlist(s)
	return s, nil
}

// String returns what s asks.
func (s *Source) String() string { return "datadog source of " + s.cfg.Query }

// Timing implements adapters.Timed with the configured delay.
func (s *Source) Timing() adapters.Timing { return adapters.Timing{Delay: s.cfg.Delay} }

// Read implements adapters.Source. Its errors are *APIError where Datadog refused.
func (s *Source) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	began := time.Now()
	first := from.UTC().Truncate(s.cfg.Step) // buckets lie at multiples of the step since 1970, and a day is a multiple of the step
	if first.Before(from) {
		first = first.Add(s.cfg.Step)
	}
	last := to.UTC().Add(-s.cfg.Delay).Truncate(s.cfg.Step)
	steps := int(max(0, last.Sub(first)) / s.cfg.Step)
	out, scope, known := dst, "", false
	var used []*answer
	for first.Before(last) {
		w := window{first: first, end: s.pageEnd(first, last), long: steps > longWindow}
		a, err := s.client.answer(ctx, s, w)
		if err != nil {
			return dst, fmt.Errorf("datadog source: %w", err)
		}
		if a.known && known && a.scope != scope {
			return dst, fmt.Errorf("datadog source: %w", severalSeries(scope, a.scope))
		}
		if a.known {
			scope, known = a.scope, true
		}
		out = a.appendTo(out, w.first, w.end)
		used = append(used, a)
		first = w.end
	}
	s.done(began, used, last, steps)
	return out, nil
}

// pageEnd returns the end of the page that begins at first. A window that takes several is cut at the same times for all
// Sources, whenever they begin.
func (s *Source) pageEnd(first, last time.Time) time.Time {
	page := time.Duration(s.cfg.Points) * s.cfg.Step
	if last.Sub(first) <= page {
		return last
	}
	return first.Truncate(page).Add(page)
}

// done notes a Read that has succeeded: its answers have served.
func (s *Source) done(began time.Time, used []*answer, last time.Time, steps int) {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.held = slices.DeleteFunc(s.held, func(a *answer) bool { return slices.Contains(used, a) || a.came.Before(began) })
	if steps > 0 {
		s.upto, s.asleep = last, false
	}
	if steps <= longWindow {
		s.wants = steps
	}
}
