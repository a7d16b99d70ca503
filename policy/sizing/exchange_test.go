package sizing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// nodesOf are kinds of so much capacity each, at a price of one for a unit of it.
func nodesOf(capacities ...float64) []Kind {
	var kinds []Kind
	for _, c := range capacities {
		kinds = append(kinds, Kind{Candidate: Candidate{Price: c, Capacity: c, Max: maxNodes}, Open: true, Learned: true})
	}
	return kinds
}

// Whatever is exchanged, at least what is wanted stays ready once it has been, no more than the share is there twice, and the
// exchange comes to its end.
func TestExchangeServesAllTheTime(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var kinds []Kind
		for range rapid.IntRange(2, 4).Draw(r, "sizes") {
			c := Candidate{Capacity: rapid.Float64Range(0.5, 20).Draw(r, "capacity"), Price: rapid.Float64Range(0.1, 10).Draw(r, "price"), Max: maxNodes}
			kinds = append(kinds, Kind{Candidate: c, Open: true})
		}
		boot := rapid.IntRange(0, 4).Draw(r, "boot")
		share := rapid.SampledFrom([]float64{0.01, 0.1, 0.5, 1}).Draw(r, "share")
		pools := make([]Pool, len(kinds))
		var need, most float64
		total := 0
		for k := range pools {
			pools[k].Ready = rapid.IntRange(0, 8).Draw(r, "nodes")
			pools[k].Nodes = pools[k].Ready
			pools[k].Want = rapid.IntRange(0, 8).Draw(r, "want")
			need += float64(pools[k].Want) * kinds[k].Capacity
			total += pools[k].Want
			most = max(most, kinds[k].Capacity)
		}
		need *= rapid.Float64Range(0.9, 1).Draw(r, "part")
		coming := make([][]int, boot) // nodes that become ready, by step
		for i := range coming {
			coming[i] = make([]int, len(kinds))
		}
		held := func(of func(p *Pool) int) float64 {
			sum := 0.0
			for k := range pools {
				sum += float64(of(&pools[k])) * kinds[k].Capacity
			}
			return sum
		}
		served := false
		for step := range 400 {
			if boot > 0 {
				for k, n := range coming[step%boot] {
					pools[k].Ready += n
					coming[step%boot][k] = 0
				}
			}
			before := held(func(p *Pool) int { return p.Nodes })
			ready := held(func(p *Pool) int { return min(p.Ready, p.Nodes) })
			served = served || ready >= need-1e-6
			require.False(r, served && ready < need-1e-6, "step %d: %v", step, pools)
			Exchange{Share: share}.Next(kinds, pools, need)
			require.LessOrEqual(r, held(func(p *Pool) int { return p.Nodes }), max(before, need+(float64(total)*share+2)*most)+1e-6)
			for k := range pools {
				p := &pools[k]
				require.GreaterOrEqual(r, p.Nodes, 0)
				starting := 0
				for _, c := range coming {
					starting += c[k]
				}
				switch more := p.Nodes - p.Ready - starting; {
				case boot == 0:
					p.Ready = p.Nodes
				case more > 0:
					coming[step%boot][k] += more
				default: // those go first that are not ready
					for i := range coming {
						n := min(-more, coming[i][k])
						coming[i][k] -= n
						more += n
					}
					p.Ready += more
				}
			}
		}
		for k := range pools {
			require.Equal(r, pools[k].Want, pools[k].Nodes, "the exchange comes to its end: %v", pools)
		}
	})
}

func TestAPausedExchangeBeginsNothing(t *testing.T) {
	kinds := nodesOf(10, 10)
	next := func(e Exchange, want int) int {
		pools := []Pool{{Ready: 8, Nodes: 8}, {Ready: 1, Nodes: 2, Want: want}}
		e.Next(kinds, pools, float64(want*10))
		require.Equal(t, 8, pools[0].Nodes)
		return pools[1].Nodes
	}
	require.Equal(t, 2, next(Exchange{Share: 0.5, Paused: true}, 9), "the one that is starting stays too")
	require.Equal(t, 4, next(Exchange{Share: 0.5, Paused: true}, 12), "what is missing is ordered")
	require.Equal(t, 5, next(Exchange{Share: 0.5}, 9), "half of nine, less the one that is starting")
}
