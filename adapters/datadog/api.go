package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/secret"
)

// maxAnswer is the largest answer that is read, in bytes. One series of 1500 points takes some 50,000.
const maxAnswer = 16 << 20

// question is what one request asks.
type question struct {
	queries    []string
	first, end time.Time // the intervals from first to before end
	step       time.Duration
}

// ask sends one request, unless there has to be a pause. Its errors hold no key; they are *APIError where Datadog has refused.
func (c *Client) ask(ctx context.Context, q question) ([]column, error) {
	if err := c.paused(); err != nil {
		return nil, err
	}
	keys, err := c.cfg.Keys()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if keys.API == "" || keys.Application == "" {
		return nil, errors.New("keys: one is empty; wanted an API key and an application key")
	}
	if err := c.cfg.Limiter.Wait(ctx); err != nil {
		return nil, &impatience{err}
	}
	hide := []string{string(keys.API), string(keys.Application)}
	limited, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	columns, limit, err := c.exchange(limited, q, keys, hide)
	c.heed(limit, err)
	c.count(len(q.queries))
	if err == nil {
		return columns, nil
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no whole answer within %v: %w", c.cfg.Timeout, err)
	}
	return nil, secret.ConcealError(err, hide)
}

func (c *Client) exchange(ctx context.Context, q question, keys Keys, hide []string) ([]column, *RateLimit, error) {
	req, err := c.request(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("DD-API-KEY", string(keys.API))
	req.Header.Set("DD-APPLICATION-KEY", string(keys.Application))
	req.Header.Set("Accept", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		if outer := (*url.Error)(nil); errors.As(err, &outer) { // its text has all the queries
			err = &callError{req.Method, req.URL.Host, outer.Err}
		}
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	limit := rateLimit(res.Header)
	if limit != nil {
		limit.Name = secret.Conceal(limit.Name, hide)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	text := secret.Conceal(string(raw), hide) // first of all, because a quotation may break off in the middle of a key
	refused := func(message string) error {
		e := &APIError{Status: res.StatusCode, Message: refusal.Clip(strings.ToValidUTF8(secret.Conceal(message, hide), "")), Limit: limit}
		if e.Status == http.StatusTooManyRequests {
			e.RetryAfter = patience(res.Header, limit)
		}
		return e
	}
	switch {
	case res.StatusCode != http.StatusOK: // what its text says of it, if it has come, is worth less than the number
		return nil, limit, refused(said(text))
	case err != nil:
		return nil, limit, fmt.Errorf("reading the answer: %w", err)
	case len(raw) > maxAnswer:
		return nil, limit, fmt.Errorf("answer of more than %d bytes; wanted %d series", maxAnswer, len(q.queries))
	}
	read := read1
	if c.cfg.Version == 2 {
		read = read2
	}
	columns, wrong, err := read([]byte(text))
	if err != nil {
		return nil, limit, fmt.Errorf("answer %q: %w", refusal.Clip(text), err)
	}
	if wrong != "" {
		return nil, limit, refused(wrong)
	}
	return columns, limit, nil
}

// impatience is the error of who does not want to wait for the limit of this client as long as it takes. Others may.
type impatience struct{ err error }

func (e *impatience) Error() string { return "waiting for the limit of this client: " + e.err.Error() }

func (e *impatience) Unwrap() error { return e.err }

// callError says that no answer has come. It is a net.Error: the same request may be answered a little later.
type callError struct {
	method, host string
	err          error
}

func (e *callError) Error() string { return e.method + " " + e.host + ": " + e.err.Error() }

func (e *callError) Unwrap() error { return e.err }

// Timeout implements net.Error.
func (e *callError) Timeout() bool { return errors.Is(e.err, context.DeadlineExceeded) }

// Temporary implements net.Error.
func (e *callError) Temporary() bool { return true }

// said returns what an answer other than 200 says: its errors, if it has any, or all of it.
func said(text string) string {
	var known struct {
		Errors []string `json:"errors"`
	}
	if json.Unmarshal([]byte(text), &known) == nil && len(known.Errors) > 0 {
		return strings.Join(known.Errors, "; ")
	}
	return text
}

func (c *Client) request(ctx context.Context, q question) (*http.Request, error) {
	address := strings.TrimRight(c.cfg.URL, "/")
	if c.cfg.Version == 1 {
		form := url.Values{
			"query": {strings.Join(q.queries, ",")}, "from": {strconv.FormatInt(q.first.Unix(), 10)}, "to": {strconv.FormatInt(q.end.Unix(), 10)},
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/v1/query?"+form.Encode(), nil)
	}
	type object = map[string]any
	var queries, formulas []object
	for i, text := range q.queries {
		name := "q" + strconv.Itoa(i)
		queries = append(queries, object{"data_source": "metrics", "name": name, "query": text})
		formulas = append(formulas, object{"formula": name})
	}
	body, err := json.Marshal(object{"data": object{"type": "timeseries_request", "attributes": object{
		"from": q.first.UnixMilli(), "to": q.end.UnixMilli(), "interval": q.step.Milliseconds(), "queries": queries, "formulas": formulas,
	}}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/api/v2/query/timeseries", bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}
