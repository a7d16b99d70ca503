package sizing

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy"
)

var six = []float64{0.05, 0.25, 0.5, 0.75, 0.95, 0.99}

// about is a demand of so many replicas, a little more or less.
func about(replicas float64) policy.Curve {
	var c policy.Curve
	q := make([]float64, len(six))
	for i, l := range six {
		q[i] = replicas * (0.9 + 0.2*l)
	}
	c.Set(six, q, 1)
	return c
}

// minute is a step of one minute in which so many replicas are wanted.
func minute(step int, replicas float64) *Situation {
	return &Situation{Step: int64(step), Hours: 1. / 60, Replicas: replicas, Demand: []policy.Curve{about(replicas * 0.9)}, Worth: 20, In: Circumstances{Learned: true}}
}

// machines are two sizes of which the large one costs part less for what it carries; a boot takes two minutes.
func machines(large, part float64) []Kind {
	kinds := nodesOf(1, large)
	kinds[1].Price *= 1 - part
	for k := range kinds {
		kinds[k].In = kinds[k].Price / 30
	}
	return kinds
}

// days plays so many days of which each hour wants the given replicas, and returns how often the plan changed.
func days(p *Planner, from, days int, replicas func(hour int) float64) (changes int) {
	for m := from * 1440; m < (from+days)*1440; m++ {
		p.Step(minute(m, replicas(m%1440/60)))
		if o := p.Outlook(); o.From >= 0 || o.Rebased != 0 {
			changes++
		}
	}
	return changes
}

func wave(hour int) float64 { return 60 - 40*math.Cos(2*math.Pi*float64(hour)/24) }

func TestPlannerPutsWhatIsAlwaysNeededOnTheSizeThatIsCheapestForIt(t *testing.T) {
	p := NewPlanner(machines(8, 0.05), DefaultTerms())
	p.Start(0)
	days(p, 0, 3, wave) // 20 at night, 100 by day
	require.Equal(t, 0, p.Swing())
	base, n := p.Base()
	require.Equal(t, []int{1, 2}, []int{base, n}, "16 of the 20")
	pools := make([]Pool, 2)
	p.Plan(pools, 33.5)
	require.Equal(t, []int{18, 2}, []int{pools[0].Want, pools[1].Want})
	p.Plan(pools, 15.5)
	require.Equal(t, []int{0, 2}, []int{pools[0].Want, pools[1].Want}, "nobody exchanges a node for a replica less")

	// What has been idle for longer than an exchange costs goes.
	days(p, 3, 1, func(int) float64 { return 9 })
	base, n = p.Base()
	require.Equal(t, []int{1, 1}, []int{base, n})

	uniform := DefaultTerms()
	uniform.Uniform = true
	p = NewPlanner(machines(8, 0.05), uniform)
	p.Start(0)
	days(p, 0, 3, wave)
	_, n = p.Base()
	require.Zero(t, n)

	p = NewPlanner(machines(8, 0.009), DefaultTerms()) // not worth a second size
	p.Start(0)
	days(p, 0, 3, wave)
	_, n = p.Base()
	require.Zero(t, n)
}

// A day in which one size is right and a night in which another is are no reason to change twice a day.
func TestPlannerComparesWholeDays(t *testing.T) {
	kinds := machines(4, 0.1)
	at := DefaultTerms()
	at.Uniform, at.Weekly = true, 0
	p := NewPlanner(kinds, at)
	p.Start(0)
	swing := func(hour int) float64 { // large nodes are right by day, small ones at night
		if hour < 12 {
			return 1
		}
		return 40
	}
	require.LessOrEqual(t, days(p, 0, 20, swing), 1)
	at.Review = 0
	p = NewPlanner(kinds, at)
	p.Start(0)
	require.Greater(t, days(p, 0, 20, swing), 20, "as it would at every step")
}

