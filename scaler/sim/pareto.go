package sim

import (
	"cmp"
	"slices"
)

// ParetoFront says for each of the pairs (a[i], b[i]) whether no other pair is better: as small in one and smaller in the
// other. Equal pairs are on the front together; a pair with a NaN never is, nor does it keep another one away. a and b
// have the same length. Time is O(n log n).
func ParetoFront(a, b []float64) []bool {
	front := make([]bool, len(a))
	order := make([]int, 0, len(a))
	for i := range a {
		if a[i] == a[i] && b[i] == b[i] {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(a[i], a[j]), cmp.Compare(b[i], b[j])) })
	best := -1 // of the pairs before: the last on the front
	for _, i := range order {
		if best < 0 || b[i] < b[best] || a[i] == a[best] && b[i] == b[best] {
			front[i], best = true, i
		}
	}
	return front
}
