package adaptertest

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/forecast"
)

// SourceHarness is a Source under test with the system behind it, which is empty at first.
type SourceHarness struct {
	// Source reads one series whose samples describe intervals of Step.
	Source adapters.Source
	Step   time.Duration
	// Append makes the system hold more samples. Their values are finite and 0 or more, and their times lie at multiples
	// of Step after Origin, not always in ascending order. All of it is readable when Append returns.
	Append func(samples ...forecast.Sample)
	// Gap makes the system hold the knowledge that the interval from at on was not measured; nil where it cannot.
	Gap func(at time.Time)
	// Break makes the system fail from now on, whichever way is its most usual one; nil where it cannot fail.
	Break func()
}

// Origin is the time around which the suites put their samples. It lies on a boundary of every usual step.
func Origin() time.Time { return time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC) }

// sourceCheck is one check of RunSource.
type sourceCheck struct {
	name string
	run  func(t testing.TB, h *sourceUnderTest)
}

var sourceChecks = []sourceCheck{
	{"nothing there is no error", sourceEmpty},
	{"windows include from and not to", sourceWindows},
	{"a long window is complete", sourceLong},
	{"a partial interval is not returned", sourcePartial},
	{"zero is zero", sourceZero},
	{"missing is not zero", sourceMissing},
	{"a known gap is not zero", sourceGap},
	{"dst is kept and nothing is retained", sourceBuffer},
	{"what is new arrives", sourceGrows},
	{"what is late arrives, in order", sourceLate},
	{"a context that has ended", sourceCancelled},
	{"a system that fails is an error", sourceBroken},
}

// RunSource checks the contract of adapters.Source, each point in a subtest with a Source that open makes for it:
//
//   - nothing there, and a window that is empty or reversed, give nothing and no error;
//   - a window has the samples with from <= Time < to, ascending, each time once, with exactly their values; a window of
//     12,000 samples is whole, though the system may answer in pages;
//   - an interval that is not over by to is partial and is left out, one that ends at to is in;
//   - a measured zero is returned as zero; an interval without a sample, or a known gap, is left out or NaN;
//   - what dst held stays in front, dst may be nil, the same question has the same answer, and writing over an answer
//     changes no later one;
//   - samples that the system gets between two reads are in the second, late ones in their place;
//   - a context that has ended is an error that wraps the context's, and so is a system that fails; the result is dst as
//     it was, and never an empty series.
func RunSource(t *testing.T, open func(t *testing.T) SourceHarness) {
	t.Helper()
	for _, c := range sourceChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, &sourceUnderTest{open(t)}) })
	}
}

type sourceUnderTest struct{ SourceHarness }

// at returns the start of interval i.
func (h *sourceUnderTest) at(i int) time.Time { return Origin().Add(time.Duration(i) * h.Step) }

// value is what interval i holds: no round numbers, so that a text form that loses digits is found out.
func value(i int) float64 { return float64(i+1) / 3 }

// fill appends intervals i to j-1.
func (h *sourceUnderTest) fill(i, j int) {
	var samples []forecast.Sample
	for ; i < j; i++ {
		samples = append(samples, forecast.Sample{Time: h.at(i), Value: value(i)})
	}
	h.Append(samples...)
}

func (h *sourceUnderTest) read(t testing.TB, from, to time.Time) []forecast.Sample {
	t.Helper()
	got, err := h.Source.Read(t.Context(), nil, from, to)
	require.NoError(t, err)
	return got
}

// requireIntervals demands the samples of the intervals with these numbers, and no others.
func (h *sourceUnderTest) requireIntervals(t testing.TB, got []forecast.Sample, want ...int) {
	t.Helper()
	require.Len(t, got, len(want))
	for k, i := range want {
		if s := got[k]; !s.Time.Equal(h.at(i)) || s.Value != value(i) {
			require.Failf(t, "wrong sample", "sample %d is %v at %v; wanted %v at %v", k, s.Value, s.Time, value(i), h.at(i))
		}
	}
}

func sourceEmpty(t testing.TB, h *sourceUnderTest) {
	require.Empty(t, h.read(t, h.at(0), h.at(10)), "a system that holds nothing")
	h.fill(0, 3)
	require.Empty(t, h.read(t, h.at(5), h.at(9)), "a window after the last sample")
	require.Empty(t, h.read(t, h.at(-9), h.at(-5)), "a window before the first sample")
	require.Empty(t, h.read(t, h.at(1), h.at(1)), "a window of no length")
	require.Empty(t, h.read(t, h.at(3), h.at(0)), "a window that ends before it starts")
}

func sourceWindows(t testing.TB, h *sourceUnderTest) {
	const n = 6
	h.fill(0, n)
	for i := -1; i <= n+1; i++ {
		for j := i; j <= n+1; j++ {
			var want []int
			for k := max(i, 0); k < min(j, n); k++ {
				want = append(want, k)
			}
			h.requireIntervals(t, h.read(t, h.at(i), h.at(j)), want...)
		}
	}
	h.requireIntervals(t, h.read(t, h.at(2).Add(1), h.at(4)), 3)
}

