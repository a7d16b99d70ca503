package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// The suites are only worth what they find: each of these tests breaks one promise of a correct adapter and demands that
// the check that is meant for it, and a correct adapter none.

// probe is a test that only remembers whether it failed.
type probe struct {
	testing.TB
	failed bool
}

func (p *probe) Errorf(string, ...any) { p.failed = true }
func (p *probe) FailNow()              { p.failed = true; runtime.Goexit() }
func (p *probe) Skip(...any)           { runtime.Goexit() }

// fails runs a check and says whether it failed.
func fails(t *testing.T, check func(testing.TB)) bool {
	p := &probe{TB: t}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine
		defer close(done)
		check(p)
	}()
	<-done
	return p.failed
}

var errSystem = errors.New("the system fails")

// store is the simplest correct Source, with places to break it.
type store struct {
	values map[time.Time]float64
	broken bool
	answer func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error)
}

const storeStep = time.Minute

func (s *store) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	return s.answer(ctx, s, dst, from, to)
}

func (s *store) add(samples ...forecast.Sample) {
	for _, x := range samples {
		s.values[x.Time] = x.Value
	}
}

func (s *store) find(keep func(t time.Time) bool) []forecast.Sample {
	var out []forecast.Sample
	for t, v := range s.values {
		if keep(t) {
			out = append(out, forecast.Sample{Time: t, Value: v})
		}
	}
	slices.SortFunc(out, func(a, b forecast.Sample) int { return a.Time.Compare(b.Time) })
	return out
}

func correct(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	switch {
	case ctx.Err() != nil:
		return dst, ctx.Err()
	case s.broken:
		return dst, errSystem
	}
	return append(dst, s.find(func(t time.Time) bool { return !t.Before(from) && !t.Add(storeStep).After(to) })...), nil
}

// edited is correct with something done to the samples of the answer.
func edited(edit func(got []forecast.Sample, from, to time.Time) []forecast.Sample) func(context.Context, *store, []forecast.Sample, time.Time, time.Time) ([]forecast.Sample, error) {
	return func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
		got, err := correct(ctx, s, nil, from, to)
		if err != nil {
			return dst, err
		}
		return append(dst, edit(got, from, to)...), nil
	}
}

