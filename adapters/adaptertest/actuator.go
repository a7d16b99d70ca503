package adaptertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ActuatorHarness is an Actuator under test with the platform behind it, whose fleet is Start ready replicas at first.
type ActuatorHarness struct {
	Actuator adapters.Actuator
	// Start is 3 or more, and the platform carries at least 20.
	Start int
	// Follow has the platform take note of what was applied, before replicas boot; nil where Fleet shows it at once.
	Follow func()
	// Settle has time pass until every replica on order serves; nil where they serve at once.
	Settle func()
	// Break makes the platform fail from now on, whichever way is its most usual one; nil where it cannot fail.
	Break func()
}

// actuatorCheck is one check of RunActuator.
type actuatorCheck struct {
	name string
	run  func(t testing.TB, h *actuatorUnderTest)
}

var actuatorChecks = []actuatorCheck{
	{"the fleet at first", actuatorStart},
	{"more are ordered once and then serve", actuatorUp},
	{"fewer are removed", actuatorDown},
	{"applying sets and does not add", actuatorSets},
	{"the decision is neither kept nor changed", actuatorDecision},
	{"a context that has ended", actuatorCancelled},
	{"a platform that fails is an error", actuatorBroken},
}

// RunActuator checks the contract of adapters.Actuator, each point in a subtest with an Actuator that open makes for it:
//
//   - Fleet shows what is there, changes nothing, and is one that the engine takes: no negative count or boot time;
//   - after Apply of a larger count that many are ordered, whatever is ready by then, and all of them serve in the end;
//   - after Apply of a smaller count that many are left;
//   - Apply of the same count again changes nothing, and of another one during boot leads to that count, not to the sum;
//   - Apply changes nothing in the decision, and what happens to the decision later changes nothing in the fleet;
//   - a context that has ended is an error that wraps the context's, from both methods, and the fleet stays;
//   - a platform that fails is an error, from both methods, and never an empty fleet.
func RunActuator(t *testing.T, open func(t *testing.T) ActuatorHarness) {
	t.Helper()
	for _, c := range actuatorChecks {
		t.Run(c.name, func(t *testing.T) {
			h := &actuatorUnderTest{open(t)}
			require.GreaterOrEqual(t, h.Start, 3, "the harness starts with too small a fleet")
			c.run(t, h)
		})
	}
}

type actuatorUnderTest struct{ ActuatorHarness }

func (h *actuatorUnderTest) fleet(t testing.TB) policy.Fleet {
	t.Helper()
	f, err := h.Actuator.Fleet(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, f.Ready, 0)
	require.GreaterOrEqual(t, f.Starting, 0)
	require.GreaterOrEqual(t, f.Boot, time.Duration(0))
	return f
}

// decision is one that wants n replicas of fleet f. Nothing in it is NaN, so that two of them compare.
func decision(f policy.Fleet, n int) scaler.Decision {
	return scaler.Decision{Time: Origin(), Replicas: n, Ready: f.Ready, Starting: f.Starting, Signal: "demand", Capacity: 1}
}

// apply orders n replicas and demands that the fleet shows them.
func (h *actuatorUnderTest) apply(t testing.TB, n int) {
	t.Helper()
	d := decision(h.fleet(t), n)
	require.NoError(t, h.Actuator.Apply(t.Context(), &d))
	if h.Follow != nil {
		h.Follow()
	}
	require.Equal(t, n, h.fleet(t).Ordered(), "ordered after Apply of %d", n)
}

// settle demands that n replicas serve in the end.
func (h *actuatorUnderTest) settle(t testing.TB, n int) {
	t.Helper()
	if h.Settle != nil {
		h.Settle()
	}
	f := h.fleet(t)
	require.Equal(t, n, f.Ready, "ready after everything has booted")
	require.Equal(t, 0, f.Starting, "starting after everything has booted")
}

func actuatorStart(t testing.TB, h *actuatorUnderTest) {
	f := h.fleet(t)
	require.Equal(t, h.Start, f.Ready)
	require.Equal(t, 0, f.Starting)
	require.Equal(t, f, h.fleet(t), "looking changes nothing")
}

func actuatorUp(t testing.TB, h *actuatorUnderTest) {
	h.apply(t, h.Start+4)
	h.settle(t, h.Start+4)
}

func actuatorDown(t testing.TB, h *actuatorUnderTest) {
	h.apply(t, h.Start-2)
	h.settle(t, h.Start-2)
}

func actuatorSets(t testing.TB, h *actuatorUnderTest) {
	h.apply(t, h.Start+2)
	h.apply(t, h.Start+2)
	h.apply(t, h.Start+5)
	h.apply(t, h.Start+3)
	h.settle(t, h.Start+3)
	h.apply(t, h.Start+3)
	h.settle(t, h.Start+3)
}

func actuatorDecision(t testing.TB, h *actuatorUnderTest) {
	d := decision(h.fleet(t), h.Start+1)
	before := d
	require.NoError(t, h.Actuator.Apply(t.Context(), &d))
	require.Equal(t, before, d, "the decision after Apply")
	d.Replicas += 5
	if h.Follow != nil {
		h.Follow()
	}
	require.Equal(t, h.Start+1, h.fleet(t).Ordered(), "ordered after the caller used its decision for something else")
}

func actuatorCancelled(t testing.TB, h *actuatorUnderTest) {
	d := decision(h.fleet(t), h.Start+1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.Actuator.Apply(ctx, &d), context.Canceled)
	_, err := h.Actuator.Fleet(ctx)
	require.ErrorIs(t, err, context.Canceled)
	if h.Follow != nil {
		h.Follow()
	}
	require.Equal(t, h.Start, h.fleet(t).Ordered(), "ordered after an Apply that was refused")
}

func actuatorBroken(t testing.TB, h *actuatorUnderTest) {
	if h.Break == nil {
		t.Skip("the platform cannot fail")
	}
	d := decision(h.fleet(t), h.Start+1)
	h.Break()
	require.Error(t, h.Actuator.Apply(t.Context(), &d))
	_, err := h.Actuator.Fleet(t.Context())
	require.Error(t, err)
}
