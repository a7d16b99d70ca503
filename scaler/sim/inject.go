package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/fp"
)

// Kernel is the course of the extra demand of an event: it rises in a straight line to its peak, and falls exponentially.
type Kernel struct {
	// Amplitude is the height of the peak, in multiples of the demand around the event; more than 0.
	Amplitude float64
	// Rise is the time from the first extra demand to the peak, 0 or more: 0 is a jump.
	Rise time.Duration
	// Decay is the time in which the extra demand falls to 1/e of the peak, more than 0.
	Decay time.Duration
}

// Injection says what is planted into a trace.
type Injection struct {
	Kernel
	// Jitter is by how much a response may begin before or after the moment that is planned, evenly, 0 or more. It is the
	// Window of the planned events.
	Jitter time.Duration
	// Scatter is by which part of Amplitude the height of a peak may differ from it, evenly, at least 0 and less than 1.
	// The plan does not know it.
	Scatter float64
	// Every is the time of which each has one event, at a moment that is drawn evenly; at least two steps of the trace.
	Every time.Duration
	// Seed is the seed of moments, jitter and heights. The draws for one event do not depend on the kernel.
	Seed uint64
}

// DefaultInjection returns peaks of three times the demand around them that come within a minute, fade in eight, are up to
// 30 s off the plan and up to half as high or half as high again; one in every four hours.
func DefaultInjection() Injection {
	return Injection{Kernel: Kernel{Amplitude: 3, Rise: time.Minute, Decay: 8 * time.Minute},
		Jitter: 30 * time.Second, Scatter: 0.5, Every: 4 * time.Hour, Seed: 1}
}

// Validate reports every fault of in at once, each with the field, its value and what was wanted.
func (in Injection) Validate(t *Trace) error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(in.Amplitude > 0 && in.Amplitude <= 1e6, "amplitude %v: wanted more than 0, up to 1e6", in.Amplitude)
	check(in.Rise >= 0 && in.Rise <= longestKernel, "rise %v: wanted 0 to %v", in.Rise, longestKernel)
	check(in.Decay > 0 && in.Decay <= longestKernel, "decay %v: wanted more than 0, up to %v", in.Decay, longestKernel)
	check(in.Jitter >= 0 && in.Jitter <= longestKernel, "jitter %v: wanted 0 to %v", in.Jitter, longestKernel)
	check(in.Scatter >= 0 && in.Scatter < 1, "scatter %v: wanted at least 0 and less than 1", in.Scatter)
	check(in.Every >= 2*t.Step, "every %v: wanted at least two steps of %v", in.Every, t.Step)
	return errors.Join(faults...)
}

// longestKernel bounds each of the times of a kernel.
const longestKernel = 24 * time.Hour

// Planted is what Inject returns.
type Planted struct {
	Trace *Trace
	// Planned are the events as an organiser would announce them: at the moment that was planned, give or take Jitter.
	Planned []forecast.Event
	// True are the same events at the moment when they began.
	True   []forecast.Event
	kernel Kernel
}

// plantedKind is the kind of the events that are planted.
const plantedKind = "planted"

// kind is what somebody knows of the response who knows how long it takes: a forecast.Kind lasts for 9.3 of its rises,
// and of a kernel 98 % have come four decay times after the peak.
func (p Planted) kind() forecast.Kind {
	lasts := p.kernel.Rise + 4*p.kernel.Decay
	return forecast.Kind{Name: plantedKind, Rise: forecast.Duration((lasts * 10 / 93).Round(time.Second))}
}

// Moments draws the moments that are planned: one within each Every, from the start of the trace to its end.
func (in Injection) Moments(t *Trace) []time.Time {
	var moments []time.Time
	end := t.Times[t.Len()-1].Add(t.Step)
	for from := t.Times[0]; from.Before(end); from = from.Add(in.Every) {
		at := from.Add(time.Duration(in.draws(len(moments), "moment") * float64(in.Every)).Truncate(time.Second))
		if at.Before(end) {
			moments = append(moments, at)
		}
	}
	return moments
}