func TestRunSourceFindsWhatIsWrong(t *testing.T) {
	shared := map[*store][]forecast.Sample{}
	newest := map[*store]time.Time{}
	cases := []struct {
		name   string
		caught string // the check that must fail; "" for a correct source
		answer func(context.Context, *store, []forecast.Sample, time.Time, time.Time) ([]forecast.Sample, error)
	}{
		{"correct", "", correct},
		{"nothing is an error", "nothing there is no error", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			got, err := correct(ctx, s, dst, from, to)
			if err == nil && len(got) == len(dst) {
				err = errSystem
			}
			return got, err
		}},
		{"from is left out", "windows include from and not to", edited(func(got []forecast.Sample, from, _ time.Time) []forecast.Sample {
			return slices.DeleteFunc(got, func(s forecast.Sample) bool { return s.Time.Equal(from) })
		})},
		{"what ends at to is left out", "windows include from and not to", edited(func(got []forecast.Sample, _, to time.Time) []forecast.Sample {
			return slices.DeleteFunc(got, func(s forecast.Sample) bool { return s.Time.Add(storeStep).Equal(to) })
		})},
		{"newest first", "windows include from and not to", edited(func(got []forecast.Sample, _, _ time.Time) []forecast.Sample {
			slices.Reverse(got)
			return got
		})},
		{"digits are lost", "windows include from and not to", edited(func(got []forecast.Sample, _, _ time.Time) []forecast.Sample {
			for i := range got {
				got[i].Value = float64(float32(got[i].Value))
			}
			return got
		})},
		{"one page only", "a long window is complete", edited(func(got []forecast.Sample, _, _ time.Time) []forecast.Sample {
			return got[:min(len(got), 11_000)]
		})},
		{"the partial interval", "a partial interval is not returned", func(_ context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			return append(dst, s.find(func(t time.Time) bool { return !t.Before(from) && t.Before(to) })...), nil
		}},
		{"zero is taken for nothing", "zero is zero", edited(func(got []forecast.Sample, _, _ time.Time) []forecast.Sample {
			return slices.DeleteFunc(got, func(s forecast.Sample) bool { return s.Value == 0 })
		})},
		{"holes are filled with zero", "missing is not zero", edited(func(got []forecast.Sample, from, to time.Time) []forecast.Sample {
			for t := from; t.Before(to); t = t.Add(storeStep) {
				if !slices.ContainsFunc(got, func(s forecast.Sample) bool { return s.Time.Equal(t) }) {
					got = append(got, forecast.Sample{Time: t})
				}
			}
			slices.SortFunc(got, func(a, b forecast.Sample) int { return a.Time.Compare(b.Time) })
			return got
		})},
		{"a known gap becomes zero", "a known gap is not zero", edited(func(got []forecast.Sample, _, _ time.Time) []forecast.Sample {
			for i := range got {
				if math.IsNaN(got[i].Value) {
					got[i].Value = 0
				}
			}
			return got
		})},
		{"dst is overwritten", "dst is kept and nothing is retained", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			if got, err := correct(ctx, s, nil, from, to); err == nil {
				return append(dst[:0], got...), nil
			}
			return correct(ctx, s, dst, from, to)
		}},
		{"the answer is its own memory", "dst is kept and nothing is retained", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			if len(shared[s]) != len(s.values) {
				shared[s] = s.find(func(time.Time) bool { return true })
			}
			if len(dst) == 0 && from.Equal(Origin()) && !to.Before(Origin().Add(time.Duration(len(s.values))*storeStep)) {
				return shared[s], nil
			}
			return correct(ctx, s, dst, from, to)
		}},
		{"every sample once and never again", "what is new arrives", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			got, err := correct(ctx, s, nil, from, to)
			got = slices.DeleteFunc(got, func(x forecast.Sample) bool { return !x.Time.After(newest[s]) })
			if len(got) > 0 {
				newest[s] = got[len(got)-1].Time
			}
			return append(dst, got...), err
		}},
		{"late ones are forgotten", "what is late arrives, in order", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			late := Origin().Add(2 * storeStep)
			_, three := s.values[Origin().Add(3*storeStep)]
			if _, two := s.values[late]; three && !two {
				defer func() { delete(s.values, late) }()
				s.values[late] = -1 // the time is taken from now on
			}
			got, err := correct(ctx, s, nil, from, to)
			return append(dst, slices.DeleteFunc(got, func(x forecast.Sample) bool { return x.Value == -1 || x.Time.Equal(late) && three })...), err
		}},
		{"the context is ignored", "a context that has ended", func(_ context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			return correct(context.Background(), s, dst, from, to)
		}},
		{"failure is an empty series", "a system that fails is an error", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			got, err := correct(ctx, s, dst, from, to)
			if errors.Is(err, errSystem) {
				err = nil
			}
			return got, err
		}},
		{"failure gives dst away", "a system that fails is an error", func(ctx context.Context, s *store, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
			got, err := correct(ctx, s, dst, from, to)
			if errors.Is(err, errSystem) {
				got = nil
			}
			return got, err
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var caught []string
			for _, check := range sourceChecks {
				s := &store{values: map[time.Time]float64{}, answer: c.answer}
				h := &sourceUnderTest{SourceHarness{
					Source: s, Step: storeStep, Append: s.add,
					Gap:   func(at time.Time) { s.values[at] = math.NaN() },
					Break: func() { s.broken = true },
				}}
				if fails(t, func(tb testing.TB) { check.run(tb, h) }) {
					caught = append(caught, check.name)
				}
			}
			if c.caught == "" {
				require.Empty(t, caught)
			} else {
				require.Contains(t, caught, c.caught)
			}
		})
	}
}

// crew is the simplest correct Actuator, with places to break it.
type crew struct {
	ready, starting int
	broken          bool
	last            *scaler.Decision
	fleet           func(ctx context.Context, c *crew) (policy.Fleet, error)
	apply           func(ctx context.Context, c *crew, d *scaler.Decision) error
}

func (c *crew) Fleet(ctx context.Context) (policy.Fleet, error)     { return c.fleet(ctx, c) }
func (c *crew) Apply(ctx context.Context, d *scaler.Decision) error { return c.apply(ctx, c, d) }
func (c *crew) settle()                                             { c.ready, c.starting = c.ready+c.starting, 0 }
func (c *crew) fault(ctx context.Context) error {
	if c.broken {
		return errSystem
	}
	return ctx.Err()
}

var _ adapters.Actuator = (*crew)(nil)

func look(ctx context.Context, c *crew) (policy.Fleet, error) {
	if err := c.fault(ctx); err != nil {
		return policy.Fleet{}, err
	}
	return policy.Fleet{Ready: c.ready, Starting: c.starting}, nil
}