func TestPlannerHasABudget(t *testing.T) {
	terms := DefaultTerms()
	terms.Uniform = true
	terms.Review = time.Hour
	p := NewPlanner(machines(4, 0.2), terms)
	p.Start(0)
	vetoes := 0
	var at []int
	for m := range 21 * 1440 {
		p.Step(minute(m, 1+39*float64(m/360%2)))
		o := p.Outlook()
		if o.From >= 0 {
			at = append(at, m)
		}
		if o.Veto == VetoBudget {
			vetoes++
		}
	}
	require.Positive(t, vetoes)
	require.Greater(t, len(at), 6)
	for i := 3; i < len(at); i++ {
		require.GreaterOrEqual(t, at[i]-at[i-3], 7*1440, "%v", at)
	}
}

func TestPlannerObeysVetoes(t *testing.T) {
	for _, v := range []struct {
		veto Veto
		in   Circumstances
		edit func(k []Kind, terms *Terms)
	}{
		{VetoEvent, Circumstances{Event: true, Emergency: true, Paused: true}, nil},
		{VetoEmergency, Circumstances{Emergency: true, Paused: true}, nil},
		{VetoPaused, Circumstances{Paused: true}, nil},
		{VetoHorizon, Circumstances{}, func(_ []Kind, terms *Terms) { terms.Margin = 1e6 }},
		{VetoDisruption, Circumstances{}, func(_ []Kind, terms *Terms) { terms.Tolerance = 1 }},
		{VetoUnknown, Circumstances{}, func(k []Kind, _ *Terms) { k[1].Learned = false }},
	} {
		kinds, terms := machines(8, 0.3), DefaultTerms()
		terms.Uniform = true
		if v.edit != nil {
			v.edit(kinds, &terms)
		}
		p := NewPlanner(kinds, terms)
		p.Start(0)
		play := func(from, to int, in Circumstances) {
			for m := from; m < to; m++ {
				s := minute(m, 64)
				s.In = in
				p.Step(s)
			}
		}
		play(0, 1441, v.in)
		require.Equal(t, v.veto, p.Outlook().Veto)
		require.Equal(t, 0, p.Swing(), "%v", v.veto)
		pools := make([]Pool, 2)
		p.Plan(pools, 64)
		require.Equal(t, v.veto == VetoUnknown, pools[1].Want == 1, "one node first of a size of which nothing is known")
		if v.veto == VetoUnknown {
			p.Kinds()[1].Learned = true
		}
		if v.edit == nil || v.veto == VetoUnknown {
			play(1441, 1442, Circumstances{}) // what was in the way is gone: nobody waits for the next review
			require.Equal(t, 1, p.Swing(), "%v", v.veto)
		}
	}
}

// drawKinds draws sizes of which prices and capacities are often alike.
func drawKinds(r *rapid.T) []Kind {
	var kinds []Kind
	for range rapid.IntRange(1, 6).Draw(r, "sizes") {
		c := Candidate{
			Capacity: rapid.SampledFrom([]float64{1, 2, 4, 7.5, 8, 16}).Draw(r, "capacity"),
			In:       rapid.Float64Range(0, 2).Draw(r, "in"), Out: rapid.Float64Range(0, 1).Draw(r, "out"), Max: maxNodes,
		}
		c.Price = c.Capacity * rapid.SampledFrom([]float64{1, 1, 0.97, 0.9, 1.13}).Draw(r, "rate")
		kinds = append(kinds, Kind{Candidate: c, Open: true, Learned: true})
	}
	return kinds
}

// plays lets a planner go through a drawn week and returns the nodes of every hour by size, in the order of names.
func plays(p *Planner, demand []float64, order []int) [][]int {
	p.Start(order[0])
	pools := make([]Pool, len(p.Kinds()))
	var out [][]int
	for h, d := range demand {
		for m := range 4 {
			s := minute(4*h+m, d)
			s.Hours = 0.25
			p.Step(s)
		}
		p.Plan(pools, d)
		now := make([]int, len(order))
		for i, k := range order {
			now[i] = pools[k].Want
		}
		out = append(out, now)
	}
	return out
}

