package datadog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Client asks Datadog on behalf of all Sources of one organisation, so that many workloads cost few requests. Make one for
// each organisation, with NewClient, and its Sources with Source.
//
// Sources with the same Step and Delay share requests, up to ClientConfig.Batch of them one. Whoever reads first asks for the
// same window for those that are likely to read soon, and they find their answers when they do. An answer serves each Source
// once, so that a second Read of the same window is a second look, and if it has no number yet for the newest interval, only for
// fifteen seconds. What nobody has come for is dropped a Step and five minutes
// later, and a Source that did not come is not asked for again until it reads.
//
// A batch that is refused is divided until those queries are found that are the reason; for ten minutes they are asked
// alone. After a rate limit, and when an answer says that no query remains, nothing is asked until it is over.
//
// No error holds a key. Its methods are safe for concurrent use.
type Client struct {
	cfg  ClientConfig
	http http.Client

	mu      sync.Mutex // guards what follows, and all that Sources have of answers; never held during I/O
	batches []*batch
	limit   *RateLimit // the newest; nil before the first
	until   time.Time  // nothing is asked before
	reason  *APIError  // why
	usage   Usage
}

// Usage is what a Client has done since it was made.
type Usage struct {
	Requests uint64 // that were sent
	Queries  uint64 // in them
	Shared   uint64 // pages of Reads that took what was there, because another Source or an earlier Read had asked for it
}

// NewClient returns a Client that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewClient(cfg ClientConfig) (*Client, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, faults
	}
	c := &Client{cfg: cfg, http: *cfg.HTTP}
	// Not followed: net/http would carry the keys to whichever host it names.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// String returns whom c asks, and nothing of how: to print all of it would show what is under way.
func (c *Client) String() string { return "datadog client of " + c.cfg.URL }

// RateLimit returns what the newest answer that spoke of it said, and false before the first.
func (c *Client) RateLimit() (RateLimit, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit == nil {
		return RateLimit{}, false
	}
	return *c.limit, true
}

// Usage returns what c has done so far.
func (c *Client) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

// paused returns an error while nothing may be asked.
func (c *Client) paused() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := time.Until(c.until)
	if wait <= 0 {
		return nil
	}
	left := *c.reason
	left.RetryAfter = wait
	return fmt.Errorf("not asked, %v too early: %w", wait.Round(time.Millisecond), &left)
}

// heed keeps to what an answer says of the rate limit.
func (c *Client) heed(limit *RateLimit, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if limit != nil {
		c.limit = limit
	}
	var refused *APIError
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
	case limit != nil && limit.Remaining == 0:
		refused = &APIError{Status: http.StatusTooManyRequests, Limit: limit, RetryAfter: limit.Reset}
	default:
		return
	}
	if until := time.Now().Add(refused.RetryAfter); until.After(c.until) {
		c.until, c.reason = until, refused
	}
}

func (c *Client) count(queries int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usage.Requests++
	c.usage.Queries += uint64(queries)
}

// answer returns the answer to what s asks: one that is there, one that is under way, or its own.
func (c *Client) answer(ctx context.Context, s *Source, w window) (*answer, error) {
	for {
		c.mu.Lock()
		if a := s.find(w); a != nil {
			c.usage.Shared++
			if a.err != nil {
				s.drop(a)
			}
			c.mu.Unlock()
			return a, a.err
		}
		f := s.awaited(w)
		if err := s.out(); f == nil && err != nil {
			c.mu.Unlock()
			return nil, err
		}
		if f == nil {
			f = c.depart(s, w)
			c.mu.Unlock()
			a := c.fly(ctx, f)
			return a, a.err
		}
		c.mu.Unlock()
		select {
		case <-f.done: // it leaves an answer, unless whoever led it gave up: then this Source leads the next
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
