package datadog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
)

// maxRequests is how many requests one flight may take at most. To find one query of 35 takes up to 13, and what is left
// undecided is decided by the next flights, without those that were found.
const maxRequests = 17

// fly asks, leaves all members their answers and returns that of the leader.
func (c *Client) fly(ctx context.Context, f *flight) *answer {
	answers := make([]answer, len(f.members))
	landed := false
	defer func() { // even if something panics: others wait
		c.mu.Lock()
		defer c.mu.Unlock()
		now := time.Now()
		for i, m := range f.members {
			m.flights = slices.DeleteFunc(m.flights, func(other *flight) bool { return other == f })
			if !landed || answers[i].err != nil && gaveUp(ctx, answers[i].err) {
				continue // the others have time of their own
			}
			answers[i].first, answers[i].end, answers[i].came = f.q.first, f.q.end, now
			if i > 0 || answers[i].err == nil {
				m.keep(&answers[i])
			}
		}
		close(f.done)
	}()
	d := division{c: c, ctx: ctx, flight: f, answers: answers, left: maxRequests, single: make([]bool, len(f.members))}
	d.first = d.request(0, len(f.members))
	d.settle(0, len(f.members), d.first)
	c.judge(&d)
	landed = true
	return &answers[0]
}

// gaveUp says that err is no answer for others, because who has asked did not want to wait.
func gaveUp(ctx context.Context, err error) bool {
	var short *impatience
	return ctx.Err() != nil || errors.As(err, &short)
}

// division finds the queries for which a request fails.
type division struct {
	c       *Client
	ctx     context.Context
	flight  *flight
	answers []answer
	left    int    // requests
	first   error  // of the request for all of them
	single  []bool // who was asked alone
}

// request sends one request for members i to j-1 and sees to their answers, unless the whole of it fails.
func (d *division) request(i, j int) error {
	d.left--
	q := d.flight.q
	place := make([]int, j-i) // of each member's query in q.queries: those that ask the same share it
	for k, m := range d.flight.members[i:j] {
		at := slices.Index(q.queries, m.cfg.Query)
		if at < 0 {
			at = len(q.queries)
			q.queries = append(q.queries, m.cfg.Query)
		}
		place[k] = at
	}
	columns, err := d.c.ask(d.ctx, q)
	if err != nil {
		return err
	}
	for i := range columns {
		switch said := &columns[i].query; {
		case *said == nil && len(q.queries) == 1:
			*said = new(int)
		case *said == nil:
			return fmt.Errorf("series without query_index; wanted one, since %d queries were asked", len(q.queries))
		case **said < 0 || **said >= len(q.queries):
			return fmt.Errorf("series of query_index %d; wanted one below %d, the number of queries", **said, len(q.queries))
		}
	}
	for k, at := range place {
		d.answers[i+k] = pick(columns, at, &q)
	}
	return nil
}

// pick returns the answer to query number at.
func pick(columns []column, at int, q *question) answer {
	var a answer
	for i := range columns {
		col := &columns[i]
		switch {
		case *col.query != at:
		case a.known && col.scope != a.scope:
			return answer{err: severalSeries(a.scope, col.scope)}
		case a.known:
			return answer{err: fmt.Errorf("several series of %q; wanted one", refusal.Clip(a.scope))}
		default:
			a.scope, a.known = col.scope, true
			if a.samples, a.err = col.samples(q); a.err != nil {
				return a
			}
		}
	}
	return a
}

func severalSeries(a, b string) error {
	return fmt.Errorf("several series, such as %q and %q; wanted one", refusal.Clip(a), refusal.Clip(b))
}

// settle divides members i to j-1, whose request has failed with err, or leaves it to all of them.
func (d *division) settle(i, j int, err error) {
	if err == nil {
		return
	}
	if j-i == 1 || d.left < 2 || d.ctx.Err() != nil || !d.worthwhile(err) {
		for k := i; k < j; k++ {
			d.answers[k].err, d.single[k] = err, j-i == 1
		}
		return
	}
	middle := (i + j) / 2
	low, high := d.request(i, middle), d.request(middle, j)
	if low != nil && high != nil && noAnswer(low) && noAnswer(high) { // it is no query of theirs: nothing is answered
		d.left = 0
	}
	d.settle(i, middle, low)
	d.settle(middle, j, high)
}

// worthwhile says whether a part of what has failed with err may succeed.
func (d *division) worthwhile(err error) bool {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	b := d.flight.batch
	if noAnswer(err) { // one of them may be too heavy; an outage does not get three requests in the place of one each time
		return b.failures%10 == 1
	}
	return ofQuery(err) && !time.Now().Before(b.whole)
}

// ofQuery says that err may be that of one query.
func ofQuery(err error) bool {
	var refused *APIError
	return errors.As(err, &refused) && refused.ofQuery()
}

// noAnswer says that err is an error of Datadog's own, or of the way to it, which one query that is too heavy may cause, too.
func noAnswer(err error) bool {
	var refused *APIError
	if errors.As(err, &refused) {
		return refused.Status >= http.StatusInternalServerError || refused.Status == http.StatusRequestTimeout
	}
	var network net.Error
	return errors.As(err, &network)
}

// judge remembers who was found.
func (c *Client) judge(d *division) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, b := time.Now(), d.flight.batch
	if len(d.answers) == 1 {
		s := d.flight.members[0]
		if d.flight.long && d.first == nil {
			b.widen(nil)
		}
		switch err := d.answers[0].err; {
		case d.first == nil && s.refused:
			s.alone, s.refused = time.Time{}, false
		case ofQuery(err) && now.Before(s.alone):
			s.alone = now.Add(aloneFor)
		}
		return
	}
	switch {
	case d.flight.long: // so much may be too much for one request; it says nothing of a short one
		b.widen(d.first)
	case d.first == nil || !noAnswer(d.first):
		b.failures = 0
	case d.ctx.Err() == nil:
		b.failures++
		b.failed, b.err = now, d.first
	}
	answered := func(a answer) bool { return a.err == nil }
	refused := func(a answer) bool { return ofQuery(a.err) }
	switch {
	case d.first == nil:
	case slices.ContainsFunc(d.answers, answered):
		if !d.flight.long {
			b.failures = 0
		}
		for i, m := range d.flight.members {
			if err := d.answers[i].err; d.single[i] && (ofQuery(err) || noAnswer(err)) {
				m.alone, m.refused = now.Add(aloneFor), ofQuery(err)
			}
		}
	case !slices.ContainsFunc(d.answers, func(a answer) bool { return !refused(a) }): // it is no query of theirs
		b.whole = now.Add(aloneFor)
	}
}

// widen lets the next requests for history have more queries if one has been answered, and fewer if it was not.
func (b *batch) widen(err error) {
	switch {
	case err == nil:
		b.narrow = max(0, b.narrow-1)
	case noAnswer(err):
		b.narrow = min(b.narrow+1, narrowest)
	}
}
