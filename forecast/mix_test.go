package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
)

// say returns what the fast experts say: v from all, but others by name.
func say(v float64, others map[Expert]float64) (e [NumExperts]float64, said []float32) {
	for i := range e {
		e[i] = v
	}
	for x, v := range others {
		e[x] = v
	}
	for _, v := range e[:numFast] {
		said = append(said, float32(v))
	}
	return e, said
}

func TestMixBelievesTheBest(t *testing.T) {
	m := newMix(int(numFast), nil)
	e, said := say(50, map[Expert]float64{ByRegression: 101, ByLong: 104})
	require.InDelta(t, (4*50.+101+104)/6, m.blend(&e, 1e9), 1e-9, "all alike at first")
	for range 300 {
		m.learn(said, 100, 1e9)
	}
	require.InDelta(t, 101, m.blend(&e, 1e9), 0.5)
	require.Greater(t, m.rivals[ByRegression].weight, 100*m.rivals[ByLong].weight)
	require.GreaterOrEqual(t, m.rivals[ByLevel].weight, float32(mixFloor), "nobody is dead")
	_, said = say(50, map[Expert]float64{ByRegression: 101, ByLong: 104})
	for range 300 { // the tide turns
		m.learn(said, 50, 1e9)
	}
	require.InDelta(t, 50, m.blend(&e, 1e9), 0.5)
}

func TestMixIsNotPoisoned(t *testing.T) {
	for name, poison := range map[string]float64{"no number": math.NaN(), "infinite": math.Inf(1), "negative": -5, "absurd": 1e12} {
		m := newMix(int(numFast), nil)
		e, said := say(10, map[Expert]float64{ByMain: poison})
		for range 20 {
			require.Equal(t, 10.0, m.blend(&e, 1e6), name)
			m.learn(said, 11, 1e6)
		}
		require.Zero(t, m.rivals[ByMain].seen, "%s: it slept", name)
		_, said = say(10, map[Expert]float64{ByMain: 11})
		for range 50 { // awake, it is judged by what it says now
			m.learn(said, 11, 1e6)
		}
		e, _ = say(10, map[Expert]float64{ByMain: 11})
		require.InDelta(t, 11, m.blend(&e, 1e6), 0.01, name)
	}
	m := newMix(int(numFast), nil)
	e, _ := say(math.NaN(), map[Expert]float64{ByPersistence: 7})
	require.Equal(t, 7.0, m.blend(&e, 1e6))
	e, _ = say(1e12, map[Expert]float64{ByPersistence: 2e6})
	require.Equal(t, 2e6, m.blend(&e, 1e6), "all absurd: the newest value")
}

func TestMixLeavesOut(t *testing.T) {
	m := newMix(int(numFast), []Expert{ByRegression, ByDaysLog})
	e, said := say(50, map[Expert]float64{ByRegression: 100})
	for range 100 {
		m.learn(said, 100, 1e9)
	}
	require.InDelta(t, 50, m.blend(&e, 1e9), 1e-9, "however good it is")
}

// The weights against their definition.
func TestMixAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{int(numFast), int(NumExperts)}).Draw(t, "experts")
		m := newMix(n, nil)
		loss, seen := make([]float64, n), make([]float64, n)
		for range rapid.IntRange(1, 150).Draw(t, "errors") {
			z := rapid.Float64Range(0, 20).Draw(t, "z")
			said := make([]float32, n)
			for i := range said {
				said[i] = rapid.SampledFrom([]float32{0, 1, 5, 9, 20, float32(math.NaN())}).Draw(t, "said")
				if v := float64(said[i]); v >= 0 {
					seen[i] = min(seen[i]+1, 100)
					loss[i] += (math.Abs(z-v) - loss[i]) / seen[i]
				}
			}
			m.learn(said, z, 1e6)
		}
		best := math.Inf(1)
		for i := range loss {
			if seen[i] > 0 {
				best = min(best, loss[i])
			}
		}
		if best < 0.05 {
			return // single precision: next to losses of 20 that is all rounding
		}
		rate := 15.0
		if n > int(numFast) {
			rate = 6
		}
		for i := range loss {
			want := 1.0
			switch {
			case seen[i] == 0 || loss[i] == 0:
			default:
				want = math.Pow(1+rate/16*(loss[i]/best-1), -16)
			}
			require.InDelta(t, want+1e-3, float64(m.rivals[i].weight), 5e-2*want+1e-6, "expert %d", i)
		}
		w := state.NewWriter(nil)
		m.fields(&w)
		read := newMix(n, nil)
		r := state.NewReader(w.Bytes())
		read.fields(&r)
		require.NoError(t, r.Err())
		require.Equal(t, m, read)
	})
}

func TestExpertsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for e := range NumExperts {
		name := e.String()
		require.NotEmpty(t, name)
		require.False(t, seen[name], name)
		seen[name] = true
		b, err := e.MarshalText()
		require.NoError(t, err)
		var back Expert
		require.NoError(t, back.UnmarshalText(b))
		require.Equal(t, e, back)
	}
	require.Equal(t, "Expert(19)", NumExperts.String())
	_, err := NumExperts.MarshalText()
	require.Error(t, err)
	var e Expert
	require.ErrorContains(t, e.UnmarshalText([]byte("oracle")), "persistence")
}
