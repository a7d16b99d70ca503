package sizing

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
)

// fixed are candidates of which one node costs so much to bring in and to take out together.
func fixed(prices ...float64) []Candidate {
	var out []Candidate
	for _, p := range prices {
		out = append(out, Candidate{Price: 1, Capacity: 1, In: p, Max: 1})
	}
	return out
}

func costs(v ...float64) []Bid {
	var out []Bid
	for _, c := range v {
		out = append(out, Bid{Nodes: 1, Run: c})
	}
	return out
}

// The rule of the ski rental: a regret of r a step, a change of F, a move at step F/r.
func TestChoiceMovesWhenTheRegretHasPaidForTheChange(t *testing.T) {
	for _, c := range []struct {
		regret float64
		price  float64 // of both sizes, so that a change costs as much
		step   int
	}{{0.1, 2, 20}, {0.25, 2, 8}, {2, 2, 1}, {5, 2, 1}, {0.01, 3, 300}} {
		choice := NewChoice(2, 0)
		ks := fixed(c.price, c.price)
		for step := 1; ; step++ {
			if choice.Step(costs(1+c.regret, 1), ks, 1) == 1 {
				require.Equal(t, c.step, step, "%+v", c)
				require.InEpsilon(t, c.price, choice.Price(1), 1e-12)
				break
			}
			require.Less(t, step, 1000)
		}
	}
}

func TestChoiceOfTiesNeverMoves(t *testing.T) {
	for _, price := range []float64{0, 1e-9, 1} {
		choice := NewChoice(3, 1)
		rng := rand.New(rand.NewPCG(1, 1))
		for range 1000 {
			v := rng.Float64()
			require.Equal(t, 1, choice.Step(costs(v, v, v), fixed(price, price, price), 1./3), "price %v", price)
		}
	}
	// Rounding is no difference either.
	choice := NewChoice(2, 0)
	for range 1000 {
		require.Zero(t, choice.Step(costs(0.1+0.2, 0.3), fixed(0, 0), 1))
	}
	require.Equal(t, 1, choice.Step(costs(0.4, 0.3), fixed(0, 0), 1), "a real one is, where a change is free")
}

// best is what the cheapest sequence of sizes costs, from a free beginning, by dynamic programming over all of them; paid is
// what the choice paid, with a move after the step that made it want one.
func play(choice *Choice, way []float64, rows [][]float64) (paid, best float64) {
	n := len(way)
	ks := make([]Candidate, n)
	for i := range ks {
		ks[i] = Candidate{In: 2 * way[i]}
	}
	opt, next := make([]float64, n), make([]float64, n)
	for _, row := range rows {
		at := choice.Size()
		// An algorithm for task systems sees the costs before it moves: it pays in the state it moves to.
		to := choice.Step(costs(row...), ks, 1)
		if to != at {
			paid += choice.Price(to)
			choice.Move(to)
		}
		paid += row[to]
		for s := range next {
			next[s] = math.Inf(1)
			for r := range opt {
				move := 0.
				if r != s {
					move = way[r] + way[s]
				}
				next[s] = min(next[s], opt[r]+move+row[s])
			}
		}
		opt, next = next, opt
	}
	best = math.Inf(1)
	for _, v := range opt {
		best = min(best, v)
	}
	return paid, best
}

// At most 2S-1 times the best sequence of sizes, up to the price of one tour, on costs at random and on costs that always
// fall on the size in use.
func TestChoiceIsCompetitive(t *testing.T) {
	worst := 0.
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "sizes")
		way := make([]float64, n)
		tour := 0.
		for i := range way {
			way[i] = rapid.Float64Range(0.1, 3).Draw(t, "way")
			tour += 2 * way[i]
		}
		seed := rapid.Uint64().Draw(t, "seed")
		adversary := rapid.Bool().Draw(t, "adversary")
		rng := rand.New(rand.NewPCG(seed, 1))
		choice := NewChoice(n, 0)
		var rows [][]float64
		if adversary {
			// The costs depend on where the choice is, so they are made by a twin that plays along.
			twin := NewChoice(n, 0)
			ks := make([]Candidate, n)
			for i := range ks {
				ks[i] = Candidate{In: 2 * way[i]}
			}
			for range 2000 {
				row := make([]float64, n)
				row[twin.Size()] = 0.05 * (1 + rng.Float64())
				rows = append(rows, row)
				twin.Move(twin.Step(costs(row...), ks, 1))
			}
		} else {
			for range 2000 {
				row := make([]float64, n)
				for i := range row {
					row[i] = rng.Float64() * rng.Float64()
				}
				rows = append(rows, row)
			}
		}
		paid, best := play(choice, way, rows)
		require.LessOrEqual(t, paid, float64(2*n-1)*best+float64(2*n)*tour)
		worst = max(worst, paid/best/float64(2*n-1))
	})
	require.Greater(t, worst, 0.3, "the adversary is one")
}

// A size that nobody would choose, because another is never dearer in any way, changes nothing; neither does the order.
func TestChoiceIgnoresWhatIsDominated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		a, b, c := NewChoice(2, 0), NewChoice(3, 0), NewChoice(2, 1)
		for range 500 {
			x, y := rng.Float64(), rng.Float64()
			more := rng.Float64() * rapid.SampledFrom([]float64{0, 1}).Draw(t, "more")
			want := a.Step(costs(x, y), fixed(1, 2), 0.1)
			require.Equal(t, want, b.Step(costs(x, y, y+more), fixed(1, 2, 2+more), 0.1), "with a size that is dominated, or a twin")
			require.Equal(t, 1-want, c.Step(costs(y, x), fixed(2, 1), 0.1), "in another order")
			a.Move(want)
			b.Move(want)
			c.Move(1 - want)
		}
	})
}

// What cannot be had is not chosen, whatever it was before, and is taken up again without an advantage.
func TestChoiceOfWhatCannotBeHad(t *testing.T) {
	choice := NewChoice(2, 0)
	for range 10 {
		require.Zero(t, choice.Step(costs(5, math.Inf(1)), fixed(1, 1), 1))
	}
	require.Zero(t, choice.Step(costs(math.Inf(1), math.Inf(1)), fixed(1, 1), 1))
	steps := 0
	for choice.Step(costs(1.1, 1), fixed(1, 1), 1) == 0 {
		steps++
		require.Less(t, steps, 100)
	}
	require.GreaterOrEqual(t, steps, 8)
	gone := NewChoice(2, 0)
	require.Equal(t, 1, gone.Step(costs(math.Inf(1), 1), fixed(1, 1), 1), "a size that is gone is left at once")
}

func TestChoiceSnapshot(t *testing.T) {
	a, b := NewChoice(3, 1), NewChoice(3, 0)
	for i := range 7 {
		a.Step(costs(1, 1.1, float64(i)), fixed(9, 9, 9), 1)
	}
	w := state.NewWriter(nil)
	a.State(&w)
	r := state.NewReader(w.Bytes())
	b.State(&r)
	require.NoError(t, r.Err())
	for range 300 {
		want := a.Step(costs(1, 1.1, 3), fixed(9, 9, 9), 1)
		require.Equal(t, want, b.Step(costs(1, 1.1, 3), fixed(9, 9, 9), 1))
		a.Move(want)
		b.Move(want)
	}
	require.Zero(t, a.Size())
}
