package policy

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy/compat"
)

func shadowConfig() ShadowConfig {
	return ShadowConfig{Step: time.Minute, Boot: 2, Hold: 3, Penalty: 20, Change: 0.03, Limits: Limits{Min: 1}}
}

// race drives shadows with demand in replicas and a forecast that is the newest demand and half as much again.
type race struct {
	*Shadows
	k int64
	z float64

	values [1]float64
}

func newRace(cfg ShadowConfig) *race {
	r := &race{Shadows: NewShadows(cfg), z: math.NaN()}
	r.Start(0, 5)
	return r
}

// play charges the shadows for demand z in the newest step, and lets them decide in the next.
func (r *race) play(z float64) {
	r.Next()
	r.Score(z)
	r.Advance()
	r.z = z
	r.decide()
	r.k++
}

func (r *race) decide() {
	r.values[0] = r.z
	v := Sight{Known: r.Step() - 1, Demand: r.z, Capacity: 1, Start: time.Unix(60*r.Step(), 0), Values: r.values[:]}
	if r.z >= 0 {
		low := int(math.Ceil(r.z))
		v.Full, v.Half = Band{low + 2, low + 4}, Band{low, low + 2}
	}
	r.Decide(&v)
}

// burst is demand with noise and bursts.
func burst(rng *rand.Rand, i int) float64 {
	z := 12 + 8*math.Sin(float64(i)/200) + rng.NormFloat64()
	if rng.IntN(50) == 0 {
		z += 40 * rng.Float64()
	}
	return math.Max(0, z)
}

// A fleet of a shadow is what Plant would make of the same orders.
func TestAShadowsFleetIsAPlant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := shadowConfig()
		cfg.Boot = rapid.IntRange(1, 9).Draw(t, "boot")
		cfg.Lag = rapid.IntRange(0, 3).Draw(t, "lag")
		s := NewShadows(cfg)
		start := rapid.IntRange(1, 20).Draw(t, "start")
		s.Start(rapid.SampledFrom([]int64{-7, 0, 1000}).Draw(t, "first"), start)
		plant := NewPlant(cfg.Boot, start, 1)
		for range 80 {
			s.Advance()
			plant.Arrive()
			n := rapid.IntRange(1, 20).Draw(t, "order")
			s.fleet(0)[s.slot(s.step)] = int32(n)
			plant.Order(n)
			require.Equal(t, plant.Ready(), s.serving(s.fleet(0), s.slot(s.step)))
		}
	})
}

// The twin adds the whole story up with the formula of Spent, a plant of its own and no rings.
func TestWhatAShadowSpentIsItsBill(t *testing.T) {
	cfg := shadowConfig()
	cfg.Lag = 1
	s := NewShadows(cfg)
	s.Start(0, 5)
	rng := rand.New(rand.NewPCG(1, 1))
	const who = 3
	plant := NewPlant(cfg.Boot, 5, 1)
	before := 5
	var want Spent
	layers := 0.
	var demand []float64
	var ordered, ready []int
	for k := range 600 {
		z := burst(rng, k)
		if k%37 == 0 {
			z = math.NaN()
		}
		demand, ordered, ready = append(demand, z), append(ordered, plant.Ordered()), append(ready, plant.Ready())
		for j := s.Next(); j < int64(k); j = s.Next() { // one step of lag
			cost := float64(ordered[j]) / 60
			if demand[j] > float64(ready[j]) {
				cost += cfg.Penalty * (demand[j] - float64(ready[j])) / 60
			}
			if ordered[j] != before {
				cost += cfg.Change
			}
			before = ordered[j]
			want.Hour = want.Hour*(1-1./60) + cost
			want.Day = want.Day*(1-1./60/24) + cost
			want.Week = want.Week*(1-1./60/168) + cost
			layers = layers*(1-1./60/memory) + cost
			s.Score(demand[j])
		}
		s.Advance()
		plant.Arrive()
		low := 10 + rng.IntN(8)
		s.Decide(&Sight{Full: Band{low + 2, low + 3}, Half: Band{low, low + 2}, Known: s.Step() - 2, Demand: z, Capacity: 1})
		plant.Order(int(s.fleet(who)[s.slot(s.step)]))
	}
	got := s.Spent(who)
	require.InEpsilon(t, want.Hour, got.Hour, 1e-5)
	require.InEpsilon(t, want.Day, got.Day, 1e-5)
	require.InEpsilon(t, want.Week, got.Week, 1e-5)
	require.InEpsilon(t, layers, s.runs[who].whole(), 1e-9)
}

