package datadog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/forecast"
)

// Source reads one series from Datadog.
//
// null is a known gap; a bucket that Datadog does not have is left out. Values pass as they are: a zero during an outage of
// whatever measures is a zero here too, unless the query says otherwise. An answer with more than one series, another
// interval than the rollup asks, or times that were not asked for, that come twice or run backwards, is an error. Samples are
// in UTC.
//
// It does not repeat a query that has failed: whoever reads again, with a window that overlaps, is the repetition. When an
// answer says that no query remains it asks nothing until the limit's next window, at most 5 minutes, and Read returns an
// *APIError with Status 429.
//
// No error holds a key. Its methods are safe for concurrent use.
type Source struct {
	cfg    SourceConfig
	client http.Client

	mu    sync.Mutex
	limit *RateLimit // the newest; nil before the first
	until time.Time  // nothing is asked before
}

var _ adapters.Source = (*Source)(nil)

// NewSource returns a Source that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewSource(cfg SourceConfig) (*Source, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, faults
	}
	s := &Source{cfg: cfg, client: *cfg.Client}
	// Not followed: net/http would carry the keys to whichever host it names.
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s, nil
}

// RateLimit returns what the newest answer that spoke of it said, and false before the first.
func (s *Source) RateLimit() (RateLimit, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit == nil {
		return RateLimit{}, false
	}
	return *s.limit, true
}

// Read implements adapters.Source. Its errors are *APIError where Datadog refused.
func (s *Source) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	step := s.cfg.Step
	first := from.UTC().Truncate(step) // buckets lie at multiples of the step since 1970, and a day is a multiple of the step
	if first.Before(from) {
		first = first.Add(step)
	}
	last := to.UTC().Add(-s.cfg.Delay).Truncate(step)
	out, scope, known := dst, "", false
	for first.Before(last) {
		end := first.Add(time.Duration(s.cfg.Points) * step)
		if end.After(last) {
			end = last
		}
		columns, err := s.page(ctx, first, end)
		if err != nil {
			return dst, fmt.Errorf("datadog source: %w", err)
		}
		for i := range columns {
			if known && columns[i].scope != scope {
				return dst, fmt.Errorf("datadog source: several series, such as %q and %q; wanted one", clip(scope), clip(columns[i].scope))
			}
			scope, known = columns[i].scope, true
			if i > 0 {
				return dst, fmt.Errorf("datadog source: %d series of %q; wanted one", len(columns), clip(scope))
			}
			if out, err = columns[i].samples(out, first, end, step); err != nil {
				return dst, fmt.Errorf("datadog source: %w", err)
			}
		}
		first = end
	}
	return out, nil
}

// page asks once, unless no query remains.
func (s *Source) page(ctx context.Context, first, end time.Time) ([]column, error) {
	s.mu.Lock()
	wait, limit := time.Until(s.until), s.limit
	s.mu.Unlock()
	if wait > 0 {
		return nil, fmt.Errorf("not asked, %v too early: %w", wait.Round(time.Millisecond), &APIError{Status: http.StatusTooManyRequests, Limit: limit})
	}
	columns, limit, err := s.ask(ctx, first, end)
	if limit != nil {
		s.mu.Lock()
		s.limit = limit
		var refused *APIError
		if limit.Remaining == 0 || errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests {
			s.until = time.Now().Add(limit.Reset)
		}
		s.mu.Unlock()
	}
	return columns, err
}
