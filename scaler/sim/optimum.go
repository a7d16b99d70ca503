package sim

import (
	"context"
	"math"
	"sort"

	"github.com/headroom-go/headroom/forecast"
)

// Optimum returns the clairvoyant optimum: the cheapest path of replica counts for somebody who knows the whole trace.
//
// It minimises, over the scored steps alone, the sum of replica-hours and penalised unserved replica-hours, plus the boot
// time (exactly, not in whole steps) of each replica that is added to the count of the step before; the first count is
// free. Whoever knows the future orders early, so a counted replica serves at once, and its boot is only paid for. The
// cost is no more than that of any policy in the same plant, apart from the first steps. Ties are broken the same way on
// every machine: the path ends with the fewest replicas, and one that is as cheap to keep as to order again is kept.
//
// Ordered and Ready of the result are equal; before the first scored step they hold its count. ReplicaHours leaves the
// boot times out, Cost has them. Time is O(steps * peak replicas), memory O(steps + peak replicas).
//
// The method is the offline half of lazy capacity provisioning (Lin, Wierman, Andrew and Thereska, Dynamic right-sizing
// for power-proportional data centers, 2011). C[x], the least cost so far that ends with x replicas, is convex in x,
// because the cost of a step is and the minimum over the count before keeps it so: it replaces slopes below zero by zero (a
// removal is free: the sweep from above) and slopes over the price of an up by that price (the sweep from below). So it
// is enough to keep the slopes C[x+1]-C[x] and clip them. The best counts then follow backwards in time: from the
// smallest minimum of the last C, and at each step before, the next count clamped into the band that lies between the
// smallest minimum of C[x] and the largest minimum of C[x] less x ups.
func Optimum(ctx context.Context, t *Trace, events []forecast.Event, o Options) (Result, error) {
	if err := o.Validate(t); err != nil {
		return Result{}, err
	}
	first, n := o.FirstScored(t), t.Len()
	path := make([]int32, n)
	if err := optimalPath(ctx, path[first:], t.Demand[first:], terms{
		hours:   t.Step.Hours(),
		up:      o.Boot.Hours(),
		penalty: o.Penalty,
		unit:    o.Capacity,
		floor:   o.floor(),
	}, o.Progress); err != nil {
		return Result{}, err
	}
	for i := range first {
		path[i] = path[first]
	}
	r := Result{Ordered: path, Ready: path, Scores: score(t, events, o, path, path)}
	ups := int64(0)
	for i := first + 1; i < n; i++ {
		ups += int64(max(0, path[i]-path[i-1]))
	}
	r.Cost += float64(float64(ups) * o.Boot.Hours())
	return r, nil
}

// terms are the prices of a path: hours a step, hours an up, replica-hours a penalised one, demand a replica.
type terms struct {
	hours, up, penalty, unit float64
	floor                    int
}

// optimalPath fills path, which is as long as demand.
func optimalPath(ctx context.Context, path []int32, demand []float64, p terms, progress func(done, total int)) error {
	// More replicas than the peak takes are never of use. slope[k] is C[floor+k+1]-C[floor+k].
	slope := make([]float64, max(replicasFor(peakDemand(demand), p.unit)-p.floor, 0))
	low := path                                     // the smallest minimum of C at each step; the path takes its place backwards
	high := make([]int32, len(demand))              // the largest minimum of C less the price of the ups
	running := p.hours                              // the slope of a step's cost where its demand is served
	starved := p.hours - float64(p.hours*p.penalty) // and where it is not
	for i, d := range demand {
		if i%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(i, len(demand))
			}
		}
		need := 0.0
		if d >= 0 {
			need = d / p.unit
		}
		whole := min(max(int(math.Floor(need))-p.floor, 0), len(slope)) // slopes that end at or before the need
		for k, s := range slope[:whole] {
			slope[k] = min(max(s, 0), p.up) + starved
		}
		rest := slope[whole:]
		if part := need - float64(p.floor+whole); part > 0 && len(rest) > 0 { // the slope that the need lies in
			rest[0] = min(max(rest[0], 0), p.up) + (p.hours - float64(p.hours*float64(p.penalty*part)))
			rest = rest[1:]
		}
		for k, s := range rest {
			rest[k] = min(max(s, 0), p.up) + running
		}
		low[i], high[i] = int32(p.floor+firstAbove(slope, 0, true)), int32(p.floor+firstAbove(slope, p.up, false))
	}
	for i := len(path) - 2; i >= 0; i-- {
		path[i] = min(max(path[i+1], low[i]), high[i])
	}
	if progress != nil {
		progress(len(demand), len(demand))
	}
	return nil
}

// firstAbove is the place of the first slope above x, or at least x if that is let in; slopes rise.
func firstAbove(slope []float64, x float64, orEqual bool) int {
	return sort.Search(len(slope), func(k int) bool { return slope[k] > x || orEqual && slope[k] == x })
}
