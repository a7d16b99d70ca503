package sim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// The ways to meet planted events that InjectionMap compares.
const (
	Announced = "announced"  // the engine, which is told the plan, and in kinds[].rise how long a response lasts
	PlanAlone = "plan_alone" // the same without that: a kind with the defaults, which are those of a TV spot
	Detection = "detection"  // the engine without the plan, with forecast.spikes
	HeadRoom  = "head_room"  // the engine without the plan and without forecast.spikes
)

// injectionWays are the ways of a cell, in the order of a table.
var injectionWays = [...]string{Announced, PlanAlone, Detection, HeadRoom, KubeHPA, KubeHPABest}

// InjectionMap says which way to meet planted events costs least, over how fast they rise and how long a boot takes.
type InjectionMap struct {
	Case      Case
	Injection Injection // Rise is that of the cells
	Events    int       // planted into the trace; some of them before scoring starts
	Rises     []time.Duration
	Boots     []time.Duration
	Cells     []InjectionCell // by rise, and then by boot
}

// InjectionCell is one rise with one boot time.
type InjectionCell struct {
	Rise, Boot time.Duration
	Ways       [len(injectionWays)]InjectionWay // Announced, PlanAlone, Detection, HeadRoom, KubeHPA, KubeHPABest
	// Winner is the place among Ways of the one with the least Cost; of equally cheap ones that which needs least: plain
	// head-room before detection before the plan before the others.
	Winner int
	// Margin is the share of the cost of the second cheapest that the winner saves.
	Margin float64
	// Plan is the share of the cost that the plan saves, over the cheaper of detection and plain head-room; negative where
	// it costs.
	Plan float64
}

// InjectionWay is what one way did.
type InjectionWay struct {
	Name string
	Scores
	Ratio float64 // Cost over that of the clairvoyant optimum
}

// MapInjection plants events into the trace of c, each rise at the same moments and with the same heights, and lets the
// engine meet them with the plan, with detection and with neither, beside the Kubernetes rule at its defaults and at its
// best in hindsight, for each boot time of plant and policies. The events that c has are announced to the engine in any
// case, and a kind "planted" in the configuration of c is what every plan comes with. EventUnserved is that of the planted
// events, at the moments when they came.
//
// As many runs play at a time as the processor has cores; the result does not depend on it. A fault of the case, the
// injection or a boot time is an error. Options.Progress and ctx are used as by Sweep.
func MapInjection(ctx context.Context, c Case, in Injection, rises, boots []time.Duration) (*InjectionMap, error) {
	if len(rises) == 0 || len(boots) == 0 {
		return nil, fmt.Errorf("%d rises and %d boots: wanted at least one of each", len(rises), len(boots))
	}
	planted := make([]Planted, len(rises))
	m := &InjectionMap{Case: c, Injection: in, Rises: rises, Boots: boots}
	for i, rise := range rises {
		one := in
		one.Rise = rise
		var err error
		if err = errors.Join(c.Trace.Validate(), one.Validate(c.Trace)); err != nil {
			return nil, err
		}
		if planted[i], err = Inject(c.Trace, one, one.Moments(c.Trace)); err != nil {
			return nil, err
		}
		m.Events = len(planted[i].True)
	}
	const tasks = 1 + len(injectionWays) // of a cell: the optimum, and the ways
	cases := make([]Case, 0, len(rises)*len(boots)*tasks)
	for i, rise := range rises {
		for _, boot := range boots {
			m.Cells = append(m.Cells, InjectionCell{Rise: rise, Boot: boot})
			for way := -1; way < len(injectionWays); way++ {
				one, err := c.meeting(planted[i], boot, way)
				if err != nil {
					return nil, fmt.Errorf("rise %v, boot %v: %w", rise, boot, err)
				}
				cases = append(cases, one)
			}
		}
	}
	n := c.Trace.Len()
	results := make([]Scores, len(cases))
	err := spread(ctx, len(cases), runtime.GOMAXPROCS(0), func(done int) { c.Options.report(done, len(cases)*n) }, func(played func(steps int)) func(context.Context, int) error {
		return func(ctx context.Context, i int) error {
			one, name := cases[i], Clairvoyant
			one.Options = one.Options.counting(n, played)
			switch way := i%tasks - 1; {
			case way < 0:
			case injectionWays[way] == KubeHPA || injectionWays[way] == KubeHPABest:
				name = injectionWays[way]
			default:
				name = Headroom
			}
			r, err := one.Play(ctx, name)
			results[i] = r.Scores
			return err
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range m.Cells {
		m.Cells[i].judge(results[i*tasks : (i+1)*tasks])
	}
	return m, nil
}

// meeting returns the case in which planted events are met in one of the ways, or by the optimum (-1).
func (c Case) meeting(p Planted, boot time.Duration, way int) (Case, error) {
	c.Announced = append([]forecast.Event{}, c.plan()...) // never nil, which would stand for Events
	c.Trace, c.Options.Boot, c.Events, c.Decided = p.Trace, boot, p.True, nil
	told := way >= 0 && injectionWays[way] == Announced
	if told || way >= 0 && injectionWays[way] == PlanAlone {
		c.Announced = append(c.Announced, p.Planned...)
		slices.SortStableFunc(c.Announced, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) })
	}
	var err error
	if c.Config, err = EngineConfig(c.Config, c.Trace, c.Options); err != nil {
		return c, err
	}
	if way >= 0 {
		c.Config.Forecast.Spikes = injectionWays[way] == Detection
	}
	if told && !slices.ContainsFunc(c.Config.Kinds, func(k forecast.Kind) bool { return k.Name == plantedKind }) {
		c.Config.Kinds = append(slices.Clone(c.Config.Kinds), p.kind())
	}
	return c, errors.Join(c.Options.Validate(c.Trace), c.Config.WithDefaults().Validate())
}

// simplestFirst are the places of injectionWays by what they need: the first of equally cheap ones wins.
var simplestFirst = [...]int{3, 2, 1, 0, 4, 5}

// judge fills a cell from the scores of the optimum and the ways.
func (c *InjectionCell) judge(results []Scores) {
	optimum := results[0].Cost
	for i, s := range results[1:] {
		c.Ways[i] = InjectionWay{Name: injectionWays[i], Scores: s, Ratio: ratio(s.Cost, optimum)}
	}
	second := math.Inf(1)
	c.Winner = -1
	for _, i := range simplestFirst {
		switch cost := c.Ways[i].Cost; {
		case c.Winner < 0 || cost < c.Ways[c.Winner].Cost:
			if c.Winner >= 0 {
				second = c.Ways[c.Winner].Cost
			}
			c.Winner = i
		case cost < second:
			second = cost
		}
	}
	c.Margin = saved(c.Ways[c.Winner].Cost, second)
	c.Plan = saved(c.Ways[0].Cost, min(c.Ways[2].Cost, c.Ways[3].Cost))
}

// saved is the share of a cost that a smaller one saves, 0 where there is none.
func saved(now, before float64) float64 {
	if before == 0 {
		return 0
	}
	return 1 - now/before
}