func set(ctx context.Context, c *crew, d *scaler.Decision) error {
	if err := c.fault(ctx); err != nil {
		return err
	}
	c.ready = min(c.ready, d.Replicas)
	c.starting = d.Replicas - c.ready
	return nil
}

func TestRunActuatorFindsWhatIsWrong(t *testing.T) {
	cases := []struct {
		name   string
		caught string
		fleet  func(context.Context, *crew) (policy.Fleet, error)
		apply  func(context.Context, *crew, *scaler.Decision) error
	}{
		{"correct", "", look, set},
		{"another fleet", "the fleet at first", func(_ context.Context, c *crew) (policy.Fleet, error) {
			return policy.Fleet{Ready: c.ready - 1}, nil
		}, set},
		{"looking changes the fleet", "the fleet at first", func(ctx context.Context, c *crew) (policy.Fleet, error) {
			defer func() { c.starting++ }()
			return look(ctx, c)
		}, set},
		{"the order is not shown", "more are ordered once and then serve", func(_ context.Context, c *crew) (policy.Fleet, error) {
			return policy.Fleet{Ready: c.ready}, nil
		}, set},
		{"removal is ignored", "fewer are removed", look, func(ctx context.Context, c *crew, d *scaler.Decision) error {
			if d.Replicas < c.ready {
				return nil
			}
			return set(ctx, c, d)
		}},
		{"orders add up", "applying sets and does not add", look, func(ctx context.Context, c *crew, d *scaler.Decision) error {
			if d.Replicas > c.ready {
				c.starting += d.Replicas - c.ready
				return nil
			}
			return set(ctx, c, d)
		}},
		{"the decision is kept", "the decision is neither kept nor changed", func(ctx context.Context, c *crew) (policy.Fleet, error) {
			if c.last != nil {
				c.starting = c.last.Replicas - c.ready
			}
			return look(ctx, c)
		}, func(ctx context.Context, c *crew, d *scaler.Decision) error {
			c.last = d
			return set(ctx, c, d)
		}},
		{"the decision is changed", "the decision is neither kept nor changed", look, func(ctx context.Context, c *crew, d *scaler.Decision) error {
			d.Starting++
			return set(ctx, c, d)
		}},
		{"the context is ignored", "a context that has ended", look, func(_ context.Context, c *crew, d *scaler.Decision) error {
			return set(context.Background(), c, d)
		}},
		{"the context is noticed late", "a context that has ended", look, func(ctx context.Context, c *crew, d *scaler.Decision) error {
			return errors.Join(set(context.Background(), c, d), ctx.Err())
		}},
		{"failure is an empty fleet", "a platform that fails is an error", func(ctx context.Context, c *crew) (policy.Fleet, error) {
			f, err := look(ctx, c)
			if errors.Is(err, errSystem) {
				err = nil
			}
			return f, err
		}, set},
		{"failure is said to be success", "a platform that fails is an error", look, func(ctx context.Context, c *crew, d *scaler.Decision) error {
			if c.broken {
				return nil
			}
			return set(ctx, c, d)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var caught []string
			for _, check := range actuatorChecks {
				crew := &crew{ready: 4, fleet: c.fleet, apply: c.apply}
				h := &actuatorUnderTest{ActuatorHarness{Actuator: crew, Start: 4, Settle: crew.settle, Break: func() { crew.broken = true }}}
				if fails(t, func(tb testing.TB) { check.run(tb, h) }) {
					caught = append(caught, check.name)
				}
			}
			if c.caught == "" {
				require.Empty(t, caught)
			} else {
				require.Contains(t, caught, c.caught)
			}
		})
	}
}

// vault is the simplest correct Store, with places to break it. Several have the same shelf.
type vault struct {
	shelf *shelf
	load  func(ctx context.Context, v *vault) ([]byte, error)
	save  func(ctx context.Context, v *vault, b []byte) error
	own   []byte
}

type shelf struct {
	saved  []byte
	broken bool
}

func (v *vault) Load(ctx context.Context) ([]byte, error) { return v.load(ctx, v) }
func (v *vault) Save(ctx context.Context, b []byte) error { return v.save(ctx, v, b) }
func (v *vault) fault(ctx context.Context) error {
	if v.shelf.broken {
		return errSystem
	}
	return ctx.Err()
}

