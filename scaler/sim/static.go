package sim

import (
	"context"
	"math"

	"github.com/headroom-go/headroom/forecast"
)

// StaticBest returns the cheapest fleet of one size that never changes, found in hindsight over the scored steps.
//
// The sizes tried are the smallest fleet and from there every size, or every two-hundredth part of the way, up to the one
// that serves the peak of the trace; of equally cheap ones the smallest wins. Ordered and Ready of the result hold that
// size at every step. Time is O(200 * steps).
func StaticBest(ctx context.Context, t *Trace, events []forecast.Event, o Options) (Result, error) {
	if err := o.Validate(t); err != nil {
		return Result{}, err
	}
	n := t.Len()
	path := make([]int32, n)
	peak := replicasFor(peakDemand(t.Demand), o.Capacity)
	if o.Cap > 0 {
		peak = min(peak, o.Cap)
	}
	stride := max(1, peak/200)
	best, least := o.floor(), math.Inf(1)
	var tried []Tried
	for size := o.floor(); size <= max(peak, o.floor()); size += stride {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		o.report(n*size/(peak+1), n)
		for i := range path {
			path[i] = int32(size)
		}
		one := Tried{Replicas: size, Scores: score(t, nil, o, path, path)}
		if one.Cost < least {
			best, least = size, one.Cost
		}
		tried = append(tried, one)
	}
	o.report(n, n)
	for i := range path {
		path[i] = int32(best)
	}
	return Result{Ordered: path, Ready: path, Tried: tried, Scores: score(t, events, o, path, path)}, nil
}
