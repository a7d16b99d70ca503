package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// The terms on which the response to announced events is measured, in steps of the trace from the one that holds the
// start of an event.
const (
	airingLead    = 4              // of the forecasts: what an engine looks ahead at steps and a delay of a minute and a boot of two
	airingKnown   = 24 * time.Hour // an event is announced before its start
	airingBefore  = 1              // steps of the response before its start
	airingAfter   = 8              // and after the step of its start
	airingExcess  = 6              // steps from the start on in which what is above the base is its excess
	airingBase    = 30             // steps before in which the base is looked for
	airingAlone   = 20             // steps to the next event from which on the mean response takes an event for one alone
	airingLevel   = 0.9            // of the quantile that shall cover the excess
	airingLengths = airingBefore + airingAfter + 1
)

// airingReport says how well the response to announced events was learned, and what the plan of them was worth.
type airingReport struct {
	Trace   string      `json:"trace"`
	Events  int         `json:"events"` // scored: in the trace after the warmup
	Alone   int         `json:"alone"`  // of them far from any other, for the mean response
	Refused int         `json:"refused,omitempty"`
	Bins    []airingBin `json:"bins"`
	Apart   number      `json:"half_l1_learned"` // half the sum of |data - learned|: the part that is in the wrong step
	Began   number      `json:"half_l1_prior"`
	Excess  number      `json:"excess"`       // demand above the base in the steps of events, in the unit of the trace
	With    number      `json:"covered_with"` // share of it at or below the quantile, 0..1
	Without number      `json:"covered_without"`
	C95     struct {
		With    number `json:"with"`
		Without number `json:"without"`
	} `json:"coverage_95"` // of all targets of both passes
}

// airingBin is a step of a response.
type airingBin struct {
	Step    int    `json:"step"`    // from the one that holds the start
	Data    number `json:"data"`    // share of the mean excess, 0..1
	Learned number `json:"learned"` // what the learned response has there at the same starts
	Prior   number `json:"prior"`   // what it began with
}

// measureAirings passes over the trace twice: with the plan, announced a day ahead, and without it.
func measureAirings(ctx context.Context, trace, plan string, v variant) (*airingReport, error) {
	t, err := sim.OpenTrace(trace)
	if err != nil {
		return nil, err
	}
	events, err := sim.OpenEvents(plan)
	if err != nil {
		return nil, err
	}
	if sim.DefaultCapacity(t) == 0 {
		return nil, fmt.Errorf("%s: no step has any demand; wanted some", trace)
	}
	r := &airingReport{Trace: t.Name}
	f := newTraceModel(t, []int64{airingLead}, v)
	with, refused, err := airingPass(ctx, f, t, events)
	if err != nil {
		return nil, err
	}
	without, _, err := airingPass(ctx, newTraceModel(t, []int64{airingLead}, v), t, nil)
	if err != nil {
		return nil, err
	}
	r.Refused = refused
	r.C95.With, r.C95.Without = with.covers(t, 1), without.covers(t, 1)
	r.shape(f, t, events, v)
	r.cover(t, events, with, without)
	if r.Events == 0 {
		return nil, fmt.Errorf("%s: no event is in the trace two days after its start or later; wanted some", plan)
	}
	return r, nil
}

// quantilesAt are the quantiles at airingLevel and .95 that a pass had forecast for each step of a trace; NaN for none.
type quantilesAt [2][]float64

// covers is the coverage of one of them over the steps after the warmup.
func (q quantilesAt) covers(t *sim.Trace, which int) number {
	n, in := 0, 0
	for k := int(warmup / t.Step); k < len(t.Demand); k++ {
		if x := q[which][k]; !math.IsNaN(x) && !math.IsNaN(t.Demand[k]) {
			n++
			if t.Demand[k] <= x {
				in++
			}
		}
	}
	return number(float64(in) / float64(n))
}

// airingPass shows the trace to f once and keeps what it forecasts.
func airingPass(ctx context.Context, f *forecast.Forecaster, t *sim.Trace, events []forecast.Event) (quantilesAt, int, error) {
	var out quantilesAt
	for i := range out {
		out[i] = make([]float64, len(t.Demand))
		for k := range out[i] {
			out[i][k] = math.NaN()
		}
	}
	refused := 0
	lead := []time.Duration{(airingLead - 1) * t.Step}
	var row []float64
	for k, v := range t.Demand {
		if k%4096 == 0 && ctx.Err() != nil {
			return out, refused, ctx.Err()
		}
		for len(events) > 0 && !events[0].Start.After(t.Times[k].Add(airingKnown)) {
			err := f.Announce(events[0])
			if errors.Is(err, forecast.ErrEventTableFull) {
				refused++
			} else if err != nil {
				return out, refused, err
			}
			events = events[1:]
		}
		if math.IsNaN(v) {
			continue
		}
		f.Observe(t.Times[k], v)
		now := t.Times[k].Add(t.Step)
		f.Advance(now)
		row = f.Quantiles(row, now, lead)
		if target := k + airingLead; target < len(t.Demand) {
			out[0][target], out[1][target] = quantile(row, airingLevel), quantile(row, 0.95)
		}
	}
	return out, refused, nil
}

// stepOf is the step of the trace that holds the instant, -1 if none does.
func stepOf(t *sim.Trace, at time.Time) int {
	k, found := slices.BinarySearchFunc(t.Times, at, time.Time.Compare)
	if !found {
		k--
	}
	if k < 0 || !at.Before(t.Times[k].Add(t.Step)) {
		return -1
	}
	return k
}

