package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// SweepResult is what the engine did at every combination of the values of some axes.
type SweepResult struct {
	Case   Case
	Axes   []Axis
	Points []SweepPoint // every combination, the values of the last axis changing fastest
}

// SweepPoint is one combination.
type SweepPoint struct {
	Values []json.RawMessage // one for each axis
	Scores
	Ratio float64 // Cost over that of the clairvoyant optimum of the same plant, NaN where that costs nothing
	// Front says that no other point in the same plant has fewer replica-hours without leaving more demand unserved, or
	// less unserved without more replica-hours: see ParetoFront.
	Front bool
}

// maxPoints bounds the combinations of a sweep.
const maxPoints = 1_000_000

// Sweep plays the engine with every combination of the values of the axes; c holds what stays the same. What the axes say
// is applied in their order: first fields that plant and engine share, then what is the engine's or the plant's alone.
//
// As many runs play at a time as the processor has cores (runtime.GOMAXPROCS); the result does not depend on it. Every
// combination is checked before any is played: an unknown field, a value of the wrong type or out of its range is an error
// that names the combination. Options.Progress is called by the caller's goroutine alone, with the steps of all runs. Sweep
// returns when ctx has ended and all work has stopped; then it fails.
func Sweep(ctx context.Context, c Case, axes []Axis) (*SweepResult, error) {
	return sweep(ctx, c, axes, runtime.GOMAXPROCS(0))
}

