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
)

// maxAnswer is the largest answer that is read, in bytes. One series of 1500 points takes some 50,000.
const maxAnswer = 4 << 20

const hidden = "[hidden]"

// concealed is an error whose text may have held a key.
type concealed struct {
	text string
	err  error
}

func (e *concealed) Error() string { return e.text }

// Is keeps what the error was, and not what it said.
func (e *concealed) Is(target error) bool { return errors.Is(e.err, target) }

// ask sends one query for the intervals from first to before end.
func (s *Source) ask(ctx context.Context, first, end time.Time) ([]column, *RateLimit, error) {
	keys, err := s.cfg.Keys()
	if err != nil {
		return nil, nil, fmt.Errorf("keys: %w", err)
	}
	if keys.API == "" || keys.Application == "" {
		return nil, nil, errors.New("keys: one is empty; wanted an API key and an application key")
	}
	hide := strings.NewReplacer(keys.API, hidden, keys.Application, hidden)
	limited, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	columns, limit, err := s.exchange(limited, first, end, keys, hide)
	if answer := (*APIError)(nil); err == nil || errors.As(err, &answer) {
		return columns, limit, err
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no whole answer within %v: %w", s.cfg.Timeout, err)
	}
	return nil, limit, &concealed{hide.Replace(err.Error()), err}
}

func (s *Source) exchange(ctx context.Context, first, end time.Time, keys Keys, hide *strings.Replacer) ([]column, *RateLimit, error) {
	req, err := s.request(ctx, first, end)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("DD-API-KEY", keys.API)
	req.Header.Set("DD-APPLICATION-KEY", keys.Application)
	req.Header.Set("Accept", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	limit := rateLimit(res.Header)
	if limit != nil {
		limit.Name = hide.Replace(limit.Name)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	text := hide.Replace(string(raw)) // first of all, because a quotation may break off in the middle of a key
	switch {
	case res.StatusCode != http.StatusOK: // what its text says of it, if it has come, is worth less than the number
		return nil, limit, &APIError{res.StatusCode, clip(strings.ToValidUTF8(hide.Replace(said(text)), "")), limit}
	case err != nil:
		return nil, limit, fmt.Errorf("reading the answer: %w", err)
	case len(raw) > maxAnswer:
		return nil, limit, fmt.Errorf("answer of more than %d bytes; wanted one series", maxAnswer)
	}
	var columns []column
	var refused string
	if s.cfg.Version == 1 {
		columns, refused, err = read1([]byte(text), s.cfg.Step)
	} else {
		columns, refused, err = read2([]byte(text))
	}
	if err != nil {
		return nil, limit, fmt.Errorf("answer %q: %w", clip(text), err)
	}
	if refused != "" {
		return nil, limit, &APIError{res.StatusCode, clip(hide.Replace(refused)), limit}
	}
	return columns, limit, nil
}

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

func (s *Source) request(ctx context.Context, first, end time.Time) (*http.Request, error) {
	address := strings.TrimRight(s.cfg.URL, "/")
	if s.cfg.Version == 1 {
		form := url.Values{
			"query": {s.cfg.Query}, "from": {strconv.FormatInt(first.Unix(), 10)}, "to": {strconv.FormatInt(end.Unix(), 10)},
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/v1/query?"+form.Encode(), nil)
	}
	type object = map[string]any
	body, err := json.Marshal(object{"data": object{"type": "timeseries_request", "attributes": object{
		"from": first.UnixMilli(), "to": end.UnixMilli(), "interval": s.cfg.Step.Milliseconds(),
		"queries":  []object{{"data_source": "metrics", "name": "demand", "query": s.cfg.Query}},
		"formulas": []object{{"formula": "demand"}},
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
