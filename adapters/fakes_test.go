package adapters_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// noon is when the tests begin; testing/synctest begins at this time too, twelve hours earlier.
var noon = time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)

func minute(i int) time.Time { return noon.Add(time.Duration(i) * time.Minute) }

var errDown = errors.New("the system is down")

// asked is one window that a source was asked for.
type asked struct{ from, to time.Time }

// script is a Source that answers with what Append put into it and remembers what it was asked.
type script struct {
	*memory.Source
	windows []asked
	err     error
	before  func()        // called at the start of Read
	slow    time.Duration // that Read takes
}

func (s *script) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	s.windows = append(s.windows, asked{from, to})
	if s.before != nil {
		s.before()
	}
	if s.slow > 0 {
		select {
		case <-time.After(s.slow):
		case <-ctx.Done():
			return dst, ctx.Err()
		}
	}
	if s.err != nil {
		return dst, s.err
	}
	return s.Source.Read(ctx, dst, from, to)
}

func newScript(t *testing.T, step time.Duration) *script {
	s, err := memory.NewSource(memory.SourceConfig{Step: step})
	require.NoError(t, err)
	return &script{Source: s}
}

// fill gives minutes i to j-1 a value.
func (s *script) fill(i, j int, v float64) {
	for ; i < j; i++ {
		s.Append(forecast.Sample{Time: minute(i), Value: v})
	}
}

// plant is an Actuator whose replicas serve at once; it remembers what was applied.
type plant struct {
	ready            int
	applied          []int
	fleetErr, tryErr error
}

func (p *plant) Fleet(context.Context) (policy.Fleet, error) {
	return policy.Fleet{Ready: p.ready}, p.fleetErr
}

func (p *plant) Apply(_ context.Context, d *scaler.Decision) error {
	p.applied = append(p.applied, d.Replicas)
	if p.tryErr == nil {
		p.ready = d.Replicas
	}
	return p.tryErr
}

// rig is a Runner with everything around it.
type rig struct {
	engine  *scaler.Engine
	sources []*script
	plant   *plant
	seen    *memory.Recorder
	runner  *adapters.Runner
}

// newRig returns a Runner of an engine with one signal called "visits" of which a replica carries 10, or with the given
// ones. The demand of the hour before noon is 100.
func newRig(t *testing.T, edit func(*adapters.Config), signals ...scaler.Signal) *rig {
	if len(signals) == 0 {
		signals = []scaler.Signal{{Name: "visits", Capacity: 10}}
	}
	e, err := scaler.New(scaler.Config{Signals: signals, Boot: scaler.Duration(time.Minute)})
	require.NoError(t, err)
	r := &rig{engine: e, plant: &plant{ready: 10}, seen: &memory.Recorder{}}
	cfg := adapters.Config{Engine: e, Actuator: r.plant, Observers: []adapters.Observer{r.seen}}
	for range signals {
		s := newScript(t, time.Minute)
		s.fill(-60, 0, 100)
		r.sources = append(r.sources, s)
		cfg.Sources = append(cfg.Sources, s)
	}
	if edit != nil {
		edit(&cfg)
	}
	r.runner, err = adapters.NewRunner(cfg)
	require.NoError(t, err)
	return r
}

// rules returns the names of the rules that a decision records.
func rules(d *scaler.Decision) []string {
	var out []string
	for _, s := range d.Steps() {
		out = append(out, s.Rule.String())
	}
	return out
}

// clock returns the times of decisions on the clock face, to the nanosecond.
func clock(ds []scaler.Decision) []string {
	var out []string
	for i := range ds {
		out = append(out, ds[i].Time.UTC().Format("15:04:05.999999999"))
	}
	return out
}

// reporter is an Observer that wants to know everything.
type reporter struct {
	decisions int
	reports   []adapters.Report
	stopped   int
}

func (r *reporter) Decision(context.Context, *scaler.Decision) { r.decisions++ }
func (r *reporter) Stop(context.Context)                       { r.stopped++ }
func (r *reporter) Report(_ context.Context, x *adapters.Report) {
	copied := *x
	copied.Inputs = slices.Clone(x.Inputs)
	r.reports = append(r.reports, copied)
}
