package sim

import (
	"context"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
)

// WPABest returns the cheapest WPA in hindsight: high watermarks of 0.30 to 1.00 by 0.05 of a replica's capacity, each with
// low watermarks of 0.5, 0.6, 0.7, 0.8 and 0.9 times as much, the rest at its defaults. A WPA has no default watermarks, and
// these are the fairest there are. Of equally cheap ones the lowest high watermark wins, and of those the lowest low one.
// Watermarks of the result holds what won.
//
// It plays, reports and ends as HPABest does.
func WPABest(ctx context.Context, t *Trace, events []forecast.Event, o Options) (Result, error) {
	params := hindsightWatermarks()
	r, best, err := search(ctx, t, events, o, len(params), func(i int) (Controller, error) { return o.wpa(params[i]) })
	if err == nil {
		r.Watermarks = &params[best]
		for i := range r.Tried {
			r.Tried[i].Watermarks = &params[i]
		}
	}
	return r, err
}

// hindsightWatermarks are the watermarks that the search tries.
func hindsightWatermarks() []compat.WPAMetric {
	var all []compat.WPAMetric
	for high := 30; high <= 100; high += 5 {
		for part := 5; part <= 9; part++ {
			all = append(all, compat.WPAMetric{HighWatermark: float64(high) / 100, LowWatermark: float64(high*part) / 1000})
		}
	}
	return all
}

// wpa is Datadog's rule with the average load of the ready replicas as its metric.
func (o Options) wpa(m compat.WPAMetric) (Controller, error) {
	rule, err := compat.NewWPA(compat.WPAConfig{Algorithm: "average", TolerateZero: true, Metrics: []compat.WPAMetric{m}})
	if err != nil {
		return nil, err
	}
	return NewRule(rule, o.Capacity), nil
}