func drawWeek(r *rapid.T) []float64 {
	demand := make([]float64, 3*24)
	level := rapid.Float64Range(1, 80).Draw(r, "level")
	for h := range demand {
		if h%24 == 0 {
			level *= rapid.Float64Range(0.5, 2).Draw(r, "growth")
		}
		demand[h] = math.Ceil(level * (1.2 - math.Cos(2*math.Pi*float64(h)/24)))
	}
	return demand
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A size that is dearer for less, and one that is the same as another, change nothing: neither is ever ordered.
func TestPlannerIgnoresDominatedAndDuplicateSizes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kinds, demand := drawKinds(r), drawWeek(r)
		order := identity(len(kinds))
		want := plays(NewPlanner(kinds, DefaultTerms()), demand, order)
		other := kinds[rapid.IntRange(0, len(kinds)-1).Draw(r, "of")]
		if rapid.Bool().Draw(r, "dominated") {
			other.Price *= rapid.Float64Range(1.0001, 3).Draw(r, "dearer")
			other.In, other.Out = other.In*1.5, other.Out*1.5
		}
		got := plays(NewPlanner(append(slices.Clone(kinds), other), DefaultTerms()), demand, order)
		require.Equal(r, want, got)
	})
}

// Prices in another currency, and demand with capacity in another unit, change nothing.
func TestPlannerKnowsNoCurrency(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kinds, demand := drawKinds(r), drawWeek(r)
		order := identity(len(kinds))
		want := plays(NewPlanner(kinds, DefaultTerms()), demand, order)
		rich := slices.Clone(kinds)
		for k := range rich {
			rich[k].Price *= 1024
			rich[k].In *= 1024
			rich[k].Out *= 1024
		}
		p := NewPlanner(rich, DefaultTerms())
		p.Start(0)
		pools := make([]Pool, len(kinds))
		for h, d := range demand {
			for m := range 4 {
				s := minute(4*h+m, d)
				s.Hours, s.Worth = 0.25, 20*1024
				p.Step(s)
			}
			p.Plan(pools, d)
			for i := range pools {
				require.Equal(r, want[h][i], pools[i].Want)
			}
		}
	})
}

// What is planned carries what is wanted, unless no size may have more nodes.
func TestPlansCarryWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kinds := drawKinds(r)
		for k := range kinds {
			kinds[k].Max = rapid.SampledFrom([]int{3, 20, maxNodes}).Draw(r, "max")
		}
		terms := DefaultTerms()
		terms.Least = rapid.IntRange(0, 4).Draw(r, "least")
		p := NewPlanner(kinds, terms)
		p.Start(0)
		pools := make([]Pool, len(kinds))
		for h, d := range drawWeek(r) {
			p.Step(minute(h, d))
			p.Plan(pools, d)
			held, nodes, room := 0.0, 0, 0
			for k := range pools {
				require.LessOrEqual(r, pools[k].Want, kinds[k].Max)
				held += float64(pools[k].Want) * kinds[k].Capacity
				nodes += pools[k].Want
				if pools[k].Want < kinds[k].Max {
					room++
				}
			}
			helped := len(kinds) > 1+MaxHelpers // more than help out
			require.True(r, held >= d-1e-6 || room == 0 || helped, "%v of %v in %v", held, d, pools)
			require.True(r, nodes >= terms.Least || kinds[p.Swing()].Max < terms.Least, "%v", pools)
		}
	})
}

func TestPlannerAllocatesNothing(t *testing.T) {
	p := NewPlanner(machines(8, 0.1), DefaultTerms())
	p.Start(0)
	s := minute(0, 33)
	pools := make([]Pool, 2)
	require.Zero(t, testing.AllocsPerRun(3000, func() {
		s.Step++
		p.Step(s)
		p.Plan(pools, s.Replicas)
		p.Exchange(s.In).Next(p.Kinds(), pools, s.Replicas)
	}))
}