// The baseline is the rule of package compat, count for count.
func TestTheBaselineIsHPA(t *testing.T) {
	r := newRace(shadowConfig())
	hpa, err := compat.NewHPA(compat.DefaultHPAParams(), time.Minute)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(2, 2))
	ordered := 5
	for i := range 3000 {
		z := burst(rng, i)
		if rng.IntN(20) == 0 {
			z = math.NaN()
		}
		r.play(z)
		ordered = hpa.Decide(r.k, z, 1, ordered)
		require.EqualValues(t, ordered, r.fleet(base)[r.slot(r.step)], "step %d", i)
	}
}

func TestDecidingAgainChangesNothing(t *testing.T) {
	r := newRace(shadowConfig())
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 500 {
		r.play(burst(rng, i))
		once := snapshot(r.Shadows)
		r.decide()
		require.True(t, bytes.Equal(once, snapshot(r.Shadows)), "step %d", i)
	}
}

func TestTheNewestDecisionOfAStepCounts(t *testing.T) {
	r := newRace(shadowConfig())
	r.play(8)
	r.Advance()
	v := Sight{Full: Band{10, 12}, Half: Band{8, 10}, Known: r.Step() - 1, Demand: math.NaN(), Capacity: 1}
	r.Decide(&v) // before the sample
	first := r.Count()
	v.Demand, v.Full = 30, Band{34, 36}
	r.Decide(&v) // with it
	require.Greater(t, r.Count(), first)
	require.EqualValues(t, 43, r.fleet(base)[r.slot(r.step)], "30/.7")
}

// A rule on measurements is not asked about one it has answered: a missing sample leaves the fleet alone, as it does in
// Kubernetes.
func TestOldNewsIsNoNews(t *testing.T) {
	r := newRace(shadowConfig())
	for range 10 {
		r.play(8)
	}
	was := r.fleet(base)[r.slot(r.step)]
	r.Advance()
	r.Decide(&Sight{Full: Band{10, 12}, Half: Band{8, 10}, Known: r.Step() - 2, Demand: 20, Capacity: 1})
	require.Equal(t, was, r.fleet(base)[r.slot(r.step)])
}

func TestTheCheapestLeads(t *testing.T) {
	r := newRace(shadowConfig())
	require.Equal(t, 0, r.Leader(1), "before anything was spent the first of the table leads")
	// A forecast of 22 to 24, or 20 to 22 for half the penalty, where 60 are needed: whoever reacts is better.
	for range 600 {
		r.Next()
		r.Score(60)
		r.Advance()
		r.Decide(&Sight{Full: Band{22, 24}, Half: Band{20, 22}, Known: r.Step() - 1, Demand: 60, Capacity: 1})
	}
	require.Equal(t, FamilyHPA, ShadowFamily(r.Leader(60)))
	require.GreaterOrEqual(t, r.Count(), 60)
	require.LessOrEqual(t, r.Count(), 70, "and of those the one with the highest target")
	// The forecast is good again, and the rules are dear.
	for range 60 * 24 * 20 {
		r.play(60)
	}
	require.Equal(t, 60, r.Count())
}

func TestWhoeverIsExcludedNeverLeads(t *testing.T) {
	for _, family := range []string{FamilyBand, FamilyHPA} {
		cfg := shadowConfig()
		cfg.Exclude = []string{family}
		r := newRace(cfg)
		rng := rand.New(rand.NewPCG(4, 4))
		for i := range 2000 {
			for b := range numLayers {
				require.NotEqual(t, family, ShadowFamily(r.Leader(layers[b]+1)))
			}
			r.play(burst(rng, i))
		}
		for i := range NumShadows {
			require.Positive(t, r.Spent(i).Week, "%s is scored all the same", Shadow(i))
		}
	}
}

func TestThePinnedPolicyDecides(t *testing.T) {
	for i := range NumShadows {
		cfg := shadowConfig()
		cfg.Pin = Shadow(i)
		r := newRace(cfg)
		rng := rand.New(rand.NewPCG(5, 5))
		for k := range 200 {
			r.play(burst(rng, k))
			require.EqualValues(t, r.fleet(i)[r.slot(r.step)], r.Count())
		}
	}
	require.Equal(t, -1, FindShadow("no such policy"))
}