// base is the median of the steps before step k in which no event is felt; NaN if fewer than five are known.
func base(t *sim.Trace, loud []bool, k int) float64 {
	var quiet []float64
	for i := max(0, k-airingBase-airingBefore); i < k-airingBefore; i++ {
		if !loud[i] && !math.IsNaN(t.Demand[i]) {
			quiet = append(quiet, t.Demand[i])
		}
	}
	if len(quiet) < 5 {
		return math.NaN()
	}
	slices.Sort(quiet)
	n := len(quiet)
	return (quiet[(n-1)/2] + quiet[n/2]) / 2
}

// scored are the steps of the starts of the events that lie in the trace after its warmup, with the events; loud says in
// which steps an event may be felt.
func scored(t *sim.Trace, events []forecast.Event) (starts []int, of []forecast.Event, loud []bool) {
	loud = make([]bool, len(t.Demand))
	for _, ev := range events {
		k := stepOf(t, ev.Start)
		if k < 0 {
			continue
		}
		for i := max(0, k-airingBefore); i <= min(len(loud)-1, k+airingAfter); i++ {
			loud[i] = true
		}
		if time.Duration(k)*t.Step >= warmup && k+airingAfter < len(t.Demand) {
			starts, of = append(starts, k), append(of, ev)
		}
	}
	return starts, of, loud
}

// shape compares the mean response of the events that are alone with the learned one and the prior.
func (r *airingReport) shape(f *forecast.Forecaster, t *sim.Trace, events []forecast.Event, v variant) {
	starts, of, loud := scored(t, events)
	r.Events = len(starts)
	if r.Events == 0 {
		return
	}
	fresh := newTraceModel(t, []int64{airingLead}, v)
	_ = fresh.Announce(of[0]) // it has room, and f took the event
	learned, prior := f.Learned(nil, of[0].Kind), fresh.Learned(nil, of[0].Kind)
	var data, said, began [airingLengths]float64
	for i, k := range starts {
		if i > 0 && k-starts[i-1] < airingAlone || i+1 < len(starts) && starts[i+1]-k < airingAlone {
			continue
		}
		level := base(t, loud, k)
		if math.IsNaN(level) {
			continue
		}
		r.Alone++
		for j := range data {
			at := k - airingBefore + j
			if !math.IsNaN(t.Demand[at]) {
				data[j] += t.Demand[at] - level
			}
			from := t.Times[at].Sub(of[i].Start)
			said[j] += shareOf(learned, from, from+t.Step)
			began[j] += shareOf(prior, from, from+t.Step)
		}
	}
	normalise(&data)
	normalise(&said)
	normalise(&began)
	var apart, before float64
	for j := range data {
		r.Bins = append(r.Bins, airingBin{j - airingBefore, number(data[j]), number(said[j]), number(began[j])})
		apart += math.Abs(data[j]-said[j]) / 2
		before += math.Abs(data[j]-began[j]) / 2
	}
	r.Apart, r.Began = number(apart), number(before)
}

// shareOf is the part of a learned response between from and to after the start.
func shareOf(bins []forecast.LearnedBin, from, to time.Duration) float64 {
	var sum float64
	for _, b := range bins {
		if both := min(to, b.To) - max(from, b.From); both > 0 {
			sum += b.Share * float64(both) / float64(b.To-b.From)
		}
	}
	return sum
}

// normalise divides by the sum.
func normalise(x *[airingLengths]float64) {
	var sum float64
	for _, v := range x {
		sum += v
	}
	for i := range x {
		x[i] /= sum
	}
}

// cover sums the excess of the steps of events, each step once, and how much of it the quantiles hold.
func (r *airingReport) cover(t *sim.Trace, events []forecast.Event, with, without quantilesAt) {
	starts, _, loud := scored(t, events)
	var all, in, out float64
	next := 0
	for _, k := range starts {
		level := base(t, loud, k)
		for i := max(k, next); i < k+airingExcess; i++ {
			excess := t.Demand[i] - level
			if !(excess > 0) || math.IsNaN(with[0][i]) || math.IsNaN(without[0][i]) { // NaN: nothing is known of it
				continue
			}
			all += excess
			in += max(0, min(excess, with[0][i]-level))
			out += max(0, min(excess, without[0][i]-level))
		}
		next = k + airingExcess
	}
	r.Excess, r.With, r.Without = number(all), number(in/all), number(out/all)
}

// table writes the response step by step, and what the plan was worth.
func (r *airingReport) table(b *bytes.Buffer) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "step after the start\tdata\tlearned\tprior\t")
	for _, bin := range r.Bins {
		fmt.Fprintf(tab, "%+d\t%s\t%s\t%s\t\n", bin.Step, bin.Data.fixed(3), bin.Learned.fixed(3), bin.Prior.fixed(3))
	}
	_ = tab.Flush() // a buffer takes everything
	fmt.Fprintf(b, "%s: response of %d of %d events, far from others; in the wrong step: learned %s, prior %s\n",
		r.Trace, r.Alone, r.Events, r.Apart.fixed(3), r.Began.fixed(3))
	fmt.Fprintf(b, "share of the events' excess at or below the .9 quantile, %d steps ahead: with the plan %s, without %s (c95 of all steps %s, %s)\n",
		airingLead, r.With.fixed(3), r.Without.fixed(3), r.C95.With.fixed(3), r.C95.Without.fixed(3))
	if r.Refused > 0 {
		fmt.Fprintf(b, "%d events were refused: the table was full\n", r.Refused)
	}
}
