package sim

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/policy"
)

// Stream is a trace that is read anew for each policy instead of being kept: a year of steps of 15 seconds plays in the
// memory of a day. What needs the whole trace, which is the optimum and every search in hindsight, cannot be had of it.
type Stream struct {
	// Name, Step and what is not here are as in Trace.
	Name string
	Step time.Duration
	// Steps is the number of steps, holes included, 2 to MaxSteps.
	Steps int
	// First and Last are the start of the first and of the last step.
	First, Last time.Time
	// Peak is the largest demand.
	Peak float64
	// Each calls yield with every step in order, its start and its demand, NaN for a hole. It returns yield's error as it is.
	Each func(yield func(at time.Time, demand float64) error) error
}

// Stream returns t as a stream.
func (t *Trace) Stream() *Stream {
	return &Stream{
		Name: t.Name, Step: t.Step, Steps: t.Len(), First: t.Times[0], Last: t.Times[t.Len()-1], Peak: peakDemand(t.Demand),
		Each: func(yield func(at time.Time, demand float64) error) error {
			for i, at := range t.Times {
				if err := yield(at, t.Demand[i]); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// Ends returns a trace of two steps that has the name, the step, the first and the last time and the peak of s: all that
// Options.Validate, EngineConfig and the policies of StreamPolicies look at.
func (s *Stream) Ends() *Trace {
	return &Trace{Name: s.Name, Step: s.Step, Times: []time.Time{s.First, s.Last}, Demand: []float64{0, s.Peak}, Spelling: make([]string, 2)}
}

// maxDistances bounds what is kept to find the step of a stream.
const maxDistances = 100_000

// OpenStream is OpenTrace for a stream: the file is read once now, and once each time that the steps are asked for. Times that
// have more than 100,000 different distances are an error.
func OpenStream(path string) (*Stream, error) {
	s := &Stream{Name: traceName(path)}
	count := make(distances)
	lines := 0
	var last row
	err := eachRowOf(path, func(r row) error {
		if lines++; lines == 1 {
			s.First = r.time
		} else if count[r.time.Sub(last.time)]++; len(count) > maxDistances {
			return fmt.Errorf("%s:%d: more than %d different distances of times; wanted a regular trace", path, r.line, maxDistances)
		}
		if r.demand > s.Peak {
			s.Peak = r.demand
		}
		last = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.Step, s.Last, s.Steps = count.modal(), last.time, lines
	for d, n := range count {
		if holes := int((d - 1) / s.Step); holes > MaxSteps/n || s.Steps > MaxSteps-n*holes {
			return nil, fmt.Errorf("%s:%d: holes make more than %d steps of %v; wanted fewer", path, last.line, MaxSteps, s.Step)
		}
		s.Steps += n * int((d-1)/s.Step)
	}
	s.Each = func(yield func(at time.Time, demand float64) error) error {
		var before time.Time
		return eachRowOf(path, func(r row) error {
			for !before.IsZero() {
				if before = before.Add(s.Step); !before.Before(r.time) {
					break
				}
				if err := yield(before, math.NaN()); err != nil {
					return err
				}
			}
			before = r.time
			return yield(r.time, r.demand)
		})
	}
	return s, nil
}

// eachRowOf calls yield with the rows of the file at path.
func eachRowOf(path string, yield func(r row) error) error {
	return openTable(path, func(r io.Reader) error {
		file, err := newTable(r, path)
		if err != nil {
			return err
		}
		at, of, err := traceColumns(file)
		if err != nil {
			return err
		}
		return eachRow(file, at, of, yield)
	})
}

// StreamPolicies returns the names of the policies that need no more than what they have seen lately.
func StreamPolicies() []string {
	return []string{Headroom, KubeHPA, KubeHPABehavior, KubeHPALegacy, KnativeKPA, LazyCapacity}
}

// CompareStream plays policies of StreamPolicies on a stream. c is as for Compare with s.Ends() for its trace; the plant is the
// simple one and shows true demand: options that ask for another, and Options.Shown, are errors. The scores are those of
// Compare on the same steps; there is no optimum, so that every ratio is NaN, and Results hold no counts of replicas.
func CompareStream(ctx context.Context, s *Stream, c Case, names []string) (*Comparison, error) {
	o := c.Options
	if err := o.Validate(c.Trace); err != nil {
		return nil, err
	}
	if !o.simple() || o.Signal != SignalDemand || o.Shown != nil {
		return nil, fmt.Errorf("a stream is played by the simple plant alone; wanted no boot times that scatter, failed starts, drain, cap, activation or other signal")
	}
	out := &Comparison{Case: c, stream: s}
	for i, name := range names {
		if !slices.Contains(StreamPolicies(), name) {
			return nil, fmt.Errorf("policy %q cannot be had of a stream; wanted some of %s", name, strings.Join(StreamPolicies(), ","))
		}
		controller, err := c.controller(name)
		if err == nil {
			progress := o.Progress
			if progress != nil {
				o.Progress = func(done, total int) { progress(i*total+done, len(names)*total) }
			}
			var scores Scores
			if scores, err = s.play(ctx, c, o, controller); err == nil {
				out.Results = append(out.Results, Result{Name: name, Scores: scores})
			}
			o.Progress = progress
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

// scored says whether step i is, see Options.FirstScored.
func (s *Stream) scored(o Options, i int, at time.Time) bool {
	if o.ScoreFrom.IsZero() {
		return i >= o.warmupSteps(s.Steps)
	}
	return !at.Before(o.ScoreFrom)
}

// play is Run for a stream.
func (s *Stream) play(ctx context.Context, c Case, o Options, controller Controller) (Scores, error) {
	lag := min(o.LagSteps(s.Step), s.Steps)
	// What a controller is shown: the steps that it has not seen yet are among the newest. They move to the front when the
	// memory is full.
	keep := lag + 2
	times, demand := make([]time.Time, 0, 2*keep), make([]float64, 0, 2*keep)
	step := Step{Length: s.Step}
	score := newTally(s.Steps, s.Step, c.Events, o)
	var fleet *policy.Plant
	i := 0
	err := s.Each(func(at time.Time, d float64) error {
		if i%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			o.report(i, s.Steps)
		}
		if len(times) == cap(times) {
			step.First += len(times) - keep
			times = times[:copy(times, times[len(times)-keep:])]
			demand = demand[:copy(demand, demand[len(demand)-keep:])]
		}
		times, demand = append(times, at), append(demand, d)
		if i == 0 {
			fleet = newSimplePlant(d, s.Steps, s.Step, o)
		} else {
			fleet.Arrive()
			step.Index, step.Time, step.Times = i, at, times
			step.Demand = demand[:max(i-lag-step.First, 0)]
			step.Fleet = policy.Fleet{Ready: fleet.Ready(), Starting: fleet.Starting()}
			want, err := controller.Decide(&step)
			if err != nil {
				return fmt.Errorf("step %d (%s): %w", i, formatTimestamp(at, false), err)
			}
			fleet.Order(want)
		}
		score.add(at, d, int32(fleet.Ordered()), int32(fleet.Ready()), s.scored(o, i, at))
		i++
		return nil
	})
	if err != nil {
		return Scores{}, err
	}
	if i != s.Steps {
		return Scores{}, fmt.Errorf("%s: %d steps; wanted %d, as when it was opened", s.Name, i, s.Steps)
	}
	o.report(s.Steps, s.Steps)
	return score.scores(), nil
}