// Two that cost the same but for noise must not take turns.
func TestTheLeadDoesNotChangeHandsForNothing(t *testing.T) {
	s := NewShadows(shadowConfig())
	s.Start(0, 5)
	rng := rand.New(rand.NewPCG(6, 6))
	turns, last := 0, 0
	for range 20000 {
		for i := range s.runs {
			s.runs[i].layer[0] = 1000
		}
		s.runs[0].layer[0] += rng.NormFloat64()
		s.runs[1].layer[0] += rng.NormFloat64()
		s.elect()
		if l := s.Leader(1); l != last {
			turns, last = turns+1, l
		}
	}
	require.Less(t, turns, 40, "without a margin half of the 20000 steps change the leader")
	s.runs[7].layer[0] = 900
	s.elect()
	require.Equal(t, 7, s.Leader(1))

	// Nor may the first cents decide.
	s = NewShadows(shadowConfig())
	s.Start(0, 5)
	s.runs[0].layer[0] = 0.1
	s.elect()
	require.Equal(t, 0, s.Leader(1))
	s.runs[0].layer[0] = 0.3
	s.elect()
	require.NotEqual(t, 0, s.Leader(1))
}

// A clock that was set back, or a long silence: the fleets begin anew, what was spent stays.
func TestShadowsStartAgain(t *testing.T) {
	r := newRace(shadowConfig())
	for range 100 {
		r.play(8)
	}
	spent := r.Spent(0)
	r.Start(3, 2)
	require.Equal(t, spent, r.Spent(0))
	r.z = 30
	r.decide()
	require.EqualValues(t, 32, r.fleet(0)[r.slot(3)])
	require.Greater(t, int(r.fleet(base)[r.slot(3)]), 2, "what is known is news to it")
	require.EqualValues(t, 3, r.Next())
	r.play(8)
	require.Greater(t, r.Spent(0).Week, spent.Week)
}

// An event raises every shadow, but not the baseline, and lowers none.
func TestAnEventRaisesTheShadows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		plain, event := newRace(shadowConfig()), newRace(shadowConfig())
		rng := rand.New(rand.NewPCG(seed, 1))
		for i := range 40 {
			z := burst(rng, i)
			plain.play(z)
			event.play(z)
		}
		low := rapid.IntRange(0, 90).Draw(t, "low")
		v := Sight{Full: Band{10, 12}, Half: Band{8, 10}, Known: plain.Step(), Demand: 9, Capacity: 1}
		plain.Advance()
		event.Advance()
		plain.Decide(&v)
		v.Event = Band{low, low + rapid.IntRange(0, 20).Draw(t, "width")}
		event.Decide(&v)
		at := plain.slot(plain.step)
		for i := range NumShadows {
			require.GreaterOrEqual(t, event.fleet(i)[at], plain.fleet(i)[at])
			require.GreaterOrEqual(t, int(event.fleet(i)[at]), low)
		}
		require.Equal(t, plain.fleet(base)[at], event.fleet(base)[at])
	})
}

func TestLimitsHoldForEveryShadow(t *testing.T) {
	cfg := shadowConfig()
	cfg.Limits = Limits{Min: 7, Max: 9}
	r := newRace(cfg)
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range 300 {
		r.play(burst(rng, i))
		for w := range NumShadows {
			n := r.fleet(w)[r.slot(r.step)]
			require.True(t, n >= 7 && n <= 9, "%s has %d", Shadow(w), n)
		}
		require.True(t, r.Count() >= 7 && r.Count() <= 9)
	}
}

func TestNothingIsReleasedOnStaleData(t *testing.T) {
	r := newRace(shadowConfig())
	for range 50 {
		r.play(30)
	}
	for range 50 {
		was := r.slot(r.step)
		r.Advance()
		r.Decide(&Sight{Full: Band{2, 3}, Half: Band{1, 2}, Known: r.Step() - 9, Demand: math.NaN(), Capacity: 1, Stale: true})
		for i := range NumShadows {
			require.GreaterOrEqual(t, r.fleet(i)[r.slot(r.step)], r.fleet(i)[was])
		}
	}
}

func snapshot(s *Shadows) []byte {
	w := state.NewWriter(nil)
	s.State(&w)
	return w.Bytes()
}

func TestShadowsGoOnFromASnapshot(t *testing.T) {
	one := newRace(shadowConfig())
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range 700 {
		one.play(burst(rng, i))
	}
	two := newRace(shadowConfig())
	b := snapshot(one.Shadows)
	r := state.NewReader(b)
	two.State(&r)
	require.NoError(t, r.Err())
	require.Empty(t, r.Bytes())
	two.k, two.z = one.k, one.z
	for i := range 700 {
		z := burst(rng, i)
		one.play(z)
		two.play(z)
		require.True(t, bytes.Equal(snapshot(one.Shadows), snapshot(two.Shadows)))
	}
	for at := range b { // whatever is read, the answer is a count
		bad := bytes.Clone(b)
		bad[at] ^= 0x80
		r := state.NewReader(bad)
		two.State(&r)
		if r.Err() == nil {
			two.play(5)
			require.GreaterOrEqual(t, two.Count(), 0)
		} else {
			require.NoError(t, func() error { r := state.NewReader(b); two.State(&r); return r.Err() }())
		}
	}
}