func TestARestoredPlannerGoesOn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kinds, demand := drawKinds(r), drawWeek(r)
		a := NewPlanner(kinds, DefaultTerms())
		plays(a, demand[:rapid.IntRange(0, len(demand)).Draw(r, "before")], identity(len(kinds)))
		w := state.NewWriter(nil)
		a.State(&w)
		require.NoError(r, w.Err())
		b := NewPlanner(kinds, DefaultTerms())
		in := state.NewReader(w.Bytes())
		b.State(&in)
		require.NoError(r, in.Err())
		for h := range 60 {
			s := minute(10_000+h*60, demand[h])
			s.Hours = 1
			a.Step(s)
			b.Step(s)
			require.Equal(r, a.Outlook(), b.Outlook())
			pa, pb := make([]Pool, len(kinds)), make([]Pool, len(kinds))
			a.Plan(pa, demand[h])
			b.Plan(pb, demand[h])
			require.Equal(r, pa, pb)
		}
	})
}

// A step, its plan and its exchange among so many sizes, for a forecast of 16 quantiles and one boot time.
func BenchmarkPlanner(b *testing.B) {
	for _, n := range []int{20, 300} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var kinds []Kind
			for k := range n {
				c := Candidate{Capacity: 1 + float64(k%16), Max: maxNodes}
				c.Price = c.Capacity * (1 + 0.001*float64(k%7))
				c.In = c.Price / 30
				kinds = append(kinds, Kind{Candidate: c, Open: true, Learned: true})
			}
			p := NewPlanner(kinds, DefaultTerms())
			p.Start(0)
			pools := make([]Pool, n)
			s := minute(0, 100)
			q := make([]float64, len(levels))
			for i, l := range levels {
				q[i] = 80 + 20*l
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Demand[0].Set(levels, q, 1)
				s.Step++
				s.Replicas = 90 + float64(s.Step%20)
				p.Step(s)
				p.Plan(pools, s.Replicas)
				p.Exchange(s.In).Next(p.Kinds(), pools, s.Replicas)
			}
		})
	}
}

func TestBaseGoesWithTheCountAndWithIdleTime(t *testing.T) {
	based := func() *Planner {
		p := NewPlanner(machines(8, 0.05), DefaultTerms())
		p.Start(0)
		days(p, 0, 3, wave)
		_, n := p.Base()
		require.Equal(t, 2, n)
		return p
	}
	p := based()
	p.Step(minute(3*1440, 15.5))
	_, n := p.Base()
	require.Equal(t, 2, n, "a minute of half a replica idle is no reason to exchange a node")
	p.Step(minute(3*1440+1, 5))
	_, n = p.Base()
	require.Equal(t, 1, n, "of the second node nothing is wanted at all")

	// Nothing changes near an event, and what is not known of the base must be tried first.
	for _, in := range []Circumstances{{Event: true}, {Emergency: true}, {Paused: true}} {
		p = based()
		for m := 3 * 1440; m < 4*1440; m++ {
			s := minute(m, 9)
			s.In = in
			p.Step(s)
		}
		_, n = p.Base()
		require.Equal(t, 2, n, "%+v", in)
	}
	kinds := machines(8, 0.05)
	kinds[1].Max = 1
	p = NewPlanner(kinds, DefaultTerms())
	p.Start(0)
	days(p, 0, 3, wave)
	_, n = p.Base()
	require.Equal(t, 1, n, "no more may be ordered")

	kinds = machines(8, 0.05)
	kinds[1].In = 1e4
	p = NewPlanner(kinds, DefaultTerms())
	p.Start(0)
	days(p, 0, 3, wave)
	_, n = p.Base()
	require.Zero(t, n, "within the horizon that is not paid for")
}