func sweep(ctx context.Context, c Case, axes []Axis, workers int) (*SweepResult, error) {
	if err := checkAxes(axes); err != nil {
		return nil, err
	}
	if err := c.Trace.Validate(); err != nil {
		return nil, err
	}
	c.Decided = nil // all play at once
	points := combinations(axes)
	cases := make([]Case, len(points))
	plants, plantOf := []Case{}, make([]int, len(points)) // one of each plant, and which a point has
	known := map[string]int{}
	for i := range points {
		var err error
		if cases[i], err = c.at(axes, points[i].Values); err != nil {
			return nil, fmt.Errorf("%s: %w", nameOf(axes, points[i].Values), err)
		}
		key := plantKey(axes, points[i].Values)
		if _, ok := known[key]; !ok {
			known[key] = len(plants)
			plants = append(plants, cases[i])
		}
		plantOf[i] = known[key]
	}
	n := c.Trace.Len()
	optima := make([]float64, len(plants))
	tasks := len(plants) + len(points)
	err := spread(ctx, tasks, workers, func(done int) { c.Options.report(done, tasks*n) }, func(played func(steps int)) func(context.Context, int) error {
		return func(ctx context.Context, i int) error {
			if i < len(plants) {
				r, err := Optimum(ctx, c.Trace, nil, plants[i].Options.counting(n, played))
				optima[i] = r.Cost
				return err
			}
			i -= len(plants)
			one := cases[i]
			one.Options = one.Options.counting(n, played)
			r, err := one.Play(ctx, Headroom)
			if err != nil {
				return fmt.Errorf("%s: %w", nameOf(axes, points[i].Values), err)
			}
			points[i].Scores = r.Scores
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range points {
		points[i].Ratio = ratio(points[i].Cost, optima[plantOf[i]])
	}
	markFronts(points, plantOf, len(plants))
	return &SweepResult{Case: c, Axes: axes, Points: points}, nil
}

func checkAxes(axes []Axis) error {
	if len(axes) == 0 {
		return errors.New("no axis: wanted at least one, such as penalty=5:50:5")
	}
	total := 1
	seen := map[string]bool{}
	for _, a := range axes {
		if err := a.check(); err != nil {
			return err
		}
		if seen[a.Path] {
			return fmt.Errorf("%s: there are two such axes; wanted one", a.Path)
		}
		seen[a.Path] = true
		if total *= len(a.Values); total > maxPoints {
			return fmt.Errorf("%s: more than %d combinations; wanted fewer values", a.Path, maxPoints)
		}
	}
	return nil
}

// combinations returns a point for each, without scores.
func combinations(axes []Axis) []SweepPoint {
	points := []SweepPoint{{}}
	for _, a := range axes {
		next := make([]SweepPoint, 0, len(points)*len(a.Values))
		for _, p := range points {
			for _, v := range a.Values {
				next = append(next, SweepPoint{Values: append(slices.Clone(p.Values), v)})
			}
		}
		points = next
	}
	return points
}

// nameOf is a combination as errors spell it.
func nameOf(axes []Axis, values []json.RawMessage) string {
	var parts []string
	for i, a := range axes {
		parts = append(parts, a.Path+"="+label(values[i]))
	}
	return strings.Join(parts, " ")
}

// The prefixes of paths that are for one side alone.
const (
	engineAlone = "engine."
	plantAlone  = "plant."
)

// shared are the fields of a configuration that the plant has too.
var shared = []string{"boot", "penalty", "preset", "delay", "signals"}

func (a Axis) isShared() bool {
	root := a.Path[:len(a.Path)-len(strings.TrimLeft(a.Path, "abcdefghijklmnopqrstuvwxyz_"))]
	return slices.Contains(shared, root)
}

// plantKey is the same for two combinations if and only if the plant is.
func plantKey(axes []Axis, values []json.RawMessage) string {
	var b strings.Builder
	for i, a := range axes {
		if strings.HasPrefix(a.Path, plantAlone) || a.isShared() {
			b.Write(values[i])
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// at returns c with the values of a combination.
func (c Case) at(axes []Axis, values []json.RawMessage) (Case, error) {
	var err error
	for i, a := range axes {
		if strings.HasPrefix(a.Path, engineAlone) || strings.HasPrefix(a.Path, plantAlone) {
			continue
		}
		if c.Config, err = withField(c.Config, a.Path, values[i]); err != nil {
			return c, err
		}
		if a.isShared() {
			c.share(a.Path)
		}
	}
	if c.Config, err = EngineConfig(c.Config, c.Trace, c.Options); err != nil {
		return c, err
	}
	for i, a := range axes {
		if path, ok := strings.CutPrefix(a.Path, engineAlone); ok {
			if path == "preset" {
				c.Config.Penalty = 0
			}
			c.Config, err = withField(c.Config, path, values[i])
		} else if path, ok := strings.CutPrefix(a.Path, plantAlone); ok {
			err = c.Options.setTerm(path, values[i])
		}
		if err != nil {
			return c, err
		}
	}
	return c, errors.Join(c.Options.Validate(c.Trace), c.Config.WithDefaults().Validate())
}

// share gives the plant what the configuration has at a path that both have.
func (c *Case) share(path string) {
	switch path {
	case "boot":
		c.Options.Boot = c.Config.Boot.Std()
	case "delay":
		c.Options.Lag = c.Config.Delay.Std()
	case "preset":
		c.Config.Penalty = 0
		c.Options.Penalty = c.Config.WithDefaults().Penalty
	case "penalty":
		c.Options.Penalty = c.Config.Penalty
	default: // of the signals, of which a trace is one
		if len(c.Config.Signals) > 0 && c.Config.Signals[0].Capacity != 0 {
			c.Options.Capacity = c.Config.Signals[0].Capacity
		}
	}
}

// markFronts finds the front of the points of each plant: what a faster boot buys is no merit of a setting.
func markFronts(points []SweepPoint, plantOf []int, plants int) {
	groups := make([][]int, plants)
	for i, plant := range plantOf {
		groups[plant] = append(groups[plant], i)
	}
	for _, group := range groups {
		hours, unserved := make([]float64, len(group)), make([]float64, len(group))
		for k, i := range group {
			hours[k], unserved[k] = points[i].ReplicaHours, points[i].UnservedHours
		}
		for k, on := range ParetoFront(hours, unserved) {
			points[group[k]].Front = on
		}
	}
}
