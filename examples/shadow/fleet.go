package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/scaler"
)

// fleet is the one that is there, which somebody else scales.
type fleet interface {
	adapters.Actuator
	// at says what time it is; the zero time means that of the machine.
	at(now time.Time)
	provenance() string
}

// clock tells virtual time, or that of the machine.
type clock struct{ now time.Time }

func (c *clock) at(now time.Time) { c.now = now }

func (c *clock) time() time.Time {
	if c.now.IsZero() {
		return time.Now()
	}
	return c.now
}

// recent is how many steps back the newest sample of a fleet may be.
const recent = 5

// newest returns the newest number that a source has, no more than some steps old.
func newest(ctx context.Context, s adapters.Source, now time.Time, step time.Duration) (float64, time.Time, error) {
	samples, err := s.Read(ctx, nil, now.Add(-recent*step), now)
	if err != nil {
		return 0, time.Time{}, err
	}
	for i := len(samples) - 1; i >= 0; i-- {
		if v := samples[i].Value; v >= 0 && v <= math.MaxInt32 { // not NaN
			return v, samples[i].Time, nil
		}
	}
	return 0, time.Time{}, errUnknown
}

var errUnknown = errors.New("no value in the last 5 steps")

// observed is a fleet that Prometheus has seen.
type observed struct {
	clock
	ready, wanted adapters.Source
	step          time.Duration
}

func (*observed) provenance() string {
	return "The HPA's replicas are those that Prometheus has seen. Headroom's are a fleet that is kept beside it and that nobody sees."
}

// Fleet implements adapters.Actuator.
func (o *observed) Fleet(ctx context.Context) (policy.Fleet, error) {
	now := o.time()
	ready, _, err := newest(ctx, o.ready, now, o.step)
	if err != nil {
		return policy.Fleet{}, fmt.Errorf("-ready: %w", err)
	}
	wanted, _, err := newest(ctx, o.wanted, now, o.step)
	if err != nil {
		return policy.Fleet{}, fmt.Errorf("-desired: %w", err)
	}
	// Pods that end are ready for a while beyond what is wanted: they still serve, and are still paid for.
	serve := int(math.Round(ready))
	return policy.Fleet{Ready: serve, Starting: max(0, int(math.Round(wanted))-serve)}, nil
}

// Apply implements adapters.Actuator, and refuses: there is nothing to act with.
func (*observed) Apply(context.Context, *scaler.Decision) error {
	return errors.New("a fleet in the metrics cannot be changed")
}

// played is a fleet that the rule of an HPA scales here.
type played struct {
	clock
	*memory.Actuator
	demand  adapters.Source
	rule    *compat.Stepped
	step    time.Duration
	perUnit float64   // what the rule measures of one unit of demand
	decided time.Time // the step in which the rule decided last
	target  int
}

// play returns a fleet that the HPA of the command line scales. It begins with what the rule wants of the demand then.
func (t *terms) play(ctx context.Context, demand adapters.Source) (*played, error) {
	rule, err := t.rule().Start(t.step)
	if err != nil {
		return nil, err
	}
	p := &played{demand: demand, rule: rule, step: t.step, perUnit: 1 / t.capacity, target: t.target}
	first, _, err := newest(ctx, demand, t.from, t.step)
	if err != nil && !errors.Is(err, errUnknown) {
		return nil, err
	}
	p.Actuator, err = memory.NewActuator(memory.ActuatorConfig{
		Step: t.step, Boot: t.boot, Start: max(1, int(math.Ceil(first*p.perUnit*100/float64(t.target)))), Clock: p.time,
	})
	return p, err
}

func (p *played) provenance() string {
	return fmt.Sprintf("Both fleets are played on the demand that was measured: an HPA with a target of %d %% and the defaults of Kubernetes, which sees "+
		"demand as it is (a real one is never better informed), and Headroom's.", p.target)
}

// Fleet implements adapters.Actuator: it lets the rule decide once in each step, on the step before.
func (p *played) Fleet(ctx context.Context) (policy.Fleet, error) {
	now := p.time()
	if start := now.Truncate(p.step); start.After(p.decided) {
		value, at, err := newest(ctx, p.demand, now, p.step)
		if err != nil && !errors.Is(err, errUnknown) {
			return policy.Fleet{}, fmt.Errorf("the HPA's metric: %w", err)
		}
		if err != nil || at.Add(p.step).Before(start) { // an HPA without its metric leaves the fleet alone
			value = math.NaN()
		}
		there, err := p.Actuator.Fleet(ctx)
		if err != nil {
			return there, err
		}
		count := p.rule.Decide(start, []float64{value * p.perUnit}, compat.Fleet{Ready: there.Ready, Starting: there.Starting})
		if err := p.Apply(ctx, &scaler.Decision{Replicas: count}); err != nil {
			return there, err
		}
		p.decided = start
	}
	return p.Actuator.Fleet(ctx)
}
