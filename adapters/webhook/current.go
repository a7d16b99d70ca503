package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/timeline"
	"github.com/headroom-go/headroom/forecast"
)

// CurrentConfig says where a value stands that is true now, and how to ask for it. A zero field means the value in brackets.
type CurrentConfig struct {
	Endpoint Endpoint
	// Value is the place of the value in the answer, as KEDA's metrics-api scaler has it (valueLocation, the path syntax of
	// GJSON without queries): names and indexes with dots between them, such as queues.0.length; a dot within a name is
	// written \. ["value", for {"value": 12}].
	Value string
	// Time is the place of the time at which the value was true, RFC 3339 or unix seconds; without it an answer that a
	// cache has kept for an hour passes for what is true now [none: it is true when it is asked for].
	Time string
	// Step is the length of the interval that a sample describes. More than 0. Samples begin at multiples of it since 1970.
	Step time.Duration
	// Keep is how long samples are kept for windows that overlap [24h].
	Keep time.Duration
}

const defaultKeep = 24 * time.Hour

// Current asks a server for one number that is true now, such as {"value": 12}, which everything answers that works with
// KEDA's metrics-api scaler. Each Read asks once, unless it knows the newest interval already.
//
// The value at the end of an interval is its sample: what is true at 20:15:05 is the sample of the minute that began at
// 20:14:00 and is over. So Read must come soon after the end of an interval, which a Runner sees to; its to stands for now,
// and where that is more than a Step from the clock of Endpoint nothing is asked, because what is true now says nothing of then.
//
// The past is unknown, and unknown is not zero: intervals in which nobody asked, those before the first Read among them,
// are left out. A Runner with this Source begins without a backfill; save snapshots, or name another Source for the
// history as the first input of a Feed. A peak between two questions is not seen, so the value should be a mean or a rate
// over the interval rather than what is so at a moment.
//
// The value is a number or a number in quotes, and null is a known gap. Everything else is an error: no such place, text
// such as "12k" (KEDA reads Kubernetes' quantities), a list. Its methods are safe for concurrent use.
type Current struct {
	url     string
	cfg     CurrentConfig // without Endpoint
	value   []string
	time    []string
	clock   func() time.Time
	client  *client
	silence refusal.Silence

	mu   sync.Mutex
	line timeline.Timeline
}

var _ adapters.Source = (*Current)(nil)

// NewCurrent returns a Current that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewCurrent(cfg CurrentConfig) (*Current, error) {
	var faults faultList
	cfg.Endpoint = cfg.Endpoint.complete(&faults)
	cfg.Value = cmp.Or(cfg.Value, "value")
	cfg.Keep = cmp.Or(cfg.Keep, defaultKeep)
	value, ok := parsePlace(cfg.Value)
	faults.check(ok, "value", strconv.Quote(cfg.Value), "names and indexes with dots between them, such as queues.0.length")
	at, ok := parsePlace(cfg.Time)
	faults.check(ok || cfg.Time == "", "time", strconv.Quote(cfg.Time), "names and indexes with dots between them, or none")
	faults.check(cfg.Step > 0, "step", cfg.Step.String(), "more than 0s")
	faults.check(cfg.Keep >= cfg.Step, "keep", cfg.Keep.String(), "a step or more")
	if len(faults.Faults) > 0 {
		return nil, faults.Faults
	}
	c := &Current{url: cfg.Endpoint.URL, value: value, time: at, clock: cfg.Endpoint.Clock, client: newClient(cfg.Endpoint)}
	cfg.Endpoint = Endpoint{}
	c.cfg = cfg
	return c, nil
}

// Read implements adapters.Source. Its errors are *StatusError where the server has answered with one.
func (c *Current) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if newest, ok := c.line.Newest(); from.Before(to) && (!ok || !newest.Equal(c.interval(to))) {
		if apart := c.clock().Sub(to); apart.Abs() <= c.cfg.Step {
			if err := c.ask(ctx, to); err != nil {
				return dst, fmt.Errorf("webhook current value: %w", err)
			}
		}
	}
	return c.line.Window(dst, from, to, c.cfg.Step), nil
}