// What a workload pays for its shadows must stay small beside its forecaster.
func TestShadowsAreSmall(t *testing.T) {
	s := NewShadows(shadowConfig())
	bytes := int(unsafe.Sizeof(*s)) + 4*len(s.counts)
	t.Logf("%d bytes", bytes)
	require.LessOrEqual(t, bytes, 2304, "eight bytes of it are the unit of the limits")
}

func TestShadowsAllocateNothing(t *testing.T) {
	r := newRace(shadowConfig())
	rng := rand.New(rand.NewPCG(9, 9))
	i := 0
	require.Zero(t, testing.AllocsPerRun(500, func() { r.play(burst(rng, i)); _ = r.Count(); i++ }))
}

// bill is what the race and each of its shadows have cost so far, in replica-steps.
type bill struct {
	race    *race
	plant   *Plant
	count   int
	own     float64
	shadows [NumShadows]float64
}

func newBill(cfg ShadowConfig) *bill {
	return &bill{race: newRace(cfg), plant: NewPlant(cfg.Boot, 5, 1), count: 5}
}

// price is the cost of a step at which ordered replicas are paid for and ready ones serve z replicas' worth.
func price(ordered, ready int, z float64) float64 {
	return float64(ordered) + 20*math.Max(0, z-float64(ready))
}

func (b *bill) step(z float64) {
	r := b.race
	at, before := r.slot(r.step), r.slot(r.step-1)
	for i := range NumShadows {
		counts := r.fleet(i)
		b.shadows[i] += price(int(counts[at]), r.serving(counts, at), z)
		if counts[at] != counts[before] {
			b.shadows[i] += 60 * 0.03
		}
	}
	b.own += price(b.plant.Ordered(), b.plant.Ready(), z)
	r.play(z)
	b.plant.Arrive()
	b.plant.Order(r.Count())
	if r.Count() != b.count {
		b.count = r.Count()
		b.own += 60 * 0.03
	}
}

// regret is by how much more, as a share, the race has cost than the cheapest shadow in hindsight.
func (b *bill) regret() float64 { return b.own/slices.Min(b.shadows[:]) - 1 }

// On no demand that comes from outside does the race cost more than Regret above the cheapest shadow in hindsight: here are
// two weeks of levels, noise and bursts that change altogether after some hours or days.
func TestRegret(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		b := newBill(shadowConfig())
		level, noise, bursts := 80*rng.Float64(), 0.5*rng.Float64(), 5+rng.IntN(500)
		regime := rapid.IntRange(200, 5000).Draw(t, "regime")
		for range 20000 {
			if rng.IntN(regime) == 0 {
				level, noise, bursts = 80*rng.Float64(), 0.5*rng.Float64(), 5+rng.IntN(500)
			}
			z := math.Max(0, level*(1+noise*rng.NormFloat64()))
			if rng.IntN(bursts) == 0 {
				z += 3 * level * rng.Float64()
			}
			b.step(z)
		}
		require.LessOrEqual(t, b.regret(), Regret)
	})
}

// Demand that looks at the fleet before it comes is another matter: no rule could keep up with it. It does not ruin us.
func TestRegretAgainstAnAdversary(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	for _, stay := range []int{1, 30, 600} {
		b := newBill(shadowConfig())
		z := 5.
		for i := range 20000 {
			if i%stay == 0 { // of some demands, the one that costs the race most more than the shadows
				worst := math.Inf(-1)
				for _, try := range []float64{1, 5, 12, 30, 60} {
					r, others := b.race, 0.
					for w := range NumShadows {
						others += price(0, r.serving(r.fleet(w), r.slot(r.step)), try) / float64(NumShadows)
					}
					if gain := price(0, b.plant.Ready(), try) - others + rng.Float64(); gain > worst {
						worst, z = gain, try
					}
				}
			}
			b.step(z)
		}
		t.Logf("demand that is chosen every %d steps: regret %.3f", stay, b.regret())
		require.LessOrEqual(t, b.regret(), 0.5)
	}
}
