package sim

import (
	"context"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
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
// It obeys Options.Cap. Of what else a plant may do to a policy it is spared all: no start of its fails, nothing drains, and
// each takes the shortest time in which any start can serve, which is what it pays for (the least of BootTimes, or Activation
// where that is less). So with those options it is a lower bound that nobody may reach, and its cost is not that of a run
// without them. Lag, Signal and Shown say what others see, and make no difference to it.
//
// The method is the offline half of lazy capacity provisioning (Lin, Wierman, Andrew and Thereska, Dynamic right-sizing
// for power-proportional data centers, 2011). compat.WorkFunction gives the band in which the count of each step lies,
// forwards in time. The best counts then follow backwards: from the lower edge of the last band, and at each step before,
// the next count clamped into the band.
func Optimum(ctx context.Context, t *Trace, events []forecast.Event, o Options) (Result, error) {
	if err := o.Validate(t); err != nil {
		return Result{}, err
	}
	first, n := o.FirstScored(t), t.Len()
	path := make([]int32, n)
	if err := optimalPath(ctx, path[first:], t.Demand[first:], terms{
		hours:   t.Step.Hours(),
		up:      o.shortestStart().Hours(),
		penalty: o.Penalty,
		unit:    o.Capacity,
		floor:   o.floor(),
		cap:     o.Cap,
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
	r.Cost += float64(float64(ups) * o.shortestStart().Hours())
	return r, nil
}

// terms are the prices of a path: hours a step, hours an up, replica-hours a penalised one, demand a replica.
type terms struct {
	hours, up, penalty, unit float64
	floor                    int
	cap                      int // 0: none
}

// optimalPath fills path, which is as long as demand.
func optimalPath(ctx context.Context, path []int32, demand []float64, p terms, progress func(done, total int)) error {
	// More replicas than the peak takes are never of use.
	most := replicasFor(peakDemand(demand), p.unit)
	if p.cap > 0 {
		most = min(most, p.cap)
	}
	work := compat.NewWorkFunction(compat.WorkPrices{
		Capacity: p.unit, Run: p.hours, Unserved: float64(p.hours * p.penalty), Up: p.up,
	}, p.floor, most)
	low, high := path, make([]int32, len(demand)) // the bands; the path takes the place of the lower edges backwards
	for i, d := range demand {
		if i%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(i, len(demand))
			}
		}
		lower, upper := work.Step(d)
		low[i], high[i] = int32(lower), int32(upper)
	}
	for i := len(path) - 2; i >= 0; i-- {
		path[i] = min(max(path[i+1], low[i]), high[i])
	}
	if progress != nil {
		progress(len(demand), len(demand))
	}
	return nil
}