// A level that changes every other day has a base of its own each time, but only three times a week.
func TestBaseKeepsToTheBudget(t *testing.T) {
	p := NewPlanner(machines(8, 0.05), DefaultTerms())
	p.Start(0)
	var at []int
	for m := range 28 * 1440 {
		p.Step(minute(m, 20+60*float64(m/2880%2)))
		if o := p.Outlook(); o.From >= 0 || o.Rebased != 0 {
			at = append(at, m)
		}
	}
	require.Greater(t, len(at), 6)
	for i := 3; i < len(at); i++ {
		require.GreaterOrEqual(t, at[i]-at[i-3], 7*1440)
	}
}

func TestPlannerWeighsWhatElseSizesAre(t *testing.T) {
	two := func(edit func(k []Kind)) *Planner {
		kinds := machines(8, 0.3)
		edit(kinds)
		terms := DefaultTerms()
		terms.Uniform = true
		p := NewPlanner(kinds, terms)
		p.Start(0)
		return p
	}
	play := func(p *Planner, s func(m int) *Situation) int {
		for m := range 2 * 1440 {
			p.Step(s(m))
		}
		return p.Swing()
	}
	plain := func(m int) *Situation { return minute(m, 64) }
	require.Equal(t, 1, play(two(func([]Kind) {}), plain))
	require.Equal(t, 0, play(two(func(k []Kind) { k[1].Open = false }), plain), "it may not be ordered")
	require.Equal(t, 0, play(two(func(k []Kind) { k[1].Max = 2 }), plain), "two carry 16 of 64")
	least := two(func(k []Kind) { k[1].Min = 20 })
	require.Equal(t, 0, play(least, plain), "twenty are too many")
	least = two(func(k []Kind) { k[0].Min = 20 })
	least.Step(minute(0, 3))
	pools := make([]Pool, 2)
	least.Plan(pools, 3)
	require.Equal(t, 20, pools[0].Want)

	// A node that boots for an hour is ordered for a demand of which nobody knows much.
	slow := two(func(k []Kind) { k[1].Class = 1 })
	require.Equal(t, 0, play(slow, func(m int) *Situation {
		s := minute(m, 64)
		var wide policy.Curve
		wide.Set(six, []float64{0, 20, 60, 100, 300, 600}, 1)
		s.Demand = append(s.Demand, wide)
		return s
	}))
}

func TestATrialEndsWhenTheSizeIsNotWantedAnyMore(t *testing.T) {
	kinds := machines(8, 0.3)
	kinds[1].Learned = false
	terms := DefaultTerms()
	terms.Uniform = true
	p := NewPlanner(kinds, terms)
	p.Start(0)
	days(p, 0, 2, func(int) float64 { return 64 })
	pools := make([]Pool, 2)
	p.Plan(pools, 64)
	require.Equal(t, 1, pools[1].Want)
	p.Kinds()[1].Capacity /= 4 // it turns out to be slow
	p.Kinds()[1].Learned = true
	p.Revalue()
	require.Zero(t, days(p, 2, 3, func(int) float64 { return 64 }), "nobody moves there on what was believed before")
	p.Plan(pools, 64)
	require.Zero(t, pools[1].Want)
	require.Equal(t, 0, p.Swing())
}

func TestBedrockForgetsWhatIsOlderThanADay(t *testing.T) {
	var b bedrock
	for h := range int64(30) {
		require.Zero(t, b.level()*float64(min(1, max(0, 24-h))), "a day is not known yet")
		b.note(h, float64(10+h))
	}
	require.Equal(t, 15., b.level(), "the hours 5 to 29")
	b.note(31, 50)
	require.Zero(t, b.level(), "of an hour nothing is known")
	for h := int64(32); h < 60; h++ {
		b.note(h, 40)
	}
	require.Equal(t, 40., b.level())
	b.note(200, 1)
	for h := int64(201); h < 225; h++ {
		b.note(h, 30)
	}
	require.Equal(t, 1., b.level(), "what was before the gap is gone")
}