func sourceLong(t testing.TB, h *sourceUnderTest) {
	const n = 12_000
	h.fill(0, n)
	want := make([]int, n)
	for i := range want {
		want[i] = i
	}
	h.requireIntervals(t, h.read(t, h.at(0), h.at(n)), want...)
}

func sourcePartial(t testing.TB, h *sourceUnderTest) {
	h.fill(0, 3)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(3).Add(-1)), 0, 1)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(2).Add(h.Step/2)), 0, 1)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(3)), 0, 1, 2)
}

func sourceZero(t testing.TB, h *sourceUnderTest) {
	h.Append(forecast.Sample{Time: h.at(0), Value: 0})
	got := h.read(t, h.at(0), h.at(1))
	require.Len(t, got, 1, "a measured zero")
	require.Equal(t, 0.0, got[0].Value)
}

// requireMissing demands that nothing is claimed of interval i.
func (h *sourceUnderTest) requireMissing(t testing.TB, got []forecast.Sample, i int) {
	t.Helper()
	for _, s := range got {
		if s.Time.Equal(h.at(i)) {
			require.True(t, math.IsNaN(s.Value), "the interval at %v was not measured and has value %v", s.Time, s.Value)
		}
	}
}

// measured returns got without the samples that are NaN.
func measured(got []forecast.Sample) []forecast.Sample {
	return slices.DeleteFunc(slices.Clone(got), func(s forecast.Sample) bool { return math.IsNaN(s.Value) })
}

func sourceMissing(t testing.TB, h *sourceUnderTest) {
	h.fill(0, 2)
	h.fill(4, 6)
	got := h.read(t, h.at(-2), h.at(8))
	for _, i := range []int{-2, -1, 2, 3, 6, 7} {
		h.requireMissing(t, got, i)
	}
	h.requireIntervals(t, measured(got), 0, 1, 4, 5)
}

func sourceGap(t testing.TB, h *sourceUnderTest) {
	if h.Gap == nil {
		t.Skip("the system knows of no gaps")
	}
	h.fill(0, 1)
	h.Gap(h.at(1))
	h.fill(2, 3)
	got := h.read(t, h.at(0), h.at(3))
	h.requireMissing(t, got, 1)
	h.requireIntervals(t, measured(got), 0, 2)
}

func sourceBuffer(t testing.TB, h *sourceUnderTest) {
	h.fill(0, 4)
	first := forecast.Sample{Time: h.at(99), Value: 99}
	dst := append(make([]forecast.Sample, 0, 64), first)
	got, err := h.Source.Read(t.Context(), dst, h.at(0), h.at(4))
	require.NoError(t, err)
	require.NotEmpty(t, got)
	require.Equal(t, first, got[0], "what dst held")
	h.requireIntervals(t, got[1:], 0, 1, 2, 3)

	scribble := func(got []forecast.Sample) {
		for i := range got {
			got[i] = forecast.Sample{Time: h.at(77), Value: -1}
		}
	}
	scribble(got)
	again := h.read(t, h.at(0), h.at(4))
	h.requireIntervals(t, again, 0, 1, 2, 3)
	scribble(again)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(4)), 0, 1, 2, 3)
}

func sourceGrows(t testing.TB, h *sourceUnderTest) {
	h.fill(0, 3)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(3)), 0, 1, 2)
	h.fill(3, 5)
	h.requireIntervals(t, h.read(t, h.at(2), h.at(5)), 2, 3, 4)
	h.requireIntervals(t, h.read(t, h.at(4), h.at(6)), 4)
	h.fill(5, 6)
	h.requireIntervals(t, h.read(t, h.at(4), h.at(6)), 4, 5)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(6)), 0, 1, 2, 3, 4, 5)
}

func sourceLate(t testing.TB, h *sourceUnderTest) {
	h.fill(0, 2)
	h.fill(3, 4)
	got := h.read(t, h.at(0), h.at(4))
	h.requireMissing(t, got, 2)
	h.requireIntervals(t, measured(got), 0, 1, 3)
	h.fill(2, 3)
	h.requireIntervals(t, h.read(t, h.at(1), h.at(4)), 1, 2, 3)
}

// requireNothing demands an error, and dst as it was.
func (h *sourceUnderTest) requireNothing(t testing.TB, ctx context.Context) error {
	t.Helper()
	first := forecast.Sample{Time: h.at(99), Value: 99}
	got, err := h.Source.Read(ctx, []forecast.Sample{first}, h.at(0), h.at(3))
	require.Error(t, err)
	require.Equal(t, []forecast.Sample{first}, got, "dst, next to error %q", err)
	return err
}

func sourceCancelled(t testing.TB, h *sourceUnderTest) {
	h.fill(0, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.requireNothing(t, ctx), context.Canceled)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(3)), 0, 1, 2)
}

func sourceBroken(t testing.TB, h *sourceUnderTest) {
	if h.Break == nil {
		t.Skip("the system cannot fail")
	}
	h.fill(0, 3)
	h.requireIntervals(t, h.read(t, h.at(0), h.at(3)), 0, 1, 2)
	h.Break()
	require.NotErrorIs(t, h.requireNothing(t, t.Context()), context.Canceled, "nobody ended the context")
}