// interval returns the start of the last interval that is over by t.
func (c *Current) interval(t time.Time) time.Time {
	step := c.cfg.Step.Nanoseconds()
	n := t.UnixNano()
	over := n - (n%step+step)%step
	return time.Unix(0, over-step).UTC()
}

// ask takes what is true now for the sample of the interval that was the last to be over by now.
func (c *Current) ask(ctx context.Context, now time.Time) error {
	if err := c.silence.Err(); err != nil {
		return err
	}
	var value float64
	at := now
	err := c.client.ask(ctx, request{method: "GET", url: c.url}, func(text []byte) error {
		raw, err := find(text, c.cfg.Value, c.value)
		if err != nil {
			return err
		}
		if value, err = parseCurrent(raw); err != nil {
			return fmt.Errorf("%s is %s; wanted %w", c.cfg.Value, shown(raw), err)
		}
		if c.time == nil {
			return nil
		}
		if raw, err = find(text, c.cfg.Time, c.time); err != nil {
			return err
		}
		if at, err = parseTime(raw); err != nil {
			return fmt.Errorf("%s is %s; wanted %w", c.cfg.Time, shown(raw), err)
		}
		if ahead := at.Sub(now); ahead > c.cfg.Step {
			return fmt.Errorf("%s is %s, %v ahead of this clock; wanted the past", c.cfg.Time, shown(raw), ahead.Round(time.Second))
		}
		return nil
	})
	if err != nil {
		c.silence.Heed(err)
		return err
	}
	start := c.interval(at)
	if at.After(now) {
		start = c.interval(now) // its clock is ahead by less than a step
	}
	if newest, ok := c.line.Newest(); !ok || start.After(newest) { // what an interval is, it remains
		c.line.Add(forecast.Sample{Time: start, Value: value})
	}
	c.line.Trim(now.Add(-c.cfg.Keep))
	return nil
}

// parsePlace splits a place into names.
func parsePlace(place string) ([]string, bool) {
	var names []string
	var name strings.Builder
	for i := 0; i < len(place); i++ {
		switch c := place[i]; {
		case c == '\\' && i+1 < len(place):
			i++
			name.WriteByte(place[i])
		case c == '.':
			names = append(names, name.String())
			name.Reset()
		case strings.IndexByte(`\#|*?!@[]{}()`, c) >= 0: // what is more than a name in GJSON
			return nil, false
		default:
			name.WriteByte(c)
		}
	}
	names = append(names, name.String())
	for _, n := range names {
		if n == "" {
			return nil, false
		}
	}
	return names, true
}

// find returns what stands at a place of an answer.
func find(text []byte, place string, names []string) (json.RawMessage, error) {
	if !json.Valid(text) {
		var none any
		return nil, badAnswer(text, json.Unmarshal(text, &none))
	}
	raw := json.RawMessage(text)
	for i, name := range names {
		var object map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(raw, &object) == nil && object != nil {
			raw = object[name]
		} else if n, err := strconv.ParseUint(name, 10, 31); err == nil && json.Unmarshal(raw, &list) == nil && int(n) < len(list) {
			raw = list[n]
		} else {
			raw = nil
		}
		if raw == nil {
			return nil, fmt.Errorf("answer %q has no %s; wanted a value at %s", refusal.Clip(string(text)), strings.Join(names[:i+1], "."), place)
		}
	}
	return raw, nil
}

var errCurrent = errors.New("a finite number, with or without quotes, or null for a gap")

func parseCurrent(raw json.RawMessage) (float64, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil || string(raw) == "null" {
		v, err := parseValue(raw)
		if err != nil {
			return 0, errCurrent
		}
		return v, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errCurrent
	}
	return v, nil
}
