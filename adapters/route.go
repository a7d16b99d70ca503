package adapters

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// route is the way of one signal from its inputs to the engine, as of now.
type route struct {
	intake
	feed    Feed
	step    time.Duration // of the engine
	inputs  []inputState
	was     int // index of the input that the signal relied on last
	reports []InputReport
	answers []answer
}

// inputState is what is remembered of an input.
type inputState struct {
	newest   time.Time // of its newest number; zero before the first
	failures int       // reads in a row
	old      bool      // that newest is too old has been logged
	buffer   []forecast.Sample
}

// answer is what an input has answered in this tick.
type answer struct {
	input    int
	from, to time.Time // what it was asked for
	samples  []forecast.Sample
}

// probes is how much less time an input gets that has failed for long, but for every so many-th read: a system that hangs
// must not hang those that wait for it, and one that has become slow must have the time to come back.
const probes = 10

// maxBuffer is the number of samples that a buffer keeps room for from tick to tick; a backfill's is given back.
const maxBuffer = 4096

// read asks the inputs in their order until one answers with what is young enough, and leaves what came in r.answers. It
// writes what happened to r.reports. It touches no engine, so that routes may be read at the same time.
func (r *route) read(ctx context.Context, cfg *Config, now time.Time) {
	r.answers = r.answers[:0]
	found := false
	for i := range r.feed.Inputs {
		in, state, report := &r.feed.Inputs[i], &r.inputs[i], &r.reports[i]
		if !found && ctx.Err() == nil {
			report.Err = r.ask(ctx, cfg, i, now)
			report.Read = true
		}
		report.Newest, report.Failures = state.newest, state.failures
		report.Old = state.newest.IsZero() || now.Sub(state.newest) > in.MaxAge
		if report.Read && !report.Old && state.failures < r.feed.SwitchAfter {
			found, report.Used = true, true
		}
	}
}

// ask reads input i.
func (r *route) ask(ctx context.Context, cfg *Config, i int, now time.Time) error {
	in, state := &r.feed.Inputs[i], &r.inputs[i]
	to := now.Add(-in.ahead)
	from := r.window(now, cfg.Backfill, cfg.Overlap)
	if !from.Before(to) { // the clock was set back
		return nil
	}
	retry, timeout := cfg.Retry, in.Timeout
	if r.newest.IsZero() {
		timeout = max(timeout, backfillTimeout)
	}
	if state.failures >= r.feed.SwitchAfter && state.failures%probes != 0 {
		retry.Attempts, timeout = 1, timeout/probes // it is only asked whether it is back
	}
	var samples []forecast.Sample
	err := retry.attempt(ctx, timeout, in.Limiter, func(ctx context.Context) (err error) {
		samples, err = in.Source.Read(ctx, state.buffer[:0], from, to)
		return err
	})
	if err == nil {
		err = ahead(samples, now, r.step)
	}
	if err != nil {
		if ctx.Err() == nil {
			state.failures++
		}
		return fmt.Errorf("%sreading %v to %v: %w", in.label(), from, to, err)
	}
	state.failures = 0
	for _, s := range samples {
		if s.Time.After(state.newest) && s.Time.Before(to) && !math.IsNaN(s.Value) {
			state.newest = s.Time
		}
	}
	if state.buffer = samples[:0]; cap(samples) > maxBuffer {
		state.buffer = nil
	}
	r.answers = append(r.answers, answer{i, from, to, samples})
	return nil
}

// ahead is an error where a sample lies more than a step ahead of now. A clock that is wrong by as much makes old samples look
// new, so that none of them is to be believed; what lies ahead by less is refused alone.
func ahead(samples []forecast.Sample, now time.Time, step time.Duration) error {
	for _, s := range samples {
		if by := s.Time.Sub(now); by > step {
			return fmt.Errorf("sample at %v, %v ahead of the clock here; its clock must be wrong, and nothing of it is taken", s.Time, by)
		}
	}
	return nil
}

// take gives the engine what read has left.
func (r *route) take(cfg *Config) error {
	var faults []error
	for i := range r.reports {
		faults = append(faults, r.reports[i].Err)
	}
	for i := range r.answers {
		a := &r.answers[i]
		taken, err := r.observe(cfg.Engine, a.samples, a.from, a.to, cfg.Location)
		if r.reports[a.input].New = taken; err != nil {
			err = fmt.Errorf("%s%w", r.feed.Inputs[a.input].label(), err)
			r.reports[a.input].Err = err
			faults = append(faults, err)
		}
		a.samples = nil
	}
	r.forget(cfg.Overlap)
	return errors.Join(faults...)
}

// label is how an error begins that is about the input.
func (in *Input) label() string {
	if in.Name == "" {
		return ""
	}
	return fmt.Sprintf("input %q: ", in.Name)
}
