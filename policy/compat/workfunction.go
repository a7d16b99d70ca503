package compat

import (
	"math"
	"sort"

	"github.com/headroom-go/headroom/internal/state"
)

// WorkPrices are the prices of a path of replica counts.
type WorkPrices struct {
	Capacity float64 // the demand that one replica serves
	Run      float64 // a replica in a step
	Unserved float64 // one replica's worth of demand that goes unserved in a step; a replica that is missing saves Run
	Up       float64 // a replica that is added; one that is removed costs nothing
}

// WorkFunction is the table behind lazy capacity provisioning and the clairvoyant optimum: for each count the least cost of
// a path so far that ends with it. It tells the band in which the last count of an optimal path lies, whatever comes.
//
// The method is that of Lin, Wierman, Andrew and Thereska, Dynamic right-sizing for power-proportional data centers, 2011.
// The least cost C[x] is convex in x, because the cost of a step is and the minimum over the count before keeps it so: it
// replaces slopes below zero by zero (a removal is free) and slopes over the price of an up by that price. So it is enough
// to keep the slopes C[x+1]-C[x] and clip them. A step takes O(largest count - smallest count).
type WorkFunction struct {
	prices           WorkPrices
	floor            int
	slope            []float64 // slope[k] is C[floor+k+1]-C[floor+k]
	running, starved float64   // the slope of a step's cost where its demand is served, and where it is not
}

// NewWorkFunction returns a table of the counts from least to most, 0 <= least; with most below least there is only least.
// The count before the first step is free.
func NewWorkFunction(p WorkPrices, least, most int) *WorkFunction {
	return &WorkFunction{
		prices:  p,
		floor:   least,
		slope:   make([]float64, max(most-least, 0)),
		running: p.Run,
		starved: p.Run - p.Unserved,
	}
}

// Start begins anew from a fleet of n, whose replicas are paid for.
func (w *WorkFunction) Start(n int) {
	for k := range w.slope {
		w.slope[k] = 0
		if w.floor+k >= n {
			w.slope[k] = w.prices.Up
		}
	}
}

// Step adds a step with a demand (not above 0, or NaN: none) and returns the band: the smallest count at which C is least,
// and the largest at which C less the price of the ups to it is.
func (w *WorkFunction) Step(demand float64) (low, high int) {
	need := 0.0
	if demand >= 0 {
		need = demand / w.prices.Capacity
	}
	up := w.prices.Up
	// The slopes that end at or before the need. The comparison comes first: what is infinite is no int.
	whole := len(w.slope)
	if need < float64(w.floor+whole) {
		whole = max(int(math.Floor(need))-w.floor, 0)
	}
	for k, s := range w.slope[:whole] {
		w.slope[k] = min(max(s, 0), up) + w.starved
	}
	rest := w.slope[whole:]
	if part := need - float64(w.floor+whole); part > 0 && len(rest) > 0 { // the slope that the need lies in
		rest[0] = min(max(rest[0], 0), up) + (w.running - float64(w.prices.Unserved*part))
		rest = rest[1:]
	}
	for k, s := range rest {
		rest[k] = min(max(s, 0), up) + w.running
	}
	return w.floor + firstAbove(w.slope, 0, true), w.floor + firstAbove(w.slope, up, false)
}

// firstAbove is the place of the first slope above x, or at least x if that is let in; slopes rise.
func firstAbove(slope []float64, x float64, orEqual bool) int {
	return sort.Search(len(slope), func(k int) bool { return slope[k] > x || orEqual && slope[k] == x })
}

// State walks the table, for snapshots.
func (w *WorkFunction) State(s *state.Codec) { s.Float64s(w.slope) }