func fetch(ctx context.Context, v *vault) ([]byte, error) {
	if err := v.fault(ctx); err != nil {
		return nil, err
	}
	return slices.Clone(v.shelf.saved), nil
}

func put(ctx context.Context, v *vault, b []byte) error {
	if err := v.fault(ctx); err != nil {
		return err
	}
	v.shelf.saved = slices.Clone(b)
	return nil
}

func TestRunStoreFindsWhatIsWrong(t *testing.T) {
	cases := []struct {
		name   string
		caught string
		load   func(context.Context, *vault) ([]byte, error)
		save   func(context.Context, *vault, []byte) error
	}{
		{"correct", "", fetch, put},
		{"nothing is an error", "nothing was saved", func(ctx context.Context, v *vault) ([]byte, error) {
			b, err := fetch(ctx, v)
			if err == nil && b == nil {
				err = errSystem
			}
			return b, err
		}, put},
		{"nothing is an empty snapshot", "nothing was saved", func(ctx context.Context, v *vault) ([]byte, error) {
			b, err := fetch(ctx, v)
			if err == nil && b == nil {
				b = []byte{}
			}
			return b, err
		}, put},
		{"loading takes it away", "what was saved comes back", func(ctx context.Context, v *vault) ([]byte, error) {
			defer func() { v.shelf.saved = nil }()
			return fetch(ctx, v)
		}, put},
		{"line ends are trimmed", "what was saved comes back", fetch, func(ctx context.Context, v *vault, b []byte) error {
			return put(ctx, v, bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")))
		}},
		{"large ones are cut off", "what was saved comes back", fetch, func(ctx context.Context, v *vault, b []byte) error {
			return put(ctx, v, b[:min(len(b), 1<<16)])
		}},
		{"the first counts", "the newest save counts", fetch, func(ctx context.Context, v *vault, b []byte) error {
			if v.shelf.saved != nil {
				return v.fault(ctx)
			}
			return put(ctx, v, b)
		}},
		{"what was longer shows through", "the newest save counts", fetch, func(ctx context.Context, v *vault, b []byte) error {
			if n := len(v.shelf.saved); n > len(b) {
				return put(ctx, v, append(slices.Clone(b), v.shelf.saved[len(b):]...))
			}
			return put(ctx, v, b)
		}},
		{"it stays in the process", "the next process finds it", func(ctx context.Context, v *vault) ([]byte, error) {
			return slices.Clone(v.own), v.fault(ctx)
		}, func(ctx context.Context, v *vault, b []byte) error {
			if err := v.fault(ctx); err != nil {
				return err
			}
			v.own = slices.Clone(b)
			return nil
		}},
		{"the saved slice is kept", "no slice is shared", fetch, func(ctx context.Context, v *vault, b []byte) error {
			if err := v.fault(ctx); err != nil {
				return err
			}
			v.shelf.saved = b
			return nil
		}},
		{"the answer is its own memory", "no slice is shared", func(ctx context.Context, v *vault) ([]byte, error) {
			return v.shelf.saved, v.fault(ctx)
		}, put},
		{"the context is ignored", "a context that has ended", func(_ context.Context, v *vault) ([]byte, error) {
			return fetch(context.Background(), v)
		}, put},
		{"the context is noticed late", "a context that has ended", fetch, func(ctx context.Context, v *vault, b []byte) error {
			return errors.Join(put(context.Background(), v, b), ctx.Err())
		}},
		{"failure is nothing", "a place that fails is an error", func(ctx context.Context, v *vault) ([]byte, error) {
			b, err := fetch(ctx, v)
			if errors.Is(err, errSystem) {
				err = nil
			}
			return b, err
		}, put},
		{"failure is said to be success", "a place that fails is an error", fetch, func(ctx context.Context, v *vault, b []byte) error {
			if v.shelf.broken {
				return nil
			}
			return put(ctx, v, b)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var caught []string
			for _, check := range storeChecks {
				first := &vault{shelf: &shelf{}, load: c.load, save: c.save}
				h := &storeUnderTest{StoreHarness{
					Store: first,
					Again: func() adapters.Store { return &vault{shelf: first.shelf, load: c.load, save: c.save} },
					Break: func() { first.shelf.broken = true },
				}}
				if fails(t, func(tb testing.TB) { check.run(tb, h) }) {
					caught = append(caught, check.name)
				}
			}
			if c.caught == "" {
				require.Empty(t, caught)
			} else {
				require.Contains(t, caught, c.caught)
			}
		})
	}
}
