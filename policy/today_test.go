package policy

import (
	"cmp"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/policy/compat"
)

// oneRule is a race beside the HPA of compat at its defaults, as the rule that runs today.
func oneRule(t require.TestingT, cfg ShadowConfig) *race {
	c := compat.RuleConfig{KubeHPA: &compat.KubeHPAConfig{MinReplicas: 1, SyncPeriod: compat.Duration(time.Minute),
		Metrics: []compat.KubeMetric{{Kind: compat.KubeAverageValue, Target: 0.7}}}}
	terms := compat.Terms{Step: time.Minute, Boot: 2 * time.Minute, Penalty: 20, Capacity: []float64{1}}
	c = c.On(terms)
	require.Empty(t, c.Faults(terms))
	rule, err := c.Start(time.Minute)
	require.NoError(t, err)
	cfg.Today, cfg.Calm = rule, 0.04
	return newRace(cfg)
}

// The rule of today has the plant of all others: where it is the baseline's rule it has the baseline's fleet and bill.
func TestTodayLivesAsTheOthersDo(t *testing.T) {
	r := oneRule(t, shadowConfig())
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range 2000 {
		// Growth that the old rules of Kubernetes allow in a quarter of a minute, and no less in a whole one.
		z := 6 + min(float64(i)/20, 14) + 3*math.Sin(float64(i)/40) + rng.Float64()
		if rng.IntN(30) == 0 {
			z = math.NaN()
		}
		r.play(z)
		require.Equal(t, r.fleet(base)[r.slot(r.step)], r.fleet(todayRing)[r.slot(r.step)], "step %d", i)
	}
	require.Equal(t, r.SpentHPA(), r.Spent(Today))
	require.Positive(t, r.Spent(Today).Week)
}

// It is asked once about what is known, however often others decide in a step.
func TestTodayIsAskedOnce(t *testing.T) {
	one, two := oneRule(t, shadowConfig()), oneRule(t, shadowConfig())
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 500 {
		z := burst(rng, i)
		one.play(z)
		two.play(z)
		two.decide()
		two.decide()
		require.Equal(t, snapshot(one.Shadows), snapshot(two.Shadows), "step %d", i)
	}
}

// Whatever is asked of them, fleets are whole units between the bounds, or empty where the engine rests.
func TestFleetsOfShadowsObeyWhatTheEngineObeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := Unit(rapid.IntRange(1, 5).Draw(t, "unit"))
		cfg := shadowConfig()
		cfg.Limits = unit.Fit(Limits{Min: rapid.IntRange(1, 4).Draw(t, "min"), Max: rapid.SampledFrom([]int{0, 37}).Draw(t, "max")})
		r := oneRule(t, cfg)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		most := cmp.Or(cfg.Limits.Max, maxReplicas)
		for i := range 60 {
			r.play(burst(rng, i))
			held := Held{Min: unit.Up(rng.IntN(30)), Max: unit.Up(30)}
			v := Sight{Known: r.Step() - 1, Demand: r.z, Capacity: 1, Full: Band{11, 13}, Half: Band{9, 11}, Held: held, Values: []float64{r.z}}
			r.Decide(&v)
			rests := i%7 == 3
			if rests {
				r.Rest()
			}
			for k := range len(r.counts) / r.ring {
				if k == own || k == served {
					continue
				}
				n := int(r.fleet(k)[r.slot(r.step)])
				if rests && k != base && k != todayRing {
					require.Zero(t, n, "ring %d", k)
					continue
				}
				require.Zero(t, n%int(unit), "ring %d has %d", k, n)
				require.GreaterOrEqual(t, n, cfg.Limits.Min)
				require.LessOrEqual(t, n, most)
				if k != todayRing { // that has decided before the bounds were known
					require.GreaterOrEqual(t, n, min(held.Min, most), "ring %d", k)
					require.LessOrEqual(t, n, max(held.Min, held.Max))
				}
			}
		}
	})
}

func TestAPinThatNobodyCanHave(t *testing.T) {
	cfg := shadowConfig()
	cfg.Pin = "today"
	s := NewShadows(cfg)
	require.Equal(t, -1, s.Pinned(), "there is no rule of today")
	require.False(t, s.HasToday())
	s = NewShadows(shadowConfig())
	_, ok := s.Raced()
	require.False(t, ok)
	require.Zero(t, s.SpentRace())
	s.Pin(FindShadow("band-wide"))
	require.Equal(t, 0, s.Pinned())
	s.Pin(Today)
	require.Equal(t, -1, s.Pinned())
	require.Equal(t, "today", Shadow(FindShadow("today")))
	require.Equal(t, FamilyToday, ShadowFamily(Today))
	require.True(t, Measures(Today))
	require.Zero(t, LooksBack(Today, time.Hour, time.Minute))
}

// A clock that is set back begins time anew for the rule, too.
func TestTodayBeginsAnewWithTheOthers(t *testing.T) {
	r := oneRule(t, shadowConfig())
	for range 50 {
		r.play(8)
	}
	require.Equal(t, 12, int(r.fleet(todayRing)[r.slot(r.step)]))
	r.Start(3, 7)
	r.k = 3
	require.Equal(t, 7, int(r.fleet(todayRing)[r.slot(r.step)]))
	for range 8 {
		r.play(8)
	}
	require.Equal(t, 12, int(r.fleet(todayRing)[r.slot(r.step)]))
}