// draws returns a number from 0 up to but not including 1 for event i: the same whatever else is drawn.
func (in Injection) draws(i int, what string) float64 {
	const golden = 0x9e3779b97f4a7c15 // apart for neighbouring seeds and events
	return rand.New(rand.NewPCG(in.Seed*golden, uint64(i)*golden+uint64(what[0]))).Float64()
}

// Inject adds an event's extra demand to a copy of a trace for each of the moments, which rise. The demand around an event,
// of which the height is a multiple, is that of the trace before, as in the score EventUnserved: the upper median of half an
// hour on both sides, wider where little is known. Where that is 0, an event brings nothing, and a hole stays a hole.
//
// What comes within a step is its mean over the step: a peak that is shorter than a step is flatter there.
func Inject(t *Trace, in Injection, moments []time.Time) (Planted, error) {
	if err := errors.Join(t.Validate(), in.Validate(t)); err != nil {
		return Planted{}, err
	}
	if !slices.IsSortedFunc(moments, time.Time.Compare) {
		return Planted{}, errors.New("moments: wanted them to rise")
	}
	injected := *t
	injected.Demand = slices.Clone(t.Demand)
	p := Planted{Trace: &injected, kernel: in.Kernel}
	var values []float64
	for i, at := range moments {
		off := time.Duration((2*in.draws(i, "jitter") - 1) * float64(in.Jitter)).Round(time.Millisecond)
		e := forecast.Event{ID: "planted-" + strconv.Itoa(i+1), Kind: plantedKind, Start: at, Window: in.Jitter}
		p.Planned = append(p.Planned, e)
		e.Start, e.Window = at.Add(off), 0
		p.True = append(p.True, e)

		first, exact := slices.BinarySearchFunc(t.Times, e.Start, time.Time.Compare)
		if !exact { // the step before holds it
			first = max(0, first-1)
		}
		values = demandAround(values, t, first)
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		height := values[len(values)/2] * in.Amplitude * (1 + float64((2*in.draws(i, "scatter")-1)*in.Scatter))
		for k := first; k < t.Len(); k++ {
			from := t.Times[k].Sub(e.Start)
			if from > in.Rise+kernelEnd*in.Decay {
				break
			}
			if t.Demand[k] >= 0 {
				come := in.came(from+t.Step) - in.came(from)
				injected.Demand[k] += float64(height * come / t.Step.Seconds())
			}
		}
	}
	slices.SortStableFunc(p.True, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) })
	return p, nil
}

// demandAround returns, in the memory of dst, the known demand of the steps that begin within half an hour before and after
// step i, or within up to four hours while there are fewer than ten, as the base of EventUnserved has them.
func demandAround(dst []float64, t *Trace, i int) []float64 {
	for w := baseWiden; w <= baseWidest; w += baseWiden {
		dst = dst[:0]
		for j := max(i-stepsWithin(w, t.Step), 0); j < min(i+ceilSteps(w, t.Step), t.Len()); j++ {
			if t.Demand[j] >= 0 {
				dst = append(dst, t.Demand[j])
			}
		}
		if len(dst) >= baseValues {
			break
		}
	}
	return dst
}

// kernelEnd is the number of decay times after the peak at which extra demand is over: e^-8 of it is left.
const kernelEnd = 8

// came is the area below a kernel of height 1 up to a time after its start, in seconds.
func (k Kernel) came(after time.Duration) float64 {
	switch {
	case after <= 0:
		return 0
	case after < k.Rise:
		return after.Seconds() * (after.Seconds() / k.Rise.Seconds()) / 2
	}
	decay := k.Decay.Seconds()
	return k.Rise.Seconds()/2 + float64(decay*(1-fp.Exp(-math.Min((after-k.Rise).Seconds()/decay, kernelEnd))))
}
